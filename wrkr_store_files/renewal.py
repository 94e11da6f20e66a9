"""Begin a new journal, once all that was written under the old one is flushed in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_store_files.disk import look_at, names_in, write_whole
from wrkr_store_files.journal import encode_header

if TYPE_CHECKING:
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.journal import Entry, Header
    from wrkr_store_files.layout import Layout


class Touched:
    """The segments that were written, and the streams among them that got a new one."""

    def __init__(self) -> None:
        """Nothing was written."""
        self.segments: set[tuple[str, int]] = set()
        self.new: set[str] = set()

    def add(self, entry: Entry) -> None:
        """Take note of an entry's place."""
        self.segments.add((entry.stream, entry.segment))
        if entry.offset == 0:
            self.new.add(entry.stream)


def flush(layout: Layout, disk: Disk, touched: Touched) -> None:
    """Flush every segment that was written, and the folders of those that are new.

    What somebody has removed by hand is passed over. Raises: OSError.
    """
    for stream, first in touched.segments:
        path = layout.segment(stream, first)
        if look_at(path) is not None:
            flush_file(disk, path)
    for stream in touched.new:
        if look_at(layout.stream(stream)) is not None:
            disk.sync_folder(layout.stream(stream))
    if touched.new:
        disk.sync_folder(layout.streams)


def flush_file(disk: Disk, path: str) -> None:
    """Flush one file. Raises: OSError."""
    descriptor = disk.open(path)
    try:
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)


def begin_journal(layout: Layout, disk: Disk, header: Header) -> None:
    """Put an empty journal in the place of the old one, if there is one. Raises: OSError."""
    temporary = f"{layout.temporary}/journal"
    write_whole(disk, temporary, encode_header(header), durable=True)
    disk.replace(temporary, layout.journal)
    disk.sync_folder(layout.root)
    disk.remove(layout.suspect)


def clear_temporary(layout: Layout, disk: Disk) -> None:
    """Remove what a crash has left half done. Raises: OSError."""
    for name in names_in(layout.temporary):
        disk.remove(f"{layout.temporary}/{name}")
