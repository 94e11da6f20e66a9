"""A group of appends is one write and one flush, and a disk that fails writes nothing or tells."""

from __future__ import annotations

import resource
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import CountingDisk, FaultyDisk
from tests.wrkr_store_files.samples import ids, new, segments, whole_feed
from wrkr_core.errors import Conflict, StoreUnavailable, Unknown
from wrkr_store_files import FilesStore, writer
from wrkr_store_files.journal import NUMBERS
from wrkr_store_files.plan import Request
from wrkr_store_files.streams import StreamFiles
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def contents(root: Path) -> dict[str, bytes]:
    """Return every record and row there is, and the journal."""
    return {str(path): path.read_bytes() for path in root.rglob("*.jsonl") if path.stat().st_size}


def test_a_durable_append_is_one_flush_and_a_relaxed_one_is_none(root: Path) -> None:
    disk = CountingDisk()
    with closing(FilesStore(str(root), disk=disk)) as store:
        disk.flushes = disk.folder_flushes = 0
        for seq in range(50):
            store.append("a", seq, new(seq))
        assert (disk.flushes, disk.folder_flushes) == (50, 0)
        for seq in range(50, 60):
            store.append("a", seq, new(seq), durable=False)
        store.append("fresh", 0, new(1), durable=False)
        assert (disk.flushes, disk.folder_flushes) == (50, 0)
        store.append("another", 0, new(1))
        assert (disk.flushes, disk.folder_flushes) == (51, 0)


def test_a_group_on_any_streams_shares_one_flush(root: Path) -> None:
    disk = CountingDisk()
    with closing(FilesStore(str(root), disk=disk)) as store:
        disk.flushes = 0
        requests = [
            Request(stream=f"s{i}", expected=0, events=tuple(new(i)), durable=i % 2 == 0)
            for i in range(64)
        ]

        store._handle.commit(requests)

        assert disk.flushes == 1
        assert len(whole_feed(store)) == 64


