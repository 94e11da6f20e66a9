"""How a step runs: once and for all, again after a failure, never twice where it must not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import SECOND, TOO_LONG, World
from wrkr_core import events as e
from wrkr_core.errors import (
    ApprovalRequiredError,
    InvalidInputError,
    NonDeterminismError,
    StepFailedError,
)
from wrkr_core.work.attempts import Backoff, StepOptions

if TYPE_CHECKING:
    from wrkr_core.work.job import Job


class Flaky:
    """A function that fails so many times before it succeeds."""

    def __init__(self, failures: int = 0) -> None:
        self.ran = 0
        self.failures = failures

    def __call__(self) -> str:
        self.ran += 1
        if self.ran <= self.failures:
            raise OSError(f"failure {self.ran}")
        return "done"


@pytest.fixture
def world() -> World:
    return World()


def attempts(world: World, job_id: str) -> list[int]:
    return [each.attempt for each in world.events(job_id) if isinstance(each, e.StepStarted)]


def failures(world: World, job_id: str) -> list[e.StepFailed]:
    return [each for each in world.events(job_id) if isinstance(each, e.StepFailed)]


def test_a_finished_step_is_replayed_and_never_run_again(world: World) -> None:
    job_id, flaky = world.submit(), Flaky()

    for _ in range(3):
        with world.process().work(job_id) as job:
            assert job.step("edit", flaky) == "done"

    assert flaky.ran == 1
    assert attempts(world, job_id) == [1]


def test_a_step_function_may_take_arguments_called_as_those_of_step(world: World) -> None:
    job_id = world.submit()

    def act(**given: int) -> dict[str, int]:
        return given

    def program(job: Job) -> None:
        assert job.step("act", act, name=1, function=2, self=3) == {
            "name": 1,
            "function": 2,
            "self": 3,
        }
        given = job.step_with(StepOptions(), "again", act, name=1, function=2, options=3, self=4)
        assert given == {"name": 1, "function": 2, "options": 3, "self": 4}

    with world.process().work(job_id) as job:
        program(job)


def test_one_step_asked_for_twice_in_one_run_is_run_once(world: World) -> None:
    job_id, flaky = world.submit(), Flaky()

    with world.process().work(job_id) as job:
        assert [job.step("edit", flaky, key="a") for _ in range(3)] == ["done"] * 3

    assert flaky.ran == 1


@given(failing=st.integers(0, 5), retries=st.integers(0, 5), factor=st.integers(1, 4))
def test_a_step_is_tried_again_as_often_as_it_may_after_the_planned_waits(
    failing: int, retries: int, factor: int
) -> None:
    world = World()
    job_id, flaky = world.submit(), Flaky(failing)
    backoff = Backoff(first=SECOND, factor=factor, longest=20 * SECOND)
    began = world.clocks.uptime()

    try:
        with world.process().work(job_id) as job:
            job.step("edit", flaky, retries=retries, backoff=backoff)
            job.complete()
    except StepFailedError as error:
        assert failing > retries
        assert str(error.__cause__) == f"failure {retries + 1}"  # noqa: PT017  # either way is right

    runs = min(failing, retries) + 1
    assert flaky.ran == runs
    assert attempts(world, job_id) == list(range(1, runs + 1))
    assert world.spent(job_id).get("retries", 0) == runs - 1
    waited = sum(backoff.delay(each) for each in range(1, runs))
    assert world.clocks.uptime() - began == waited
    status = "completed" if failing <= retries else "blocked_error"
    assert world.state(job_id).status == status


def test_a_wait_for_a_retry_goes_on_in_the_next_process(world: World) -> None:
    job_id, flaky = world.submit(), Flaky(1)
    backoff = Backoff(first=100 * SECOND)
    clocks, advance = world.clocks, world.clocks.sleep
    waits = 0

    def interrupted(duration: int) -> None:
        nonlocal waits
        waits += 1
        advance(duration)
        if waits == 3:
            raise KeyboardInterrupt

    clocks.sleep = interrupted  # type: ignore[method-assign]  # Ctrl-C while it waits
    with pytest.raises(KeyboardInterrupt), world.process().work(job_id) as job:
        job.step("edit", flaky, retries=1, backoff=backoff)
    (failure,) = failures(world, job_id)
    assert failure.retry_at is not None

    with world.process().work(job_id) as job:
        assert job.step("edit", flaky, retries=1, backoff=backoff) == "done"

    assert clocks.now() == failure.retry_at


def test_retries_that_were_used_up_before_a_crash_stay_used_up(world: World) -> None:
    job_id, flaky = world.submit(), Flaky(99)

    def program() -> None:
        with world.process().work(job_id) as job:

            def act() -> None:
                if flaky.ran == 1:
                    flaky.ran += 1
                    raise KeyboardInterrupt
                flaky()

            job.step("edit", act, retries=2)

    with pytest.raises(KeyboardInterrupt):
        program()  # fails once, waits, is interrupted in its second attempt
    with pytest.raises(StepFailedError):
        program()

    assert len(failures(world, job_id)) == 3
    assert attempts(world, job_id) == [1, 2, 3, 4]


def test_a_failure_that_is_caught_is_a_failure_in_every_replay(world: World) -> None:
    job_id, flaky = world.submit(), Flaky(1)
    seen: list[str] = []

    def program() -> None:
        with world.process().work(job_id) as job:
            try:
                job.step("edit", flaky)
            except StepFailedError as error:
                seen.append(str(error))
            job.step("clean up", abs, -1)

    program()
    program()

    assert seen == ["step edit failed: failure 1"] * 2
    assert flaky.ran == 1


def test_a_failure_that_blocked_the_job_is_tried_again_after_a_resume(world: World) -> None:
    job_id, flaky = world.submit(), Flaky(2)

    def program() -> None:
        with world.process().work(job_id) as job:
            assert job.step("edit", flaky, retries=1) == "done"

    with pytest.raises(StepFailedError, match="edit failed: failure 2"):
        program()
    assert world.state(job_id).summary == "step edit failed: failure 2"
    world.operator.resume(job_id, reason="the disk is back")
    program()

    assert flaky.ran == 3
    assert attempts(world, job_id) == [1, 2, 3]


def test_the_error_names_the_step_and_has_the_functions_own_as_its_cause(world: World) -> None:
    job_id = world.submit()

    with pytest.raises(StepFailedError) as caught, world.process().work(job_id) as job:
        job.step("edit", Flaky(1), key="a.py")

    assert caught.value.details["step"] == "edit[a.py]"
    assert caught.value.ref == e.StepRef(name="edit", occurrence=1, key="a.py")
    assert isinstance(caught.value.__cause__, OSError)
    (failure,) = failures(world, job_id)
    assert (failure.error_type, failure.message, failure.retry_at) == ("OSError", "failure 1", None)


def ask_for(world: World, job_id: str, *steps: tuple[str, str | None]) -> None:
    with world.process().work(job_id) as job:
        for name, key in steps:
            job.step(name, abs, -1, key=key)


def test_another_step_than_the_recorded_one_is_refused_and_nothing_runs(world: World) -> None:
    job_id = world.submit()
    ask_for(world, job_id, ("plan", None), ("edit", None))

    with pytest.raises(NonDeterminismError) as caught:
        ask_for(world, job_id, ("plan", None), ("test", None))

    assert (caught.value.details["asked"], caught.value.details["recorded"]) == ("test", "edit")
    assert world.state(job_id).status == "blocked_error"
    assert world.state(job_id).reason_codes == ("E_NON_DETERMINISM",)
    assert len(attempts(world, job_id)) == 2


@given(st.permutations(["a", "b", "c", "d"]), st.integers(0, 4))
def test_a_fan_out_of_keys_may_come_in_any_order(order: list[str], done: int) -> None:
    world = World()
    job_id = world.submit()
    ask_for(world, job_id, *[("edit", key) for key in "abcd"[:done]])

    ask_for(world, job_id, *[("edit", key) for key in order])

    assert len(attempts(world, job_id)) == 4


def test_steps_of_several_names_may_run_at_once(world: World) -> None:
    job_id = world.submit()
    with world.process().work(job_id) as job:
        between = job.holding.check_if_slept

        def meanwhile() -> None:  # one step is recorded as begun, and another is looked up
            job.holding.check_if_slept = between  # type: ignore[method-assign]
            thread = threading.Thread(target=other)
            thread.start()
            thread.join(TOO_LONG)

        errors: list[BaseException] = []

        def other() -> None:
            try:
                job.step("parse", abs, -1, key="1")
            except NonDeterminismError as error:
                errors.append(error)

        job.holding.check_if_slept = meanwhile  # type: ignore[method-assign]
        job.step("fetch", abs, -1, key="1")

        assert errors == []


def test_a_step_behind_a_gate_records_the_approval_and_never_runs_without(world: World) -> None:
    job_id = world.submit()
    ran: list[int] = []

    def program() -> None:
        with world.process().work(job_id) as job:
            answer = job.ask("Deploy?")
            job.step("deploy", lambda: ran.append(1), gate=answer)

    program()
    assert ran == []
    checkpoint_id = world.state(job_id).decisions[0].checkpoint_id
    world.operator.refuse(job_id, checkpoint_id, reason="not today", by="bob")
    with pytest.raises(ApprovalRequiredError, match="refused by bob: not today"):
        program()
    assert ran == []

    other = world.submit()
    job_id = other
    program()
    world.approve(other)
    program()
    started = [each for each in world.events(other) if isinstance(each, e.StepStarted)]
    assert started[0].approval is not None
    assert ran == [1]


def test_a_function_that_takes_too_long_is_stopped_and_tried_again(world: World) -> None:
    job_id = world.submit()
    ran: list[int] = []

    def act() -> str:
        ran.append(1)
        while len(ran) == 1:
            pass
        return "done"

    with world.process().work(job_id) as job:
        assert job.step("act", act, timeout="20ms", retries=1) == "done"

    (failure,) = failures(world, job_id)
    assert (failure.code, failure.error_type) == ("E_STEP_TIMEOUT", "StepTimeoutError")
    assert len(ran) == 2


@pytest.mark.parametrize("timeout", ["soon", -1, 1.5, ""])
@pytest.mark.parametrize("retries", [0])
def test_an_option_that_can_never_be_right_is_refused(
    world: World, timeout: str | int, retries: int
) -> None:
    job_id = world.submit()
    with pytest.raises(InvalidInputError), world.process().work(job_id) as job:
        job.step("act", pytest.fail, timeout=timeout, retries=retries)


@pytest.mark.parametrize("retries", [-1, True, "3"])
def test_retries_that_are_no_number_from_0_up_are_refused(world: World, retries: int) -> None:
    job_id = world.submit()
    with pytest.raises(InvalidInputError, match="retries"), world.process().work(job_id) as job:
        job.step("act", pytest.fail, retries=retries)
