"""From a path to a store: what is there is recognised, and only ours is ever changed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import new, program, sql, store_at
from wrkr_core.errors import Busy, Corrupt, StoreTooNew, StoreUnavailable
from wrkr_store_sqlite import SqliteStore, preparing, schema
from wrkr_store_sqlite.schema import APPLICATION_ID

if TYPE_CHECKING:
    from sqlite_utils import Database


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a store and what is in them.

    The index is rebuilt at every opening, and a reader leaves an empty WAL behind.
    """
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if not path.name.endswith("-shm") and (path.name != "wrkr.db-wal" or path.stat().st_size)
    }


def unclean_copy(folder: Path, target: Path) -> None:
    """Copy a store whose WAL still holds all of it, as a crash would leave it."""
    target.mkdir()
    for name in ("wrkr.db", "wrkr.db-wal"):
        shutil.copy(folder / name, target / name)


def test_a_newer_store_is_refused_and_not_a_byte_of_it_changes(tmp_path: Path) -> None:
    store = store_at(tmp_path / "made")
    store.append("a", 0, new(1))
    sql(tmp_path / "made" / "wrkr.db", "PRAGMA user_version=99")
    unclean_copy(tmp_path / "made", tmp_path / "newer")
    store.close()
    before = contents(tmp_path / "newer")
    assert len(before["wrkr.db-wal"]) > 0

    for options in ("", "?mode=ro"):
        with pytest.raises(StoreTooNew, match="layout 99") as caught:
            store_at(tmp_path / "newer", options)

    assert contents(tmp_path / "newer") == before
    assert caught.value.code == "E_STORE_TOO_NEW"
    assert "upgrade wrkr" in caught.value.hint


def test_a_database_of_something_else_is_refused_and_unchanged(tmp_path: Path) -> None:
    sql(tmp_path / "wrkr.db", "CREATE TABLE notes(x)")
    before = contents(tmp_path)

    with pytest.raises(StoreUnavailable, match="database of something else"):
        store_at(tmp_path)

    assert contents(tmp_path) == before


@pytest.mark.parametrize("text", ["hello", "hello " * 100, "\0" * 5000])
def test_a_file_that_is_no_database_is_refused_and_unchanged(tmp_path: Path, text: str) -> None:
    (tmp_path / "wrkr.db").write_text(text)

    for options in ("", "?mode=ro"):
        with pytest.raises(StoreUnavailable, match="is not a SQLite database") as caught:
            store_at(tmp_path, options)

    assert contents(tmp_path) == {"wrkr.db": text.encode()}
    assert caught.value.details["path"] == str(tmp_path / "wrkr.db")


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "wrkr.db").touch()

    store = store_at(tmp_path)

    assert store.append("a", 0, new(1)).seq == 1
    store.close()


def test_a_cut_file_is_corrupt(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.append("a", 0, new(1, data=b"x" * 50_000))
    store.close()
    whole = (tmp_path / "wrkr.db").read_bytes()
    (tmp_path / "wrkr.db").write_bytes(whole[:5000])

    with pytest.raises(Corrupt, match="malformed"):
        store_at(tmp_path)


def test_reading_alone_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="does not exist"):
        store_at(tmp_path, "?mode=ro")
    (tmp_path / "wrkr.db").touch()
    with pytest.raises(StoreUnavailable, match="holds no store yet"):
        store_at(tmp_path, "?mode=ro")

    assert contents(tmp_path) == {"wrkr.db": b""}


