"""Find what is wrong in a store, by reading all of it; memory grows with the streams only."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import StoreError
from wrkr_store_files.cells import decode_cell
from wrkr_store_files.disk import look_at, names_in, read_file
from wrkr_store_files.feed import all_rows
from wrkr_store_files.folders import left_in_tombstone
from wrkr_store_files.journal import read_journal
from wrkr_store_files.layout import file_name
from wrkr_store_files.streams import StreamFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_store_files.layout import Layout


DELETED: Final = 1 << 63  # the first seq of a stream of which no record stays


@attrs.define
class _Tally:
    """How many records there are, and a number that depends on all of them in any order."""

    count: int = 0
    total: int = 0

    def add(self, seq: int, pos: int) -> None:
        self.count += 1
        self.total ^= hash((seq, pos))


def problems(layout: Layout) -> list[str]:
    """Return what is wrong, one sentence each. Raises: OSError."""
    for path in (layout.journal, layout.feed):
        if look_at(path) is None:
            return [f"{path} is missing; open the store to write, so that it can recover"]
    return [
        *_journal_problems(layout),
        *_record_problems(layout),
        *_cell_problems(layout),
        *_tombstone_problems(layout),
    ]


def _journal_problems(layout: Layout) -> Iterator[str]:
    try:
        header, found = read_journal(layout.journal)
    except StoreError as error:
        yield error.message
        return
    size = look_at(layout.feed)
    expected = found[-1].entry.feed if found else header.feed
    if size is not None and size.st_size != expected:
        yield (
            f"feed.jsonl has {size.st_size} bytes; by the journal it should have {expected}: "
            f"the next writer repairs it"
        )


def _record_problems(layout: Layout) -> Iterator[str]:
    """Yield what is wrong with records, each by itself and against the feed."""
    streams = StreamFiles(layout)
    firsts = {name: (streams.segments(name) or [1])[0] for name in streams.names()}
    known: dict[str, _Tally] = defaultdict(_Tally)
    horizon = 0
    try:
        for row in all_rows(layout.feed):
            if row.pos <= horizon:
                yield f"feed.jsonl: pos {row.pos} comes after {horizon}"
            horizon = row.last
            first = firsts.get(row.stream)
            if first is None:
                is_deleted = look_at(layout.tombstone(row.stream)) is not None
                first = firsts[row.stream] = DELETED if is_deleted else 1
            for place in range(max(0, first - row.seq), row.n):
                known[row.stream].add(row.seq + place, row.pos + place)
    except StoreError as error:
        yield error.message
        return
    for name in sorted(firsts):
        tally = _Tally()
        try:
            yield from _stream_problems(streams, name, horizon, tally)
        except StoreError as error:
            yield error.message
            continue
        if tally != known[name]:
            yield (
                f"stream {name}: it has {tally.count} records, the feed knows {known[name].count}, "
                f"and they are not the same"
            )


def _stream_problems(streams: StreamFiles, name: str, horizon: int, tally: _Tally) -> Iterator[str]:
    before = 0
    for record in streams.records(name):
        event = record.event
        if event.pos > horizon:
            return
        if event.pos <= before:
            yield f"stream {name}: record {event.seq} has pos {event.pos}, after {before}"
        before = event.pos
        tally.add(event.seq, event.pos)


def _cell_problems(layout: Layout) -> Iterator[str]:
    for folder in (layout.cells, layout.relaxed, layout.gone):
        for name in sorted(names_in(folder)):
            content = read_file(f"{folder}/{name}")
            cell = None if content is None else decode_cell(content)
            if content is not None and (cell is None or file_name(cell.key) != name):
                yield f"the cell in {folder}/{name} is damaged"


def _tombstone_problems(layout: Layout) -> Iterator[str]:
    for name in sorted(names_in(layout.deleted)):
        folder = f"{layout.deleted}/{name}"
        if left_in_tombstone(layout, folder):
            yield f"{folder} still has files; delete the stream again"
