"""What ends an attempt from outside is no failure of the step, and the step goes on from there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.worlds import HOUR, Died, Intercepted, Mortal, World
from wrkr_core import events as e
from wrkr_core.budget import Budget, amounts
from wrkr_core.errors import (
    Busy,
    StepFailedError,
    StoreError,
    StoreUnavailable,
    Unknown,
)
from wrkr_core.work.attempts import MOST_LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.store import NewEvent
    from wrkr_core.work.job import Job


@pytest.fixture
def world() -> World:
    return World()


def failures(world: World, job_id: str) -> list[e.StepFailed]:
    return [each for each in world.events(job_id) if isinstance(each, e.StepFailed)]


def pause(world: World, job: Job) -> None:
    world.operator.pause(job.id, reason="lunch")
    job.check()


def interrupt(_world: World, _job: Job) -> None:
    raise KeyboardInterrupt


def run_out_of_time(world: World, _job: Job) -> None:
    world.clocks.advance(HOUR)
    while True:
        pass


def lose_the_lease(world: World, job: Job) -> None:
    world.clocks.advance(HOUR)
    world.take(world.process(), job.id).holding.release("left")
    job.check()


def go_on(world: World, job_id: str) -> None:
    """Do what a person does to have the job worked on again."""
    status = world.state(job_id).status
    if status == "paused":
        world.operator.resume(job_id, reason="back")
    elif status == "blocked_budget":
        world.operator.raise_budget(job_id, amounts(wall="9h"), reason="worth it")


STOPS = [pause, interrupt, run_out_of_time, lose_the_lease]


@pytest.mark.parametrize("stop", STOPS)
def test_an_attempt_that_is_stopped_is_no_failure_and_runs_again_without_a_retry(
    world: World, stop: Callable[[World, Job], None]
) -> None:
    wall = "100ms" if stop is run_out_of_time else "9h"
    job_id = world.submit(budget=Budget(wall=wall, steps=1, retries=0))
    ran: list[int] = []

    def program() -> None:
        with suppress(KeyboardInterrupt, StepFailedError), world.process().work(job_id) as job:

            def act() -> None:
                ran.append(1)
                if len(ran) == 1:
                    stop(world, job)

            job.step("act", act, retries=0)
            job.complete()

    with suppress(Exception):  # a lost lease is an error to whoever lost it
        program()
    stopped = world.state(job_id)
    go_on(world, job_id)
    program()

    assert [each.attempt for each in stopped.open_steps] == [1]
    assert len(ran) == 2
    assert failures(world, job_id) == []
    state = world.state(job_id)
    assert (state.status, state.steps.failed_attempts) == ("completed", 0)
    assert world.spent(job_id) == {"steps": 1}


def test_a_step_that_may_run_once_is_not_run_again_unasked_after_the_wall_limit_stopped_it(
    world: World,
) -> None:
    job_id = world.submit(budget=Budget(wall="100ms"))
    ran: list[int] = []

    def program() -> None:
        with world.process().work(job_id) as job:

            def act() -> None:
                ran.append(1)
                if len(ran) == 1:
                    run_out_of_time(world, job)

            job.step("pay", act, at_most_once=True)
            job.complete()

    program()
    go_on(world, job_id)
    program()
    assert (ran, world.state(job_id).status) == ([1], "blocked_decision")

    world.approve(job_id)
    program()
    assert (ran, world.state(job_id).status) == ([1, 1], "completed")


def test_a_step_that_may_run_once_is_not_begun_again_unasked_when_the_limit_is_raised_inside(
    world: World,
) -> None:
    job_id = world.submit(budget=Budget(wall="100ms"))
    ran: list[int] = []

    with world.process().work(job_id) as job:

        def act() -> None:
            ran.append(1)
            assert ran == [1]
            world.operator.raise_budget(job_id, amounts(wall="9h"), reason="worth it")
            run_out_of_time(world, job)

        job.step("pay", act, at_most_once=True)

    assert (ran, world.state(job_id).status) == ([1], "blocked_decision")


class Deadly:
    """A job whose step kills every process that runs it, but for a cautious one."""

    def __init__(self, world: World, **limits: int) -> None:
        self.world = world
        self.job_id = world.submit(budget=Budget(**limits))
        self.ran = 0

    def run(self, *, dies: bool = True, fails: bool = False) -> str:
        store = Mortal(self.world.store, dies_at=10**9, written=False)
        process = self.world.process(store)

        def act() -> None:
            self.ran += 1
            store.is_dead = dies
            if dies:
                raise Died
            if fails:
                raise OSError("no")

        with suppress(Died), process.work(self.job_id) as job:
            job.step("act", act, retries=9)
            job.complete()
        self.world.bury(process)
        return self.world.state(self.job_id).status


def test_a_step_in_which_one_worker_after_the_other_is_lost_waits_for_a_person(
    world: World,
) -> None:
    deadly = Deadly(world, steps=1, retries=0)
    for _ in range(MOST_LOSSES):
        assert deadly.run() == "running"

    with pytest.raises(StepFailedError, match=f"{MOST_LOSSES} workers were lost in it"):
        deadly.run()

    state = world.state(deadly.job_id)
    assert (deadly.ran, state.status) == (MOST_LOSSES, "blocked_error")
    world.operator.resume(deadly.job_id, reason="more memory now")
    assert deadly.run(dies=False) == "completed"


def test_workers_lost_before_the_step_had_an_outcome_do_not_count_any_more(world: World) -> None:
    deadly = Deadly(world)
    for _ in range(MOST_LOSSES - 1):
        deadly.run()
    with pytest.raises(StepFailedError):
        deadly.run(dies=False, fails=True)
    world.operator.resume(deadly.job_id, reason="again")

    for _ in range(MOST_LOSSES):
        assert deadly.run() == "running"


def test_a_worker_that_lets_go_of_a_step_is_not_lost(world: World) -> None:
    job_id = world.submit()
    for _ in range(MOST_LOSSES + 1):
        with pytest.raises(KeyboardInterrupt), world.process().work(job_id) as job:
            job.step("act", interrupt, world, job)

    with world.process().work(job_id) as job:
        assert job.step("act", abs, -1) == 1


def broken(store: Intercepted, kind: str, error: Callable[[], StoreError]) -> None:
    """Have the store fail from now on whenever a batch begins with an event of ``kind``."""

    def hook(_stream: str, events: Sequence[NewEvent]) -> None:
        if events[0].type.startswith(kind):
            raise error()

    store.before_append = hook


def charge(job: Job) -> None:
    job.charge(tokens=1)


def reserve(job: Job) -> None:
    with job.reserve(tokens=2):
        pass


@pytest.mark.parametrize("error", [Busy, StoreUnavailable, Unknown])
@pytest.mark.parametrize(
    ("kind", "act"),
    [("charged", charge), ("budget_reserved", reserve), ("budget_settled", reserve)],
)
def test_a_store_that_fails_inside_a_step_is_no_failure_of_the_step(
    world: World, kind: str, act: Callable[[Job], None], error: type[StoreError]
) -> None:
    job_id = world.submit(budget=Budget(tokens=4))
    store = Intercepted(world.store)
    broken(store, kind, lambda: error("no"))
    process = world.process(store)

    with pytest.raises(error), process.work(job_id) as job:
        job.step("act", act, job, retries=3)

    assert failures(world, job_id) == []
    assert [each.attempt for each in world.state(job_id).open_steps] == [1]
    world.bury(process)
    with world.process().work(job_id) as job:
        job.step("act", act, job)
        job.complete()
    assert world.state(job_id).status == "completed"


def test_another_store_that_fails_inside_a_step_is_a_failure_of_the_step(world: World) -> None:
    job_id, other = world.submit(), World()
    store = Intercepted(other.store)
    broken(store, "charged", lambda: Busy("no"))
    their_id = other.submit()

    def act() -> None:
        with other.process(store).work(their_id) as theirs:
            theirs.charge(tokens=1)

    with pytest.raises(StepFailedError), world.process().work(job_id) as job:
        job.step("act", act)

    assert [each.code for each in failures(world, job_id)] == ["E_STORE_BUSY"]


def test_a_decision_opened_from_outside_does_not_stop_a_step_that_looks_whether_to_go_on(
    world: World,
) -> None:
    job_id = world.submit()
    done: list[str] = []

    with world.process().work(job_id) as job:

        def act() -> None:
            world.operator.emit(job_id, "decision-needed", "Are you sure?")
            job.check()
            job.charge(tokens=1)
            with job.reserve(tokens=1):
                done.append("inside")

        job.step("act", act)
        done.append("behind")

    state = world.state(job_id)
    assert (done, state.status, state.steps.done) == (["inside"], "blocked_decision", 1)


def test_a_decision_opened_from_outside_waits_for_the_step_after_a_pause_that_was_taken_back(
    world: World,
) -> None:
    job_id = world.submit()

    with world.process().work(job_id) as job:

        def act() -> None:
            world.operator.emit(job_id, "decision-needed", "Are you sure?")
            world.operator.pause(job_id, reason="lunch")
            world.operator.resume(job_id, reason="back")
            job.check()

        job.step("act", act)

    assert (world.state(job_id).status, world.state(job_id).steps.done) == ("blocked_decision", 1)
