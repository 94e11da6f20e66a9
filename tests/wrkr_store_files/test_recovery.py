"""Whatever was begun is finished, and whatever is unknown after a loss of power is gone."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import CountingDisk, FaultyDisk, StopError
from tests.wrkr_store_files.samples import ids, new, segments, whole_feed
from wrkr_core.errors import Corrupt
from wrkr_store_files import FilesStore
from wrkr_store_files.journal import read_journal
from wrkr_store_files.layout import Layout
from wrkr_store_files.recovery import recover

if TYPE_CHECKING:
    from pathlib import Path


def booted(root: Path, boot: str) -> FilesStore:
    return FilesStore(str(root), boot=boot)


@pytest.mark.parametrize("at", range(1, 8))
def test_an_append_stopped_anywhere_is_whole_or_not_there(root: Path, at: int) -> None:
    disk = FaultyDisk()
    store = FilesStore(str(root), disk=disk)
    store.append("a", 0, new(1))
    disk.set("stop", at)
    stopped = False
    try:
        store.append("b", 0, new(2, 3))
    except StopError:
        stopped = True
    assert stopped == (at < 7)

    with closing(FilesStore(str(root))) as other:
        seen = ids(other.read("b"))
        assert seen == ([] if stopped else ["e2", "e3"])
        done = other.append("b", 0, new(2, 3))
        assert done.seq == 2
        assert done.replayed == (at > 1)
        assert ids(whole_feed(other)) == ["e1", "e2", "e3"]
        assert other.check() == []


def test_what_was_in_no_stream_is_there_after_a_loss_of_power(root: Path) -> None:
    with closing(booted(root, "one")) as store:
        store.append("a", 0, new(1))
        store.append("a", 1, new(2, 3))
        store.append("é" * 120, 0, new(4))
    for folder in (root / "streams").iterdir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    (root / "feed.jsonl").write_bytes(b"")

    with closing(booted(root, "two")) as store:
        assert ids(store.read("a")) == ["e1", "e2", "e3"]
        assert ids(whole_feed(store)) == ["e1", "e2", "e3", "e4"]
        assert store.check() == []


def test_what_is_not_in_the_journal_is_gone_after_a_loss_of_power(root: Path) -> None:
    with closing(booted(root, "one")) as store:
        store.append("a", 0, new(1))
        size = (root / "journal.jsonl").stat().st_size
        store.append("a", 1, new(2), durable=False)
        store.append("b", 0, new(3), durable=False)
        seen = store.feed()[1]
    os.truncate(root / "journal.jsonl", size + 10)

    with closing(booted(root, "two")) as store:
        assert ids(whole_feed(store)) == ["e1"]
        assert store.stream("b") is None
        assert store.check() == []
        store.append("a", 1, new(4))
        store.append("b", 0, new(5))
        assert ids(store.feed(seen)[0]) == ["e4", "e5"], "an event appeared before the cursor"


def test_without_a_loss_of_power_a_relaxed_append_stays(root: Path) -> None:
    with closing(booted(root, "one")) as store:
        store.append("a", 0, new(1), durable=False)
        pos = store.append("a", 1, new(2), durable=False).pos

    with closing(booted(root, "one")) as store:
        assert ids(store.read("a")) == ["e1", "e2"]
        assert store.append("a", 2, new(3)).pos == pos + 1


def test_where_boots_have_no_name_every_opening_recovers(root: Path) -> None:
    with closing(booted(root, "")) as store:
        store.append("a", 0, new(1), durable=False)
        first = store.append("a", 1, new(2)).pos

    with closing(booted(root, "")) as store, closing(booted(root, "")) as other:
        assert ids(store.read("a")) == ["e1", "e2"]
        assert store.append("a", 2, new(3)).pos > first + 1000
        other.append("a", 3, new(4))
        store.append("a", 4, new(5))
        assert ids(whole_feed(other)) == ["e1", "e2", "e3", "e4", "e5"]


def test_recovering_twice_changes_nothing(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1, 2))
    header = read_journal(f"{root}/journal.jsonl")[0]
    recover(Layout(str(root)), CountingDisk(), header.boot)
    before = {path: path.read_bytes() for path in root.rglob("*.jsonl")}

    recover(Layout(str(root)), CountingDisk(), header.boot)

    after = {path: path.read_bytes() for path in root.rglob("*.jsonl")}
    before.pop(root / "journal.jsonl")
    after.pop(root / "journal.jsonl")
    assert after == before


def test_what_lies_beyond_the_last_entry_is_cut(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    before = segments(root)[0].read_bytes()
    segments(root)[0].write_bytes(before + b"\0" * 50 + b"\n")

    recover(Layout(str(root)), CountingDisk(), read_journal(f"{root}/journal.jsonl")[0].boot)

    assert segments(root)[0].read_bytes() == before


def test_a_journal_nobody_trusts_is_written_again(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    (root / "journal.jsonl").rename(root / "journal-suspect.jsonl")

    assert store.append("a", 1, new(2)).seq == 2

    assert not (root / "journal-suspect.jsonl").exists()
    assert ids(whole_feed(store)) == ["e1", "e2"]


def test_a_missing_journal_is_damage(root: Path, store: FilesStore) -> None:
    (root / "journal.jsonl").unlink()

    with pytest.raises(Corrupt, match="the journal is missing"):
        store.append("a", 0, new(1))
    with pytest.raises(Corrupt, match="the journal is missing"):
        FilesStore(str(root))


def test_a_stream_cut_below_what_was_flushed_is_damaged_and_the_others_are_not(
    root: Path,
) -> None:
    with closing(booted(root, "one")) as store:
        store.append("a", 0, new(1, 2))
        store.backup(f"{root}-copy")  # begins a new journal, as it happens
        store.append("a", 2, new(3))
        store.append("b", 0, new(4))
    os.truncate(segments(root)[0], 50)

    with closing(booted(root, "two")) as store:
        with pytest.raises(Corrupt):
            store.read("a")
        assert ids(store.read("b")) == ["e4"]
