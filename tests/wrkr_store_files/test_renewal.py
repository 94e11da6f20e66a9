"""Beginning a new journal flushes what the old one stood for, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.wrkr_store_files.disks import CountingDisk
from tests.wrkr_store_files.samples import new, segments
from wrkr_store_files.journal import Header, read_journal
from wrkr_store_files.layout import Layout
from wrkr_store_files.renewal import Touched, begin_journal, clear_temporary, flush

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_store_files import FilesStore

HEADER = Header(1, "boot", pos=0, floor=0, reserve=1, feed=0)


def entries_of(store: FilesStore, root: Path) -> Touched:
    touched = Touched()
    for each in read_journal(f"{root}/journal.jsonl")[1]:
        touched.add(each.entry)
    return touched


def test_every_segment_is_flushed_once_and_the_folders_of_new_ones(
    root: Path, store: FilesStore
) -> None:
    for stream in ("a", "b"):
        for seq in range(3):
            store.append(stream, seq, new(seq))
    disk = CountingDisk()

    flush(Layout(str(root)), disk, entries_of(store, root))

    assert disk.flushes == 2
    assert disk.folder_flushes == 3  # of each stream, and the one they are in


def test_what_somebody_removed_is_passed_over(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    touched = entries_of(store, root)
    segments(root)[0].unlink()
    (root / "streams" / "a").rmdir()
    disk = CountingDisk()

    flush(Layout(str(root)), disk, touched)

    assert disk.flushes == 0


def test_a_new_journal_is_empty_and_takes_the_place_of_all_old_ones(
    root: Path, store: FilesStore
) -> None:
    store.append("a", 0, new(1))
    layout, disk = Layout(str(root)), CountingDisk()
    (root / "journal-suspect.jsonl").write_bytes(b"old")

    begin_journal(layout, disk, HEADER)

    assert read_journal(layout.journal) == (HEADER, [])
    assert not (root / "journal-suspect.jsonl").exists()
    assert (disk.flushes, disk.folder_flushes) == (1, 1)


def test_what_a_crash_has_left_is_removed(root: Path, store: FilesStore) -> None:
    (root / "tmp" / "cell").write_bytes(b"half")

    clear_temporary(Layout(str(root)), CountingDisk())

    assert list((root / "tmp").iterdir()) == []
