"""Make the feed again from the streams, in the order of pos, without holding either in memory."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from wrkr_store_files.feed import Row, encode_row
from wrkr_store_files.streams import StreamFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_store_files.disk import Disk
    from wrkr_store_files.layout import Layout


def batches(streams: StreamFiles, stream: str) -> Iterator[Row]:
    """Yield the rows the feed should have for a stream, as far as it is not trimmed.

    Raises: Corrupt, OSError.
    """
    pos = seq = n = 0
    for record in streams.records(stream):
        if not n:
            pos, seq = record.event.pos, record.event.seq
        n += 1
        if record.place == record.count:
            yield Row(pos, n, seq, stream)
            n = 0


def rebuild_feed(layout: Layout, disk: Disk, most: int) -> int:
    """Replace the feed by one made of the batches up to pos ``most``; returns its size, flushed.

    Raises: Corrupt, OSError.
    """
    streams = StreamFiles(layout)
    rows = heapq.merge(
        *(batches(streams, name) for name in streams.names()), key=lambda row: row.pos
    )
    temporary = f"{layout.temporary}/feed"
    feed = disk.open(temporary, create=True)
    size = 0
    try:
        for row in rows:
            if row.last > most:
                break
            line = encode_row(row)
            disk.write(feed, line, size)
            size += len(line)
        disk.sync(feed)
    finally:
        disk.close(feed)
    disk.replace(temporary, layout.feed)
    disk.sync_folder(layout.root)
    return size
