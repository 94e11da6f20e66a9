"""The layout of the file, how it is recognised, made, and brought up to date.

The comments inside the statements are kept in the file: ``.schema`` shows them to anyone.

Rows of ``events`` are never deleted while the store is in use: to delete or trim, a row is blanked
in place. SQLite's ``secure_delete`` zeroes what a deleted row occupied, but not the copies left
behind where earlier deletions made the tree rebalance: of 4,007 streams deleted row by row, 219
could still be read in the file afterwards; of as many blanked, none. Appending and shrinking never
rebalance. Besides, no ``pos`` is used twice while its row is there. ``SqliteStore.compact``
rebuilds the file without the blank rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from wrkr_core.errors import Corrupt, NotSupportedHereError, StoreTooNew, StoreUnavailable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sqlite_utils import Database

    Migration = Callable[[Database], object]

APPLICATION_ID: Final = 0x77726B72  # "wrkr", at byte 68 of the file: file(1) and others show it

Standing = Literal["empty", "older", "current"]

LAYOUT: Final = (
    """\
CREATE TABLE streams(
  sid INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  first INTEGER NOT NULL DEFAULT 1,   -- the oldest seq that was not trimmed
  deleted INTEGER NOT NULL DEFAULT 0  -- 1: a tombstone, the name is never used again
) STRICT""",
    """\
CREATE TABLE events(
  pos INTEGER PRIMARY KEY,  -- order over the whole store
  sid INTEGER,              -- the stream; NULL: a blank row, its record was deleted or trimmed
  seq INTEGER,              -- 1, 2, 3... in the stream; the newest one is the stream's head
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,      -- microseconds since 1970 UTC
  data BLOB NOT NULL,       -- the record, JSON text in UTF-8 as wrkr writes it
  UNIQUE(sid, seq)
) STRICT""",
    """\
CREATE TABLE cells(
  cid INTEGER PRIMARY KEY,
  key TEXT UNIQUE,  -- NULL: a blank row, the cell moved to a new one
  version INTEGER,  -- counts every change, also deletions
  data BLOB,        -- NULL: deleted
  pad BLOB          -- zeros, so that a value that grows a little stays in its place
) STRICT""",
    """\
CREATE TABLE meta(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID""",
    "INSERT INTO meta VALUES('flushes', 0), ('remnants', 0)",
    """\
CREATE VIEW log AS  -- for people: SELECT * FROM log WHERE stream = '...'
SELECT pos, stream, seq, type, id,
  strftime('%Y-%m-%dT%H:%M:%S', (at - micros) / 1000000, 'unixepoch')
    || printf('.%06dZ', micros) AS at,
  CAST(data AS TEXT) AS data
FROM (
  SELECT e.pos, s.name AS stream, e.seq, e.type, e.id, e.at, e.data,
    (e.at % 1000000 + 1000000) % 1000000 AS micros
  FROM events e JOIN streams s ON s.sid = e.sid
)""",
)

# Migration n makes layout n+2 of layout n+1; making the file is what leads from 0 to the newest.
MIGRATIONS: tuple[Migration, ...] = ()


def newest() -> int:
    """Return the number of the layout this release writes."""
    return 1 + len(MIGRATIONS)


def standing(connection: sqlite3.Connection, path: str) -> Standing:
    """Tell whose the file is and whether its layout is ours. Changes nothing.

    Raises:
        StoreUnavailable: It is a database of something else.
        StoreTooNew: A newer release wrote it.
        sqlite3.Error: It is no database, or cannot be read.

    """
    own = not connection.in_transaction
    if own:
        connection.execute("BEGIN")  # one snapshot: another process may be making the file
    try:
        application = _pragma(connection, "application_id")
        version = _pragma(connection, "user_version")
        tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    finally:
        if own:
            connection.execute("ROLLBACK")
    if application == 0 and version == 0 and tables == 0:
        return "empty"
    if application != APPLICATION_ID or version < 1:
        raise StoreUnavailable(
            f"{path} is a SQLite database of something else (application id {application:#x})",
            path=path,
            hint="choose another file for the store",
        )
    if version > newest():
        raise StoreTooNew(
            f"{path} has layout {version}; this release knows layouts up to {newest()}",
            path=path,
            hint="upgrade wrkr; the file was not changed",
        )
    return "current" if version == newest() else "older"


def make(connection: sqlite3.Connection) -> None:
    """Lay out an empty file. Call inside a write transaction. Raises: sqlite3.Error."""
    for statement in LAYOUT:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={newest()}")


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring an older layout up to date. Call inside a write transaction.

    Raises:
        NotSupportedHereError: ``sqlite-utils`` is not installed.
        Corrupt: The file does not have the layout it says it has.
        sqlite3.Error: The file cannot be written.

    """
    try:
        from sqlite_utils import Database
    except ImportError as error:
        raise NotSupportedHereError(
            f"{path} has an older layout and needs sqlite-utils to be upgraded",
            hint="pip install 'wrkr[sqlite]'",
        ) from error
    database = Database(connection, recursive_triggers=False, execute_plugins=False)
    for migration in MIGRATIONS[layout_of(connection) - 1 :]:
        migration(database)
        if not connection.in_transaction:
            raise Corrupt(f"{path}: a migration ended its transaction", path=path)
    connection.execute(f"PRAGMA user_version={newest()}")
    # A migration may have deleted or moved rows: the next erasure rebuilds the file.
    connection.execute("UPDATE meta SET value = 1 WHERE name = 'remnants'")


def layout_of(connection: sqlite3.Connection) -> int:
    """Return the number of the file's layout."""
    return _pragma(connection, "user_version")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    row: tuple[Any, ...] = connection.execute(f"PRAGMA {name}").fetchone()
    return int(row[0])
