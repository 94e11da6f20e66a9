"""The feed can be made again from the streams."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_files.disks import CountingDisk
from tests.wrkr_store_files.samples import new, whole_feed
from wrkr_store_files import FilesStore
from wrkr_store_files.layout import Layout
from wrkr_store_files.rebuild import batches, rebuild_feed
from wrkr_store_files.streams import StreamFiles

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

APPENDS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=12)


@given(APPENDS)
def test_a_feed_made_again_is_the_feed_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, appends: list[tuple[str, int]]
) -> None:
    root = tmp_path_factory.mktemp("feed") / "s"
    heads = dict.fromkeys("abc", 0)
    with closing(FilesStore(str(root))) as store:
        for stream, count in appends:
            names = range(heads[stream], heads[stream] + count)
            store.append(stream, heads[stream], new(*names))
            heads[stream] += count
    path = root / "feed.jsonl"
    content = path.read_bytes()

    size = rebuild_feed(Layout(str(root)), CountingDisk(), 1 << 40)

    assert path.read_bytes() == content
    assert size == len(content)


def test_a_lost_feed_is_made_again_when_the_store_is_opened(root: Path) -> None:
    with closing(FilesStore(str(root))) as store:
        store.append("a", 0, new(1, 2))
        store.append("b", 0, new(3))
        store.append("a", 2, new(4))
        store.trim("a", 1)
        before = whole_feed(store)
    (root / "feed.jsonl").unlink()

    with closing(FilesStore(str(root))) as store:
        assert whole_feed(store) == before
        assert store.check() == []
        assert store.append("a", 3, new(5)).pos == 5


def test_a_feed_that_lost_its_flushed_part_is_made_again(root: Path) -> None:
    with closing(FilesStore(str(root))) as store:
        store.append("a", 0, new(1))
        store.backup(f"{root}-copy")  # begins a new journal, as it happens
        (root / "feed.jsonl").write_bytes(b"")
        store.append("a", 1, new(2))

        assert [event.seq for event in whole_feed(store)] == [1, 2]
        assert store.check() == []


def test_what_the_journal_does_not_know_is_left_out(root: Path, store: FilesStore) -> None:
    for seq in range(3):
        store.append("a", seq, new(seq))

    rebuild_feed(Layout(str(root)), CountingDisk(), 2)

    assert [event.seq for event in store.feed()[0]] == [1, 2]


def test_a_batch_trimmed_in_the_middle_has_a_row_for_what_stayed(
    root: Path, store: FilesStore
) -> None:
    store.append("a", 0, new(1, 2, 3))
    store.trim("a", 1)

    (row,) = batches(StreamFiles(Layout(str(root))), "a")

    assert (row.pos, row.n, row.seq) == (2, 2, 2)
