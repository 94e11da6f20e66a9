"""A name too long for a folder is kept beside it."""

from __future__ import annotations

from pathlib import Path

from tests.wrkr_store_files.disks import CountingDisk
from wrkr_store_files.folders import empty_tombstone, left_in_tombstone, make_stream_folder
from wrkr_store_files.layout import Layout
from wrkr_store_files.streams import StreamFiles


def laid_out(tmp_path: Path) -> Layout:
    layout = Layout(str(tmp_path))
    for folder in layout.folders:
        (tmp_path / folder.rpartition("/")[2]).mkdir()
    return layout


def test_a_short_name_needs_no_file(tmp_path: Path) -> None:
    layout, disk = laid_out(tmp_path), CountingDisk()

    make_stream_folder(layout, disk, "job-1")
    make_stream_folder(layout, disk, "job-1")

    assert list((tmp_path / "streams" / "job-1").iterdir()) == []
    assert disk.flushes == disk.folder_flushes == 0


def test_a_long_name_is_kept_and_flushed(tmp_path: Path) -> None:
    layout, disk, name = laid_out(tmp_path), CountingDisk(), "é" * 120

    make_stream_folder(layout, disk, name)

    assert StreamFiles(layout).names() == [name]
    assert (disk.flushes, disk.folder_flushes) == (1, 1)


def test_a_name_that_a_crash_has_lost_is_written_again(tmp_path: Path) -> None:
    layout, disk, name = laid_out(tmp_path), CountingDisk(), "é" * 120
    disk.make_folder(layout.stream(name))

    make_stream_folder(layout, disk, name)

    assert StreamFiles(layout).names() == [name]


def test_a_tombstone_keeps_nothing_but_its_name(tmp_path: Path) -> None:
    layout, disk, name = laid_out(tmp_path), CountingDisk(), "é" * 120
    make_stream_folder(layout, disk, name)
    folder = layout.stream(name)
    (Path(folder) / "events-000000000001.jsonl").write_bytes(b"secret")
    disk.folder_flushes = 0

    assert left_in_tombstone(layout, folder) == ["events-000000000001.jsonl"]
    empty_tombstone(layout, disk, folder)
    empty_tombstone(layout, disk, folder)

    assert [path.name for path in Path(folder).iterdir()] == ["name"]
    assert disk.folder_flushes == 2  # whoever emptied it may have died before the flush
