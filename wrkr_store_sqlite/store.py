"""The store: the contract's methods over one reading and one writing half."""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar, cast

from wrkr_core._version import __version__
from wrkr_core.errors import HandleClosed, StoreUnavailable
from wrkr_core.store import (
    CAPABILITIES,
    Appended,
    Cell,
    Event,
    StoreInfo,
    StreamInfo,
    check_batch,
    check_key,
    check_limit,
    check_name,
    check_page,
)
from wrkr_store_sqlite import reading
from wrkr_store_sqlite.bell import Bell
from wrkr_store_sqlite.connection import Readers, connect, journal_mode
from wrkr_store_sqlite.erasing import drop_blanks, erase_remnants
from wrkr_store_sqlite.failures import translate
from wrkr_store_sqlite.place import resolve
from wrkr_store_sqlite.preparing import prepare_reading, prepare_writing
from wrkr_store_sqlite.writer import Request, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.store import NewEvent

Arguments = ParamSpec("Arguments")
Found = TypeVar("Found")

BUSY_SECONDS: Final = 10.0
MOST_BYTES: Final = 900_000_000  # of a record or cell; SQLite's own limit is 1,000,000,000 a row
FIRST_PAUSE: Final = 0.001
MOST_PAUSE: Final = 0.05


class SqliteStore:
    """A store in one SQLite file (contract ``wrkr.store/1``).

    Any number of threads may use one handle, and any number of handles and processes one file (S1).
    After ``fork()`` the child must open its own (N2). Deleting a stream, and deleting a cell
    durably, removes its bytes from every file of the store before it returns (E1); copies that
    ``backup`` or an upgrade of the layout made are not files of the store.
    """

    def __init__(self, path: str, *, busy: float = BUSY_SECONDS, read_only: bool = False) -> None:
        """Open the file, or make it, with its folders, if there is none.

        ``busy`` is how many seconds a write waits for others. ``read_only`` makes nothing, changes
        nothing and works on read-only media; every write then raises ``StoreUnavailable``.

        Raises: StoreUnavailable, StoreTooNew, Corrupt, Busy, InvalidInputError.
        """
        self.path = resolve(path)
        self._pid = os.getpid()
        self._closed = False
        self._bell = Bell()
        self._writer: Writer | None = None
        if read_only:
            connection, make = prepare_reading(self.path, busy=busy)
            wal = journal_mode(connection) == "wal"
            self._readers = Readers(make)
            self._readers.give(connection)
        else:
            connection, lock = prepare_writing(self.path, busy=busy)
            wal = journal_mode(connection) == "wal"
            self._writer = Writer(self.path, connection, lock, self._bell, wal=wal)
            self._readers = Readers(lambda: connect(self.path, "mode=rw", busy=busy))
        self._info = StoreInfo(
            name="sqlite",
            version=__version__,
            capabilities=CAPABILITIES if wal else CAPABILITIES - {"concurrent_readers"},
            local=wal,  # the WAL's index is shared memory, so everyone is on this host
        )
        _LIVE.add(self)

    @property
    def info(self) -> StoreInfo:
        """Name, version and capabilities; without a WAL, readers wait for writers."""
        return self._info

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        """Add ``events`` after seq ``expected``, all or none (A1, A2, A3, D1).

        Raises: Conflict, Deleted, Busy, Unknown, StoreUnavailable, Corrupt, ValueError.
        """
        writer = self._writing()
        check_batch(stream, expected, events)
        for event in events:
            _check_kinds(event.at, event.data)
        request = Request(lambda tables: tables.append(stream, expected, events), durable=durable)
        return cast("Appended", writer.submit(request))

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """Return up to ``limit`` records with seq > ``after``.

        Raises: Trimmed, Deleted, Corrupt.
        """
        check_name(stream)
        check_page(after, limit)
        return self._reading(reading.page, stream, after, limit)

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        """Return records of all streams after ``cursor`` and the cursor behind them (F1, F2)."""
        check_limit(limit)
        events = self._reading(reading.feed, reading.position(cursor), limit)
        return events, str(events[-1].pos) if events else cursor

    def stream(self, stream: str) -> StreamInfo | None:
        """Return where the stream stands, None if it was never written. Raises: Deleted."""
        check_name(stream)
        return self._reading(reading.stream_info, stream)

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        """Return live streams with name > ``after`` that start with ``prefix``, by name."""
        check_limit(limit)
        return self._reading(reading.streams, after, limit, prefix)

    def get(self, key: str) -> Cell | None:
        """Return the cell, None if absent."""
        check_key(key)
        return self._reading(reading.cell, key)

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        """Set the cell if its version is ``expected``; None deletes (C1, C2).

        A durable deletion also erases the value from every file.

        Raises: Conflict, Busy, Unknown, StoreUnavailable, Corrupt, ValueError.
        """
        writer = self._writing()
        check_key(key)
        if expected < 0:
            raise ValueError(f"expected is {expected}; it must be 0 or more")
        if data is not None:
            _check_kinds(0, data)
        request = Request(lambda tables: tables.put(key, data, expected), durable=durable)
        if durable and data is None:
            return cast("int", writer.erase(request))
        return cast("int", writer.submit(request))

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        """Return keys of present cells > ``after`` that start with ``prefix``, in order."""
        check_limit(limit)
        return self._reading(reading.keys, prefix, after, limit)

    def delete(self, stream: str) -> None:
        """Erase the stream's records and leave a tombstone (T1, E1).

        The name stays, in the tombstone. Raises: Busy, StoreUnavailable, Corrupt; Unknown if a long
        read of another program keeps the bytes alive: repeat the call.
        """
        writer = self._writing()
        check_name(stream)
        writer.erase(Request(lambda tables: tables.delete(stream), durable=True))

    def trim(self, stream: str, through: int) -> None:
        """Erase records up to and including ``through`` (T2).

        Raises: ValueError unless first - 1 <= through < head; Deleted; as ``delete``.
        """
        writer = self._writing()
        check_name(stream)
        writer.erase(Request(lambda tables: tables.trim(stream, through), durable=True))

    def wait(self, cursor: str, timeout: float) -> bool:
        """Tell within ``timeout`` seconds whether the feed has records after ``cursor``.

        Commits of this handle wake it at once, others are seen within 50 ms.
        """
        position = reading.position(cursor)
        deadline = time.monotonic() + timeout
        pause = FIRST_PAUSE
        while True:
            heard = self._bell.rings
            if self._reading(reading.follows, position):
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._bell.sleep(heard, min(pause, left))
            pause = min(pause * 1.5, MOST_PAUSE)

    def close(self) -> None:
        """Release the file; what runs in other threads comes to its end first or is refused."""
        if self._closed:
            return
        self._closed = True
        if os.getpid() != self._pid:
            return  # SQLite forbids to close a connection that came over a fork
        self._bell.ring()
        self._readers.close()
        if self._writer is not None:
            self._writer.close()

    def check(self) -> list[str]:
        """Return what is wrong with the store, a sentence each; reads the whole file.

        Raises: Corrupt if it is too damaged to say.
        """
        from wrkr_store_sqlite import maintenance

        return self._reading(maintenance.problems)

    def backup(self, path: str) -> None:
        """Write a consistent copy to a new file ``path``, while others go on.

        The copy is a store of its own and survives loss of power.

        Raises: InvalidInputError, if there is something at ``path``; StoreUnavailable, Corrupt.
        """
        from wrkr_store_sqlite import maintenance

        self._reading(maintenance.backup, self.path, path)

    def size(self) -> int:
        """Return the bytes of all files of the store."""
        from wrkr_store_sqlite import maintenance

        return maintenance.size(self.path)

    def doctor(self) -> list[tuple[str, str]]:
        """Return facts about the store and its SQLite, as name and value."""
        from wrkr_store_sqlite import maintenance

        return self._reading(maintenance.facts, self.path)

    def checkpoint(self) -> None:
        """Move everything from the WAL into the file.

        Raises: Busy, StoreUnavailable; Unknown if a reader of another program holds it back.
        """
        with self._writing().exclusive() as connection:
            erase_remnants(connection, self.path)

    def compact(self) -> None:
        """Give back the space of deleted and trimmed records; needs twice the file's size for it.

        Writers wait meanwhile. Raises: Busy, StoreUnavailable, Corrupt, Unknown.
        """
        with self._writing().exclusive() as connection:
            drop_blanks(connection)
            erase_remnants(connection, self.path)

    def forget(self) -> None:
        """Give up the lock of a handle that came over a fork; every other use is refused."""
        if self._writer is not None:
            self._writer.forget()

    def _writing(self) -> Writer:
        """Return the writing half. Raises: HandleClosed, StoreUnavailable."""
        self._require_open()
        if self._writer is None:
            raise StoreUnavailable(
                f"{self.path} was opened for reading only",
                path=self.path,
                hint="open it without mode=ro",
            )
        return self._writer

    def _reading(
        self,
        look: Callable[Concatenate[sqlite3.Connection, Arguments], Found],
        *values: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Found:
        """Run ``look`` on a connection of its own. Raises: StoreError instead of sqlite3.Error."""
        self._require_open()
        connection = None
        try:
            connection = self._readers.take()
            return look(connection, *values, **options)
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        finally:
            if connection is not None:
                self._readers.give(connection)

    def _require_open(self) -> None:
        """Refuse a handle that was closed or inherited (N2). Raises: HandleClosed."""
        if self._closed:
            raise HandleClosed(f"{self.path}: the store was closed", path=self.path)
        if os.getpid() != self._pid:
            raise HandleClosed(
                f"{self.path}: the store was opened before a fork",
                path=self.path,
                hint="open the store again in the new process",
            )


def _check_kinds(at: object, data: object) -> None:
    """Refuse what no row can hold, so that it cannot spoil a shared commit. Raises: ValueError."""
    if not isinstance(at, int):
        raise ValueError(f"at is {at!r}; it must be a whole number")  # noqa: TRY004
    if not isinstance(data, bytes):
        raise ValueError(f"data is {type(data).__name__}; it must be bytes")  # noqa: TRY004
    if len(data) > MOST_BYTES:
        raise ValueError(f"data has {len(data)} bytes; allowed are {MOST_BYTES}")


_LIVE: Final[weakref.WeakSet[SqliteStore]] = weakref.WeakSet()
_INHERITED: Final[list[SqliteStore]] = []


def _after_fork() -> None:
    """Let go of locks in the child, and keep its stores alive: closing them could do harm."""
    for store in list(_LIVE):
        _INHERITED.append(store)
        store.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
