"""What may have run, or still does, is never silently run a second time."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.worlds import SECOND, TOO_LONG, World
from wrkr_core.budget import Budget, amounts
from wrkr_core.errors import StepFailedError, StepTimeoutError, WrkrError
from wrkr_core.work import calling
from wrkr_core.work.calling import StillRunningError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def world() -> World:
    return World()


def interrupted_once(world: World, job_id: str, ran: list[int]) -> Callable[[], str]:
    """Return a program with an at-most-once step whose process is interrupted inside it."""

    def act() -> str:
        ran.append(1)
        if len(ran) == 1:
            raise KeyboardInterrupt
        return "done"

    def program() -> str:
        outcome: str = "blocked"
        with world.process().work(job_id) as job:
            outcome = job.step("pay", act, at_most_once=True)
            job.complete()
        return outcome

    with pytest.raises(KeyboardInterrupt):
        program()
    return program


def test_an_interrupted_step_that_may_run_once_waits_for_a_person(world: World) -> None:
    job_id = world.submit()
    ran: list[int] = []
    program = interrupted_once(world, job_id, ran)

    assert program() == "blocked"

    state = world.state(job_id)
    assert ran == [1]
    assert state.status == "blocked_decision"
    assert "pay was interrupted and may have run" in state.summary
    assert state.decisions[0].kind == "confirm-rerun"
    world.approve(job_id)
    assert program() == "done"
    assert ran == [1, 1]


def test_a_step_that_may_not_run_again_fails(world: World) -> None:
    job_id = world.submit()
    ran: list[int] = []
    program = interrupted_once(world, job_id, ran)
    program()
    world.operator.refuse(job_id, world.state(job_id).decisions[0].checkpoint_id, reason="it ran")

    with pytest.raises(StepFailedError, match="may not run again"):
        program()
    assert ran == [1]


def test_a_permission_to_run_again_is_no_longer_good_once_it_expired(world: World) -> None:
    job_id = world.submit()
    ran: list[int] = []
    program = interrupted_once(world, job_id, ran)
    program()
    world.operator.approve(
        job_id,
        world.state(job_id).decisions[0].checkpoint_id,
        reason="ok for now",
        expires_at=world.clocks.now() + SECOND,
    )
    world.clocks.advance(2 * SECOND)

    assert program() == "blocked"
    assert ran == [1]


class Stuck:
    """A function that no interruption reaches until it is released."""

    def __init__(self) -> None:
        self.ran = 0
        self.release = threading.Event()

    def __call__(self) -> str:
        self.ran += 1
        while not self.release.is_set():
            with suppress(StepTimeoutError):  # asked to stop before it had begun to wait
                self.release.wait(TOO_LONG)
        return "done"

    def end(self) -> None:
        self.release.set()
        for thread in threading.enumerate():
            if thread.name == "wrkr-step":
                thread.join(TOO_LONG)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Stuck:
    monkeypatch.setattr(calling, "GRACE", 0.02)
    return Stuck()


def test_a_function_that_is_still_running_is_not_tried_again(world: World, stuck: Stuck) -> None:
    job_id = world.submit()

    with pytest.raises(StepFailedError) as caught, world.process().work(job_id) as job:
        job.step("act", stuck, timeout="300ms", retries=5)

    stuck.end()
    assert stuck.ran == 1
    assert isinstance(caught.value.__cause__, StillRunningError)
    assert isinstance(caught.value.__cause__, StepTimeoutError)


def test_a_function_that_is_still_running_is_not_run_again_by_its_process(
    world: World, stuck: Stuck
) -> None:
    job_id = world.submit(budget=Budget(wall="300ms"))
    process = world.process()

    def act() -> str:
        world.clocks.advance(SECOND)
        return stuck()

    with process.work(job_id) as job:
        job.step("act", act)
    assert world.state(job_id).status == "blocked_budget"
    world.operator.raise_budget(job_id, amounts(wall="1000s"), reason="worth it")
    thread = threading.Timer(0.2, stuck.release.set)
    thread.start()
    with suppress(WrkrError), process.work(job_id) as job:  # refused in whatever way
        job.step("act", act)

    thread.join()
    stuck.end()
    assert stuck.ran == 1
