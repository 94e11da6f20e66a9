"""Copies are whole stores; facts and sizes are those of the files."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import FaultyDisk
from tests.wrkr_store_files.samples import ids, new, whole_feed
from wrkr_core.errors import Deleted, InvalidInputError, StoreUnavailable
from wrkr_store_files import FilesStore

if TYPE_CHECKING:
    from pathlib import Path


def test_a_copy_is_the_store_at_that_instant(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    with closing(FilesStore(str(root))) as store:
        store.append("a", 0, new(1, 2))
        store.append("é" * 120, 0, new(3))
        store.append("dead", 0, new(4))
        store.delete("dead")
        store.put("k", b"1", 0)
        store.put("k", b"2", 1, durable=False)
        before = whole_feed(store)

        store.backup(str(target))

        store.append("a", 2, new(5))
        assert ids(store.read("a")) == ["e1", "e2", "e5"]
    assert not (target / "lock").exists()
    for boot in ("", "another machine"):
        with closing(FilesStore(str(target), read_only=True, boot=boot)) as copy:
            assert whole_feed(copy) == before
            assert copy.check() == []
    with closing(FilesStore(str(target), boot="another machine")) as copy:
        assert whole_feed(copy) == before
        cell = copy.get("k")
        assert cell is not None
        assert (cell.data, cell.version) == (b"2", 2)
        with pytest.raises(Deleted):
            copy.read("dead")
        assert copy.append("a", 2, new(6)).pos > before[-1].pos
        assert copy.check() == []


def test_a_copy_never_replaces_anything(root: Path, store: FilesStore, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()

    with pytest.raises(InvalidInputError) as caught:
        store.backup(str(tmp_path / "there"))

    assert str(caught.value) == f"there is something at {tmp_path / 'there'} already"
    assert caught.value.hint == "choose another place for the copy"
    assert caught.value.details == {"path": str(tmp_path / "there")}


def test_a_copy_is_never_made_inside_the_store(root: Path, store: FilesStore) -> None:
    with pytest.raises(InvalidInputError, match="is inside the store"):
        store.backup(str(root / "copy"))

    assert not list(root.glob("copy*"))


def test_a_failed_flush_of_the_copy_is_no_trouble_of_the_store(root: Path, tmp_path: Path) -> None:
    disk = FaultyDisk()
    with closing(FilesStore(str(root), disk=disk)) as store:
        store.append("a", 0, new(1))
        disk.set("flush", 25)

        with pytest.raises(StoreUnavailable, match="cannot be made: a flush failed"):
            store.backup(str(tmp_path / "copy"))

        assert disk.struck
        assert not list(tmp_path.glob("copy*"))
        assert store.append("a", 1, new(2)).seq == 2


def test_a_copy_that_fails_is_not_there_and_can_be_made_again(root: Path, tmp_path: Path) -> None:
    disk, target = FaultyDisk(), tmp_path / "copy"
    with closing(FilesStore(str(root), disk=disk)) as store:
        store.append("a", 0, new(1))
        disk.set("full", 25)

        with pytest.raises(StoreUnavailable, match="No space left"):
            store.backup(str(target))
        assert disk.struck
        assert not target.exists()

        store.backup(str(target))
        assert (target / "format").exists()
        assert not (tmp_path / "copy.partial").exists()


def test_the_size_is_that_of_all_files(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))

    assert store.size() == sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def test_the_facts_are_those_of_the_files(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    store.append("b", 0, new(1))
    store.delete("b")
    store.put("k", b"", 0)

    facts = dict(store.doctor())

    assert facts["place"] == str(root)
    assert facts["opened"] == "to read and write"
    assert (facts["streams"], facts["deleted streams"], facts["cells"]) == ("1", "1", "1")
    assert int(facts["feed bytes"]) == (root / "feed.jsonl").stat().st_size
    assert int(facts["bytes"]) == store.size()
    assert facts["flushed by"] == "fdatasync"
