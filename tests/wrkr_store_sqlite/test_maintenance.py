"""Checks find what is wrong, copies are stores, and facts are true."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import grown, new, sql, store_at
from wrkr_core.errors import Corrupt, InvalidInputError, StoreUnavailable
from wrkr_store_sqlite import SqliteStore
from wrkr_store_sqlite.maintenance import wal_reset_fact

if TYPE_CHECKING:
    from pathlib import Path


def test_a_store_in_use_is_healthy(store: SqliteStore) -> None:
    store.append("a", 0, new(1, 2, 3))
    store.append("b", 0, new(1))
    store.trim("a", 1)
    store.delete("b")
    store.put("k", None, store.put("k", b"v", 0))

    assert store.check() == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM events WHERE sid = 1", "stream a has lost its records"),
        (
            "DELETE FROM events WHERE seq = 2",
            "stream a has 2 records; from seq 1 to 3 there should be 3",
        ),
        (
            "UPDATE streams SET first = 2 WHERE name = 'a'",
            "stream a has 3 records; from seq 2 to 3 there should be 2",
        ),
        ("UPDATE streams SET deleted = 1", "deleted stream a still has 3 records"),
        (
            "UPDATE events SET sid = 99 WHERE seq = 3",
            "record at pos 3 belongs to no stream",
        ),
        (
            "UPDATE events SET sid = NULL, seq = NULL WHERE pos = 3",
            "record at pos 3 is blank but not empty",
        ),
        (
            "UPDATE events SET pos = 10 WHERE seq = 1",
            "stream a has seq 2 at pos 2, before the record it follows",
        ),
        ("UPDATE cells SET version = 0", "cell k has version 0"),
    ],
)
def test_damage_is_found(store: SqliteStore, tmp_path: Path, damage: str, said: str) -> None:
    store.append("a", 0, new(1, 2, 3))
    store.put("k", b"v", 0)

    sql(tmp_path / "wrkr.db", damage)

    assert store.check() == [said]


def test_overwritten_pages_are_found(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    for number in range(100):
        grown(store, "a", number, data=b"x" * 500)
    store.close()
    with (tmp_path / "wrkr.db").open("r+b") as file:
        file.seek(4096 * 12)
        file.write(b"\xff" * 4096)

    store = store_at(tmp_path)

    try:
        found = store.check()
    except Corrupt as error:
        found = [error.message]
    assert found
    with pytest.raises(Corrupt):
        store.feed("", 1000)
    store.close()


def test_a_backup_is_a_store_of_one_instant(store: SqliteStore, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            store.append("a", number, new(f"{number}a", f"{number}b"))
            store.append("b", number, new(f"{number}a", f"{number}b"), durable=False)
            number += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            store.backup(str(copies / f"{number}.db"))
    finally:
        stop.set()
        writer.join()

    assert sorted(path.name for path in copies.iterdir()) == [f"{number}.db" for number in range(5)]
    for number in range(5):
        copy = SqliteStore(str(copies / f"{number}.db"))
        assert copy.check() == []
        heads = {info.stream: info.head for info in copy.streams()}
        assert heads.get("a", 0) - heads.get("b", 0) in {0, 2}
        copy.close()


def identity(path: Path) -> tuple[int, ...]:
    """Return what tells whether it is the same, unchanged; looking at it counts as no change."""
    found = path.lstat()
    return (found.st_mode, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@pytest.mark.parametrize("there", ["file", "folder", "link", "backup"])
def test_a_backup_never_replaces_anything(store: SqliteStore, tmp_path: Path, there: str) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    target = folder / "copy.db"
    store.append("a", 0, new(1))
    if there == "file":
        target.write_bytes(b"mine")
    elif there == "folder":
        target.mkdir()
    elif there == "link":
        target.symlink_to(tmp_path / "mine")
    else:
        store.backup(str(target))
        store.append("a", 1, new(2))
    before = identity(target)

    with pytest.raises(InvalidInputError) as caught:
        store.backup(str(target))

    assert str(caught.value) == f"there is something at {target} already"
    assert caught.value.hint == "choose another place for the copy"
    assert caught.value.details == {"path": str(target)}
    assert identity(target) == before
    assert [path.name for path in folder.iterdir()] == ["copy.db"]


@pytest.mark.parametrize("suffix", ["", "-wal", ".lock"])
def test_a_backup_onto_the_store_itself_is_refused(
    store: SqliteStore, tmp_path: Path, suffix: str
) -> None:
    with pytest.raises(InvalidInputError, match="is a file of the store itself"):
        store.backup(f"{tmp_path}/./wrkr.db{suffix}")


def test_a_backup_that_cannot_be_written_says_so(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="No such file or directory"):
        store.backup(str(tmp_path / "none" / "copy.db"))


def test_the_size_is_that_of_all_files(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, new(1, data=b"x" * 100_000))

    assert store.size() == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_a_checkpoint_moves_everything_into_the_file(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, new(1))
    assert (tmp_path / "wrkr.db-wal").stat().st_size > 0

    store.checkpoint()

    assert (tmp_path / "wrkr.db-wal").stat().st_size == 0


def test_the_doctor_tells_what_there_is(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, new(1, 2))
    store.append("b", 0, new(1))
    store.delete("b")
    store.put("k", b"v", 0)

    facts = dict(store.doctor())

    assert facts["file"] == str(tmp_path / "wrkr.db")
    assert facts["SQLite"] == sqlite3.sqlite_version
    assert facts["journal mode"] == "wal"
    assert [facts[name] for name in ("streams", "deleted streams", "newest pos", "cells")] == [
        "1",
        "1",
        "3",
        "1",
    ]
    assert "WAL-reset bug" in facts


def test_the_doctor_names_the_bug_and_what_keeps_it_away() -> None:
    assert wal_reset_fact(affected=False, excluded=False) == "this SQLite does not have it"
    assert "writer lock keeps it away" in wal_reset_fact(affected=True, excluded=True)
    assert "does without a WAL" in wal_reset_fact(affected=True, excluded=False)
