"""Waiting for a job: looked at now and then, by a clock that only the test moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.worlds import HOUR, World
from wrkr_core import events as e
from wrkr_core.errors import Corrupt, InvalidInputError
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.watching import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.job.state import Status


PAGES: Final[dict[str, Callable[[Ledger, str], object]]] = {
    "limit is 0; it must be a whole number from 1 up": lambda ledger, _: ledger.jobs(limit=0),
    "limit is 1.5; ": lambda ledger, _: ledger.jobs(limit=1.5),  # type: ignore[arg-type]
    "after is -1; it must be a whole number from 0 up": lambda ledger, job_id: ledger.events(
        job_id, after=-1
    ),
    "through is -1; ": lambda ledger, job_id: ledger.events(job_id, through=-1),
    "after is -2; ": lambda ledger, job_id: ledger.follow(job_id, after=-2),
    "limit is -1; ": lambda ledger, _: ledger.feed(limit=-1),
    "the feed cannot be read from 'nowhere'": lambda ledger, _: ledger.feed("nowhere"),
}


@pytest.mark.parametrize("said", PAGES)
def test_a_page_that_cannot_be_is_refused_by_the_name_of_its_argument(said: str) -> None:
    world = World()
    job_id = world.submit()

    with pytest.raises(InvalidInputError) as caught:
        PAGES[said](world.operator, job_id)

    assert str(caught.value).startswith(said)
    named = said.split(maxsplit=1)[0] if " is " in said else "cursor"
    assert caught.value.details["argument"] == named


class Acting:
    """A world in which the next action happens whenever somebody sleeps."""

    def __init__(self, *actions: Callable[[World, str], object]) -> None:
        self.world = World()
        self.job_id = self.world.submit()
        self._actions = list(actions)
        clocks, advance = self.world.clocks, self.world.clocks.sleep

        def sleep(duration: int) -> None:
            advance(duration)
            if self._actions:
                self._actions.pop(0)(self.world, self.job_id)

        clocks.sleep = sleep  # type: ignore[method-assign]  # what happens meanwhile

    @property
    def done(self) -> bool:
        """Say whether all actions happened."""
        return not self._actions


def pause(world: World, job_id: str) -> None:
    world.operator.pause(job_id, reason="lunch")


def resume(world: World, job_id: str) -> None:
    world.operator.resume(job_id, reason="back")


def cancel(world: World, job_id: str) -> None:
    world.operator.cancel(job_id, reason="moot")


def ask(world: World, job_id: str) -> None:
    world.operator.emit(job_id, "decision-needed", "Merge?")


def complete(world: World, job_id: str) -> None:
    with world.process().work(job_id) as job:
        job.complete()


def nothing(_world: World, _job_id: str) -> None:
    return None


def test_following_yields_every_event_until_the_job_is_over_and_let_go() -> None:
    acting = Acting(pause, nothing, resume, complete, cancel)

    seen = [type(each.event).__name__ for each in acting.world.operator.follow(acting.job_id)]

    assert seen == acting.world.names(acting.job_id)
    assert seen[-2:] == ["JobCompleted", "LeaseReleased"]


def test_following_waits_for_the_holder_to_let_go() -> None:
    world = World()
    job_id = world.submit()
    with world.process().work(job_id) as job:
        job.complete()
        assert len(list(world.operator.follow(job_id, timeout=5))) == job.state.seq

    assert type(list(world.operator.follow(job_id))[-1].event) is e.LeaseReleased


def test_following_begins_behind_the_record_it_is_told() -> None:
    acting = Acting(pause, cancel)

    seen = acting.world.operator.follow(acting.job_id, after=1)

    assert [type(each.event) for each in seen] == [e.JobPaused, e.JobCanceled]


def test_following_ends_after_so_much_silence_not_after_so_much_time() -> None:
    acting = Acting(*[nothing, pause, nothing, resume, nothing] * 2)
    began = acting.world.clocks.uptime()

    seen = list(acting.world.operator.follow(acting.job_id, timeout=0.3))

    assert [each.seq for each in seen] == [1, 2, 3, 4, 5]
    assert acting.done
    assert acting.world.clocks.uptime() - began > 300_000


def test_looking_again_never_takes_longer_than_a_quarter_of_a_second() -> None:
    acting = Acting(*[nothing] * 20, cancel)

    list(acting.world.operator.follow(acting.job_id))

    assert max(acting.world.clocks.slept) == LONGEST
    assert acting.world.clocks.slept[0] < LONGEST


def test_following_a_canceled_job_whose_holder_is_gone_ends() -> None:
    world = World()
    job_id = world.submit()
    worker = world.process()
    world.take(worker, job_id).holding.abandon()
    world.bury(worker)
    world.operator.cancel(job_id, reason="moot")
    slept = 0
    advance = world.clocks.sleep

    def sleep(duration: int) -> None:
        nonlocal slept
        slept += duration
        if slept > HOUR:
            raise AssertionError("it waits for a process that is gone")
        advance(duration)

    world.clocks.sleep = sleep  # type: ignore[method-assign]  # it may not go on for ever

    assert type(list(world.operator.follow(job_id))[-1].event) is e.JobCanceled


@pytest.mark.parametrize(
    ("action", "status"),
    [(ask, "blocked_decision"), (cancel, "canceled"), (complete, "completed")],
)
def test_waiting_ends_when_the_job_is_over_or_blocked(
    action: Callable[[World, str], object], status: str
) -> None:
    acting = Acting(nothing, nothing, action)

    assert acting.world.operator.wait(acting.job_id).status == status


def test_waiting_goes_on_while_the_job_is_paused_and_ends_when_time_is_up() -> None:
    acting = Acting(pause)
    began = acting.world.clocks.uptime()

    state = acting.world.operator.wait(acting.job_id, timeout=2)

    assert state.status == "paused"
    assert 2_000_000 <= acting.world.clocks.uptime() - began <= 2_000_000 + LONGEST


def test_waiting_ends_at_the_status_that_is_wanted() -> None:
    acting = Acting(pause, resume)
    wanted: frozenset[Status] = frozenset({"paused"})

    assert acting.world.operator.wait(acting.job_id, until=wanted).status == "paused"
    assert not acting.done


def test_waiting_for_what_is_so_already_takes_no_time() -> None:
    world = World()
    job_id = world.submit()
    cancel(world, job_id)

    assert world.operator.wait(job_id).status == "canceled"
    assert world.clocks.slept == []


def test_following_damage_says_so() -> None:
    memory = MemoryStore()
    world = World(memory)
    job_id = world.submit()
    pause(world, job_id)
    resume(world, job_id)
    del memory._contents.streams[job_id].records[1]

    with pytest.raises(Corrupt):
        list(Ledger(memory, machine=world.clocks, actor="ann").follow(job_id, timeout=1))
