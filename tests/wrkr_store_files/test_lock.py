"""One writer at a time, in turn, and nobody waits for ever."""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.samples import fork
from wrkr_core.errors import Busy, HandleClosed
from wrkr_store_files import lock as rooms
from wrkr_store_files.lock import WriterLock, try_lock, unlock

if TYPE_CHECKING:
    from pathlib import Path

LONG = 30.0  # seconds, never waited for
SHORT = 0.01  # seconds, always waited for


@pytest.fixture
def path(tmp_path: Path) -> str:
    return f"{tmp_path}/lock"


def is_free(path: str) -> bool:
    descriptor = os.open(path, os.O_RDWR)
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)


def test_the_lock_is_held_inside_and_free_outside(path: str) -> None:
    with closing(WriterLock(path, busy=0)) as lock:
        with lock.held():
            assert not is_free(path)
        assert is_free(path)


def test_an_error_inside_frees_the_lock(path: str) -> None:
    with closing(WriterLock(path, busy=0)) as lock:
        with pytest.raises(KeyError), lock.held():
            raise KeyError
        assert is_free(path)


def test_a_lock_that_is_taken_is_busy(path: str) -> None:
    with closing(WriterLock(path, busy=0)) as mine, closing(WriterLock(path, busy=0)) as other:
        with mine.held(), pytest.raises(Busy) as caught, other.held():
            pass
        assert caught.value.hint == "try again, or wait longer with '?busy=SECONDS'"
        assert other._turn is None
        with other.held():
            assert not is_free(path)


def test_threads_of_one_handle_exclude_each_other(path: str) -> None:
    with closing(WriterLock(path, busy=0)) as lock, lock.held(), pytest.raises(Busy), lock.held():
        pass


def test_who_waits_gets_the_lock_when_it_comes_free(path: str) -> None:
    order: list[str] = []
    waiting = threading.Event()
    with (
        closing(WriterLock(path, busy=LONG)) as mine,
        closing(WriterLock(path, busy=LONG)) as other,
    ):

        def wait() -> None:
            waiting.set()
            with other.held():
                order.append("other")
                assert not is_free(path)

        thread = threading.Thread(target=wait)
        with mine.held():
            thread.start()
            waiting.wait()
            order.append("mine")
        thread.join()
        assert is_free(path)

    assert order == ["mine", "other"]


def turn_of(lock: WriterLock) -> rooms._Turn:
    """Return the turn a lock waits in after it gave up."""
    with pytest.raises(Busy), lock.held():
        pass
    assert lock._turn is not None
    return lock._turn


def test_a_turn_that_was_given_up_lets_go(path: str) -> None:
    with closing(WriterLock(path, busy=0)) as mine, closing(WriterLock(path, busy=SHORT)) as other:
        with mine.held():
            turn = turn_of(other)
        turn.over.wait()
        with turn.guard:  # it lets go inside
            assert is_free(path)


def test_who_asks_again_takes_the_same_turn(path: str) -> None:
    mine, other = WriterLock(path, busy=0), WriterLock(path, busy=SHORT)
    with closing(mine), closing(other), mine.held():
        assert turn_of(other) is turn_of(other)


def test_a_caller_that_is_interrupted_leaves_the_lock_free(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    turns: list[rooms._Turn] = []

    class Interrupted(rooms._Turn):
        def __init__(self, descriptor: int) -> None:
            super().__init__(descriptor)
            turns.append(self)
            real = self.over.wait

            def wait(timeout: float | None = None) -> bool:
                unlock(holder)
                real()
                raise KeyboardInterrupt

            self.over.wait = wait  # type: ignore[method-assign]

    monkeypatch.setattr(rooms, "_Turn", Interrupted)
    with closing(WriterLock(path, busy=LONG)) as lock:
        with pytest.raises(KeyboardInterrupt), lock.held():
            pass
        assert is_free(path)
        assert lock.threads.acquire(blocking=False)
        lock.threads.release()
    os.close(holder)


def test_an_error_of_the_system_reaches_the_caller(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(37, "No locks available")

    with (
        closing(WriterLock(path, busy=LONG)) as mine,
        closing(WriterLock(path, busy=LONG)) as other,
    ):
        monkeypatch.setattr(rooms, "wait_for_lock", fail)
        with mine.held(), pytest.raises(OSError, match="No locks"), other.held():
            pass


def test_a_closed_lock_is_refused(path: str) -> None:
    lock = WriterLock(path, busy=0)
    lock.close()
    lock.close()

    with pytest.raises(HandleClosed), lock.held():
        pass


def test_a_child_closes_only_what_belongs_to_the_lock(path: str) -> None:
    with closing(WriterLock(path, busy=0)) as mine, closing(WriterLock(path, busy=SHORT)) as other:
        with mine.held():
            turn = turn_of(other)
            descriptor = turn.descriptor
        turn.over.wait()
        with turn.guard:
            pass
        again = os.open(path, os.O_RDONLY)  # gets the number that came free
        assert again == descriptor
        child = fork()
        if not child:  # pragma: no cover  # in the child
            try:
                os.fstat(again)
            except OSError:
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        os.close(again)


def test_a_child_does_not_keep_the_lock_of_its_parent(path: str) -> None:
    with closing(WriterLock(path, busy=0)) as lock:
        ready, done = os.pipe(), os.pipe()
        with lock.held():
            child = fork()
            if not child:  # pragma: no cover  # in the child
                os.write(ready[1], b"x")
                os.read(done[0], 1)
                os._exit(0)
            os.read(ready[0], 1)
            # As if the parent had died: its descriptor is closed without unlocking.
            descriptor, lock._descriptor = lock._descriptor, os.open(path, os.O_RDWR)
            os.close(descriptor)
            assert is_free(path)
        os.write(done[1], b"x")
        assert os.waitpid(child, 0)[1] == 0
    for descriptor in (*ready, *done):
        os.close(descriptor)
