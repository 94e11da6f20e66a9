"""Children made by ``fork``: what they send comes back, whatever becomes of them."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings
from typing import TYPE_CHECKING, Any

import attrs

from wrkr_conformance.expect import NotRun

if TYPE_CHECKING:
    from collections.abc import Callable

    Send = Callable[[object], None]

SECONDS = 30  # after which a child is ended


@attrs.frozen(kw_only=True)
class Forked:
    """What came of a child.

    Attributes:
        sent: What it sent, in order.
        error: What it raised, as a text; empty if it did not.
        ended: Whether it ended by itself, rather than by a signal.

    """

    sent: tuple[Any, ...]
    error: str
    ended: bool


class _Raised(str):
    """The text of an error, as the last thing that is sent."""

    __slots__ = ()


def forked(work: Callable[[Send], None], *, seconds: int = SECONDS) -> Forked:
    """Run ``work`` in a forked child and return what became of it.

    The child ends without the clean-up that belongs to this process, after ``seconds`` at the
    latest. Raises: NotRun where there is no fork.
    """
    if not hasattr(os, "fork"):
        raise NotRun("this platform has no fork", applies=False)
    receiving, sending = os.pipe()
    # Whoever traces this process has locks, which another thread may hold: then nobody ever lets go
    # of them in the child.
    trace, pid = sys.gettrace(), -1
    sys.settrace(None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # 3.12 warns of forking with threads
            pid = os.fork()
            if pid == 0:  # at once: even to leave this block could hang
                signal.alarm(seconds)  # a store must not hang the suite
    finally:
        if pid != 0:
            sys.settrace(trace)
    if pid == 0:
        os.close(receiving)
        _run(work, sending)
    os.close(sending)
    sent = _receive(receiving)
    _pid, status = os.waitpid(pid, 0)
    raised = sent.pop() if sent and isinstance(sent[-1], _Raised) else ""
    return Forked(sent=tuple(sent), error=str(raised), ended=os.WIFEXITED(status))


def _run(work: Callable[[Send], None], pipe: int) -> None:
    """Work, and end this process."""
    write = os.write  # as it is now: the work may replace it

    def send(message: object) -> None:
        content = pickle.dumps(message)
        write(pipe, len(content).to_bytes(4, "big") + content)

    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        try:
            work(send)
        except BaseException as error:  # noqa: BLE001  # the parent says it
            send(_Raised(f"{type(error).__name__}: {error}"))
    finally:
        os._exit(0)


def _receive(pipe: int) -> list[Any]:
    """Return every whole message until the other end is closed."""
    with os.fdopen(pipe, "rb") as file:
        content = file.read()
    sent: list[Any] = []
    while len(content) >= 4:
        end = 4 + int.from_bytes(content[:4], "big")
        if len(content) < end:
            break
        sent.append(pickle.loads(content[4:end]))  # noqa: S301  # written by this very program
        content = content[end:]
    return sent
