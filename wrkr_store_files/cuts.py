"""After a loss of power: cut off what the journal does not know of.

Such records were written without a flush, and something older than they may be lost. They are told
by their pos. Behind them can be anything, where the file got its size but not its bytes. But what
the feed has a row for was flushed: if that cannot be read, it is damage. Then nothing is cut, and
the stream is made to end in a bad line, so that whoever reads it is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from wrkr_store_files.disk import close, open_to_read, read_at, size_of
from wrkr_store_files.feed import all_rows
from wrkr_store_files.lines import decode_record
from wrkr_store_files.scan import lines_back
from wrkr_store_files.streams import StreamFiles

if TYPE_CHECKING:
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.layout import Layout


@attrs.frozen(kw_only=True)
class Cut:
    """How much of a segment to keep; ``damaged`` if what goes is not all whole records."""

    stream: str
    segment: int
    size: int
    head: int
    damaged: bool


def cut_unknown(layout: Layout, disk: Disk, pos: int) -> None:
    """Cut off what lies beyond ``pos``, the last the journal knows. Raises: Corrupt, OSError."""
    streams = StreamFiles(layout)
    cuts = [cut for stream in streams.names() for cut in _cuts(layout, streams, stream, pos)]
    heads = _flushed_heads(layout, {cut.stream for cut in cuts if cut.damaged})
    for cut in cuts:
        path = layout.segment(cut.stream, cut.segment)
        if cut.head < heads.get(cut.stream, 0):
            _end_line(disk, path)
        elif cut.size:
            cut_file(disk, path, cut.size)
        else:
            disk.remove(path)
            disk.sync_folder(layout.stream(cut.stream))


def cut_file(disk: Disk, path: str, size: int) -> None:
    """Cut a file to ``size`` bytes, flushed, if it has more. Raises: OSError."""
    descriptor = disk.open(path)
    try:
        if size_of(descriptor) > size:
            disk.truncate(descriptor, size)
            disk.sync(descriptor)
    finally:
        disk.close(descriptor)


def _cuts(layout: Layout, streams: StreamFiles, stream: str, pos: int) -> list[Cut]:
    """Return the cuts of a stream, the last segment first."""
    cuts: list[Cut] = []
    for segment in reversed(streams.segments(stream)):
        cut = _cut_of(layout, stream, segment, pos)
        if cut is not None:
            cuts.append(cut)
        if cut is None or cut.size:
            break
    return cuts


def _cut_of(layout: Layout, stream: str, segment: int, pos: int) -> Cut | None:
    """Return where to cut a segment, None if nowhere."""
    damaged, keep, head = False, 0, segment - 1
    descriptor = open_to_read(layout.segment(stream, segment))
    try:
        size = end = size_of(descriptor)
        for offset, line in lines_back(descriptor, size):
            damaged |= offset + len(line) != end
            end = offset
            record = decode_record(line, stream)
            if record is None:
                damaged = True
            elif record.event.pos <= pos:
                keep, head = offset + len(line), record.event.seq
                break
    finally:
        close(descriptor)
    if size and keep == size:
        return None
    damaged |= not keep
    return Cut(stream=stream, segment=segment, size=keep, head=head, damaged=damaged)


def _flushed_heads(layout: Layout, streams: set[str]) -> dict[str, int]:
    """Return the head the feed has for each of ``streams``."""
    heads = dict.fromkeys(streams, 0)
    for row in all_rows(layout.feed) if streams else ():
        if row.stream in heads:
            heads[row.stream] = row.seq + row.n - 1
    return heads


def _end_line(disk: Disk, path: str) -> None:
    """End a file in a newline, so that its last line is not taken for one being written."""
    descriptor = disk.open(path)
    try:
        size = size_of(descriptor)
        if not size or read_at(descriptor, 1, size - 1) != b"\n":
            disk.write(descriptor, b"\n", size)
            disk.sync(descriptor)
    finally:
        disk.close(descriptor)
