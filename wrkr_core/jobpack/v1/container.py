"""Reading the archive of a v1 jobpack, which may be any plain zip: bounded, and never extracted.

v1 does not fix the bytes of its archive as ``wrkr-zip/1`` does. Its own writer stores entries and
puts their sums behind them, other writers put them before, some compress; v1's reader takes all of
that. So does this one, from the central directory, as every reader does. But it leaves no room for
a second reading: entries lie one behind the other from the first byte to the central directory, the
end record is the last thing in the file, and what both headers of an entry say must agree.

Three kinds of answer: what no reader can open is an ``UnreadableError``, v1's own code. What another
reader might understand in another way, or what is too large, is refused at once. What is harmless
to look further into (names, links, headers that disagree) is kept as ``overlooked`` until v1's own
checks are through, because a pack that fails those must fail under their code.
"""

from __future__ import annotations

import struct
import zlib
from typing import IO, TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import VerifyMalformedError
from wrkr_core.jobpack.archive import LONGEST_NAME, Limits
from wrkr_core.jobpack.v1.failures import Overlooked, UnreadableError, too_large
from wrkr_core.jobpack.v1.headers import (
    CENTRAL,
    DESCRIPTOR,
    HAS_DESCRIPTOR,
    LOCAL,
    Header,
    disagreement,
    peculiarity,
)
from wrkr_core.jobpack.v1.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator

STORED: Final = 0
DEFLATED: Final = 8

