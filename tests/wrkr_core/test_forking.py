"""Forks: a new job that has done what another one had done by then, and nothing more."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.worlds import Died, Intercepted, Mortal, World, before_next
from wrkr_core import events as e
from wrkr_core import forking
from wrkr_core.budget import Budget
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.errors import InvalidInputError, JobExistsError, NotFoundError, WrkrError
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.ledger import Ledger

OTHER = JobSpec(name="other")


class Forked:
    """A job of five steps that asks before its last, and the program it runs."""

    def __init__(self) -> None:
        self.world = World()
        self.ran: Counter[str] = Counter()
        self.job_id = self.world.submit(budget=Budget(steps=20, tokens=1000))
        self.run(self.world.process(), self.job_id)

    def run(self, ledger: Ledger, job_id: str) -> None:
        def do(name: str) -> str:
            self.ran[name] += 1
            return f"{name} done"

        with ledger.work(job_id) as job:
            for name in ("a", "b", "c", "d"):
                assert job.step("edit", do, name, key=name) == f"{name} done"
                job.charge(tokens=10)
            job.checkpoint("progress", "all but merged")
            answer = job.ask("Merge?")
            job.step("merge", do, "merge")
            job.complete("merged" if answer.approved else "left")

    def finished(self, job_id: str) -> list[str]:
        return [
            str(event.step.key or event.step.name)
            for event in self.world.events(job_id)
            if isinstance(event, e.StepFinished)
        ]

    @property
    def checkpoint(self) -> str:
        return next(
            event.checkpoint_id
            for event in self.world.events(self.job_id)
            if isinstance(event, e.CheckpointRecorded)
        )


@pytest.fixture
def forked() -> Forked:
    return Forked()


def test_a_fork_replays_what_was_done_and_runs_only_the_rest(forked: Forked) -> None:
    fork = forked.world.operator.fork(forked.job_id, at=forked.checkpoint, by="bob")
    forked.ran.clear()

    forked.run(forked.world.process(), fork)
    forked.world.approve(fork)
    forked.run(forked.world.process(), fork)

    assert forked.ran == {"merge": 1}
    state = forked.world.state(fork)
    assert (state.status, state.summary, state.submitted_by) == ("completed", "merged", "bob")
    assert forked.world.spent(fork) == {"steps": 5, "tokens": 40}
    assert forked.world.state(forked.job_id).status == "blocked_decision"


def test_a_fork_of_an_earlier_record_does_again_what_came_later(forked: Forked) -> None:
    second = next(
        recorded.seq
        for recorded in forked.world.operator.events(forked.job_id)
        if isinstance(recorded.event, e.StepFinished) and recorded.event.step.key == "b"
    )
    fork = forked.world.operator.fork(forked.job_id, at=second, new_id="again")
    forked.ran.clear()

    forked.run(forked.world.process(), fork)

    assert fork == "again"
    assert forked.ran == {"c": 1, "d": 1}
    assert forked.world.spent(fork) == {"steps": 4, "tokens": 40}


def test_a_fork_says_what_it_was_made_from(forked: Forked) -> None:
    fork = forked.world.operator.fork(forked.job_id, at=3)

    origin = forked.world.state(fork).forked_from
    assert origin == e.ForkPoint(
        job=forked.job_id, seq=3, hash=forked.world.operator.state(forked.job_id, at=3).hash
    )
    assert forked.world.operator.spec(fork) == forked.world.operator.spec(forked.job_id)


def test_an_approval_is_not_taken_over(forked: Forked) -> None:
    forked.world.approve(forked.job_id)
    forked.run(forked.world.process(), forked.job_id)
    fork = forked.world.operator.fork(
        forked.job_id, at=forked.world.state(forked.job_id).seq, new_id="again"
    )
    forked.ran.clear()

    forked.run(forked.world.process(), fork)

    assert forked.world.state(fork).status == "blocked_decision"
    assert not any(isinstance(event, e.ApprovalGiven) for event in forked.world.events(fork))
    assert forked.ran == {}


def test_a_fork_of_a_job_that_did_nothing_is_queued(forked: Forked) -> None:
    fork = forked.world.operator.fork(forked.job_id, at=1)

    assert forked.world.names(fork) == ["JobSubmitted"]
    assert forked.world.state(fork).status == "queued"


def test_what_a_finished_step_spent_from_a_reservation_is_taken_over() -> None:
    world = World()
    job_id = world.submit()
    with world.process().work(job_id) as job:

        def buy() -> None:
            with job.reserve(cost="0.10") as spending:
                spending.settle(cost="0.08")

        job.step("buy", buy)

    fork = world.operator.fork(job_id, at=world.state(job_id).seq)

    assert world.spent(fork) == world.spent(job_id) == {"cost": 80_000, "steps": 1}


def test_a_fork_keeps_the_environment_that_was_accepted_last() -> None:
    here = fingerprint([Observation(rule="os", value="linux")])
    there = fingerprint([Observation(rule="os", value="plan9")])
    world = World()
    job_id = world.submit()
    with world.process().work(job_id, probe=lambda _state: here) as job:
        job.step("a", abs, -1)
    with world.process().work(job_id, probe=lambda _state: there, accept_because="moved") as job:
        job.step("a", abs, -1)
        job.step("b", abs, -1)

    fork = world.operator.fork(job_id, at=world.state(job_id).seq)

    assert world.state(fork).fingerprint == there


@pytest.mark.parametrize("at", ["", "cp_", "cp_x", 0, -1, "1.5", "checkpoint"])
def test_a_place_that_is_none_is_refused(forked: Forked, at: int | str) -> None:
    with pytest.raises(InvalidInputError, match="neither a checkpoint id nor a record number"):
        forked.world.operator.fork(forked.job_id, at=at)


def test_a_place_that_is_not_in_the_job_is_not_found(forked: Forked) -> None:
    for at in (999, "cp_999"):
        with pytest.raises(NotFoundError, match="999"):
            forked.world.operator.fork(forked.job_id, at=at)


def test_a_record_that_is_no_checkpoint_is_not_found_under_a_checkpoints_id(
    forked: Forked,
) -> None:
    with pytest.raises(NotFoundError, match="cp_3"):
        forked.world.operator.fork(forked.job_id, at="cp_3")


def test_an_id_that_exists_is_refused_and_that_job_stays_as_it_is(forked: Forked) -> None:
    forked.world.operator.submit(OTHER, job_id="taken")
    fork = forked.world.operator.fork(forked.job_id, at=5, new_id="fork")
    forked.run(forked.world.process(), fork)

    for at, new_id in ((3, "taken"), (6, "fork"), (5, "fork"), (3, forked.job_id)):
        before = forked.world.state(new_id)
        with pytest.raises(JobExistsError, match=new_id):
            forked.world.operator.fork(forked.job_id, at=at, new_id=new_id)
        assert forked.world.state(new_id) == before
    with pytest.raises(InvalidInputError):
        forked.world.operator.fork(forked.job_id, at=3, new_id="Not an id")


def test_forking_again_before_work_began_is_no_error(forked: Forked) -> None:
    at = forked.world.state(forked.job_id).seq
    fork = forked.world.operator.fork(forked.job_id, at=at, new_id="again")
    before = forked.world.state(fork)

    assert forked.world.operator.fork(forked.job_id, at=at, new_id="again") == fork
    assert forked.world.state(fork) == before


def canceled(world: World, fork: str) -> None:
    world.operator.cancel(fork, reason="moot")


def worked_on(world: World, fork: str) -> None:
    world.take(world.process(), fork).holding.release("left")


def commented(world: World, fork: str) -> None:
    world.operator.emit(fork, "progress", "so far")


@pytest.mark.parametrize("act", [canceled, worked_on, commented])
@pytest.mark.parametrize("at", [1, 3, 8])
def test_a_fork_that_something_was_done_to_is_not_made_again(
    forked: Forked, at: int, act: Callable[[World, str], None]
) -> None:
    fork = forked.world.operator.fork(forked.job_id, at=at, new_id="again")
    act(forked.world, fork)
    before = forked.world.names(fork)

    with pytest.raises(JobExistsError, match="job again exists already") as caught:
        forked.world.operator.fork(forked.job_id, at=at, new_id="again")

    assert "leave the id out" in caught.value.hint
    assert forked.world.names(fork) == before


def test_a_fork_that_is_canceled_while_it_is_made_stays_canceled(
    forked: Forked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forking, "BATCH", 3)
    store = Intercepted(forked.world.store)
    before_next(store, "step_finished", lambda: canceled(forked.world, "again"))
    at = forked.world.state(forked.job_id).seq

    with pytest.raises(JobExistsError):
        forked.world.process(store).fork(forked.job_id, at=at, new_id="again")

    assert forked.world.state("again").status == "canceled"


@pytest.mark.parametrize("at", [1, 3, 8])
def test_a_fork_whose_first_worker_died_goes_on(forked: Forked, at: int) -> None:
    fork = forked.world.operator.fork(forked.job_id, at=at)
    first = forked.world.process()
    forked.world.take(first, fork).holding._pulse.stop()
    forked.world.bury(first)

    forked.run(forked.world.process(), fork)

    assert forked.world.state(fork).status == "blocked_decision"


@pytest.mark.parametrize("written", [False, True])
def test_a_fork_that_dies_half_way_goes_on_when_it_is_made_again(
    forked: Forked, monkeypatch: pytest.MonkeyPatch, *, written: bool
) -> None:
    monkeypatch.setattr(forking, "BATCH", 3)
    at = forked.world.state(forked.job_id).seq
    whole = forked.world.operator.fork(forked.job_id, at=at, new_id="whole")
    store = Intercepted(forked.world.store)
    forked.world.process(store).fork(forked.job_id, at=at, new_id="counted")

    for dies_at in range(len(store.appended)):
        fork = f"fork-{dies_at}"
        mortal = Mortal(forked.world.store, dies_at=dies_at, written=written)
        with pytest.raises(Died):
            forked.world.process(mortal).fork(forked.job_id, at=at, new_id=fork)

        assert forked.world.process().fork(forked.job_id, at=at, new_id=fork) == fork
        assert forked.world.names(fork) == forked.world.names(whole)
        assert forked.finished(fork) == ["a", "b", "c", "d"]
        assert forked.world.state(fork).status == "queued"


def test_nobody_can_begin_on_half_a_fork(forked: Forked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "BATCH", 3)
    process = forked.world.process(Mortal(forked.world.store, dies_at=1, written=True))
    with pytest.raises(Died):
        process.fork(forked.job_id, at=forked.world.state(forked.job_id).seq, new_id="half")
    forked.world.bury(process)
    forked.ran.clear()

    with suppress(WrkrError):  # refused in whatever way
        forked.run(forked.world.process(), "half")

    assert forked.ran == {}  # all of them were done before the fork was made
