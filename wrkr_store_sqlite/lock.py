"""One writer at a time: a mutex over the threads of a handle, flock over handles and processes.

SQLite has a write lock of its own. This one is taken around it for two reasons. SQLite 3.7.0 to
3.51.2 can lose committed pages for good when a checkpoint overlaps a commit that starts the WAL
anew (the WAL-reset bug: 3 of 5 stress runs, after 38 to 396 s); under this lock the two never
overlap. And SQLite's waiting sleeps up to 100 ms between tries, so that with eight busy processes
some starve.

The lock is the kernel's, on ``<file>.lock``: it ends with its holder, so nothing is ever stale, and
that the file is there means nothing. Windows has no flock; there SQLite's own lock is the only one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import Busy, HandleClosed, StoreUnavailable

if TYPE_CHECKING:
    from types import TracebackType

if sys.platform != "win32":
    import fcntl

FIRST_PAUSE: Final = 0.000_1
MOST_PAUSE: Final = 0.002  # short against a commit: who polls slower than others commit, starves


def has_file_lock() -> bool:
    """Tell whether this platform can exclude other processes."""
    return sys.platform != "win32"


class WriterLock:
    """The right to write and to checkpoint. A context manager, not reentrant, thread-safe."""

    def __init__(self, path: str, *, busy: float) -> None:
        """Use ``path`` as the lock file and wait at most ``busy`` seconds for it.

        Raises: OSError.
        """
        self.path = path
        self._busy = busy
        self._mutex = threading.Lock()
        self._closed = False
        self._handle = -1
        if sys.platform != "win32":
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> None:
        """Take the lock. Raises: Busy, after the time given; StoreUnavailable; HandleClosed."""
        if not self._mutex.acquire(timeout=self._busy):
            raise self._too_late()
        try:
            if not self._try():
                self._wait()
        except BaseException:
            self._mutex.release()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the lock back."""
        if sys.platform != "win32":
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._mutex.release()

    def _try(self) -> bool:
        """Take the file lock if it is free. Raises: StoreUnavailable, HandleClosed."""
        if self._closed:
            raise HandleClosed(f"{self.path}: the store was closed", path=self.path)
        if sys.platform != "win32":
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            except OSError as error:
                raise StoreUnavailable(
                    f"{self.path} cannot be locked: {error.strerror}",
                    path=self.path,
                    hint="keep the store on a local disk",
                ) from error
        return True

    def _wait(self) -> None:
        """Try until the lock is ours or the time is over.

        A flock that blocks cannot be given a time limit without signals, and would not be fairer:
        the kernel wakes the waiters, and whoever runs first has it.
        """
        deadline = time.monotonic() + self._busy
        pause = FIRST_PAUSE
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._too_late()
            time.sleep(min(pause, left))
            pause = min(pause * 2, MOST_PAUSE)
            if self._try():
                return

    def _too_late(self) -> Busy:
        """Return what a caller is told that waited in vain."""
        return Busy(
            f"{self.path}: another writer held the lock for {self._busy:g} s",
            path=self.path,
            hint="try again; with ?busy=SECONDS the wait is longer",
        )

    def close(self) -> None:
        """Wait for the write under way, then let nobody take the lock any more."""
        with self._mutex:
            self._closed = True
            self._drop()

    def forget(self) -> None:
        """Close the copy of the descriptor that ``fork()`` made, in the child.

        The copy shares the lock. Were it kept, a parent killed inside a write would leave the store
        locked for as long as the child lives. Closing it does not unlock the parent's.
        """
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        """Close the descriptor."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)