_END: Final = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT: Final = 2**16 - 1
_MOST_EXTRA: Final = 64
_CHUNK: Final = 2**18
_ZIP64: Final = (2**16 - 1, 2**32 - 1)


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of an archive.

    ``size`` is that of the content, ``packed_size`` what it takes in the file from ``offset`` on,
    which is less where it ``is_deflated``.
    """

    name: str
    offset: int
    size: int
    packed_size: int
    crc32: int
    is_deflated: bool


@attrs.frozen(kw_only=True)
class Contents:
    """The entries of an archive in the order in which they lie, and what v1 lets pass in them."""

    entries: tuple[Entry, ...]
    overlooked: Overlooked


def scan(file: IO[bytes], limits: Limits | None = None) -> Contents:
    """Return what is in an archive, after checking every byte of it that is not content.

    Raises:
        UnreadableError: No reader can open it.
        VerifyMalformedError: It is larger than ``limits``, or can be understood in two ways.

    """
    scanning = _Scanning(file, limits or Limits())
    return scanning.contents()


def stream(file: IO[bytes], entry: Entry) -> Iterator[bytes]:
    """Yield the content of an entry in chunks; only when they end without error are they its own.

    Never more than ``entry.size`` bytes and a chunk are unpacked, whatever the archive holds.

    Raises: UnreadableError: it does not unpack to the size and checksum stated for it.
    """
    size = checksum = 0
    for chunk in _inflated(file, entry) if entry.is_deflated else _packed(file, entry):
        size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
        if size > entry.size:
            break
        yield chunk
    if (size, checksum) != (entry.size, entry.crc32):
        raise _damaged(entry, "has not the size and checksum stated for it")


def read(file: IO[bytes], entry: Entry, most: int) -> bytes:
    """Return the whole content of an entry. Raises: as ``stream``, and when it is over ``most``."""
    require_size(entry, most)
    return b"".join(stream(file, entry))


def require_size(entry: Entry, most: int) -> None:
    """Require that an entry has at most so many bytes. Raises: VerifyMalformedError."""
    if entry.size > most:
        raise too_large(f"entry {entry.name!r} has {entry.size} bytes", most, entry=entry.name)


def _packed(file: IO[bytes], entry: Entry) -> Iterator[bytes]:
    done = 0
    while done < entry.packed_size:
        file.seek(entry.offset + done)
        chunk = file.read(min(_CHUNK, entry.packed_size - done))
        if not chunk:
            raise _damaged(entry, "ends early")
        done += len(chunk)
        yield chunk


def _inflated(file: IO[bytes], entry: Entry) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for packed in _packed(file, entry):
            rest = packed
            while rest:
                yield inflater.decompress(rest, _CHUNK)
                rest = inflater.unconsumed_tail
            if inflater.unused_data:
                break
        yield inflater.flush()
    except zlib.error as error:
        raise _damaged(entry, f"cannot be unpacked ({error})") from error
    if not inflater.eof or inflater.unused_data:
        raise _damaged(entry, "does not end where its packed bytes end")


def _damaged(entry: Entry, problem: str) -> UnreadableError:
    return UnreadableError(
        f"the content of entry {entry.name!r} {problem}",
        hint="ask for the jobpack again; it was damaged on its way or changed",
        reason="checksum",
        entry=entry.name,
        offset=entry.offset,
    )


class _Scanning:
    """One pass over the headers of an archive."""

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._names = Names()
        self._overlooked: Overlooked = None
        self._unpacked = 0

    def contents(self) -> Contents:
        """Go through all headers. Raises: UnreadableError, VerifyMalformedError."""
        count, size, at = self._end()
        self._file.seek(at)
        directory = self._file.read(size)
        entries: list[Entry] = []
        place = next_offset = 0
        for _ in range(count):
            header, place = _central(directory, place, at)
            _require_short_name(header)
            entry, next_offset = self._entry(header, next_offset, at)
            entries.append(entry)
        if place != size or next_offset != at:
            raise _ambiguous("gap", "there are bytes that belong to no entry", next_offset)
        return Contents(entries=tuple(entries), overlooked=self._overlooked)

    def _end(self) -> tuple[int, int, int]:
        """Return how many entries there are, and size and offset of the central directory."""
        size = self._file.seek(0, 2)
        if size > self._limits.archive_bytes:
            raise too_large(f"the file has {size} bytes", self._limits.archive_bytes)
        offset = self._end_offset(size)
        self._file.seek(offset)
        end = _END.unpack(self._file.read(_END.size))
        _, disk, directory_disk, here, count, directory_size, directory_at, comment = end
        if count == _ZIP64[0] or _ZIP64[1] in (directory_size, directory_at):
            raise _ambiguous("end_record", "it is a zip64 archive, which no jobpack is", offset)
        if directory_at + directory_size > offset:
            raise _unreadable("the central directory does not lie where it should", offset)
        if offset + _END.size != size or comment:
            raise _ambiguous("end_record", "there are bytes behind its end record", offset)
        if disk or directory_disk or here != count:
            raise _ambiguous("end_record", "it says it is a part of several", offset)
        if directory_at + directory_size != offset:
            raise _ambiguous("gap", "there are bytes that belong to no entry", 0)
        if count > self._limits.entries:
            raise too_large(f"the archive has {count} entries", self._limits.entries)
        if directory_size > count * (CENTRAL.size + LONGEST_NAME + _MOST_EXTRA):
            raise _ambiguous("gap", "its central directory is longer than it can be", directory_at)
        return count, directory_size, directory_at

    def _end_offset(self, size: int) -> int:
        """Return where the last end record begins. Raises: UnreadableError: there is none."""
        begin = max(0, size - _END.size - _LONGEST_COMMENT)
        self._file.seek(begin)
        tail = self._file.read(size - begin)
        found = tail.rfind(b"PK\5\6", 0, max(0, len(tail) - _END.size + 4))
        if found < 0:
            raise _unreadable("it has no end record: it was cut off, or is no zip archive", size)
        return begin + found

    def _entry(self, header: Header, offset: int, end: int) -> tuple[Entry, int]:
        """Return the entry of a central header, which must lie at ``offset``, and its end."""
        self._file.seek(header.offset)
        raw = self._file.read(LOCAL.size)
        if len(raw) < LOCAL.size or not raw.startswith(b"PK\3\4"):
            raise _unreadable(f"there is no entry at byte {header.offset}", header.offset)
        *_, name_size, extra_size = LOCAL.unpack(raw)
        rest = self._file.read(name_size + extra_size)
        local = Header.local(raw, rest[:name_size], rest[name_size:])
        entry = self._sized(header, header.offset + LOCAL.size + name_size + extra_size)
        after = entry.offset + entry.packed_size
        problem = disagreement(local, header) or peculiarity(header)
        if header.flags & HAS_DESCRIPTOR:
            problem = problem or self._descriptor_problem(header, after)
            after += DESCRIPTOR.size
        if header.offset != offset or after > end:
            raise _ambiguous("gap", f"entry {entry.name!r} does not follow the one before", offset)
        self._note("header", problem, entry)
        self._note("name", self._names.add(header.raw_name), entry)
        return entry, after

    def _sized(self, header: Header, content_at: int) -> Entry:
        """Return the entry if it can be read and is not too large."""
        name = header.name
        if header.method not in (STORED, DEFLATED):
            raise _unreadable(f"entry {name!r} is packed in way {header.method}", header.offset)
        if header.method == STORED and header.size != header.packed_size:
            raise _unreadable(f"entry {name!r} has two sizes", header.offset)
        if header.size > self._limits.entry_bytes:
            most = self._limits.entry_bytes
            raise too_large(f"entry {name!r} has {header.size} bytes", most, entry=name)
        self._unpacked += header.size
        if self._unpacked > self._limits.archive_bytes:
            most = self._limits.archive_bytes
            raise too_large(f"unpacked it has {self._unpacked} bytes or more", most, entry=name)
        return Entry(
            name=name,
            offset=content_at,
            size=header.size,
            packed_size=header.packed_size,
            crc32=header.crc32,
            is_deflated=header.method == DEFLATED,
        )

    def _descriptor_problem(self, header: Header, offset: int) -> str:
        """Return what is wrong with the sums behind an entry's content, or nothing."""
        self._file.seek(offset)
        sums = DESCRIPTOR.pack(b"PK\7\x08", header.crc32, header.packed_size, header.size)
        is_same = self._file.read(DESCRIPTOR.size) == sums
        return "" if is_same else "the sums behind it are not those of the central directory"

    def _note(self, reason: str, problem: str, entry: Entry) -> None:
        if problem and self._overlooked is None:
            self._overlooked = VerifyMalformedError(
                f"entry {entry.name!r}: {problem}",
                reason=reason,
                entry=entry.name,
                offset=entry.offset,
            )


