"""Children made by fork: what they send comes back, and none of them stays."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance.expect import NotRun
from wrkr_conformance.forking import forked

if TYPE_CHECKING:
    from wrkr_conformance.forking import Send

if sys.platform == "win32":
    pytest.skip("there is no fork", allow_module_level=True)


def test_everything_that_is_sent_comes_back_in_order() -> None:
    def work(send: Send) -> None:
        send(os.getppid())
        send({"large": b"x" * 200_000})

    child = forked(work)

    assert child.sent == (os.getpid(), {"large": b"x" * 200_000})
    assert (child.error, child.ended) == ("", True)


def test_what_is_raised_is_told_beside_what_was_sent() -> None:
    def work(send: Send) -> None:
        send(1)
        raise SystemExit("enough")

    child = forked(work)

    assert (child.sent, child.error, child.ended) == ((1,), "SystemExit: enough", True)


def test_a_child_that_is_killed_leaves_what_it_had_sent() -> None:
    def work(send: Send) -> None:
        send("before")
        os.kill(os.getpid(), signal.SIGKILL)

    child = forked(work)

    assert (child.sent, child.error, child.ended) == (("before",), "", False)


def test_a_child_that_hangs_is_ended() -> None:
    child = forked(lambda _send: time.sleep(60), seconds=1)

    assert (child.sent, child.ended) == ((), False)


def test_a_child_is_not_traced_by_what_traces_its_parent() -> None:
    """A tracer has locks, and one that another thread held at the fork is held for ever."""
    parent, before = os.getpid(), sys.gettrace()

    def trace(_frame: object, _event: str, _argument: object) -> None:
        if os.getpid() != parent:
            os._exit(1)

    sys.settrace(trace)
    try:
        child = forked(lambda send: send("done"))
        after = sys.gettrace()
    finally:
        sys.settrace(before)

    assert (child.sent, child.ended) == (("done",), True)
    assert after is trace


def test_a_parent_that_cannot_fork_is_traced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    before = sys.gettrace()
    sys.settrace(_trace_nothing)
    try:
        with pytest.raises(BlockingIOError):
            forked(lambda _send: None)
        after = sys.gettrace()
    finally:
        sys.settrace(before)

    assert after is _trace_nothing


def _trace_nothing(_frame: object, _event: str, _argument: object) -> None:
    """Trace nothing."""


def test_a_child_runs_no_clean_up_of_its_parent() -> None:
    cleaned: list[int] = []
    try:
        assert forked(lambda send: send(len(cleaned))).sent == (0,)
    finally:
        cleaned.append(os.getpid())

    assert cleaned == [os.getpid()]


def test_where_there_is_no_fork_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")

    with pytest.raises(NotRun, match="this platform has no fork"):
        forked(lambda _send: None)
