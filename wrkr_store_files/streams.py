"""Read the streams: which segments there are, where a stream ends, and its records from a seq on.

Readers take no lock. They believe nothing beyond the ``horizon``, the pos of the last batch in the
feed, which is written last; and nothing of a batch whose last line is missing. So a half-written or
half-flushed tail is not there for them. A terminated line that is not a record is damage.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core.errors import Corrupt, Deleted, Trimmed
from wrkr_store_files.disk import close, look_at, names_in, open_to_read, read_file, size_of
from wrkr_store_files.layout import name_of, segment_first, segment_name
from wrkr_store_files.lines import decode_record
from wrkr_store_files.scan import lines_back, lines_from, seek

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.store import Event
    from wrkr_store_files.layout import Layout
    from wrkr_store_files.lines import Record

NO_HORIZON: Final = 1 << 63
LOOKS: Final = 5  # a writer that trims can take a segment away under a reader, a few times at most
REMEMBERED: Final = 1024  # streams of which a place to read on is kept


class End(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stream ends: its newest batch and how far into which segment that reaches.

    ``head`` 0 is a stream without records. ``size`` is the offset behind the batch.
    """

    segment: int = 0
    size: int = 0
    head: int = 0
    pos: int = 0


class _Place(msgspec.Struct, frozen=True):
    """The offset at which a seq starts."""

    segment: int
    seq: int
    offset: int


class StreamFiles:
    """Reads the streams of one store. Thread-safe; keeps no file open and no record in memory."""

    def __init__(self, layout: Layout) -> None:
        """Read what is under ``layout``."""
        self._layout = layout
        self._places: dict[str, _Place] = {}

    def segments(self, stream: str) -> list[int]:
        """Return the first seq of each segment, in order; empty if there is no such stream."""
        names = names_in(self._layout.stream(stream))
        return sorted(first for name in names if (first := segment_first(name)) is not None)

    def check_not_deleted(self, stream: str) -> None:
        """Refuse a stream with a tombstone. Raises: Deleted."""
        if look_at(self._layout.tombstone(stream)) is not None:
            raise Deleted(f"stream {stream} was deleted", stream=stream)

    def end(self, stream: str, horizon: int = NO_HORIZON) -> tuple[int, End] | None:
        """Return the first seq and the end of a stream; None if nothing of it can be seen.

        Raises: Corrupt.
        """
        for _ in range(LOOKS):
            segments = self.segments(stream)
            try:
                end = self._end(stream, segments, horizon)
            except FileNotFoundError:
                continue
            return (segments[0], end) if end.head else None
        raise Corrupt(f"stream {stream}: its segments cannot be opened", stream=stream)

    def read(self, stream: str, after: int, limit: int, horizon: int = NO_HORIZON) -> list[Event]:
        """Return up to ``limit`` records after ``after``; empty if there is no such stream.

        Raises: Trimmed, Corrupt.
        """
        for _ in range(LOOKS):
            segments = self.segments(stream)
            if not segments:
                return []
            if after + 1 < segments[0]:
                raise Trimmed(stream, segments[0])
            try:
                return self._read(stream, segments, after, limit, horizon)
            except FileNotFoundError:
                continue
        raise Corrupt(f"stream {stream}: its segments cannot be opened", stream=stream)

    def is_trimmed(self, stream: str) -> bool:
        """Tell whether a stream begins later than it did."""
        return self.segments(stream)[:1] > [1]

    def names(self) -> list[str]:
        """Return the names of all streams that have a folder, in no order."""
        return [name for file in names_in(self._layout.streams) if (name := self._name(file))]

    def records(self, stream: str) -> Iterator[Record]:
        """Yield every whole record of a stream, one by one. Raises: Corrupt, OSError."""
        segments = self.segments(stream)
        seq = segments[0] if segments else 0
        end = self._end(stream, segments, NO_HORIZON)
        for segment, following in pairwise([*segments, end.head + 1]):
            descriptor = open_to_read(self._layout.segment(stream, segment))
            try:
                for offset, line in lines_from(descriptor, 0, size_of(descriptor)):
                    if seq >= following:
                        break
                    record = decode_record(line, stream)
                    if record is None or record.event.seq != seq:
                        raise bad_line(stream, segment, offset)
                    yield record
                    seq += 1
            finally:
                close(descriptor)
            if seq < following:
                raise missing_record(stream, segment, seq)

    def offset_of(self, stream: str, segment: int, seq: int, end: int) -> int:
        """Return where the line of ``seq`` starts in a segment that ends at ``end``."""
        descriptor = open_to_read(self._layout.segment(stream, segment))
        try:
            return seek(descriptor, end, seq)
        finally:
            close(descriptor)

    def _end(self, stream: str, segments: list[int], horizon: int) -> End:
        for segment in reversed(segments):
            descriptor = open_to_read(self._layout.segment(stream, segment))
            try:
                end = _end_of(descriptor, stream, segment, horizon)
            finally:
                close(descriptor)
            if end.head:
                return end
        return End(segment=segments[0] if segments else 0)

    def _read(
        self, stream: str, segments: list[int], after: int, limit: int, horizon: int
    ) -> list[Event]:
        end = self._end(stream, segments, horizon)
        last = min(after + limit, end.head)
        found: list[Event] = []
        index = bisect_right(segments, after + 1) - 1
        while (wanted := after + 1 + len(found)) <= last:
            segment = segments[index]
            index += 1
            until = min(last, segments[index] - 1) if segment != end.segment else last
            most = end.size if segment == end.segment else None
            found += self._read_segment(stream, segment, wanted, until, most)
        return found

    def _read_segment(
        self, stream: str, segment: int, wanted: int, until: int, most: int | None
    ) -> list[Event]:
        """Return the records ``wanted`` to ``until`` of a segment, all of them. Raises: Corrupt."""
        descriptor = open_to_read(self._layout.segment(stream, segment))
        try:
            size = size_of(descriptor) if most is None else most
            place = self._places.get(stream)
            if place is None or (place.segment, place.seq) != (segment, wanted):
                place = _Place(segment, wanted, seek(descriptor, size, wanted))
            found, offset = _records(descriptor, stream, place, until, size)
        finally:
            close(descriptor)
        if len(self._places) >= REMEMBERED:
            self._places = {}
        self._places[stream] = _Place(segment, until + 1, offset)
        return found

    def _name(self, file: str) -> str | None:
        name = name_of(file)
        if name is not None:
            return name
        kept = read_file(self._layout.name_file(f"{self._layout.streams}/{file}"))
        return None if kept is None else kept.decode()

    def forget(self) -> None:
        """Forget where to read on."""
        self._places = {}


