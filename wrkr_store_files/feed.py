"""The feed: one row per batch, in the order of the whole store.

A row is written last, after the batch is in the journal and in its stream, and so it is what makes
the batch visible: the pos at the end of the last row is the horizon of every reader. The rows hold
no data, only where to find it, and can be made again from the streams.

A row whose records are gone (trimmed, deleted) is passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core.errors import Corrupt, Trimmed
from wrkr_store_files.disk import close, look_at, open_to_read, size_of
from wrkr_store_files.lines import seal_row, unseal
from wrkr_store_files.scan import lines_back, lines_from, seek

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wrkr_core.store import Event
    from wrkr_store_files.layout import Layout
    from wrkr_store_files.streams import StreamFiles

REMEMBERED: Final = 256  # cursors of which the offset to read on is kept
ROWS: Final = 1000  # most rows looked at together


class Row(msgspec.Struct, frozen=True):
    """A batch: its first pos, its number of records, its first seq, its stream."""

    pos: int
    n: int
    seq: int
    stream: str

    @property
    def last(self) -> int:
        """The pos of the batch's last record."""
        return self.pos + self.n - 1


_decode: Final = msgspec.json.Decoder(Row).decode


def encode_row(row: Row) -> bytes:
    """Return the line of a row."""
    return seal_row(row)


def decode_row(line: bytes) -> Row | None:
    """Return the row of a line, None if it is not the line of one."""
    body = unseal(line)
    try:
        return None if body is None else _decode(body + b"}")
    except msgspec.DecodeError:
        return None


class _Seen(msgspec.Struct, frozen=True):
    """The end of the feed as found in the file of that identity and size."""

    identity: tuple[int, int]
    size: int
    horizon: int


class Feed:
    """Reads the feed of one store. Thread-safe."""

    def __init__(self, layout: Layout, streams: StreamFiles) -> None:
        """Read the feed of ``layout``, records from ``streams``."""
        self._path = layout.feed
        self._streams = streams
        self._seen = _Seen((0, -1), 0, 0)
        self._offsets: dict[int, int] = {}

    def horizon(self) -> int:
        """Return the pos up to which everything can be seen. Raises: Corrupt."""
        return self._end().horizon

    def identity(self) -> tuple[int, int]:
        """Return what changes whenever the feed grows: the file's number and size."""
        found = look_at(self._path)
        return (found.st_ino, found.st_size) if found else (0, 0)

    def remember(self, identity: tuple[int, int], horizon: int) -> None:
        """Take over where the feed ends from who has just written it."""
        self._seen = _Seen(identity, identity[1], horizon)

    def forget(self) -> None:
        """Forget what was seen of the feed."""
        self._seen = _Seen((0, -1), 0, 0)
        self._offsets = {}

    def page(self, after: int, limit: int) -> tuple[list[Event], int]:
        """Return up to ``limit`` records with a pos beyond ``after`` and the pos to go on from."""
        found: list[Event] = []
        while len(found) < limit:
            rows = self.rows(after, limit - len(found))
            if not rows:
                return found, after
            found += self._records(rows, after)
            after = rows[-1].last
        return found[:limit], found[limit - 1].pos

    def rows(self, after: int, enough: int) -> list[Row]:
        """Return the rows beyond ``after`` until they hold ``enough`` records. Raises: Corrupt."""
        end = self._end()
        if after >= end.horizon:
            return []
        descriptor = open_to_read(self._path)
        try:
            return self._rows(descriptor, end.size, after, enough)
        finally:
            close(descriptor)

    def _rows(self, descriptor: int, end: int, after: int, enough: int) -> list[Row]:
        found: list[Row] = []
        total = 0
        start = self._offsets.get(after)
        if start is None or start >= end:
            start = seek(descriptor, end, after + 1)
        for offset, line in lines_from(descriptor, start, end):
            row = decode_row(line)
            if row is None:
                raise bad_row(offset)
            if row.last <= after:
                continue
            found.append(row)
            total += row.n
            if total >= enough or len(found) >= ROWS:
                if len(self._offsets) >= REMEMBERED:
                    self._offsets = {}
                self._offsets[row.last] = offset + len(line)
                break
        return found

    def _records(self, rows: Sequence[Row], after: int) -> list[Event]:
        """Return the records of ``rows`` that are still there, in the feed's order."""
        by_stream: dict[str, list[Row]] = {}
        for row in rows:
            by_stream.setdefault(row.stream, []).append(row)
        found: list[Event] = []
        for stream, own in by_stream.items():
            first, last = min(row.seq for row in own), max(row.seq + row.n for row in own) - 1
            events = self._range(stream, first, last)
            at = {event.pos: event for event in events}
            for row in own:
                wanted = range(max(row.pos, after + 1), row.last + 1)
                found += [at[pos] for pos in wanted if pos in at]
        found.sort(key=lambda event: event.pos)
        return found

    def _range(self, stream: str, first: int, last: int) -> list[Event]:
        """Return the records ``first`` to ``last`` of a stream, as far as they are there."""
        while True:
            try:
                return self._streams.read(stream, first - 1, last - first + 1, self.horizon())
            except Trimmed as trimmed:
                if trimmed.first > last:
                    return []
                first = trimmed.first

    def _end(self) -> _Seen:
        identity = self.identity()
        if self._seen.identity == identity:
            return self._seen
        if identity[1] == 0:
            return _Seen(identity, 0, 0)
        descriptor = open_to_read(self._path)
        try:
            identity = (identity[0], size_of(descriptor))
            if identity[0] != self._seen.identity[0]:
                self._offsets = {}
            for offset, line in lines_back(descriptor, identity[1]):
                row = decode_row(line)
                if row is None:
                    raise bad_row(offset)
                self._seen = _Seen(identity, offset + len(line), row.last)
                return self._seen
        finally:
            close(descriptor)
        return _Seen(identity, 0, 0)


def all_rows(path: str) -> Iterator[Row]:
    """Yield every row of a feed. Raises: Corrupt, OSError."""
    descriptor = open_to_read(path)
    try:
        for offset, line in lines_from(descriptor, 0, size_of(descriptor)):
            row = decode_row(line)
            if row is None:
                raise bad_row(offset)
            yield row
    finally:
        close(descriptor)


def bad_row(offset: int) -> Corrupt:
    """Return the error for a line of the feed that is not a row."""
    return Corrupt(
        f"bad row at byte {offset} of feed.jsonl",
        offset=offset,
        hint="feed.jsonl can be made again: move it away and open the store",
    )
