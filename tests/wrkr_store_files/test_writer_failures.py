"""What a disk that is full, or fails, or does not answer leaves of an append, and what is told."""

from __future__ import annotations

import errno
from contextlib import closing
from random import Random  # noqa: TID251  # seeded
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import FaultyDisk, LossyDisk
from tests.wrkr_store_files.samples import ids, new, whole_feed
from wrkr_conformance.os_calls import write_tree
from wrkr_core.errors import Corrupt, StoreError, StoreUnavailable, Unknown
from wrkr_core.store import Appended
from wrkr_store_files import FilesStore
from wrkr_store_files.plan import Request
from wrkr_store_files.standing import Standing
from wrkr_store_files.streams import StreamFiles

if TYPE_CHECKING:
    from pathlib import Path


def test_a_disk_that_gives_no_reason_is_distrusted_all_the_same(store: FilesStore) -> None:
    store._handle.writer.distrust(OSError("it is gone"))

    with pytest.raises(StoreUnavailable, match="this handle is of no more use: it is gone"):
        store.append("a", 0, new(1))


def test_after_a_flush_that_failed_no_other_is_asked_for(root: Path) -> None:
    """It would succeed without what the first one lost."""

    class Noting(FaultyDisk):
        def flush(self, descriptor: int) -> None:
            flushed.append(descriptor)
            super().flush(descriptor)

    flushed: list[int] = []
    disk = Noting()
    store = FilesStore(str(root), disk=disk)
    store.append("a", 0, new(1))
    disk.set("flush", 1)
    flushed.clear()

    with pytest.raises(Unknown):
        store.append("a", 1, new(2))

    assert len(flushed) == 1
    store.close()


@pytest.mark.parametrize("at", range(1, 7))
def test_what_was_refused_for_want_of_space_does_not_come_back_with_the_power(
    root: Path, tmp_path: Path, at: int
) -> None:
    """The journal may hold it, flushed, before the disk is full at its place."""
    with closing(FilesStore(str(root))) as store:
        store.append("a", 0, new(1))
    disk = LossyDisk(root=str(root))
    store = FilesStore(str(root), disk=disk)
    disk.set("full", at)
    with pytest.raises(StoreUnavailable) as caught:
        store.append("b", 0, new(2, 3))
    assert caught.value.details == {"path": str(root)}

    for number, image in enumerate(disk.model.after_crash(30, Random(at))):  # noqa: S311
        left = tmp_path / f"left-{number}"
        write_tree(left, image.tree)
        with closing(FilesStore(str(left))) as other:
            assert ids(whole_feed(other)) == ["e1"]
    store.close()


def test_a_stream_that_cannot_be_read_is_refused_and_the_others_are_written(
    root: Path, store: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_end = StreamFiles.end

    def end(self: StreamFiles, stream: str) -> object:
        if stream == "bad":
            raise OSError(5, "Input/output error")
        return find_end(self, stream)

    monkeypatch.setattr(StreamFiles, "end", end)
    requests = [
        Request(stream=stream, expected=0, events=tuple(new(stream)), durable=True)
        for stream in ("a", "bad", "b")
    ]

    first, refused, last = store._handle.commit(requests)

    assert isinstance(refused, StoreUnavailable)
    assert refused.message == f"the store in {root} cannot be used: Input/output error"
    assert (first, last) == (Appended(1, 1, replayed=False), Appended(1, 2, replayed=False))


REFUSALS = {
    "the system": (
        OSError(errno.EMFILE, "Too many open files"),
        StoreUnavailable,
        "the store in {root} cannot be used: Too many open files",
        "close some files, or raise the limit on open ones",
    ),
    "the store": (Corrupt("damaged", hint="restore it"), Corrupt, "damaged", "restore it"),
}


@pytest.mark.parametrize("by", REFUSALS)
def test_a_group_that_cannot_begin_is_refused_whole_and_may_be_repeated(
    root: Path, store: FilesStore, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    error, kind, said, hint = REFUSALS[by]
    store.append("a", 0, new(1))
    requests = [
        Request(stream=stream, expected=head, events=tuple(new(stream)), durable=True)
        for stream, head in (("a", 1), ("b", 0))
    ]

    def fail(_: Standing) -> bool:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Standing, "catch_up", fail)
        refused = store._handle.commit(requests)

    assert [type(each) for each in refused] == [kind] * 2
    told = [(each.message, each.hint) for each in refused if isinstance(each, StoreError)]
    assert told == [(said.format(root=root), hint)] * 2
    assert store._handle.commit(requests) == [
        Appended(2, 2, replayed=False),
        Appended(1, 3, replayed=False),
    ]