def test_a_store_opened_for_reading_sees_what_others_write(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.append("a", 0, new(1))

    reader = store_at(tmp_path, "?mode=ro")
    store.append("a", 1, new(2))

    assert [event.id for event in reader.read("a")] == ["e1", "e2"]
    assert reader.wait("1", 0)
    assert reader.check() == []
    reader.close()
    store.close()


def test_what_a_killed_writer_left_is_flushed_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_at(tmp_path / "made")
    store.append("a", 0, new(1))
    unclean_copy(tmp_path / "made", tmp_path / "left-rw")
    unclean_copy(tmp_path / "made", tmp_path / "left-ro")
    store.close()
    flushed: list[str] = []

    monkeypatch.setattr(preparing, "flush_file", flushed.append)
    for options in ("?mode=rw", "?mode=ro"):
        left = store_at(tmp_path / f"left-{options[-2:]}", options)
        assert flushed.pop() == f"{left.path}-wal"
        assert len(left.read("a")) == 1
        left.close()


MAKE = """if True:
    import sys
    from tests.wrkr_store_sqlite.samples import new
    from wrkr_store_sqlite import SqliteStore
    sys.stdin.readline()
    store = SqliteStore(sys.argv[1])
    store.append(sys.argv[2], 0, new(1))
    store.close()
"""


def test_processes_that_open_a_new_file_at_once_make_one_store(tmp_path: Path) -> None:
    for turn in range(3):
        path = tmp_path / f"{turn}.db"
        makers = [program(MAKE, path, f"s{number}") for number in range(4)]
        for maker in makers:
            assert maker.stdin is not None
            maker.stdin.write("go\n")
            maker.stdin.flush()
        for maker in makers:
            maker.communicate()
            assert maker.returncode == 0

        store = SqliteStore(str(path))
        assert [info.stream for info in store.streams()] == ["s0", "s1", "s2", "s3"]
        assert store.check() == []
        store.close()


def add_column(database: Database) -> None:
    """Bring layout 1 to an invented layout 2."""
    database.table("streams").add_column("note", str)
    database.execute("UPDATE streams SET note = 'seen ' || name")


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a store of layout 1, when this release writes layout 2."""
    store = store_at(tmp_path)
    store.append("a", 0, new(1, 2))
    store.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (add_column,))
    return tmp_path


def test_an_older_layout_is_upgraded_with_a_copy_beside_it(older: Path) -> None:
    before = (older / "wrkr.db").read_bytes()

    store = store_at(older)

    assert [event.id for event in store.read("a")] == ["e1", "e2"]
    assert store.append("a", 2, new(3)).pos == 3
    assert dict(store.doctor())["layout"] == "2"
    assert dict(store.doctor())["journal mode"] == "wal"
    assert sql(older / "wrkr.db", "SELECT note FROM streams") == [("seen a",)]
    assert sql(older / "wrkr.db.layout-1.bak", "PRAGMA user_version") == [(1,)]
    assert len((older / "wrkr.db.layout-1.bak").read_bytes()) == len(before)
    store.close()
    store_at(older).close()


def test_an_upgrade_that_fails_changes_nothing(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(database: Database) -> None:
        add_column(database)
        database.execute("SELECT * FROM nowhere")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (fail,))
        with pytest.raises(Corrupt, match="nowhere"):
            store_at(older)

    assert sql(older / "wrkr.db", "PRAGMA user_version") == [(1,)]
    assert len(sql(older / "wrkr.db", "PRAGMA table_info(streams)")) == 4
    store_at(older).close()


def test_a_migration_that_ends_the_transaction_is_refused(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (lambda database: database.execute("COMMIT"),))

    with pytest.raises(Corrupt, match="a migration ended its transaction"):
        store_at(older)

    assert sql(older / "wrkr.db", "PRAGMA user_version") == [(1,)]


def test_an_upgrade_waits_for_nobody_who_still_uses_the_old_layout(older: Path) -> None:
    with closing(sqlite3.connect(older / "wrkr.db")) as another_program:
        another_program.execute("SELECT * FROM streams").fetchall()

        with pytest.raises(Busy, match="must be upgraded to layout 2"):
            store_at(older, "?busy=0.05")

    assert not (older / "wrkr.db.layout-1.bak").exists()
    store_at(older).close()


def test_an_older_layout_is_not_upgraded_by_reading(older: Path) -> None:
    before = contents(older)

    with pytest.raises(StoreUnavailable, match="has an older layout") as caught:
        store_at(older, "?mode=ro")

    assert caught.value.hint == "open it once without mode=ro"
    assert contents(older) == before


def test_the_application_id_spells_the_name() -> None:
    assert APPLICATION_ID.to_bytes(4) == b"wrkr"


def test_a_journal_left_by_a_crash_is_rolled_back(tmp_path: Path) -> None:
    code = """if True:
        import os, sqlite3, sys
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE events SET data = zeroblob(60000)")
        os._exit(0)
    """
    store = store_at(tmp_path)
    store.append("a", 0, new(*range(9)))
    store.close()
    with program(code, Path(store.path)) as crashed:
        crashed.communicate()
    assert (tmp_path / "wrkr.db-journal").stat().st_size > 0

    store = store_at(tmp_path)

    assert {event.data for event in store.read("a")} == {b'{"x":1}'}
    assert store.check() == []
    store.close()
