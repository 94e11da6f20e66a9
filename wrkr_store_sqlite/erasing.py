"""Remove what was blanked from every file of the store (E1), and give its space back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.errors import Unknown
from wrkr_store_sqlite.flushing import flush_file
from wrkr_store_sqlite.room import MOST_STEP

if TYPE_CHECKING:
    import sqlite3


def erase_remnants(connection: sqlite3.Connection, path: str) -> None:
    """Leave no blanked byte in the file or its WAL. Call under the writer lock.

    Blanking zeroes the rows in new versions of their pages, in the WAL. Copying those over the old
    ones and cutting the WAL to nothing removes every earlier version.

    Raises:
        Unknown: Another program still reads an earlier version, or the disk refuses a flush:
            repeat the same call.
        sqlite3.Error: The file cannot be written.

    """
    if has_remnants(connection):
        rebuild(connection)
    busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise Unknown(
            f"{path}: done, but another program reads an earlier state and so keeps its bytes",
            path=path,
            hint="end that program's transaction and repeat the same call",
        )
    try:
        flush_file(path + "-wal")  # its new length: else a loss of power could bring it back
    except FileNotFoundError:
        pass  # there is none in delete mode
    except OSError as error:
        raise Unknown(f"{path}: done, but not flushed: {error.strerror}", path=path) from error


def has_remnants(connection: sqlite3.Connection) -> bool:
    """Tell whether rows were deleted or moved without a rebuild since (see ``schema``)."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'remnants'").fetchone()
    return bool(row and row[0])


def drop_blanks(connection: sqlite3.Connection) -> None:
    """Delete the blank rows, but the newest row, which keeps ``pos`` from starting over.

    Cells that were deleted, or shrank a lot, lose the zeros that fill their place.

    Raises: sqlite3.Error.
    """
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "DELETE FROM events WHERE sid IS NULL AND pos < (SELECT max(pos) FROM events)"
    )
    connection.execute("DELETE FROM cells WHERE key IS NULL")
    connection.execute(
        "UPDATE cells SET pad = x'' WHERE length(pad) > CASE WHEN data IS NULL THEN 0 ELSE ? END",
        (MOST_STEP,),
    )
    connection.execute("UPDATE meta SET value = 1 WHERE name = 'remnants'")
    connection.execute("COMMIT")


def rebuild(connection: sqlite3.Connection) -> None:
    """Write the file anew, without gaps; needs twice its space. Raises: sqlite3.Error."""
    connection.execute("PRAGMA temp_store=FILE")  # the copy may be larger than the memory
    try:
        connection.execute("VACUUM")
        connection.execute("UPDATE meta SET value = 0 WHERE name = 'remnants'")
    finally:
        connection.execute("PRAGMA temp_store=MEMORY")
