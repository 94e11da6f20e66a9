"""The journal: what is not yet flushed in its place, in one file that is.

An append goes through three files, in this order:

1. ``journal.jsonl`` gets an entry: which stream, segment and offset, and the lines themselves. One
   ``fdatasync`` of this file makes every append of a group durable, whatever streams they go to.
2. The stream's segment gets the lines, without a flush.
3. ``feed.jsonl`` gets a row, without a flush. From then on everybody sees the batch.

So nobody ever sees what a crash could take away, and whoever holds the lock and finds a journal
with more in it than the feed finishes what another began: the entries are written to their places
again, byte for byte, which changes nothing where it was done before. After a loss of power the
journal is the truth about everything since it was begun: streams and feed get what it says and lose
what it does not, so the store is as it was at one instant, and never out of order.

When the journal is long enough, its streams and the feed are flushed and a new one is begun, beside
the old one and then renamed over it: readers of the old never see a half. A new file number tells
other processes that what they know of the streams may be out of date. ``delete`` and ``trim`` begin
a new one first too, so that no deleted byte stays here and no entry points to a file that is gone.

Numbers that somebody may have seen are never given out twice. What is not flushed can be lost after
it was seen, so a journal says in its first line where numbers go on after a loss of power
(``reserve``) and no larger number is used under it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from wrkr_core.errors import Corrupt
from wrkr_store_files.disk import close, open_to_read, read_at, size_of
from wrkr_store_files.feed import Row, encode_row
from wrkr_store_files.lines import seal_row, unseal
from wrkr_store_files.scan import SMALL, lines_back, lines_from

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS: Final = 1 << 20  # positions and versions that one journal may give out
ENTRY: Final = b'{"entry":'


class Header(msgspec.Struct, frozen=True):
    """The first line: the state in which everything before this journal is flushed.

    ``boot`` names the boot it belongs to, empty where boots have no name. ``pos`` is the highest
    used so far, versions of cells start beyond ``floor``, and no number beyond ``reserve`` is used.
    ``feed`` is the size of the feed in bytes.
    """

    journal: int
    boot: str
    pos: int
    floor: int
    reserve: int
    feed: int


class Entry(msgspec.Struct, frozen=True):
    """A batch and its place; ``entry`` is its first pos, followed by ``size`` bytes of lines.

    ``feed`` is the size of the feed with this batch's row in it. ``synced`` is how far the journal
    was known to be flushed when this was written: up to there nothing can be torn.
    """

    entry: int
    n: int
    seq: int
    stream: str
    segment: int
    offset: int
    size: int
    crc32: int
    feed: int
    synced: int

    @property
    def last(self) -> int:
        """The pos of the batch's last record."""
        return self.entry + self.n - 1

    @property
    def row(self) -> bytes:
        """The line this batch has in the feed."""
        return encode_row(Row(self.entry, self.n, self.seq, self.stream))


_decode_header: Final = msgspec.json.Decoder(Header).decode
_decode_entry: Final = msgspec.json.Decoder(Entry).decode


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it stands in the journal; its lines begin at ``body``."""

    entry: Entry
    start: int
    body: int

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.body + self.entry.size


def encode_header(header: Header) -> bytes:
    """Return the first line of a journal."""
    return seal_row(header)


def encode_entry(entry: Entry, body: bytes) -> bytes:
    """Return an entry with its lines."""
    return seal_row(entry) + body


def read_header(descriptor: int) -> tuple[Header, int]:
    """Return a journal's header and the offset behind it. Raises: Corrupt."""
    for _, line in lines_from(descriptor, 0, size_of(descriptor), SMALL):
        body = unseal(line)
        try:
            if body is not None:
                return _decode_header(body + b"}"), len(line)
        except msgspec.DecodeError:
            pass
        break
    raise Corrupt("the journal has no header", hint="restore the store from a backup")


def last_entry(descriptor: int, start: int) -> Found | None:
    """Return the entry the journal ends in; None if it ends in none, or in half of one.

    Reads only the end of the file; the caller knows whether the journal is empty.
    """
    end = size_of(descriptor)
    for offset, line in lines_back(descriptor, end):
        if offset < start:
            return None
        if line.startswith(ENTRY):
            found = _entry_at(descriptor, offset, line)
            return found if found is not None and found.end == end else None
    return None


def read_journal(path: str) -> tuple[Header, list[Found]]:
    """Return header and entries of a journal, up to the first entry that is torn.

    Raises:
        Corrupt: One that was flushed is damaged: a later one says so.
        OSError: It cannot be read.

    """
    descriptor = open_to_read(path)
    try:
        header, start = read_header(descriptor)
        found = list(_entries(descriptor, start))
        end = found[-1].end if found else start
        if end < size_of(descriptor):
            _check_torn(descriptor, end)
        return header, found
    finally:
        close(descriptor)


def _entries(descriptor: int, start: int) -> Iterator[Found]:
    """Yield entries one behind the other, up to the first that is not whole."""
    found: Found | None = None
    left = checksum = 0
    for offset, line in lines_from(descriptor, start, size_of(descriptor)):
        if found is None:
            entry = _decode(line)
            if entry is None:
                return
            found = Found(entry=entry, start=offset, body=offset + len(line))
            left, checksum = entry.size, 0
            continue
        checksum = crc32(line, checksum)
        left -= len(line)
        if left > 0:
            continue
        if left < 0 or checksum != found.entry.crc32:
            return
        yield found
        found = None


def body_of(descriptor: int, found: Found) -> bytes:
    """Return the lines of an entry."""
    return read_at(descriptor, found.entry.size, found.body)


def _check_torn(descriptor: int, start: int) -> None:
    """Refuse a bad entry at ``start`` if a good one behind it shows that it was flushed."""
    for offset, line in lines_from(descriptor, start, size_of(descriptor)):
        place = line.rfind(ENTRY)  # behind other bytes, where a newline was damaged
        if place >= 0:
            later = _entry_at(descriptor, offset + place, line[place:])
            if later is not None and later.entry.synced > start:
                raise Corrupt(
                    f"bad entry at byte {start} of the journal, with good ones after it",
                    offset=start,
                    hint="restore the store from a backup",
                )


def _entry_at(descriptor: int, offset: int, line: bytes) -> Found | None:
    """Return the entry whose first line is given, None unless all of it is as it was written."""
    entry = _decode(line)
    if entry is None:
        return None
    found = Found(entry=entry, start=offset, body=offset + len(line))
    body = body_of(descriptor, found)
    return found if len(body) == entry.size and crc32(body) == entry.crc32 else None


def _decode(line: bytes) -> Entry | None:
    head = unseal(line)
    try:
        return None if head is None else _decode_entry(head + b"}")
    except msgspec.DecodeError:
        return None
