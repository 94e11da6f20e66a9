"""Decide what becomes of each append of a group, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from wrkr_core.errors import Conflict, Corrupt, Trimmed
from wrkr_core.store import Appended, NewEvent
from wrkr_store_files.disk import look_at, size_of
from wrkr_store_files.feed import Row, encode_row
from wrkr_store_files.journal import Entry, encode_entry
from wrkr_store_files.lines import encode_record
from wrkr_store_files.streams import End

if TYPE_CHECKING:
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.layout import Layout
    from wrkr_store_files.standing import Standing
    from wrkr_store_files.streams import StreamFiles

REMEMBERED: Final = 4096  # streams of which the end is kept


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One call of ``append``."""

    stream: str
    expected: int
    events: tuple[NewEvent, ...]
    durable: bool


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """An append that can be made: bytes for the journal, the stream and the feed."""

    index: int
    entry: Entry
    journal: bytes
    lines: bytes
    row: bytes
    end: End


class Ends:
    """The ends of streams as a writer has to know them: what hangs over is cut off."""

    def __init__(self, layout: Layout, disk: Disk, streams: StreamFiles) -> None:
        """Know no stream yet."""
        self._layout = layout
        self._disk = disk
        self._streams = streams
        self._known: dict[str, End] = {}

    def forget(self) -> None:
        """Know no stream any more: another process has written."""
        self._known = {}

    def put(self, stream: str, end: End) -> None:
        """Take over the end from who has just appended."""
        if len(self._known) >= REMEMBERED:
            self._known = {}
        self._known[stream] = end

    def get(self, stream: str, most: int) -> End:
        """Return the end of a stream in a store that has got to pos ``most``.

        Raises: Deleted, Corrupt, OSError.
        """
        end = self._known.get(stream)
        if end is not None:
            file = look_at(self._layout.segment(stream, end.segment))
            if file is not None and file.st_size == end.size:
                return end
        self._streams.check_not_deleted(stream)
        found = self._streams.end(stream)
        end = found[1] if found else End()
        if end.pos > most:
            raise Corrupt(
                f"stream {stream} is ahead of the journal",
                stream=stream,
                hint="was the folder copied while it was written? Use a backup",
            )
        self._cut(stream, end)
        if end.head:
            self.put(stream, end)
        return end

    def _cut(self, stream: str, end: End) -> None:
        """Cut off the half of a batch that somebody has left behind."""
        for segment in self._streams.segments(stream):
            path = self._layout.segment(stream, segment)
            if segment > end.segment:
                self._disk.remove(path)
                self._disk.sync_folder(self._layout.stream(stream))
            elif segment == end.segment:
                descriptor = self._disk.open(path)
                try:
                    if size_of(descriptor) > end.size:
                        self._disk.truncate(descriptor, end.size)
                        self._disk.sync(descriptor)
                finally:
                    self._disk.close(descriptor)


class Plan:
    """A group of appends that can be made together, and where the store stands after them."""

    def __init__(
        self, standing: Standing, ends: Ends, streams: StreamFiles, segment_bytes: int
    ) -> None:
        """Plan from where the store stands."""
        self._standing = standing
        self._ends = ends
        self._streams = streams
        self._segment_bytes = segment_bytes
        self._grown: dict[str, End] = {}
        self.pos = standing.pos
        self.feed_size = standing.feed_size
        self.planned: list[Planned] = []
        self.replayed: list[tuple[int, Appended]] = []
        self.later: list[int] = []
        self.durable = False

    def add(self, index: int, request: Request) -> None:
        """Plan one append, the ``index``-th of the group.

        Raises: Conflict, Deleted, Corrupt, OSError.
        """
        stream = request.stream
        grown = self._grown.get(stream)
        end = grown or self._ends.get(stream, self._standing.pos)
        if end.head == request.expected:
            self._extend(index, request, end)
        elif grown is not None:  # what to say depends on an append that is not made yet
            self.later.append(index)
            return
        else:
            self.replayed.append((index, self._replay(request, end)))
        self.durable |= request.durable

    def _extend(self, index: int, request: Request, end: End) -> None:
        count = len(request.events)
        seq, pos = end.head + 1, self.pos + 1
        lines = b"".join(
            [
                encode_record(event, seq=seq + i, pos=pos + i, place=i + 1, count=count)
                for i, event in enumerate(request.events)
            ]
        )
        row = encode_row(Row(pos, count, seq, request.stream))
        fresh = not end.head or end.size >= self._segment_bytes
        segment, offset = (seq, 0) if fresh else (end.segment, end.size)
        self.pos += count
        self.feed_size += len(row)
        entry = Entry(
            entry=pos,
            n=count,
            seq=seq,
            stream=request.stream,
            segment=segment,
            offset=offset,
            size=len(lines),
            crc32=crc32(lines),
            feed=self.feed_size,
            synced=self._standing.synced,
        )
        after = End(segment=segment, size=offset + len(lines), head=end.head + count, pos=self.pos)
        self._grown[request.stream] = after
        journal = encode_entry(entry, lines)
        self.planned.append(
            Planned(index=index, entry=entry, journal=journal, lines=lines, row=row, end=after)
        )

    def _replay(self, request: Request, end: End) -> Appended:
        """Return the original result if these records are already there. Raises: Conflict (A3)."""
        expected, count = request.expected, len(request.events)
        if expected + count <= end.head:
            try:
                found = self._streams.read(request.stream, expected, count)
            except Trimmed:
                found = []
            if [event.id for event in found] == [event.id for event in request.events]:
                return Appended(found[-1].seq, found[-1].pos, replayed=True)
        raise Conflict(request.stream, expected, end.head)
