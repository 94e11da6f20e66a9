"""What SQLite's error codes mean to a caller of the store."""

from __future__ import annotations

import sqlite3
from typing import Final

from wrkr_core.errors import Busy, Corrupt, StoreError, StoreUnavailable, Unknown

LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
REFUSED: Final = {
    sqlite3.SQLITE_FULL: "free some space on that disk and try again",
    sqlite3.SQLITE_IOERR: "check the disk and the space left on it",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable, or open it with ?mode=ro",
    sqlite3.SQLITE_CANTOPEN: "check that the folder exists and that you may write there",
    sqlite3.SQLITE_PERM: "check who owns the file",
    sqlite3.SQLITE_AUTH: "check who owns the file",
    sqlite3.SQLITE_NOMEM: "free some memory and try again",
}


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's extended result code, 1 where the error did not come from SQLite."""
    return getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR


def flush_failed(error: sqlite3.Error) -> bool:
    """Tell whether the disk refused a flush, after which no later flush can be believed.

    The kernel drops the pages it could not write and reports that once: the next fsync succeeds
    with the bytes gone (Rebello et al. 2020, "Can applications recover from fsync failures?").
    """
    return code_of(error) in {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}


def translate(error: sqlite3.Error, path: str, *, committing: bool = False) -> StoreError:
    """Return the contract's error for SQLite's; ``committing`` when COMMIT itself failed.

    A COMMIT that could not *write* is not there: its last frame, which makes it valid, is missing.
    After any other input/output error of a COMMIT the frames may be on disk, and a later recovery
    would count them in, so nobody can say: ``Unknown``.
    """
    code = code_of(error)
    kind = code & 0xFF
    name = getattr(error, "sqlite_errorname", None) or "SQLITE_ERROR"
    told = f"{path}: {error} ({name})"
    if kind in LOCKED:
        return Busy(told, path=path, hint="another program is using the file; try again")
    if kind in DAMAGED:
        return Corrupt(told, path=path, hint="restore a backup; 'wrkr store check' tells more")
    if kind == sqlite3.SQLITE_IOERR and committing and code != sqlite3.SQLITE_IOERR_WRITE:
        return Unknown(told, path=path, hint="open the store again and repeat the same call")
    if kind in REFUSED:
        return StoreUnavailable(told, path=path, hint=REFUSED[kind])
    return Corrupt(told, path=path, hint="the tables are not as this release makes them")


def another(error: StoreError) -> StoreError:
    """Return the same refusal as a new exception, for the next caller it concerns."""
    twin = type(error)(error.message, hint=error.hint, **dict(error.details))
    twin.__cause__ = error.__cause__
    return twin
