"""Recover: bring streams and feed to what the journal says, whatever happened to them.

Every entry is written to its place again, which changes nothing where it was. After a loss of power
streams also lose what the journal does not know of. All of it runs under the lock, can be
interrupted anywhere and run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.errors import Corrupt
from wrkr_store_files.cells import forget_torn
from wrkr_store_files.cuts import cut_file, cut_unknown
from wrkr_store_files.disk import look_at, names_in, size_of
from wrkr_store_files.folders import empty_tombstone, make_stream_folder
from wrkr_store_files.journal import NUMBERS, Header, body_of, read_journal
from wrkr_store_files.rebuild import rebuild_feed
from wrkr_store_files.renewal import Touched, begin_journal, clear_temporary, flush

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_store_files.disk import Disk
    from wrkr_store_files.journal import Found
    from wrkr_store_files.layout import Layout


def recover(layout: Layout, disk: Disk, boot: str, *, opening: bool = False) -> None:
    """Make the store whole and begin a new journal, in the boot of that name.

    A handle that is ``opening`` says so: where boots have no name, the power may have been lost at
    any time before. Call it with the lock held.

    Raises: Corrupt, OSError.
    """
    clear_temporary(layout, disk)
    if look_at(layout.suspect) is not None:
        _flush_names(layout, disk)
    path = layout.journal if look_at(layout.journal) is not None else layout.suspect
    if look_at(path) is None:
        raise Corrupt("the journal is missing", hint="restore the store from a backup")
    header, found = read_journal(path)
    _write_again(layout, disk, path, found)
    touched = Touched()
    for each in found:
        touched.add(each.entry)
    flush(layout, disk, touched)
    pos, floor = (found[-1].entry.last if found else header.pos), header.floor
    feed = _write_feed(layout, disk, header, found, pos)
    if header.boot != boot or (opening and not boot):
        cut_unknown(layout, disk, pos)
        forget_torn(layout, disk)
        for name in names_in(layout.deleted):
            empty_tombstone(layout, disk, f"{layout.deleted}/{name}")
        pos = floor = header.reserve
    reserve = max(header.reserve, pos + NUMBERS)
    begin_journal(layout, disk, Header(1, boot, pos, floor, reserve, feed))


def _flush_names(layout: Layout, disk: Disk) -> None:
    """Flush every folder: which flush failed is not known, and names may not be on the disk yet."""
    streams = [f"{layout.streams}/{name}" for name in names_in(layout.streams)]
    tombstones = [f"{layout.deleted}/{name}" for name in names_in(layout.deleted)]
    above = (layout.streams, layout.deleted, layout.cells, layout.relaxed, layout.gone, layout.root)
    for folder in (*streams, *tombstones, *above):
        if look_at(folder) is not None:
            disk.sync_folder(folder)


def _write_again(layout: Layout, disk: Disk, path: str, found: Sequence[Found]) -> None:
    """Write every entry to its place; it is flushed first, as it may be seen afterwards."""
    journal = disk.open(path)
    try:
        disk.sync(journal)
        ends: dict[tuple[str, int], int] = {}
        for each in found:
            entry = each.entry
            make_stream_folder(layout, disk, entry.stream)
            segment = disk.open(layout.segment(entry.stream, entry.segment), create=True)
            try:
                disk.write(segment, body_of(journal, each), entry.offset)
            finally:
                disk.close(segment)
            ends[entry.stream, entry.segment] = entry.offset + entry.size
    finally:
        disk.close(journal)
    for (stream, first), end in ends.items():
        cut_file(disk, layout.segment(stream, first), end)


def _write_feed(
    layout: Layout, disk: Disk, header: Header, found: Sequence[Found], pos: int
) -> int:
    """Return the size of the feed once it is flushed with a row for every entry, and no more."""
    there = look_at(layout.feed)
    if there is None or there.st_size < header.feed:
        return rebuild_feed(layout, disk, pos)
    rows = b"".join(each.entry.row for each in found)
    size = header.feed + len(rows)
    feed = disk.open(layout.feed)
    try:
        disk.write(feed, rows, header.feed)
        if size_of(feed) > size:
            disk.truncate(feed, size)
        disk.sync(feed)
    finally:
        disk.close(feed)
    return size
