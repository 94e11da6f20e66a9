"""Every connection has the settings the guarantees rest on, whatever SQLite's build would choose."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wrkr_store_sqlite.samples import new, sql, store_at
from wrkr_core.errors import StoreUnavailable
from wrkr_store_sqlite import connection as connections
from wrkr_store_sqlite.connection import (
    Readers,
    address,
    connect,
    connect_writer,
    has_wal_reset_bug,
    require_sqlite,
    settle_journal_mode,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 0), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 54, 1), False),
    ],
)
def test_the_wal_reset_bug_is_known_by_version(version: tuple[int, ...], affected: bool) -> None:  # noqa: FBT001
    assert has_wal_reset_bug(version) is affected


def test_a_sqlite_without_strict_tables_is_refused() -> None:
    with pytest.raises(StoreUnavailable, match=r"SQLite 3\.36\.0 is too old"):
        require_sqlite((3, 36, 0))


def test_a_connection_that_writes_has_its_settings(tmp_path: Path) -> None:
    with closing(connect_writer(str(tmp_path / "x.db"), busy=3.5)) as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in (
                "wal_autocheckpoint",
                "secure_delete",
                "cell_size_check",
                "trusted_schema",
                "mmap_size",
                "temp_store",
                "busy_timeout",
                "journal_size_limit",
            )
        }

    assert found == {
        "wal_autocheckpoint": 0,
        "secure_delete": 1,
        "cell_size_check": 1,
        "trusted_schema": 0,
        "mmap_size": 0,
        "temp_store": 2,
        "busy_timeout": 3500,
        "journal_size_limit": 8 << 20,
    }


def test_a_connection_begins_no_transaction_by_itself(tmp_path: Path) -> None:
    with closing(connect_writer(str(tmp_path / "x.db"), busy=1)) as connection:
        connection.execute("CREATE TABLE t(x)")
        connection.execute("INSERT INTO t VALUES(1)")

        assert not connection.in_transaction


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.text(st.sampled_from("a %?#&=+é;,'\""), min_size=1, max_size=12))
def test_a_file_of_any_name_is_found(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"x{name}"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE IF NOT EXISTS t(x)")

    with closing(connect(str(path), "mode=rw", busy=1)) as found:
        assert found.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_the_address_of_a_windows_path_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")

    assert address("C:\\a b\\x#1.db", "mode=ro") == "file:/C:/a b/x%231.db?mode=ro"


def test_where_shared_memory_cannot_be_the_store_works_without_a_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "has_file_lock", lambda: False)
    monkeypatch.setattr(connections, "has_wal_reset_bug", lambda: True)

    store = store_at(tmp_path)
    store.append("a", 0, new(1))
    store.append("a", 1, new(2), durable=False)
    store.put("k", b"v", 0)
    store.delete("a")

    assert "concurrent_readers" not in store.info.capabilities
    assert not store.info.local
    assert sql(tmp_path / "wrkr.db", "PRAGMA journal_mode") == [("delete",)]
    assert store.check() == []
    store.close()


def test_a_store_without_a_wal_gets_one_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(connections, "wanted_journal_mode", lambda: "delete")
        store_at(tmp_path).close()

    store = store_at(tmp_path)

    assert "concurrent_readers" in store.info.capabilities
    store.close()


def test_a_file_in_use_keeps_its_journal_mode(tmp_path: Path) -> None:
    path = str(tmp_path / "x.db")
    with (
        closing(connect_writer(path, busy=0)) as one,
        closing(connect(path, "mode=rw", busy=0)) as two,
    ):
        one.execute("CREATE TABLE t(x)")
        two.execute("BEGIN")
        two.execute("SELECT * FROM t").fetchall()

        assert settle_journal_mode(one) == "delete"


def test_readers_use_a_connection_again() -> None:
    made: list[sqlite3.Connection] = []

    def make() -> sqlite3.Connection:
        made.append(sqlite3.connect(":memory:"))
        return made[-1]

    readers = Readers(make)
    first, second = readers.take(), readers.take()
    readers.give(first)

    assert readers.take() is first
    assert made == [first, second]
    for connection in made:
        connection.close()


def test_a_reader_given_back_after_closing_is_closed() -> None:
    readers = Readers(lambda: sqlite3.connect(":memory:"))
    idle, used = readers.take(), readers.take()
    readers.give(idle)
    readers.close()

    readers.give(used)

    for connection in (idle, used):
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    store_at(tmp_path).close()
    readers = Readers(lambda: connect(str(tmp_path / "wrkr.db"), "mode=rw", busy=1))

    with (
        closing(readers.take()) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader.execute("DELETE FROM meta")
    readers.close()
