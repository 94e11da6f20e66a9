"""A process that dies at any of its writes: the next one ends up where an undisturbed one does.

Every append of the program is a place to die at, once before the records are written and once after.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import HOUR, SECOND, Died, Intercepted, Mortal, World
from wrkr_core import events as e
from wrkr_core.budget import Budget
from wrkr_core.errors import Busy, StoreError, StoreUnavailable, Unknown
from wrkr_core.job.step_text import step_text
from wrkr_core.lease import DEFAULT_TTL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.ledger import Ledger
    from wrkr_core.store import NewEvent, Store
    from wrkr_core.work.job import Job

MOST_RUNS: Final = 40
NEVER: Final = 1_000_000
PARTS: Final = ["a", "b", "c"]


class Work:
    """The program of one job, and which of its steps' functions ran."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ran: Counter[str] = Counter()
        self.job_id = world.submit(budget=Budget(cost="1", tool_calls=10, steps=10))

    def run(self, ledger: Ledger) -> None:
        with ledger.work(self.job_id) as job:
            parts = job.step("plan", self._do, "plan", PARTS)
            job.checkpoint("plan", "three parts")
            for part in parts:
                job.step("edit", self._do, f"edit {part}", part, key=part)
                job.charge(tool_calls=1, tokens=10)
            job.charge(tokens=5)
            with job.reserve(cost="0.50") as spending:
                job.step("buy", self._buy, job)
                spending.settle(cost="0.30")
            job.checkpoint("progress", "all parts are done")
            answer = job.ask("Merge three parts?")
            job.sleep("1h")
            job.step("merge", self._do, "merge", None)
            job.complete("merged" if answer.approved else "left")

    def _do(self, name: str, result: object) -> object:
        self.ran[name] += 1
        return result

    def _buy(self, job: Job) -> str:
        self.ran["buy"] += 1
        with job.reserve(pages=3) as spending:
            spending.settle(pages=2)
        return "bought"

    def attend(self) -> None:
        """Do what people and time do between two runs."""
        self.world.approve(self.job_id)
        wake_at = self.world.state(self.job_id).wake_at
        if wake_at is not None:
            self.world.clocks.advance(max(0, wake_at - self.world.clocks.now()))

    def to_the_end(self, stores: Sequence[Store]) -> int:
        """Run in a process per store, then in ordinary ones, until it is over; return the deaths."""
        deaths = 0
        for store in [*stores, *[self.world.store] * MOST_RUNS]:
            process = self.world.process(store)
            try:
                self.run(process)
            except Died:
                self.world.bury(process)
                deaths += 1
            if self.world.state(self.job_id).is_final:
                return deaths
            self.attend()
        raise AssertionError(f"still {self.world.state(self.job_id).status}")


@attrs.frozen
class Ending:
    """What must come out the same however often the process died."""

    status: str
    summary: str
    spent: dict[str, int]
    reserved: tuple[object, ...]
    done: int
    checkpoints: dict[str, int]
    marks: tuple[str, ...]
    questions: int
    answers: int
    timers: int

    @classmethod
    def of(cls, world: World, job_id: str) -> Ending:
        state, events = world.state(job_id), world.events(job_id)
        spent = world.spent(job_id)
        spent.pop("pages", None)  # an attempt cut short may have used what it reserved
        reserved = [event.reservation.id for event in events if isinstance(event, e.BudgetReserved)]
        return cls(
            status=state.status,
            summary=state.summary,
            spent=spent,
            reserved=state.reservations,
            done=state.steps.done,
            checkpoints={
                each.kind: each.count for each in state.checkpoints if each.kind != "blocked"
            },
            marks=(
                *[event.mark for event in events if isinstance(event, e.Charged)],
                *[each for each in reserved if "!" not in each],
            ),
            questions=sum(
                isinstance(event, e.CheckpointRecorded) and event.kind == "decision-needed"
                for event in events
            ),
            answers=sum(isinstance(event, e.ApprovalGiven) for event in events),
            timers=sum(isinstance(event, e.TimerSet) for event in events),
        )


def undisturbed() -> tuple[Ending, int]:
    """Return how the program ends when nothing happens, and how often its workers append."""
    work = Work(World())
    store = Intercepted(work.world.store)
    work.to_the_end([store] * MOST_RUNS)
    return Ending.of(work.world, work.job_id), len(store.appended)


