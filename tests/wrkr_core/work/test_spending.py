"""Reservations: set aside before the act, settled once, never lost and never counted twice."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import Died, Intercepted, Mortal, World, before_next
from wrkr_core import events as e
from wrkr_core.budget import Budget, amounts
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.work.job import Job


@pytest.fixture
def world() -> World:
    return World()


def settled(world: World, job_id: str) -> list[int]:
    return [
        amount.amount
        for event in world.events(job_id)
        if isinstance(event, e.BudgetSettled)
        for amount in event.amounts
    ]


def test_what_is_settled_counts_and_the_rest_is_free_again(world: World) -> None:
    job_id = world.submit(budget=Budget(cost="1"))
    with world.process().work(job_id) as job:
        with job.reserve(cost="0.90") as spending:
            assert job.state.reserved_by_meter() == {"cost": 900_000}
            spending.settle(cost="0.20")
        with job.reserve(cost="0.80"):
            pass

    assert world.spent(job_id) == {"cost": 1_000_000}
    assert world.state(job_id).reservations == ()


def test_what_is_not_settled_counts_as_a_whole(world: World) -> None:
    job_id = world.submit()
    with world.process().work(job_id) as job, job.reserve(cost="0.30"):
        pass
    assert world.spent(job_id) == {"cost": 300_000}

    job_id = world.submit()
    with (
        pytest.raises(ValueError, match="no"),
        world.process().work(job_id) as job,
        job.reserve(tokens=5),
    ):
        raise ValueError("no")

    assert world.spent(job_id) == {"tokens": 5}


def test_only_the_first_settling_counts(world: World) -> None:
    job_id = world.submit()
    with world.process().work(job_id) as job, job.reserve(tokens=10) as spending:
        spending.settle(tokens=3)
        spending.settle(tokens=4)
        spending.settle_whole()

    assert settled(world, job_id) == [3]


def test_what_does_not_fit_is_refused_before_the_act(world: World) -> None:
    job_id = world.submit(budget=Budget(tokens=10))
    acted: list[str] = []

    def program() -> None:
        with world.process().work(job_id) as job:
            with job.reserve(tokens=6) as spending:
                acted.append("first")
                spending.settle(tokens=6)
            with job.reserve(tokens=5):
                acted.append("second")
            job.complete()

    program()
    assert acted == ["first"]
    assert world.state(job_id).status == "blocked_budget"
    assert "6 used, 5 more wanted, limit 10" in world.state(job_id).summary

    world.operator.raise_budget(job_id, amounts(tokens=11), reason="worth it")
    program()
    assert acted == ["first", "first", "second"]
    assert world.spent(job_id) == {"tokens": 11}
    assert world.state(job_id).status == "completed"


def test_an_actual_that_is_larger_is_recorded_and_blocks(world: World) -> None:
    job_id = world.submit(budget=Budget(tokens=10))
    after: list[str] = []
    with world.process().work(job_id) as job:
        with job.reserve(tokens=5) as spending:
            spending.settle(tokens=11)
            after.append("inside")
        after.append("behind")

    assert after == []
    assert world.spent(job_id) == {"tokens": 11}
    assert world.state(job_id).status == "blocked_budget"


def test_reserving_nothing_is_refused(world: World) -> None:
    job_id = world.submit()
    with (
        pytest.raises(InvalidInputError, match="nothing is reserved"),
        world.process().work(job_id) as job,
        job.reserve(),
    ):
        pass


@pytest.mark.parametrize("wrong", [{"tokens": -1}, {"tokens": 1.5}, {"cost": 0.1}, {"Bad": 1}])
def test_amounts_that_can_never_be_right_are_refused(world: World, wrong: dict[str, int]) -> None:
    job_id = world.submit()
    with pytest.raises(InvalidInputError), world.process().work(job_id) as job:
        job.charge(**wrong)

    assert world.spent(job_id) == {}


def test_a_reservation_that_a_crash_left_open_is_settled_by_the_next_run(world: World) -> None:
    job_id = world.submit(budget=Budget(tokens=10))

    def program(store: Mortal | None, actual: int) -> None:
        process = world.process(store)
        try:
            with process.work(job_id) as job, job.reserve(tokens=8) as spending:
                spending.settle(tokens=actual)
        except Died:
            world.bury(process)

    program(Mortal(world.store, dies_at=2, written=False), 4)  # taken, reserved, then gone
    assert world.state(job_id).reserved_by_meter() == {"tokens": 8}

    program(None, 4)

    assert world.spent(job_id) == {"tokens": 4}
    assert world.state(job_id).reservations == ()


def test_what_an_interrupted_attempt_had_reserved_counts_as_a_whole(world: World) -> None:
    job_id = world.submit(budget=Budget(tokens=20))

    def program(store: Mortal | None) -> None:
        process = world.process(store)
        try:
            with process.work(job_id) as job:

                def act() -> None:
                    with job.reserve(tokens=8) as spending:
                        spending.settle(tokens=2)

                job.step("act", act)
        except Died:
            world.bury(process)

    program(Mortal(world.store, dies_at=3, written=False))  # taken, begun, reserved, then gone
    program(None)

    assert settled(world, job_id) == [8, 2]
    assert world.state(job_id).reservations == ()


def test_a_reservation_that_is_settled_already_leaves_the_next_run_nothing_to_do(
    world: World,
) -> None:
    job_id = world.submit()
    for _ in range(2):
        with world.process().work(job_id) as job, job.reserve(tokens=8) as spending:
            assert spending.is_settled == (len(settled(world, job_id)) == 1)
            spending.settle(tokens=2)

    assert settled(world, job_id) == [2]


def stopped(world: World, job_id: str, act: Callable[[Job], None]) -> dict[str, int]:
    """Work on the job until ``act`` stops it; return what it left set aside."""
    with suppress(KeyboardInterrupt), world.process().work(job_id) as job:
        act(job)
    return world.state(job_id).reserved_by_meter()


def pause_in_reservation(world: World, job: Job, *, charged: int = 0) -> None:
    with job.reserve(tokens=8):
        if charged:
            job.charge(tokens=charged)
        world.operator.pause(job.id, reason="lunch")
        job.check()


def test_a_pause_inside_a_step_frees_what_was_set_aside_and_keeps_what_was_charged(
    world: World,
) -> None:
    job_id = world.submit(budget=Budget(tokens=11))

    left = stopped(
        world, job_id, lambda job: job.step("act", pause_in_reservation, world, job, charged=3)
    )

    assert (left, settled(world, job_id)) == ({}, [])
    assert world.spent(job_id) == {"steps": 1, "tokens": 3}
    world.operator.resume(job_id, reason="back")
    with world.process().work(job_id) as job:

        def act() -> None:
            with job.reserve(tokens=8) as spending:
                spending.settle(tokens=5)

        job.step("act", act)
    assert world.spent(job_id)["tokens"] == 8


def test_a_stop_that_is_noticed_while_something_is_reserved_counts_nothing(world: World) -> None:
    job_id = world.submit()
    store = Intercepted(world.store)

    def act(job: Job) -> None:
        before_next(store, "budget_reserved", lambda: world.operator.pause(job_id, reason="lunch"))
        with job.reserve(tokens=8):
            pytest.fail("the job is paused")

    with world.process(store).work(job_id) as job:
        job.step("act", act, job)

    assert world.state(job_id).status == "paused"
    assert (settled(world, job_id), world.state(job_id).reservations) == ([], ())


@pytest.mark.parametrize("stop", ["pause", "interrupt"])
def test_a_reservation_between_steps_is_kept_for_the_next_run(world: World, stop: str) -> None:
    job_id = world.submit(budget=Budget(tokens=10))

    def act(job: Job) -> None:
        with job.reserve(tokens=8):
            if stop == "pause":
                world.operator.pause(job.id, reason="lunch")
                job.check()
            raise KeyboardInterrupt

    assert stopped(world, job_id, act) == {"tokens": 8}
    if stop == "pause":
        world.operator.resume(job_id, reason="back")
    with world.process().work(job_id) as job, job.reserve(tokens=8) as spending:
        assert not spending.is_settled
        spending.settle(tokens=5)

    assert (settled(world, job_id), world.state(job_id).reservations) == ([5], ())


def test_what_ctrl_c_leaves_inside_a_step_counts_as_a_whole(world: World) -> None:
    job_id = world.submit()

    def act(job: Job) -> None:
        with job.reserve(tokens=8):
            raise KeyboardInterrupt

    assert stopped(world, job_id, lambda job: job.step("act", act, job)) == {}
    assert settled(world, job_id) == [8]


ACTS = st.lists(
    st.tuples(st.integers(1, 6), st.none() | st.integers(0, 6), st.booleans()), max_size=12
)


@given(acts=ACTS, limit=st.integers(1, 20))
def test_spent_and_reserved_never_pass_the_limit_when_no_actual_is_larger(
    acts: list[tuple[int, int | None, bool]], limit: int
) -> None:
    world = World()
    job_id = world.submit(budget=Budget(tokens=limit))
    with world.process().work(job_id) as job:
        for wanted, actual, inside in acts:

            def act(wanted: int = wanted, actual: int | None = actual) -> None:
                with job.reserve(tokens=wanted) as spending:
                    if actual is not None:
                        spending.settle(tokens=min(actual, wanted))

            if inside:
                job.step("act", act)
            else:
                act()

    used, reserved = 0, {}
    for event in world.events(job_id):
        if isinstance(event, e.BudgetReserved):
            reserved[event.reservation.id] = event.reservation.amounts[0].amount
        elif isinstance(event, e.BudgetSettled):
            reserved.pop(event.reservation)
            used += sum(amount.amount for amount in event.amounts)
        assert used + sum(reserved.values()) <= limit
    assert world.spent(job_id).get("tokens", 0) == used
