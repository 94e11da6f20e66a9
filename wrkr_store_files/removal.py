"""Delete and trim streams, so that no file of the store holds what was removed.

Both begin a new journal first: the old one may hold the bytes, and its entries point into files
that will be gone.

Deleting is one rename, of the stream's folder to its tombstone, which is then emptied. Trimming
writes what stays of a segment to a new one, named after its first record. As a segment ends where
the next one begins, that changes nothing until the old ones are removed, the oldest first.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from wrkr_store_files.disk import close, look_at, open_to_read, read_at, size_of
from wrkr_store_files.folders import empty_tombstone, keep_name
from wrkr_store_files.scan import MOST
from wrkr_store_files.streams import StreamFiles

if TYPE_CHECKING:
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.layout import Layout
    from wrkr_store_files.writer import Writer


class Removal:
    """Removes records for one handle. Call it with the lock held."""

    def __init__(self, layout: Layout, disk: Disk, writer: Writer) -> None:
        """Remove from ``layout`` what ``writer`` keeps."""
        self._layout = layout
        self._disk = disk
        self._writer = writer
        self._streams = StreamFiles(layout)

    def delete(self, stream: str) -> None:
        """Leave nothing of the stream but a tombstone. Raises: StoreUnavailable, Corrupt, OSError."""
        self._writer.catch_up()
        tombstone, folder = self._layout.tombstone(stream), self._layout.stream(stream)
        if look_at(tombstone) is None:
            self._writer.renew()
            if look_at(folder) is None:
                self._disk.make_folder(tombstone)
            else:
                self._disk.replace(folder, tombstone)
            keep_name(self._layout, self._disk, tombstone, stream)
        # Flushed also when all of it was done: whoever did it may have died before this.
        self._disk.sync_folder(self._layout.streams)
        self._disk.sync_folder(self._layout.deleted)
        empty_tombstone(self._layout, self._disk, tombstone)

    def trim(self, stream: str, through: int) -> None:
        """Drop the records up to ``through``.

        Raises: ValueError, Deleted, StoreUnavailable, Corrupt, OSError.
        """
        self._writer.catch_up()
        head = self._writer.end_of(stream).head
        segments = self._streams.segments(stream)
        first = segments[0] if segments else 1
        if not first - 1 <= through < head:
            raise ValueError(
                f"through is {through}; records {first} to {head} are there and the last one stays"
            )
        if through < first:
            if first > 1:  # whoever trimmed it may have died before the flush
                self._disk.sync_folder(self._layout.stream(stream))
            return
        self._writer.renew()
        keep = through + 1
        if keep not in segments:
            self._copy(stream, segments[bisect_right(segments, keep) - 1], keep)
        for segment in segments:
            if segment < keep:
                self._disk.remove(self._layout.segment(stream, segment))
        self._disk.sync_folder(self._layout.stream(stream))

    def _copy(self, stream: str, segment: int, keep: int) -> None:
        """Write what a segment has from ``keep`` on to a segment of that name."""
        temporary = f"{self._layout.temporary}/segment"
        source = open_to_read(self._layout.segment(stream, segment))
        try:
            end = size_of(source)
            start = self._streams.offset_of(stream, segment, keep, end)
            target = self._disk.open(temporary, create=True)
            try:
                for offset in range(start, end, MOST):
                    block = read_at(source, min(MOST, end - offset), offset)
                    self._disk.write(target, block, offset - start)
                self._disk.sync(target)
            finally:
                self._disk.close(target)
        finally:
            close(source)
        self._disk.replace(temporary, self._layout.segment(stream, keep))
        self._disk.sync_folder(self._layout.stream(stream))
