"""Pausing, canceling and asking from outside: the worker stops at its next step, and only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worlds import Intercepted, World, before_next
from wrkr_core import events as e

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.ledger import Ledger


@pytest.fixture
def world() -> World:
    return World()


def pause(ledger: Ledger, job_id: str) -> None:
    ledger.pause(job_id, reason="lunch")


def resume(ledger: Ledger, job_id: str) -> None:
    ledger.resume(job_id, reason="back")


def cancel(ledger: Ledger, job_id: str) -> None:
    ledger.cancel(job_id, reason="moot")


@pytest.mark.parametrize("command", [pause, cancel])
@pytest.mark.parametrize("inside", [True, False])
def test_a_stop_from_outside_takes_effect_at_the_next_step(
    world: World, command: Callable[[Ledger, str], None], *, inside: bool
) -> None:
    job_id = world.submit()
    ran: list[int] = []

    def act(number: int) -> int:
        ran.append(number)
        if inside and number == 2:
            command(world.operator, job_id)
        return number

    with world.process().work(job_id) as job:
        for number in range(1, 7):
            job.step("edit", act, number, key=str(number))
            if not inside and number == 2:
                command(world.operator, job_id)
        job.complete()

    assert ran == [1, 2]
    state = world.state(job_id)
    assert state.status == ("paused" if command is pause else "canceled")
    assert (state.lease, state.steps.done, state.open_steps) == (None, 2, ())


@pytest.mark.parametrize("command", [pause, cancel])
def test_what_a_step_did_while_the_job_was_stopped_is_recorded(
    world: World, command: Callable[[Ledger, str], None]
) -> None:
    job_id = world.submit()

    def act(*, fail: bool) -> str:
        command(world.operator, job_id)
        if fail:
            raise OSError("no")
        return "done"

    with world.process().work(job_id) as job:
        job.step("edit", act, fail=False)
    assert "StepFinished" in world.names(job_id)

    job_id = world.submit()
    with world.process().work(job_id) as job:
        job.step("edit", act, fail=True, retries=3)
    assert "StepFailed" in world.names(job_id)


def test_a_paused_job_goes_on_where_it_stopped(world: World) -> None:
    job_id = world.submit()
    ran: list[int] = []

    def act(number: int) -> None:
        ran.append(number)
        if number == 1 and len(ran) == 2:
            world.operator.pause(job_id, reason="lunch")

    def program() -> None:
        with world.process().work(job_id) as job:
            for number in range(4):
                job.step("edit", act, number, key=str(number))
            job.complete()

    program()
    world.operator.resume(job_id, reason="back")
    program()

    assert ran == [0, 1, 2, 3]
    assert world.state(job_id).status == "completed"


@pytest.mark.parametrize("where", ["inside a step", "between steps"])
def test_a_pause_that_is_taken_back_is_not_the_end_of_the_work(world: World, where: str) -> None:
    job_id = world.submit()
    ran: list[int] = []

    def act(number: int) -> None:
        ran.append(number)
        if where == "inside a step" and number == 1:
            pause(world.operator, job_id)
            resume(world.operator, job_id)

    with world.process().work(job_id, worker="ada") as job:
        for number in range(4):
            job.step("edit", act, number, key=str(number))
            if where == "between steps" and number == 1:
                pause(world.operator, job_id)
                resume(world.operator, job_id)
        job.complete()

    assert ran == [0, 1, 2, 3]
    assert world.state(job_id).status == "completed"
    epochs = [each.epoch for each in world.events(job_id) if isinstance(each, e.LeaseTaken)]
    assert epochs == [1, 2]  # the second is the holder's own, again


@pytest.mark.parametrize("command", [pause, cancel])
def test_a_stop_right_after_a_pause_that_was_taken_back_ends_the_work_cleanly(
    world: World, command: Callable[[Ledger, str], None]
) -> None:
    job_id = world.submit()
    store = Intercepted(world.store)

    def act() -> None:
        pause(world.operator, job_id)
        resume(world.operator, job_id)
        before_next(store, "lease_taken", lambda: command(world.operator, job_id))

    with world.process(store).work(job_id) as job:  # leaves by Blocked, which is no error
        job.step("edit", act)
        job.complete()

    assert world.state(job_id).status == ("paused" if command is pause else "canceled")
    assert world.state(job_id).lease is None


def test_a_second_pause_while_the_first_is_being_noticed_ends_the_work_cleanly(
    world: World,
) -> None:
    job_id = world.submit()
    store = Intercepted(world.store)

    with world.process(store).work(job_id) as job:
        job.step("edit", abs, -1)
        pause(world.operator, job_id)
        resume(world.operator, job_id)
        before_next(
            store,
            "lease_taken",
            lambda: before_next(store, "step_started", lambda: pause(world.operator, job_id)),
        )
        job.step("test", abs, -1)
        job.complete()

    assert world.state(job_id).status == "paused"
    assert world.state(job_id).steps.done == 1


def open_decision(world: World, job_id: str) -> None:
    world.operator.emit(job_id, "decision-needed", "Are you sure?")


def test_a_decision_opened_from_outside_stops_the_worker_before_its_next_step(
    world: World,
) -> None:
    job_id = world.submit()
    ran: list[str] = []

    def program(*, emit: bool) -> None:
        with world.process().work(job_id) as job:
            job.step("first", ran.append, "first")
            if emit:
                open_decision(world, job_id)
            job.step("second", ran.append, "second", at_most_once=True)
            job.complete()

    program(emit=True)

    state = world.state(job_id)
    assert (ran, state.status) == (["first"], "blocked_decision")
    assert state.open_steps == ()  # it did not begin, so nobody has to be asked whether it ran
    world.approve(job_id)
    program(emit=False)
    assert ran == ["first", "second"]
    assert world.state(job_id).status == "completed"
    assert "retries" not in world.spent(job_id)


def test_a_decision_opened_from_outside_inside_a_step_stops_the_worker_after_it(
    world: World,
) -> None:
    job_id = world.submit()

    with world.process().work(job_id) as job:
        job.step("first", open_decision, world, job_id)
        job.step("second", pytest.fail)

    assert world.state(job_id).status == "blocked_decision"
    assert world.state(job_id).steps.done == 1


def test_a_decision_opened_before_completion_is_what_the_job_then_waits_for(world: World) -> None:
    job_id = world.submit()

    with world.process().work(job_id) as job:
        open_decision(world, job_id)
        job.complete()

    assert world.state(job_id).status == "blocked_decision"
    world.approve(job_id)
    assert world.state(job_id).status == "queued"
