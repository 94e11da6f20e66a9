"""Calling a function with a time limit: it is asked to stop, and nothing of its outcome is lost."""

from __future__ import annotations

import pickle
import threading
from contextlib import suppress
from contextvars import ContextVar

import pytest

from tests.worlds import TOO_LONG
from wrkr_core.errors import Blocked, StepTimeoutError
from wrkr_core.work import calling
from wrkr_core.work.calling import StillRunningError, call_within

LONG = 60_000_000  # µs: no limit a test comes to
SHORT = 20_000

place: ContextVar[str] = ContextVar("place", default="nowhere")


def spin() -> None:
    """Run Python instructions for ever."""
    while True:
        pass


def test_a_result_in_time_is_returned() -> None:
    assert call_within(divmod, (7, 2), {}, LONG) == (3, 1)
    assert call_within(int, ("ff",), {"base": 16}, LONG) == 255
    assert call_within(lambda: None, (), {}, LONG) is None


def test_a_function_that_takes_too_long_is_stopped() -> None:
    threads: list[threading.Thread] = []

    def spin_here() -> None:
        threads.append(threading.current_thread())
        spin()

    with pytest.raises(StepTimeoutError, match="did not end within 20ms") as caught:
        call_within(spin_here, (), {}, SHORT)

    assert type(caught.value) is StepTimeoutError
    assert caught.value.details == {"limit": SHORT}
    threads[0].join(TOO_LONG)
    assert not threads[0].is_alive()


def test_a_function_that_cleans_up_when_stopped_is_waited_for() -> None:
    cleaned: list[bool] = []

    def work() -> None:
        try:
            spin()
        finally:
            cleaned.append(True)

    with pytest.raises(StepTimeoutError):
        call_within(work, (), {}, SHORT)

    assert cleaned == [True]


def test_a_function_that_cannot_be_stopped_is_left_behind_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calling, "GRACE", 0.02)
    release = threading.Event()

    def stubborn() -> None:
        while not release.is_set():
            with suppress(StepTimeoutError):
                release.wait(0.01)

    with pytest.raises(StillRunningError, match="could not be stopped"):
        call_within(stubborn, (), {}, 300_000)  # it has begun by then

    release.set()
    for thread in threading.enumerate():
        if thread.name == "wrkr-step":
            thread.join(TOO_LONG)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        KeyboardInterrupt(),
        SystemExit(3),
        Blocked("j-1", "paused", "lunch"),
        StepTimeoutError("of a step inside", limit=5),
    ],
)
def test_what_a_function_raises_comes_through_as_it_is(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        call_within(fail, (), {}, LONG)

    assert caught.value is error


def test_the_callers_context_is_seen_and_not_changed() -> None:
    place.set("caller")

    def move() -> str:
        before = place.get()
        place.set("inside")
        return before

    assert call_within(move, (), {}, LONG) == "caller"
    assert place.get() == "caller"


def test_a_function_that_still_runs_is_told_of_in_another_process_without_its_thread() -> None:
    error = StillRunningError("it still runs", threading.current_thread())

    told = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own

    assert (type(told), str(told), told.thread) == (StillRunningError, "it still runs", None)
    assert error.thread is threading.current_thread()
