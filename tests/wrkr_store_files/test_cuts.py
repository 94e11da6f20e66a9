"""After a loss of power only what was never flushed is cut off."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import CountingDisk
from tests.wrkr_store_files.samples import ids, new, segments
from wrkr_core.errors import Corrupt
from wrkr_store_files import FilesStore
from wrkr_store_files.cuts import cut_file, cut_unknown
from wrkr_store_files.layout import Layout
from wrkr_store_files.lines import encode_record
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from pathlib import Path


def cut(root: Path, pos: int) -> None:
    cut_unknown(Layout(str(root)), CountingDisk(), pos)


@pytest.mark.parametrize(
    "tail",
    [b"", b"\0" * 300, b"\0" * 300 + b"\n", b'{"seq":', b"\n", b"junk\n" * 3],
    ids=["nothing", "zeros", "zeros and a newline", "half a line", "a newline", "lines"],
)
def test_unknown_records_go_with_all_that_lies_behind(
    root: Path, store: FilesStore, tail: bytes
) -> None:
    store.append("a", 0, new(1, 2))
    (file,) = segments(root)
    known = file.read_bytes()
    unknown = encode_record(new(3)[0], seq=3, pos=3)
    file.write_bytes(known + unknown + tail + unknown)

    cut(root, 2)

    assert file.read_bytes() == known
    assert ids(store.read("a")) == ["e1", "e2"]


def test_segments_of_unknown_records_go(root: Path) -> None:
    store = FilesStore(str(root), limits=Limits(segment=1))
    for seq in range(4):
        store.append("a", seq, new(seq))
    store.close()
    rows = (root / "feed.jsonl").read_bytes().splitlines(keepends=True)
    (root / "feed.jsonl").write_bytes(b"".join(rows[:2]))

    cut(root, 2)

    assert [file.name for file in segments(root)] == [
        "events-000000000001.jsonl",
        "events-000000000002.jsonl",
    ]


def test_known_records_are_not_touched(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1, 2))
    before = segments(root)[0].stat()

    cut(root, 2)

    assert segments(root)[0].stat().st_mtime_ns == before.st_mtime_ns


def test_a_stream_of_unknown_records_is_emptied(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    (root / "streams" / "b").mkdir()
    (root / "streams" / "b" / "events-000000000001.jsonl").write_bytes(b"\0" * 100)

    cut(root, 1)

    assert segments(root, "b") == []
    assert store.stream("b") is None


@pytest.mark.parametrize("size", [None, -1, -40, 0])
def test_a_flushed_record_that_cannot_be_read_is_damage_and_stays(
    root: Path, store: FilesStore, size: int | None
) -> None:
    store.append("a", 0, new(1))
    store.append("a", 1, new(2))
    (file,) = segments(root)
    content = bytearray(file.read_bytes())
    content[-30] ^= 1
    file.write_bytes(content[:size])

    cut(root, 2)

    assert file.read_bytes() == content[:size].removesuffix(b"\n") + b"\n"
    with closing(FilesStore(str(root))) as other:
        with pytest.raises(Corrupt):
            other.read("a")
        with pytest.raises(Corrupt):
            other.append("a", 2, new(3))
        assert other.append("b", 0, new(3)).seq == 1


def test_a_file_is_cut_only_if_it_is_longer(tmp_path: Path) -> None:
    path, disk = tmp_path / "file", CountingDisk()
    path.write_bytes(b"12345")

    cut_file(disk, str(path), 9)
    assert disk.flushes == 0
    cut_file(disk, str(path), 3)

    assert path.read_bytes() == b"123"
    assert disk.flushes == 1