def _records(
    descriptor: int, stream: str, place: _Place, until: int, size: int
) -> tuple[list[Event], int]:
    """Return the records from ``place`` to ``until`` and the offset behind them."""
    found: list[Event] = []
    seq = place.seq
    for offset, line in lines_from(descriptor, place.offset, size):
        record = decode_record(line, stream)
        if record is None or record.event.seq != seq:
            raise bad_line(stream, place.segment, offset)
        found.append(record.event)
        if seq == until:
            return found, offset + len(line)
        seq += 1
    raise missing_record(stream, place.segment, seq)


def _end_of(descriptor: int, stream: str, segment: int, horizon: int) -> End:
    """Return the last whole batch of a segment up to ``horizon``. Raises: Corrupt."""
    for offset, line in lines_back(descriptor, size_of(descriptor)):
        record = decode_record(line, stream)
        if record is None:
            raise bad_line(stream, segment, offset)
        if record.place == record.count and record.event.pos <= horizon:
            event = record.event
            return End(segment=segment, size=offset + len(line), head=event.seq, pos=event.pos)
    return End(segment=segment)


def bad_line(stream: str, segment: int, offset: int) -> Corrupt:
    """Return the error for a line that is not the record it should be."""
    return Corrupt(
        f"stream {stream}: bad record at byte {offset} of {segment_name(segment)}",
        stream=stream,
        segment=segment_name(segment),
        offset=offset,
        hint="restore the store from a backup; `check()` lists everything that is damaged",
    )


def missing_record(stream: str, segment: int, seq: int) -> Corrupt:
    """Return the error for a segment that ends before it should."""
    return Corrupt(
        f"stream {stream}: record {seq} is missing in {segment_name(segment)}",
        stream=stream,
        segment=segment_name(segment),
        seq=seq,
        hint="restore the store from a backup; `check()` lists everything that is damaged",
    )
