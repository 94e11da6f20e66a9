"""Budgets at work: what is over a limit does not begin, and nothing is run again by raising one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import HOUR, SECOND, World
from wrkr_core import events as e
from wrkr_core.budget import Budget, amounts
from wrkr_core.work.attempts import Backoff


@pytest.fixture
def world() -> World:
    return World()


class Steps:
    """A job of numbered steps that counts what ran."""

    def __init__(self, world: World, count: int, **limits: int) -> None:
        self.world = world
        self.count = count
        self.ran: list[int] = []
        self.job_id = world.submit(budget=Budget(**limits))

    def run(self) -> str:
        with self.world.process().work(self.job_id) as job:
            for number in range(self.count):
                job.step("edit", self.ran.append, number, key=str(number))
            job.complete()
        return self.world.state(self.job_id).status


def test_a_budget_of_two_steps_runs_exactly_two(world: World) -> None:
    steps = Steps(world, 6, steps=2)

    assert steps.run() == "blocked_budget"

    assert steps.ran == [0, 1]
    state = world.state(steps.job_id)
    assert state.reason_codes == ("E_BUDGET_EXCEEDED",)
    assert state.open_steps == ()
    assert "BudgetExceeded" in world.names(steps.job_id)


def test_raising_a_limit_runs_nothing_again(world: World) -> None:
    steps = Steps(world, 6, steps=2)
    steps.run()

    world.operator.raise_budget(steps.job_id, amounts(steps=5), reason="worth it")
    assert steps.run() == "blocked_budget"
    world.operator.raise_budget(steps.job_id, amounts(steps=6), reason="worth it")
    assert steps.run() == "completed"

    assert steps.ran == [0, 1, 2, 3, 4, 5]
    assert world.spent(steps.job_id) == {"steps": 6}


@given(count=st.integers(0, 8), limit=st.integers(0, 8), raises=st.lists(st.integers(1, 3)))
def test_no_more_steps_run_than_the_limit_says_however_it_is_raised(
    count: int, limit: int, raises: list[int]
) -> None:
    world = World()
    steps = Steps(world, count, steps=limit)
    status = steps.run()
    for more in raises:
        assert len(steps.ran) <= limit
        if status != "blocked_budget":
            break
        limit += more
        world.operator.raise_budget(steps.job_id, amounts(steps=limit), reason="worth it")
        status = steps.run()

    assert steps.ran == list(range(min(count, limit)))
    assert (status == "completed") == (count <= limit)


def test_retries_are_counted_and_limited(world: World) -> None:
    job_id = world.submit(budget=Budget(retries=2))
    ran: list[int] = []

    def fail() -> None:
        ran.append(1)
        raise OSError("no")

    with world.process().work(job_id) as job:
        job.step("edit", fail, retries=9, backoff=Backoff(first=1))

    assert len(ran) == 3
    assert world.state(job_id).status == "blocked_budget"
    assert world.spent(job_id) == {"steps": 1, "retries": 2}


def test_a_charge_over_the_limit_is_recorded_and_stops_the_job_before_its_next_step(
    world: World,
) -> None:
    job_id = world.submit(budget=Budget(cost="1"))

    with world.process().work(job_id) as job:
        job.step("first", abs, -1)
        job.charge(cost="1.50")
        job.step("second", pytest.fail)

    assert world.state(job_id).status == "blocked_budget"
    assert world.spent(job_id) == {"cost": 1_500_000, "steps": 1}


def test_waiting_for_a_person_is_no_running_time(world: World) -> None:
    job_id = world.submit(budget=Budget(wall="10s"))

    def program() -> None:
        with world.process().work(job_id) as job:
            job.step("edit", world.clocks.advance, 3 * SECOND)
            job.ask("Merge?")
            job.sleep("2h")
            job.step("merge", world.clocks.advance, 3 * SECOND)
            job.complete()

    program()
    world.clocks.advance(5 * HOUR)
    world.approve(job_id)
    world.clocks.advance(5 * HOUR)
    program()
    world.clocks.advance(2 * HOUR)
    program()

    assert world.state(job_id).status == "completed"
    assert world.state(job_id).spent_by_meter()["wall"] == 6 * SECOND


def test_waiting_for_a_retry_is_running_time(world: World) -> None:
    job_id = world.submit(budget=Budget(wall="10s"))
    ran: list[int] = []

    def fail() -> None:
        ran.append(1)
        raise OSError("no")

    with world.process().work(job_id) as job:
        job.step("edit", fail, retries=99, backoff=Backoff(first=4 * SECOND, factor=1))

    assert len(ran) == 3  # at 0, 4 and 8 seconds
    assert world.state(job_id).status == "blocked_budget"
    assert world.state(job_id).spent_by_meter()["wall"] <= 11 * SECOND


def test_a_job_whose_running_time_is_used_up_begins_no_step(world: World) -> None:
    job_id = world.submit(budget=Budget(wall="10s"))

    with world.process().work(job_id) as job:
        job.step("edit", abs, -1)
        world.clocks.advance(10 * SECOND)
        job.step("test", pytest.fail)

    assert world.state(job_id).status == "blocked_budget"


def test_looking_whether_to_go_on_notices_the_wall_limit(world: World) -> None:
    job_id = world.submit(budget=Budget(wall="10s"))
    looked: list[int] = []

    with world.process().work(job_id) as job:
        for turn in range(99):
            world.clocks.advance(3 * SECOND)
            job.check()
            looked.append(turn)

    assert looked == [0, 1, 2]
    assert world.state(job_id).status == "blocked_budget"


def spin_until_stopped(world: World, ran: list[int]) -> str:
    """Use up a lot of time at once and never return, the first time."""
    ran.append(1)
    world.clocks.advance(HOUR)
    while len(ran) == 1:
        pass
    return "done"


def test_the_wall_limit_interrupts_a_step(world: World) -> None:
    job_id = world.submit(budget=Budget(wall="100ms"))
    ran: list[int] = []

    with world.process().work(job_id) as job:
        job.step("edit", spin_until_stopped, world, ran, retries=3)

    state = world.state(job_id)
    assert (state.status, state.steps.failed_attempts, ran) == ("blocked_budget", 0, [1])
    assert [each.attempt for each in state.open_steps] == [1]
    assert state.spent_by_meter()["wall"] >= HOUR


def test_a_step_that_the_wall_limit_interrupted_runs_again_when_it_was_raised(
    world: World,
) -> None:
    job_id = world.submit(budget=Budget(wall="100ms"))
    ran: list[int] = []

    def program() -> None:
        with world.process().work(job_id) as job:
            assert job.step("edit", spin_until_stopped, world, ran) == "done"
            job.complete()

    program()
    world.operator.raise_budget(job_id, amounts(wall="9h"), reason="worth it")
    program()

    assert len(ran) == 2  # it is not the step's fault, and counts against no retries of its own
    assert world.state(job_id).status == "completed"


def test_a_limit_that_is_raised_while_the_step_runs_lets_it_go_on_or_begin_again(
    world: World,
) -> None:
    job_id = world.submit(budget=Budget(wall="100ms"))
    ran: list[int] = []

    def act() -> str:
        if not ran:
            world.operator.raise_budget(job_id, amounts(wall="9h"), reason="worth it")
        return spin_until_stopped(world, ran)

    with world.process().work(job_id) as job:
        assert job.step("edit", act) == "done"
        job.complete()

    assert world.state(job_id).status == "completed"


def test_a_timeout_shorter_than_the_wall_limit_is_a_failure_of_the_step(world: World) -> None:
    job_id = world.submit(budget=Budget(wall="9h"))
    ran: list[int] = []

    with world.process().work(job_id) as job:
        assert job.step("edit", spin_until_stopped, world, ran, timeout="20ms", retries=1) == "done"

    (failed,) = [each for each in world.events(job_id) if isinstance(each, e.StepFailed)]
    assert failed.code == "E_STEP_TIMEOUT"


def test_meters_of_ones_own_are_limited_like_any_other(world: World) -> None:
    job_id = world.submit(budget=Budget(pages=3))

    with world.process().work(job_id) as job:
        for number in range(9):
            job.step("read", abs, -1, key=str(number))
            job.charge(pages=1)

    assert world.spent(job_id) == {"pages": 4, "steps": 4}
    assert "pages: 4 used, limit 3" in world.state(job_id).summary