def _central(directory: bytes, place: int, directory_at: int) -> tuple[Header, int]:
    """Return the header at ``place`` of the central directory, and the place behind it.

    Raises: UnreadableError: there is none.
    """
    if place + CENTRAL.size > len(directory) or not directory.startswith(b"PK\1\2", place):
        raise _unreadable("its central directory is broken", directory_at + place)
    header = Header.central(directory, place)
    end = place + CENTRAL.size + header.behind
    if end > len(directory):
        raise _unreadable("its central directory ends early", directory_at + place)
    return header, end


def _require_short_name(header: Header) -> None:
    """Refuse a name that is too long to be repeated. Raises: VerifyMalformedError."""
    size = len(header.raw_name)
    if size > LONGEST_NAME:
        raise VerifyMalformedError(
            f"the name of the entry at byte {header.offset} has {size} bytes, {LONGEST_NAME} are"
            " allowed",
            reason="name",
            offset=header.offset,
        )


def _unreadable(problem: str, offset: int) -> UnreadableError:
    return UnreadableError(
        f"the file cannot be opened as a zip archive: {problem}",
        hint="ask for the jobpack again; it is damaged or incomplete",
        offset=offset,
    )


def _ambiguous(reason: str, problem: str, offset: int) -> VerifyMalformedError:
    return VerifyMalformedError(
        f"the archive can be understood in more than one way: {problem}",
        reason=reason,
        offset=offset,
    )