def test_threads_that_append_at_once_share_flushes(root: Path) -> None:
    disk = CountingDisk()
    ready = threading.Barrier(64)
    with closing(FilesStore(str(root), disk=disk)) as store:
        disk.flushes = 0

        def append(name: int) -> None:
            ready.wait()
            for seq in range(10):
                store.append(f"s{name}", seq, new(seq))

        threads = [threading.Thread(target=append, args=(name,)) for name in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert disk.flushes <= 640 / 8
        assert len(whole_feed(store)) == 640
        assert store.check() == []


@pytest.mark.parametrize("at", range(1, 7))
def test_a_full_disk_writes_nothing(root: Path, at: int) -> None:
    disk = FaultyDisk()
    with closing(FilesStore(str(root), disk=disk)) as store:
        store.append("a", 0, new(1))
        before = contents(root)
        disk.set("full", at)

        with pytest.raises(StoreUnavailable, match="No space left") as caught:
            store.append("b", 0, new(2, 3))
        assert caught.value.hint == "free some space and try again"
        assert contents(root) == before
        assert store.stream("b") is None

        assert store.append("b", 0, new(2, 3)).pos == 3
        assert ids(whole_feed(store)) == ["e1", "e2", "e3"]
        assert store.check() == []


def test_a_full_disk_takes_back_a_whole_group(root: Path) -> None:
    disk = FaultyDisk()
    with closing(FilesStore(str(root), disk=disk, limits=Limits(segment=1))) as store:
        store.append("a", 0, new(1))
        before = contents(root)
        requests = [
            Request(stream="a", expected=1, events=tuple(new(2)), durable=True),
            Request(stream="a", expected=2, events=tuple(new(3)), durable=True),
            Request(stream="b", expected=0, events=tuple(new(4)), durable=True),
            Request(stream="a", expected=0, events=tuple(new(9)), durable=True),
        ]
        disk.set("full", 8)

        outcomes = store._handle.commit(requests)

        assert disk.struck
        assert contents(root) == before
        assert [type(each) for each in outcomes] == [StoreUnavailable] * 3 + [Conflict]
        assert store.append("a", 1, new(2)).pos == 2
        assert store.check() == []


def test_a_failed_flush_leaves_the_outcome_open_and_the_handle_useless(root: Path) -> None:
    disk = FaultyDisk()
    store = FilesStore(str(root), disk=disk)
    store.append("a", 0, new(1), durable=False)
    disk.set("flush", 1)

    with pytest.raises(Unknown, match="may have been written: a flush failed") as caught:
        store.append("a", 1, new(2))
    assert caught.value.hint == "open the store again and repeat the same append"
    assert caught.value.details == {"path": str(root)}
    at_most = disk.count
    for use in (
        lambda: store.append("a", 1, new(2)),
        lambda: store.read("a"),
        store.feed,
        lambda: store.put("k", b"", 0),
        lambda: store.delete("a"),
    ):
        with pytest.raises(
            StoreUnavailable,
            match=r"^this handle is of no more use: a flush failed: Input/output error$",
        ) as refused:
            use()
        assert refused.value.details == {"path": str(root)}
        assert refused.value.hint == (
            "check the disk, then open the store again and read what was written"
        )
    assert disk.count == at_most, "nothing is written or flushed after a flush has failed"
    store.close()

    with closing(FilesStore(str(root))) as other:
        assert other.append("a", 1, new(2)).seq == 2
        assert ids(whole_feed(other)) == ["e1", "e2"]
        assert other.check() == []


def test_after_a_failed_flush_others_write_everything_again(root: Path) -> None:
    disk, healthy = FaultyDisk(), CountingDisk()
    with closing(FilesStore(str(root), disk=healthy)) as other:
        with closing(FilesStore(str(root), disk=disk)) as store:
            store.append("a", 0, new(1), durable=False)
            disk.set("flush", 1)
            with pytest.raises(Unknown):
                store.append("b", 0, new(2))
        healthy.flushes = 0

        assert other.append("b", 0, new(3)).seq == 1

        assert healthy.flushes > 3, "the journal, the segment, the feed and the new journal"
        assert ids(whole_feed(other)) == ["e1", "e3"]


def test_a_failed_flush_while_beginning_a_journal_writes_nothing(root: Path) -> None:
    disk = FaultyDisk()
    store = FilesStore(str(root), disk=disk, limits=Limits(journal=1))
    store.append("a", 0, new(1))
    disk.set("flush", 1)

    with pytest.raises(StoreUnavailable) as caught:
        store.append("a", 1, new(2))
    assert caught.value.message == (
        f"the store in {root} cannot be used: a flush failed: Input/output error"
    )
    store.close()

    with closing(FilesStore(str(root))) as other:
        assert ids(other.read("a")) == ["e1"]
        assert other.append("a", 1, new(3)).seq == 2


@pytest.mark.parametrize("at", range(1, 5))
def test_a_disk_that_fails_while_taking_back_is_distrusted(root: Path, at: int) -> None:
    class Broken(FaultyDisk):
        def truncate(self, descriptor: int, size: int) -> None:
            if self.struck:
                raise OSError(5, "Input/output error")
            super().truncate(descriptor, size)

    disk = Broken()
    store = FilesStore(str(root), disk=disk)
    store.append("a", 0, new(1))
    disk.set("full", at)

    with pytest.raises(Unknown):
        store.append("a", 1, new(2))
    with pytest.raises(StoreUnavailable):
        store.append("a", 1, new(2))
    store.close()

    with closing(FilesStore(str(root))) as other:
        assert other.append("a", 1, new(2)).seq == 2
        assert ids(whole_feed(other)) == ["e1", "e2"]
        assert other.check() == []


def test_an_append_that_is_interrupted_is_finished_by_the_next(root: Path) -> None:
    class Interrupting(FaultyDisk):
        def make_folder(self, path: str) -> bool:
            if path.endswith("/b"):
                raise KeyboardInterrupt
            return super().make_folder(path)

    disk = Interrupting()
    with closing(FilesStore(str(root), disk=disk)) as store:
        with pytest.raises(KeyboardInterrupt):
            store.append("b", 0, new(1))
        store._handle.disk.make_folder = FaultyDisk.make_folder.__get__(disk)  # type: ignore[method-assign]

        assert store.append("b", 0, new(1)).replayed
        assert ids(whole_feed(store)) == ["e1"]


@pytest.fixture
def small_files() -> Iterator[int]:
    """Let no file grow beyond 20,000 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield 20_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def append_until_full(store: FilesStore, head: int) -> None:
    for seq in range(head, 1000):
        store.append("a", seq, new(seq, data=b"y" * 500))


def test_a_real_limit_on_files_writes_nothing(root: Path, small_files: int) -> None:
    with closing(FilesStore(str(root))) as store:
        full = small_files // 1000
        for seq in range(full):
            store.append("a", seq, new(seq, data=b"y" * 500))
        with pytest.raises(StoreUnavailable, match="File too large"):
            append_until_full(store, full)
        done = len(store.read("a"))
        assert full <= done < 2 * full
        assert store.check() == []
        with pytest.raises(StoreUnavailable):
            store.append("a", done, new(done, data=b"y" * small_files))


def test_where_a_stream_ends_is_not_looked_up_again_by_who_has_appended_to_it(
    store: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    find_end = StreamFiles.end

    def end(self: StreamFiles, stream: str) -> object:
        looked.append(stream)
        return find_end(self, stream)

    monkeypatch.setattr(StreamFiles, "end", end)
    for seq in range(3):
        store.append("a", seq, new(seq))

    assert looked == ["a"]


def test_a_journal_is_begun_when_the_old_one_is_full(root: Path) -> None:
    with closing(FilesStore(str(root), limits=Limits(journal=2000))) as store:
        for seq in range(100):
            store.append("a", seq, new(seq))
            assert (root / "journal.jsonl").stat().st_size < 2000 + 1000
        assert store.check() == []


def test_a_journal_is_begun_before_too_many_segments_wait_for_a_flush(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "TOUCHED", 5)
    disk = CountingDisk()
    with closing(FilesStore(str(root), disk=disk)) as store:
        disk.flushes = 0
        for name in range(20):
            store.append(f"s{name}", 0, new(name))
        assert 20 < disk.flushes < 20 + 20 + 10
        assert store.check() == []


def test_a_journal_is_begun_before_its_numbers_run_out(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wrkr_store_files.standing.NUMBERS", 10)
    monkeypatch.setattr("wrkr_store_files.place.NUMBERS", 10)
    with closing(FilesStore(str(root))) as store:
        for seq in range(0, 60, 3):
            assert store.append("a", seq, new(seq, seq + 1, seq + 2)).pos == seq + 3
            standing = store._handle.writer.standing
            assert standing.pos <= standing.header.reserve
        assert store.append("a", 60, new(*range(60, 160))).pos == 160
        assert standing.pos <= standing.header.reserve


def test_a_journal_begun_for_a_removal_has_all_its_numbers_and_no_more(store: FilesStore) -> None:
    store.append("a", 0, new(1))

    store.delete("b")

    assert store._handle.writer.standing.header.reserve == 1 + NUMBERS


def test_a_stream_that_lost_its_folder_writes_nothing(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    segments(root)[0].unlink()
    (root / "streams" / "a").rmdir()

    with pytest.raises(Conflict) as caught:
        store.append("a", 1, new(2))
    assert caught.value.head == 0
