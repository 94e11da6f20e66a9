"""The layout: recognised, made whole or not at all, and readable for people."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import sql, store_at
from wrkr_core.errors import NotSupportedHereError, StoreTooNew, StoreUnavailable
from wrkr_core.store import NewEvent
from wrkr_store_sqlite import schema

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_store_sqlite import SqliteStore


def standing_of(*statements: str) -> str:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
        return schema.standing(connection, "x.db")


OURS = f"PRAGMA application_id={schema.APPLICATION_ID}"


def test_an_empty_file_is_free_to_take() -> None:
    assert standing_of() == "empty"


def test_a_file_of_this_release_is_current(store: SqliteStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "wrkr.db")) as connection:
        assert schema.standing(connection, "x.db") == "current"


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE notes(x)",),
        ("PRAGMA application_id=7",),
        ("PRAGMA user_version=1",),
        (OURS, "CREATE TABLE events(x)"),
    ],
)
def test_a_database_of_something_else_is_refused(statements: tuple[str, ...]) -> None:
    with pytest.raises(StoreUnavailable, match="database of something else") as caught:
        standing_of(*statements)

    assert caught.value.hint == "choose another file for the store"


def test_a_newer_layout_is_refused() -> None:
    with pytest.raises(StoreTooNew, match="layout 2; this release knows layouts up to 1"):
        standing_of(OURS, "PRAGMA user_version=2")


def test_looking_leaves_no_transaction_open() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.standing(connection, "x.db")
        assert not connection.in_transaction
        connection.execute("BEGIN")
        schema.standing(connection, "x.db")
        assert connection.in_transaction


def test_the_file_says_what_it_is_and_explains_its_columns(tmp_path: Path) -> None:
    store_at(tmp_path).close()

    header = (tmp_path / "wrkr.db").read_bytes()[:100]
    tables = " ".join(
        str(row[0]) for row in sql(tmp_path / "wrkr.db", "SELECT sql FROM sqlite_schema")
    )

    assert header[68:72] == b"wrkr"
    assert int.from_bytes(header[60:64]) == 1
    assert "microseconds since 1970 UTC" in tables


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_700_000_000_123_456, "2023-11-14T22:13:20.123456Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (-1_000_000, "1969-12-31T23:59:59.000000Z"),
        ((1 << 63) - 1, None),  # beyond what SQLite calls a date
    ],
)
def test_people_read_the_log_as_text(tmp_path: Path, at: int, text: str | None) -> None:
    store = store_at(tmp_path)
    store.append("job-1", 0, [NewEvent("e1", "job_submitted/1", at, '{"by":"Zoë"}'.encode())])

    rows = sql(tmp_path / "wrkr.db", "SELECT * FROM log")
    by = sql(tmp_path / "wrkr.db", "SELECT json_extract(data, '$.by') FROM log")

    assert rows == [(1, "job-1", 1, "job_submitted/1", "e1", text, '{"by":"Zoë"}')]
    assert by == [("Zoë",)]
    store.close()


def test_erased_records_are_not_in_the_log(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, [NewEvent(f"e{n}", "t", 1, b"{}") for n in range(3)])
    store.trim("a", 2)

    assert sql(tmp_path / "wrkr.db", "SELECT seq FROM log") == [(3,)]


def test_without_sqlite_utils_an_upgrade_says_what_to_install(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sqlite_utils", None)

    with (
        closing(sqlite3.connect(tmp_path / "wrkr.db")) as connection,
        pytest.raises(NotSupportedHereError) as caught,
    ):
        schema.migrate(connection, "x.db")

    assert caught.value.hint == "pip install 'wrkr[sqlite]'"