CALM, APPENDS = undisturbed()
PLACES: Final = st.tuples(st.integers(0, 12), st.booleans())


def check(work: Work, deaths: int) -> None:
    """Say that the job ended as a calm one does, and no step ran more often than it had to."""
    assert Ending.of(work.world, work.job_id) == CALM
    started: Counter[str] = Counter()
    finished: Counter[str] = Counter()
    for event in work.world.events(work.job_id):
        if isinstance(event, e.StepStarted):
            started[step_text(event.step)] += 1
        elif isinstance(event, e.StepFinished):
            finished[step_text(event.step)] += 1
    assert set(finished.values()) == {1}
    assert started.total() - len(started) <= deaths  # only what was in flight began again
    assert set(work.ran) == {"plan", "edit a", "edit b", "edit c", "buy", "merge"}
    for name, count in work.ran.items():
        step = name if " " not in name else f"edit[{name.split()[1]}]"
        assert count <= started[step]
    assert "retries" not in work.world.spent(work.job_id)  # what was interrupted is no retry


def test_the_program_does_all_it_is_tested_for() -> None:
    assert CALM.status == "completed"
    assert CALM.spent == {"cost": 300_000, "steps": 6, "tokens": 35, "tool_calls": 3}
    assert CALM.checkpoints == {"plan": 1, "progress": 1, "decision-needed": 1, "completed": 1}
    assert (CALM.questions, CALM.answers, CALM.timers, CALM.reserved) == (1, 1, 1, ())


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("place", range(APPENDS))
def test_a_process_may_die_at_any_write(place: int, *, written: bool) -> None:
    work = Work(World())
    mortal = Mortal(work.world.store, dies_at=place, written=written)

    deaths = work.to_the_end([mortal] * 3)  # the program lets go twice: to ask, and to sleep

    assert deaths >= 1
    check(work, 1)


@given(st.lists(PLACES, max_size=6))
def test_processes_may_die_one_after_the_other(places: list[tuple[int, bool]]) -> None:
    work = Work(World())

    deaths = work.to_the_end(
        [Mortal(work.world.store, dies_at=at, written=written) for at, written in places]
    )

    check(work, deaths)


class Failing(Intercepted):
    """A store whose append number ``at`` fails once, with or without having written."""

    def __init__(self, inner: Store, *, at: int, error: StoreError, written: bool) -> None:
        super().__init__(inner)
        self.failures = 0
        self._left = at
        self._error = error
        fail: Callable[[str, Sequence[NewEvent]], None] = self._fail
        if written:
            self.after_append = fail
        else:
            self.before_append = fail

    def _fail(self, _stream: str, _events: Sequence[NewEvent]) -> None:
        self._left -= 1
        if self._left == -1:
            self.failures += 1
            raise self._error


FAULTS: Final = {
    "busy": (Busy("locked"), False),
    "unavailable": (StoreUnavailable("disk full"), False),
    "unknown, not written": (Unknown("timeout"), False),
    "unknown, written": (Unknown("timeout"), True),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", range(APPENDS))
def test_a_store_may_fail_at_any_write_and_the_same_process_goes_on(place: int, fault: str) -> None:
    work = Work(World())
    error, written = FAULTS[fault]
    store = Failing(work.world.store, at=place, error=error, written=written)
    process = work.world.process(store)
    failures = 0
    for _ in range(MOST_RUNS):
        try:
            work.run(process)
        except StoreError:
            failures += 1
            work.world.clocks.advance(DEFAULT_TTL + SECOND)
        if work.world.state(work.job_id).is_final:
            break
        work.attend()

    assert store.failures == 1
    assert failures == (0 if isinstance(error, Unknown) else 1)
    check(work, failures)


def test_the_clock_may_jump_back_an_hour_between_two_processes() -> None:
    work = Work(World())
    work.world.clocks.advance(HOUR)
    first = work.world.process(Mortal(work.world.store, dies_at=6, written=True))
    with pytest.raises(Died):
        work.run(first)
    work.world.bury(first)
    work.world.clocks.at -= HOUR

    work.to_the_end([])

    instants = [recorded.at for recorded in work.world.operator.events(work.job_id)]
    assert instants == sorted(instants)
    check(work, 1)
