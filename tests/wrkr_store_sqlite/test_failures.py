"""SQLite's codes become the contract's errors."""

from __future__ import annotations

import sqlite3

import pytest

from wrkr_core.errors import Busy, Corrupt, StoreError, StoreUnavailable, Unknown
from wrkr_store_sqlite.failures import another, flush_failed, translate


def failure(code: int, name: str = "SQLITE_X") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorcode = code
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("code", "running", "committing"),
    [
        (sqlite3.SQLITE_BUSY, Busy, Busy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Busy, Busy),
        (sqlite3.SQLITE_LOCKED, Busy, Busy),
        (sqlite3.SQLITE_FULL, StoreUnavailable, StoreUnavailable),
        (sqlite3.SQLITE_IOERR, StoreUnavailable, Unknown),
        (sqlite3.SQLITE_IOERR_READ, StoreUnavailable, Unknown),
        (sqlite3.SQLITE_IOERR_WRITE, StoreUnavailable, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnavailable, Unknown),
        (sqlite3.SQLITE_IOERR_SHMSIZE, StoreUnavailable, Unknown),
        (sqlite3.SQLITE_READONLY, StoreUnavailable, StoreUnavailable),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreUnavailable, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable, StoreUnavailable),
        (sqlite3.SQLITE_PERM, StoreUnavailable, StoreUnavailable),
        (sqlite3.SQLITE_NOMEM, StoreUnavailable, StoreUnavailable),
        (sqlite3.SQLITE_CORRUPT, Corrupt, Corrupt),
        (sqlite3.SQLITE_CORRUPT_INDEX, Corrupt, Corrupt),
        (sqlite3.SQLITE_NOTADB, Corrupt, Corrupt),
        (sqlite3.SQLITE_ERROR, Corrupt, Corrupt),
    ],
)
def test_a_code_has_one_meaning(
    code: int, running: type[StoreError], committing: type[StoreError]
) -> None:
    assert type(translate(failure(code), "s.db")) is running
    assert type(translate(failure(code), "s.db", committing=True)) is committing


def test_what_is_told_has_the_file_the_reason_and_the_next_step() -> None:
    told = translate(failure(sqlite3.SQLITE_FULL, "SQLITE_FULL"), "s.db")

    assert told.message == "s.db: it failed (SQLITE_FULL)"
    assert told.details == {"path": "s.db"}
    assert "free some space" in told.hint


def test_an_error_of_the_module_itself_has_a_code_too() -> None:
    assert isinstance(translate(sqlite3.InterfaceError("bad use"), "s.db"), Corrupt)


def test_only_a_flush_that_failed_is_one() -> None:
    assert flush_failed(failure(sqlite3.SQLITE_IOERR_FSYNC))
    assert flush_failed(failure(sqlite3.SQLITE_IOERR_DIR_FSYNC))
    assert not flush_failed(failure(sqlite3.SQLITE_IOERR_WRITE))


def test_another_refusal_is_equal_but_not_the_same() -> None:
    cause = failure(sqlite3.SQLITE_FULL)
    first = StoreUnavailable("full", hint="free it", path="s.db")
    first.__cause__ = cause

    second = another(first)

    assert second is not first
    assert type(second) is StoreUnavailable
    assert (second.message, second.hint, second.details) == ("full", "free it", {"path": "s.db"})
    assert second.__cause__ is cause
