"""The one lock of a store: held by whoever changes something, in any process, for a short time.

It is an ``flock`` on a file that is never removed, so a process that dies has let go of it at once;
no lock file is ever found stale. Who finds it taken waits in the kernel's queue, which is fair where
asking again and again is not: between two appends of a busy writer the lock is free for some
microseconds only. As ``flock`` knows no time limit, a thread waits in the place of the caller, who
may give up. Should the lock then come, it is passed on to the next caller or let go.

Where there is no ``fcntl`` (Windows) the first byte of the file is locked instead, and asked for
again and again. That has never been run.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from wrkr_core.errors import Busy, HandleClosed
from wrkr_store_files.disk import OPEN_FLAGS, PRIVATE_FILE

if TYPE_CHECKING:
    from collections.abc import Generator

if sys.platform == "win32":
    import msvcrt

    ASK_AGAIN: Final = 0.01  # seconds

    def try_lock(descriptor: int) -> bool:
        """Take the lock if it is free, and tell whether it was."""
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def wait_for_lock(descriptor: int) -> None:
        """Return once the lock is held."""
        while not try_lock(descriptor):
            time.sleep(ASK_AGAIN)

    def unlock(descriptor: int) -> None:
        """Let go of the lock."""
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Take the lock if it is free, and tell whether it was."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait_for_lock(descriptor: int) -> None:
        """Return once the lock is held."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def unlock(descriptor: int) -> None:
        """Let go of the lock."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class _Turn:
    """A place in the kernel's queue, taken by a thread of its own."""

    def __init__(self, descriptor: int) -> None:
        """Start waiting with ``descriptor``, which becomes the turn's."""
        self.descriptor = descriptor
        self.wanted = True
        self.over = threading.Event()
        self.error: OSError | None = None
        self.guard = threading.Lock()
        threading.Thread(target=self._wait, name="wrkr-lock", daemon=True).start()

    def _wait(self) -> None:
        try:
            wait_for_lock(self.descriptor)
        except OSError as error:
            self.error = error
        with self.guard:
            self.over.set()
            if not self.wanted:
                self._let_go()

    def ask(self) -> bool:
        """Want the lock after all; False if it came meanwhile and was let go."""
        with self.guard:
            self.wanted = True
            return not self.over.is_set()

    def claim(self) -> bool:
        """Tell whether the lock came; if it did not, it is no longer wanted."""
        with self.guard:
            self.wanted = self.over.is_set()
            return self.wanted

    def leave(self) -> None:
        """Want the lock no more, whether it came or not."""
        with self.guard:
            self.wanted = False
            if self.over.is_set():
                self._let_go()

    def _let_go(self) -> None:
        if self.error is None:
            unlock(self.descriptor)  # said aloud: a fork may have copied the descriptor
        os.close(self.descriptor)
        self.descriptor = -1  # the number may be another file's from here on


class WriterLock:
    """Excludes every other writer, be it a thread, another handle or another process.

    Attributes:
        threads: What excludes the other threads of this handle alone.

    """

    def __init__(self, path: str, *, busy: float) -> None:
        """Use the file ``path``, made if it is missing; wait up to ``busy`` seconds. Raises: OSError."""
        self._path = path
        self._busy = busy
        self.threads = threading.Lock()
        self._turn: _Turn | None = None
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | OPEN_FLAGS, PRIVATE_FILE)
        _locks.add(self)

    @contextmanager
    def held(self) -> Generator[None]:
        """Hold the lock inside a ``with``. Raises: Busy, HandleClosed, OSError."""
        deadline = time.monotonic() + self._busy
        if not self.threads.acquire(timeout=self._busy):
            raise self._error()
        try:
            if self._descriptor < 0:
                raise HandleClosed("the store was closed", path=self._path)
            if not try_lock(self._descriptor):
                self._queue(deadline)
            try:
                yield
            finally:
                unlock(self._descriptor)
        finally:
            self.threads.release()

    def close(self) -> None:
        """Let go of the file, after whoever holds the lock."""
        with self.threads:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1

    def drop(self) -> None:
        """Close what a ``fork`` has copied: the child must not hold a lock its parent took."""
        turn, self._turn = self._turn, None
        for descriptor in (self._descriptor, turn.descriptor if turn else -1):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = -1

    def _queue(self, deadline: float) -> None:
        """Wait for the lock until ``deadline``. Raises: Busy, OSError."""
        left = deadline - time.monotonic()
        if left <= 0:  # a turn would only be given up, and be in others' way for a moment
            raise self._error()
        turn = self._turn
        if turn is None or not turn.ask():
            turn = _Turn(os.open(self._path, os.O_RDWR | OPEN_FLAGS))
        self._turn = turn
        try:
            turn.over.wait(left)
        except BaseException:
            turn.leave()
            raise
        if not turn.claim():
            raise self._error()
        self._turn = None
        if turn.error is not None:
            os.close(turn.descriptor)
            raise turn.error
        os.close(self._descriptor)
        self._descriptor = turn.descriptor

    def _error(self) -> Busy:
        return Busy(
            f"the store's lock {self._path} did not come free within {self._busy:g} s",
            path=self._path,
            busy=self._busy,
            hint="try again, or wait longer with '?busy=SECONDS'",
        )


def _drop_all() -> None:
    for lock in list(_locks):
        lock.drop()


_locks: Final[WeakSet[WriterLock]] = WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_all)
