"""Commits: one at a time over all processes, many requests of one process in one.

R1, no reader sees a durable record that a crash can still take away. In WAL mode SQLite writes the
frames, then flushes the WAL (``synchronous`` FULL or EXTRA), and only then publishes them in the
wal-index, by which every other connection reads (wal.c: sqlite3WalFrames syncs before it calls
walIndexAppend and walIndexWriteHdr). What is left is a process killed between write and flush:
whoever opens the file next recovers its frames unflushed. So opening a store flushes the WAL before
the first read (``preparing``). In ``delete`` mode readers are locked out until the journal is gone,
and EXTRA flushes its removal too.

D1: a relaxed commit (NORMAL) writes to the same WAL without a flush. The flush of the next durable
commit, of whatever process, covers it, and a checkpoint flushes the WAL before it copies from it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import Corrupt, StoreError, StoreUnavailable
from wrkr_core.group_commit import GroupCommit
from wrkr_core.store import Appended
from wrkr_store_sqlite.connection import CHECKPOINT_BYTES
from wrkr_store_sqlite.erasing import erase_remnants
from wrkr_store_sqlite.failures import another, flush_failed, translate
from wrkr_store_sqlite.place import size_of
from wrkr_store_sqlite.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from wrkr_store_sqlite.bell import Bell
    from wrkr_store_sqlite.lock import WriterLock

Result = Appended | int | None
LOOK_EVERY: Final = 8  # commits between two looks at the size of the WAL
MOST_HEADS: Final = 10_000


class Request:
    """Something to do in a transaction that it may share with others."""

    __slots__ = ("durable", "run")

    def __init__(self, run: Callable[[Transaction], Result], *, durable: bool) -> None:
        """Do ``run``; when ``durable``, flush the commit it is in."""
        self.run = run
        self.durable = durable


class Writer:
    """The writing half of a handle. Thread-safe; not for use after ``fork()``."""

    def __init__(
        self, path: str, connection: sqlite3.Connection, lock: WriterLock, bell: Bell, *, wal: bool
    ) -> None:
        """Write by ``connection`` under ``lock`` and ring ``bell`` after each commit."""
        self._path = path
        self._connection = connection
        self._cursor = connection.cursor()  # one for all: making one costs more than using it
        self._lock = lock
        self._bell = bell
        # EXTRA is FULL in WAL mode. Without a WAL, NORMAL could damage the file for good.
        self._levels = ("NORMAL" if wal else "FULL", "EXTRA")
        self._flushing: bool | None = None  # what the level was last set to
        self._heads: dict[str, tuple[int, int]] = {}  # of streams, while nobody else has written
        self._version = 0
        self._file = os.stat(path)  # noqa: PTH116  # as below
        self._broken: sqlite3.Error | None = None
        self._commits = 0
        self._group: GroupCommit[Request, Result] = GroupCommit(self._commit)

    def submit(self, request: Request) -> Result:
        """Return the result of ``request`` once it is committed, alone or with others'.

        Raises: what the request raises; Busy, StoreUnavailable, Corrupt, Unknown, HandleClosed.
        """
        return self._group.submit(request)

    def erase(self, request: Request) -> Result:
        """Commit ``request`` alone and durably and leave nothing it removed in any file (E1).

        Raises: as ``submit``; Unknown if it is committed but a reader holds back the last of it.
        """
        with self.exclusive() as connection:
            self._heads.clear()
            outcome = self._transact([request])[0]
            if isinstance(outcome, BaseException):
                raise outcome
            erase_remnants(connection, self._path)
        return outcome

    @contextmanager
    def exclusive(self) -> Generator[sqlite3.Connection]:
        """Give the connection while nobody else writes or checkpoints.

        Raises: Busy, StoreUnavailable, Corrupt, HandleClosed, instead of sqlite3.Error.
        """
        with self._lock:
            if self._broken is not None or self._is_gone():
                raise self._refusal()
            try:
                yield self._connection
            except sqlite3.Error as error:
                self._roll_back(error)
                raise translate(error, self._path) from error

    def forget(self) -> None:
        """Let go, in a forked child, of what the parent's writing depends on."""
        self._lock.forget()

    def close(self) -> None:
        """Wait for the commit under way and close. The last to close empties the WAL."""
        self._lock.close()
        self._connection.close()

    def _commit(self, requests: Sequence[Request]) -> Sequence[Result | BaseException]:
        """Run the requests in one transaction; each gets its result or its own refusal."""
        try:
            with self._lock:
                return self._transact(requests)
        except (StoreUnavailable, Corrupt) as error:
            if len(requests) == 1 or self._broken:
                return [another(error) for _ in requests]
            # Nothing was written; it may be one large request that does not fit on the disk.
            return [self._commit([request])[0] for request in requests]
        except StoreError as error:
            return [another(error) for _ in requests]

    def _transact(self, requests: Sequence[Request]) -> list[Result | BaseException]:
        """Commit the requests. Call under the lock. Raises: StoreError when none is committed.

        Every append runs through here, so it is written for speed: no generators, one cursor, and
        nothing is asked that a lone append can do without.
        """
        if self._broken is not None or (self._commits % LOOK_EVERY == 0 and self._is_gone()):
            raise self._refusal()
        durable = False
        for request in requests:
            durable = durable or request.durable
        outcomes: list[Result | BaseException] = []
        committing = False
        try:
            tables = self._begin(durable)
            for request in requests:
                try:
                    outcomes.append(request.run(tables))
                except (StoreError, ValueError) as refused:  # must not disturb the others
                    outcomes.append(refused)
            if durable and not tables.wrote and any(map(_is_result, outcomes)):
                tables.flush()  # a batch that was there already may have come relaxed
            committing = True
            self._cursor.execute("COMMIT")
        except BaseException as error:
            self._roll_back(error)
            if isinstance(error, sqlite3.Error):
                raise translate(error, self._path, committing=committing) from error
            raise
        self._heads.update(tables.moved)
        self._bell.ring()
        self._commits += 1
        if self._commits % LOOK_EVERY == 0:
            self._tidy()
        return outcomes

    def _begin(self, durable: bool) -> Transaction:  # noqa: FBT001  # keywords cost on this path
        """Begin a transaction; ``durable`` makes its COMMIT flush. Raises: sqlite3.Error."""
        execute = self._cursor.execute
        if durable != self._flushing:
            execute(f"PRAGMA synchronous={self._levels[durable]}")
            self._flushing = durable
        execute("BEGIN IMMEDIATE")  # a deferred one that upgrades is refused without waiting
        version = execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:  # another connection has committed since
            self._heads.clear()
            self._version = version
        return Transaction(self._cursor, self._heads)

    def _is_gone(self) -> bool:
        """Tell whether the file was moved, deleted or replaced.

        SQLite does not notice in WAL mode: it goes on writing to a file that has no name any more.
        """
        try:
            found = os.stat(self._path)  # noqa: PTH116  # on the path of every append
        except OSError:
            return True
        return found.st_ino != self._file.st_ino or found.st_dev != self._file.st_dev

    def _refusal(self) -> StoreUnavailable:
        """Return why nothing can be written that would last."""
        if self._broken is None:
            return StoreUnavailable(
                f"{self._path} was moved, deleted or replaced",
                path=self._path,
                hint="put it back or open the store again",
            )
        what = "the disk refused a flush" if flush_failed(self._broken) else "a rollback failed"
        refusal = StoreUnavailable(
            f"{self._path}: {what} before",
            path=self._path,
            hint="check the disk, then open the store again",
        )
        refusal.__cause__ = self._broken
        return refusal

    def _roll_back(self, error: BaseException) -> None:
        """End a transaction that failed with ``error``."""
        self._heads.clear()
        if isinstance(error, sqlite3.Error) and flush_failed(error):
            self._broken = error
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error as worse:
                self._broken = worse

    def _tidy(self) -> None:
        """Keep the WAL and the memory of heads short."""
        if len(self._heads) > MOST_HEADS:
            self._heads.clear()
        if size_of(self._path + "-wal") <= CHECKPOINT_BYTES:
            return
        try:
            # PASSIVE waits for no reader; what it cannot copy yet, the next one copies.
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:  # the commits stand; only the WAL stays long
            self._roll_back(error)


def _is_result(outcome: Result | BaseException) -> bool:
    return not isinstance(outcome, BaseException)
