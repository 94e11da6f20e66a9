"""From a path to connections: recognise the file, make or upgrade it, and make sure of its WAL."""
# ruff: noqa: PTH101, PTH110, PTH120
# Paths are text here: importing pathlib costs more than opening the store.

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from wrkr_core.errors import Busy, StoreUnavailable
from wrkr_store_sqlite import schema
from wrkr_store_sqlite.connection import (
    connect,
    connect_writer,
    journal_mode,
    require_sqlite,
    settle_journal_mode,
    wanted_journal_mode,
)
from wrkr_store_sqlite.copying import copy_to
from wrkr_store_sqlite.failures import code_of, translate
from wrkr_store_sqlite.flushing import flush_file
from wrkr_store_sqlite.lock import WriterLock
from wrkr_store_sqlite.place import exists, make_folder, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

Made = TypeVar("Made")


def prepare_writing(path: str, *, busy: float) -> tuple[sqlite3.Connection, WriterLock]:
    """Return a connection that writes to the store at ``path``, and its lock.

    A file that is not ours, or too new, is only read: neither it nor its WAL changes.

    Raises: StoreUnavailable, StoreTooNew, Corrupt, Busy.
    """
    require_sqlite()
    if exists(path, write=True):
        _translated(path, lambda: _recognise(path, busy))
    make_folder(path)
    try:
        lock = WriterLock(path + ".lock", busy=busy)
    except OSError as error:
        raise StoreUnavailable(
            f"{path}.lock: {error.strerror}",
            path=path,
            hint="make the file and its folder writable, or open the store with ?mode=ro",
        ) from error
    try:
        return _translated(path, lambda: _connect(path, lock, busy)), lock
    except BaseException:
        lock.close()
        raise


def prepare_reading(
    path: str, *, busy: float
) -> tuple[sqlite3.Connection, Callable[[], sqlite3.Connection]]:
    """Return a connection that reads the store at ``path``, and what makes more of them.

    Raises: StoreUnavailable, StoreTooNew, Corrupt, Busy.
    """
    require_sqlite()
    if not exists(path, write=False):
        raise StoreUnavailable(f"{path} does not exist", path=path, hint="open it without mode=ro")
    query = "mode=ro"
    try:
        connection = _translated(path, lambda: _read(path, query, busy))
    except StoreUnavailable:
        # Readers of a WAL file share an index beside it. Where that cannot be made nobody writes
        # either, and if the WAL is empty the file alone is the store.
        if os.access(os.path.dirname(path), os.W_OK) or size_of(path + "-wal"):
            raise
        query = "mode=ro&immutable=1"
        connection = _translated(path, lambda: _read(path, query, busy))
    return connection, lambda: connect(path, query, busy=busy)


def _read(path: str, query: str, busy: float) -> sqlite3.Connection:
    """Return a connection to a store that needs no change to be read."""
    connection = connect(path, query, busy=busy)
    try:
        found = schema.standing(connection, path)
        if found != "current":
            raise _not_readable(path, found)  # noqa: TRY301
        with suppress(OSError):  # a read-only file system has nothing left to flush
            _flush_wal(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _not_readable(path: str, found: schema.Standing) -> StoreUnavailable:
    """Return the refusal of a file that must be written to before it can be read."""
    what = "holds no store yet" if found == "empty" else "has an older layout"
    return StoreUnavailable(f"{path} {what}", path=path, hint="open it once without mode=ro")


def _recognise(path: str, busy: float) -> None:
    """Refuse a file that is not ours, before anything opens it for writing.

    The last connection that can write empties the WAL into the file when it closes, and a newer
    release's file is not ours to change.
    """
    with closing(connect(path, "mode=ro", busy=busy)) as connection:
        try:
            schema.standing(connection, path)
        except sqlite3.OperationalError as error:
            # A journal left by a crash: only a connection that writes can roll it back.
            if code_of(error) & 0xFF not in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
                raise


def _connect(path: str, lock: WriterLock, busy: float) -> sqlite3.Connection:
    """Return the writing connection to a file of the newest layout."""
    connection = _open_file(path, lock, busy)
    try:
        current = schema.standing(connection, path) == "current"
        if not current or journal_mode(connection) != wanted_journal_mode():
            with lock:
                _settle(connection, path)
        _flush_wal(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _open_file(path: str, lock: WriterLock, busy: float) -> sqlite3.Connection:
    """Connect; a new file is readable by its owner alone."""
    if os.path.exists(path):
        return connect_writer(path, busy=busy)
    with lock:
        new = not os.path.exists(path)
        connection = connect_writer(path, busy=busy)
        if new:
            os.chmod(path, 0o600)  # the WAL takes its permissions from here
        return connection


def _settle(connection: sqlite3.Connection, path: str) -> None:
    """Make or upgrade the tables, under the lock, unless another process just did."""
    connection.execute("PRAGMA synchronous=EXTRA")
    found = schema.standing(connection, path)
    if found == "older":
        _leave_wal(connection, path)
        copy_to(connection, f"{path}.layout-{schema.layout_of(connection)}.bak", replaces=True)
        with _transaction(connection, "EXCLUSIVE"):
            schema.migrate(connection, path)
    settle_journal_mode(connection)
    if found == "empty":
        with _transaction(connection, "IMMEDIATE"):
            schema.make(connection)


def _leave_wal(connection: sqlite3.Connection, path: str) -> None:
    """Make sure that nobody else has the file open, which leaving WAL mode needs.

    So no handle of an older release goes on writing to a layout it does not know. Raises: Busy.
    """
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise Busy(
            f"{path} must be upgraded to layout {schema.newest()}, but other programs have it open",
            path=path,
            hint="end them and try again",
        ) from error


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Generator[None]:
    """Commit what is done inside, or nothing of it."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _flush_wal(path: str) -> None:
    """Put on the disk what a killed writer left in the WAL (R1: see ``writer``). Raises: OSError.

    Call with a connection open that has read: from then on no recovery takes in anything new.
    """
    if size_of(path + "-wal"):
        flush_file(path + "-wal")


def _translated(path: str, step: Callable[[], Made]) -> Made:
    """Run a step of opening. Raises: StoreError instead of sqlite3.Error and OSError."""
    try:
        return step()
    except sqlite3.DatabaseError as error:
        if code_of(error) & 0xFF == sqlite3.SQLITE_NOTADB:
            raise StoreUnavailable(
                f"{path} is not a SQLite database",
                path=path,
                hint="choose another file for the store",
            ) from error
        raise translate(error, path) from error
    except OSError as error:
        raise StoreUnavailable(
            f"{path}: {error.strerror}", path=path, hint="check the disk and who may write there"
        ) from error
