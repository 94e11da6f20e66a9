"""What ``wrkr store`` and ``wrkr doctor`` ask of a store: facts, problems, copies, space."""
# Paths are text here: importing pathlib costs more than opening the store.

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import InvalidInputError, StoreUnavailable
from wrkr_store_sqlite.connection import has_wal_reset_bug, journal_mode
from wrkr_store_sqlite.copying import copy_to
from wrkr_store_sqlite.erasing import has_remnants
from wrkr_store_sqlite.lock import has_file_lock
from wrkr_store_sqlite.place import size_of
from wrkr_store_sqlite.schema import layout_of

if TYPE_CHECKING:
    from collections.abc import Callable

SUFFIXES: Final = ("", "-wal", "-shm", "-journal", ".lock")

# Each finds nothing in a healthy file; the first column names what is wrong.
INVARIANTS: Final = (
    (
        "stream {0} has lost its records",
        """SELECT name FROM streams s
           WHERE deleted = 0 AND NOT EXISTS (SELECT 1 FROM events WHERE sid = s.sid)""",
    ),
    (
        "stream {0} has {1} records; from seq {2} to {3} there should be {4}",
        """SELECT s.name, count(*), s.first, max(e.seq), max(e.seq) - s.first + 1 AS due
           FROM events e JOIN streams s ON s.sid = e.sid GROUP BY s.sid
           HAVING count(*) <> due OR min(e.seq) <> s.first""",
    ),
    (
        "deleted stream {0} still has {1} records",
        """SELECT s.name, count(*) FROM events e JOIN streams s ON s.sid = e.sid
           WHERE s.deleted <> 0 GROUP BY s.sid""",
    ),
    (
        "record at pos {0} belongs to no stream",
        """SELECT pos FROM events e
           WHERE sid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM streams WHERE sid = e.sid)""",
    ),
    (
        "record at pos {0} is blank but not empty",
        """SELECT pos FROM events WHERE sid IS NULL
           AND (seq IS NOT NULL OR id <> '' OR type <> '' OR length(data) > 0)""",
    ),
    (
        "stream {0} has seq {1} at pos {2}, before the record it follows",
        """SELECT s.name, seq, pos FROM (
             SELECT sid, seq, pos, lag(pos) OVER (PARTITION BY sid ORDER BY seq) AS before
             FROM events WHERE sid IS NOT NULL
           ) e JOIN streams s ON s.sid = e.sid WHERE pos < before""",
    ),
    (
        "cell {0} has version {1}",
        "SELECT key, version FROM cells WHERE key IS NOT NULL AND coalesce(version, 0) < 1",
    ),
)


def problems(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong with the file, a sentence each; empty if nothing is.

    Reads everything: a minute for some gigabytes. Raises: sqlite3.Error if it cannot go on.
    """
    found: list[str] = []
    connection.execute("BEGIN")  # all of it about one instant
    try:
        rows = connection.execute("PRAGMA integrity_check(100)").fetchall()
        found += [f"SQLite: {text}" for (text,) in rows if text != "ok"]
        for sentence, query in INVARIANTS:
            found += [sentence.format(*row) for row in connection.execute(query).fetchmany(100)]
    except sqlite3.DatabaseError as error:
        if not found:
            raise
        found.append(f"SQLite: {error}")
    finally:
        connection.execute("ROLLBACK")
    return found


def backup(connection: sqlite3.Connection, path: str, target: str) -> None:
    """Write a copy of one instant to ``target``, complete or not at all, and flush it.

    Raises:
        InvalidInputError: There is something at ``target``, or it is a file of the store itself.
        StoreUnavailable: It cannot be written.
        sqlite3.Error: The store cannot be read.

    """
    resolved = os.path.realpath(target)
    if resolved in {path + suffix for suffix in SUFFIXES}:
        raise InvalidInputError(
            f"{target} is a file of the store itself", hint="choose another file for the copy"
        )
    if os.path.lexists(target):
        raise _taken(target)
    try:
        copy_to(connection, resolved)
    except FileExistsError as error:
        raise _taken(target) from error
    except OSError as error:
        raise StoreUnavailable(
            f"{target}: {error.strerror}", path=target, hint="choose another place for the copy"
        ) from error


def _taken(target: str) -> InvalidInputError:
    return InvalidInputError(
        f"there is something at {target} already",
        path=target,
        hint="choose another place for the copy",
    )


def size(path: str) -> int:
    """Return the bytes of all files of the store."""
    return sum(size_of(path + suffix) for suffix in SUFFIXES)


def facts(connection: sqlite3.Connection, path: str) -> list[tuple[str, str]]:
    """Return what a person wants to know about the store and its SQLite, as name and value."""
    one = _one(connection)
    return [
        ("file", path),
        ("bytes", str(size(path))),
        ("WAL bytes", str(size_of(path + "-wal"))),
        ("layout", str(layout_of(connection))),
        ("streams", one("SELECT count(*) FROM streams WHERE deleted = 0")),
        ("deleted streams", one("SELECT count(*) FROM streams WHERE deleted = 1")),
        ("newest pos", one("SELECT coalesce(max(pos), 0) FROM events")),
        ("cells", one("SELECT count(*) FROM cells WHERE data IS NOT NULL")),
        ("journal mode", journal_mode(connection)),
        ("page size", one("PRAGMA page_size")),
        ("needs a rebuild", "yes: compact the store" if has_remnants(connection) else "no"),
        ("SQLite", sqlite3.sqlite_version),
        ("WAL-reset bug", wal_reset_fact()),
        ("writer lock", f"flock on {path}.lock" if has_file_lock() else "SQLite's own"),
    ]


def wal_reset_fact(*, affected: bool | None = None, excluded: bool | None = None) -> str:
    """Say whether this SQLite has the WAL-reset bug and what keeps it away (see ``lock``)."""
    if not (has_wal_reset_bug() if affected is None else affected):
        return "this SQLite does not have it"
    if has_file_lock() if excluded is None else excluded:
        return "this SQLite has it; the writer lock keeps it away"
    return "this SQLite has it; the store does without a WAL"


def _one(connection: sqlite3.Connection) -> Callable[[str], str]:
    """Return a function that answers a query of one value."""
    return lambda query: str(connection.execute(query).fetchone()[0])
