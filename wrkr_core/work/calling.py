"""Calling a step function with a time limit.

A function cannot be stopped from outside, only asked: at its limit a ``StepTimeoutError`` is raised
inside its thread, which reaches it at its next Python instruction. A function that is still running
after a further grace is left behind, said so, and never run a second time by this process.
"""

from __future__ import annotations

import contextvars
import ctypes
import threading
from typing import TYPE_CHECKING, Any, Final

from wrkr_core.errors import StepTimeoutError
from wrkr_core.instants import duration_text

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE: Final = 2.0  # seconds


class StillRunningError(StepTimeoutError):
    """The function did not end when asked to: it may still be doing something.

    Attributes:
        thread: The thread it runs in; None in a copy, which may be another process's.

    """

    def __init__(self, message: str, thread: threading.Thread | None) -> None:
        """Say what is still running, and in which thread."""
        super().__init__(message)
        self.thread = thread

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy has of this, all but the thread."""
        return {**super().__getstate__(), "thread": None}


def call_within(function: Callable[..., object], args: Any, kwargs: Any, limit: int) -> object:  # noqa: ANN401  # whatever the function takes
    """Return ``function(*args, **kwargs)`` if it ends within ``limit`` µs.

    Runs in a thread of its own, with the caller's context variables.

    Raises:
        StepTimeoutError: It was stopped at the limit.
        StillRunningError: It could not be stopped.

    """
    box: list[object] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            box.append(function(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread as it is
            failure.append(error)

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(run,), name="wrkr-step", daemon=True
    )
    thread.start()
    thread.join(limit / 1_000_000)
    said = f"the step did not end within {duration_text(limit)}"
    if thread.is_alive():
        _interrupt(thread)
        thread.join(GRACE)
        if thread.is_alive():
            raise StillRunningError(f"{said} and could not be stopped", thread)
    if failure:
        if isinstance(failure[0], StepTimeoutError) and not failure[0].details:
            raise StepTimeoutError(said, limit=limit) from None
        raise failure[0]
    return box[0]


class _StopError(StepTimeoutError):
    """What is raised inside the function; a class, because the interpreter makes the instance."""

    def __init__(self) -> None:
        super().__init__("time is up")


def _interrupt(thread: threading.Thread) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_StopError)
    )
