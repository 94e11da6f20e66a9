"""What is deleted or trimmed is in no file any more, and nothing else is touched."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_files.disks import FaultyDisk, StopError
from tests.wrkr_store_files.samples import ids, new, segments, whole_feed
from wrkr_core.errors import Deleted, Trimmed
from wrkr_store_files import FilesStore
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from pathlib import Path


def everything(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


def test_a_deleted_stream_is_in_no_file_of_the_store(root: Path, store: FilesStore) -> None:
    store.append("kept", 0, new("kept", data=b'"public"'))
    store.append("a", 0, new("gone", data=b'"secret"'))
    (root / "tmp" / "segment").write_bytes(b"secret of a crash")
    (root / "journal-suspect.jsonl").write_bytes(b"secret of a flush that failed")

    store.delete("a")

    left = everything(root)
    assert b"secret" not in left
    assert b"egone" not in left
    assert b"public" in left
    assert ids(whole_feed(store)) == ["ekept"]


def test_trimmed_records_are_in_no_file_of_the_store(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1, data=b'"secret"'))
    store.append("a", 1, new(2, data=b'"public"'))

    store.trim("a", 1)

    assert b"secret" not in everything(root)
    assert ids(store.read("a", 1)) == ["e2"]


@pytest.mark.parametrize("name", ["a", "é" * 120])
def test_a_tombstone_stays_and_deleting_twice_is_allowed(root: Path, name: str) -> None:
    with closing(FilesStore(str(root))) as store:
        store.append(name, 0, new(1))
        store.delete(name)
        store.delete(name)
        store.delete("never-written")
    with closing(FilesStore(str(root))) as store:
        for stream in (name, "never-written"):
            with pytest.raises(Deleted):
                store.append(stream, 0, new(1))
            with pytest.raises(Deleted):
                store.read(stream)
            with pytest.raises(Deleted):
                store.stream(stream)
            with pytest.raises(Deleted):
                store.trim(stream, 0)
        assert store.streams() == []
        assert store.check() == []


def test_another_handle_notices_a_delete_and_a_trim(root: Path, store: FilesStore) -> None:
    with closing(FilesStore(str(root))) as other:
        store.append("a", 0, new(1, 2, 3))
        other.append("a", 3, new(4))
        store.trim("a", 2)
        assert other.append("a", 4, new(5)).seq == 5
        assert ids(other.read("a", 2)) == ["e3", "e4", "e5"]
        store.delete("a")
        with pytest.raises(Deleted):
            other.append("a", 5, new(6))


@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    segment=st.sampled_from([1, 250, 10**6]),
    cuts=st.lists(st.integers(0, 30), max_size=3),
)
def test_trimming_leaves_exactly_the_rest(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], segment: int, cuts: list[int]
) -> None:
    root = tmp_path_factory.mktemp("trim")
    head, first = 0, 1
    with closing(FilesStore(str(root), limits=Limits(segment=segment))) as store:
        for size in sizes:
            store.append("a", head, new(*range(head + 1, head + size + 1)))
            head += size
        for through in cuts:
            if first - 1 <= through < head:
                store.trim("a", through)
                first = through + 1
            else:
                with pytest.raises(ValueError, match=f"records {first} to {head} are there"):
                    store.trim("a", through)
            assert ids(store.read("a", first - 1)) == [f"e{i}" for i in range(first, head + 1)]
            info = store.stream("a")
            assert info is not None
            assert (info.first, info.head) == (first, head)
            if first > 1:
                with pytest.raises(Trimmed) as caught:
                    store.read("a", first - 2)
                assert caught.value.first == first
        store.append("a", head, new("last"))
        assert len(whole_feed(store)) == head + 2 - first
        assert store.check() == []


def test_trimming_drops_whole_segments(root: Path) -> None:
    with closing(FilesStore(str(root), limits=Limits(segment=1))) as store:
        for seq in range(6):
            store.append("a", seq, new(seq))
        before = segments(root)[4].stat()

        store.trim("a", 4)

        assert [file.name for file in segments(root)] == [
            "events-000000000005.jsonl",
            "events-000000000006.jsonl",
        ]
        assert segments(root)[0].stat().st_mtime_ns == before.st_mtime_ns


def test_a_stream_that_never_was_cannot_be_trimmed(store: FilesStore) -> None:
    with pytest.raises(ValueError, match="through is 0"):
        store.trim("a", 0)


@pytest.mark.parametrize("at", range(1, 30))
def test_a_trim_stopped_anywhere_has_trimmed_less_or_all(root: Path, at: int) -> None:
    disk = FaultyDisk()
    store = FilesStore(str(root), disk=disk, limits=Limits(segment=300))
    for seq in range(7):
        store.append("a", seq, new(seq + 1))
    disk.set("stop", at)
    try:
        store.trim("a", 5)
    except StopError:
        assert at < 25

    with closing(FilesStore(str(root))) as other:
        info = other.stream("a")
        assert info is not None
        assert info.first <= 6
        assert ids(other.read("a", info.first - 1)) == [f"e{i}" for i in range(info.first, 8)]
        assert len(whole_feed(other)) == 8 - info.first
        assert other.append("a", 7, new(8)).seq == 8
        other.trim("a", 6)
        assert ids(other.read("a", 6)) == ["e7", "e8"]
        assert other.check() == []


@pytest.mark.parametrize("at", range(1, 25))
def test_a_delete_stopped_anywhere_is_done_or_not_done(root: Path, at: int) -> None:
    disk = FaultyDisk()
    store = FilesStore(str(root), disk=disk)
    store.append("a", 0, new(1, data=b'"secret"'))
    disk.set("stop", at)
    try:
        store.delete("a")
    except StopError:
        assert at < 20

    with closing(FilesStore(str(root))) as other:
        try:
            assert ids(other.read("a")) == ["e1"]
        except Deleted:
            assert other.feed()[0] == []
        other.delete("a")
        with pytest.raises(Deleted):
            other.append("a", 1, new(2))
        assert b"secret" not in everything(root)
        assert other.check() == []
