"""The one legal form of a jobpack's archive: the zip profile ``wrkr-zip/1``.

Any zip tool reads it, but nothing in it is free: entries are stored, not compressed (compressors
differ between builds), ascend by name, carry one fixed time and mode, and lie one behind the other
from the first byte to the end record, which is the last. No extra fields, comments, descriptors,
encryption or zip64. So the bytes are a function of names and contents alone.

The reader believes no header. From name, size and checksum it derives what every header must be and
compares, which leaves no room for two entries of one name, entries that the central directory hides
or shows differently, links, or bytes before, between and behind. Nothing is ever extracted by name.

Names are lower-case ASCII that every system can hold, so no two fall together when a file system
ignores case or normalises Unicode, and none is a device or leads out of a folder.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import IO, TYPE_CHECKING, Final, Literal, TypeAlias

import attrs
from attrs import validators

from wrkr_core.errors import InvalidInputError, VerifyHashError, VerifyMalformedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Reason: TypeAlias = Literal[
    "truncated", "end_record", "too_large", "name", "order", "header", "gap"
]
"""What is wrong with an archive, as ``details["reason"]`` of a ``VerifyMalformedError``."""

LONGEST_NAME: Final = 200
LARGEST_ARCHIVE: Final = 2**32 - 2
"""The most bytes before zip64 would be needed."""
MOST_ENTRIES: Final = 2**16 - 2
"""The most entries before zip64 would be needed."""

_MIB: Final = 2**20
_GIB: Final = 2**30
_CHUNK: Final = 2**18
_DATE: Final = 0x0021  # 1980-01-01, the first day a zip can name
_VERSION: Final = 20
_UNIX: Final = 3
_REGULAR_FILE: Final = 0o100644 << 16
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s4B4HL2L5H2L")
_SUMS_IN_CENTRAL: Final = struct.Struct("<16xL4xLH16x")
_END: Final = struct.Struct("<4s4H2LH")
_SUMS_IN_END: Final = struct.Struct("<10xH2L2x")
_SEGMENT: Final = r"[a-z0-9_][a-z0-9_.-]{0,63}"
_SLASH: Final = re.compile("/")
_NAME: Final = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT}){{0,7}}")
# Windows opens a device for these names in any folder and with any extension, and drops a last dot.
_UNSAFE: Final = re.compile(
    r"\.\.|\.(?:/|$)|(?:^|/)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|$)"
)


@attrs.frozen(kw_only=True)
class Limits:
    """How much a reader is willing to take; what is larger is refused before it is read.

    Attributes:
        archive_bytes: The whole file.
        entries: How many entries.
        entry_bytes: One entry.
        document_bytes: One JSON document, and one line of a log.

    """

    archive_bytes: int = attrs.field(
        default=2 * _GIB, validator=(validators.ge(1), validators.le(LARGEST_ARCHIVE))
    )
    entries: int = attrs.field(
        default=4096, validator=(validators.ge(1), validators.le(MOST_ENTRIES))
    )
    entry_bytes: int = attrs.field(default=_GIB, validator=validators.ge(1))
    document_bytes: int = attrs.field(default=_MIB, validator=validators.ge(1))


@attrs.frozen(kw_only=True)
class Stream:
    """Content too large for memory, of which size and CRC-32 are known before it is read."""

    size: int
    crc32: int
    chunks: Iterable[bytes]


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of an archive: its content is the ``size`` bytes from ``offset`` on."""

    name: str
    offset: int
    size: int
    crc32: int


def check_name(name: str) -> str:
    """Return ``name`` unchanged if an archive may hold an entry of that name.

    Raises:
        InvalidInputError: Not one to eight lower-case ASCII segments that are safe everywhere.

    """
    if not _is_name(name):
        raise InvalidInputError(
            f"{name!r} cannot be the name of an entry in a jobpack",
            hint=f"use up to 8 segments of {_SEGMENT}, without '..' and without device names",
            entry=repr(name),
        )
    return name


def write(file: IO[bytes], entries: Iterable[tuple[str, bytes | Stream]]) -> int:
    """Write an archive of (name, content), which must ascend by name, and return its size in bytes.

    ``file`` is at its beginning and is only written to, never sought; what was written before an
    error is not an archive. Memory is independent of the contents.

    Raises:
        InvalidInputError: A name is illegal, twice there, out of order or also a folder; the
            archive would need 4 GiB or 65,535 entries; a stream is not what it said it was.

    """
    offset = 0
    central: list[bytes] = []
    names = _Names()
    for name, content in entries:
        problem = names.add(check_name(name))
        if problem:
            raise InvalidInputError(f"{name!r} cannot follow in the jobpack: {problem}", entry=name)
        stream = content if isinstance(content, Stream) else _in_memory(content)
        _check_size(offset + stream.size, len(central) + 1)
        header, shown = _headers(name.encode("ascii"), stream.size, stream.crc32, offset)
        file.write(header)
        _copy(file, name, stream)
        central.append(shown)
        offset += len(header) + stream.size
    directory = b"".join(central)
    total = offset + len(directory) + _END.size
    _check_size(total, len(central))
    file.write(directory)
    file.write(_end_record(len(central), len(directory), offset))
    return total


def scan(file: IO[bytes], limits: Limits | None = None) -> list[Entry]:
    """Return the entries of an archive, in order, after checking every byte that is not content.

    ``file`` is a buffered binary file that can seek. Content is checked as it is read.

    Raises:
        VerifyMalformedError: Larger than ``limits``, or not exactly what ``write`` makes;
            ``details`` hold ``reason`` (see ``Reason``), ``entry`` and ``offset`` where known.

    """
    limits = limits or Limits()
    count, directory_size, directory_at = _read_end(file, limits)
    file.seek(directory_at)
    directory = file.read(directory_size)
    entries: list[Entry] = []
    names = _Names()
    offset = place = 0
    for _ in range(count):
        entry, central_size, local_size = _read_headers(file, directory, place, offset)
        problem = names.add(entry.name)
        if problem:
            raise _malformed("order", f"entry {entry.name!r} is out of place: {problem}", entry)
        if entry.size > limits.entry_bytes:
            raise too_large(f"entry {entry.name!r} has {entry.size} bytes", limits.entry_bytes)
        entries.append(entry)
        place += central_size
        offset += local_size + entry.size
        if offset > directory_at:
            raise _malformed("truncated", f"entry {entry.name!r} does not fit", entry)
    if place != directory_size or offset != directory_at:
        raise _malformed("gap", "there are bytes that belong to no entry", offset=offset)
    return entries


def stream(file: IO[bytes], entry: Entry) -> Iterator[bytes]:
    """Yield the content of an entry in chunks; only when they end without error are they its own.

    Several entries may be read by turns from one file, by one thread.

    Raises:
        VerifyMalformedError: The file ends early.
        VerifyHashError: The content has another checksum.

    """
    done = checksum = 0
    while done < entry.size:
        file.seek(entry.offset + done)
        chunk = file.read(min(_CHUNK, entry.size - done))
        if not chunk:
            raise _malformed("truncated", f"the file ends within entry {entry.name!r}", entry)
        checksum = zlib.crc32(chunk, checksum)
        done += len(chunk)
        yield chunk
    if checksum != entry.crc32:
        raise VerifyHashError(
            f"the content of entry {entry.name!r} was changed: it has another checksum",
            reason="checksum",
            entry=entry.name,
            offset=entry.offset,
        )


def read(file: IO[bytes], entry: Entry, most: int) -> bytes:
    """Return the whole content of an entry of at most ``most`` bytes.

    Raises:
        VerifyMalformedError: As ``stream``, and when it is larger.

    """
    if entry.size > most:
        raise too_large(f"entry {entry.name!r} has {entry.size} bytes", most)
    return b"".join(stream(file, entry))


class _Names:
    """The names so far, which a next one must fit."""

    def __init__(self) -> None:
        self._last = ""
        self._files: set[str] = set()

    def add(self, name: str) -> str:
        """Take in the next name, or return why it cannot be the next."""
        if name <= self._last:
            return f"it is not after {self._last!r}"
        # A folder's name sorts before all that is in it, so looking back is enough.
        if any(name[: slash.start()] in self._files for slash in _SLASH.finditer(name)):
            return "one name is both a file and a folder"
        self._last = name
        self._files.add(name)
        return ""


def _is_name(name: str) -> bool:
    return bool(len(name) <= LONGEST_NAME and _NAME.fullmatch(name) and not _UNSAFE.search(name))


def _in_memory(content: bytes) -> Stream:
    return Stream(size=len(content), crc32=zlib.crc32(content), chunks=(content,))


def _copy(file: IO[bytes], name: str, stream: Stream) -> None:
    size = checksum = 0
    for chunk in stream.chunks:
        file.write(chunk)
        size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
    if (size, checksum) != (stream.size, stream.crc32):
        raise InvalidInputError(
            f"the content of {name!r} changed while the jobpack was written",
            hint="export again once nothing writes to it",
            entry=name,
        )


def _check_size(total: int, count: int) -> None:
    if total > LARGEST_ARCHIVE or count > MOST_ENTRIES:
        raise InvalidInputError(
            f"a jobpack of {count} entries and {total} bytes is too large;"
            f" at most {MOST_ENTRIES} entries and {LARGEST_ARCHIVE} bytes are allowed"
        )


def _headers(name: bytes, size: int, crc32: int, offset: int) -> tuple[bytes, bytes]:
    """Return the only legal local and central header of an entry whose local one is at offset."""
    made_by = (_VERSION, _UNIX, _VERSION, 0)
    local = _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, crc32, size, size, len(name), 0)
    central = _CENTRAL.pack(
        b"PK\1\2", *made_by, 0, 0, 0, _DATE, crc32, size, size, len(name), 0, 0, 0, 0,
        _REGULAR_FILE, offset,
    )  # fmt: skip
    return local + name, central + name


def _end_record(count: int, directory_size: int, directory_at: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, count, count, directory_size, directory_at, 0)


def _read_end(file: IO[bytes], limits: Limits) -> tuple[int, int, int]:
    """Return how many entries there are, and size and offset of the central directory."""
    size = file.seek(0, 2)
    if size > limits.archive_bytes:
        raise too_large(f"the file has {size} bytes", limits.archive_bytes)
    if size < _END.size:
        raise _malformed("truncated", f"a file of {size} bytes is no archive", offset=size)
    offset = file.seek(size - _END.size)
    record = file.read(_END.size)
    count, directory_size, directory_at = _SUMS_IN_END.unpack(record)
    if (
        record != _end_record(count, directory_size, directory_at)
        or directory_at + directory_size != offset
    ):
        raise _malformed("end_record", "the file does not end as an archive does", offset=offset)
    if count > limits.entries:
        raise too_large(f"the archive has {count} entries", limits.entries)
    if directory_size > count * (_CENTRAL.size + LONGEST_NAME):
        raise _malformed("gap", "there are bytes that belong to no entry", offset=directory_at)
    return count, directory_size, directory_at


def _read_headers(
    file: IO[bytes], directory: bytes, place: int, offset: int
) -> tuple[Entry, int, int]:
    """Return the entry described at ``place`` in the directory, and the sizes of both headers."""
    if place + _CENTRAL.size > len(directory):
        raise _malformed("truncated", "the central directory ends early", offset=offset)
    crc32, size, name_size = _SUMS_IN_CENTRAL.unpack_from(directory, place)
    raw = directory[place + _CENTRAL.size :][:name_size]
    name = raw.decode("ascii", "backslashreplace")
    if not _is_name(name):
        raise _malformed("name", f"an entry cannot be named {name!r}", offset=offset)
    local, central = _headers(raw, size, crc32, offset)
    entry = Entry(name=name, offset=offset + len(local), size=size, crc32=crc32)
    file.seek(offset)
    if not directory.startswith(central, place) or file.read(len(local)) != local:
        raise _malformed("header", f"a header of entry {name!r} is not as it must be", entry)
    return entry, len(central), len(local)


def _malformed(
    reason: Reason, message: str, entry: Entry | None = None, *, offset: int | None = None
) -> VerifyMalformedError:
    if entry is not None:
        name, offset = entry.name, entry.offset
        return VerifyMalformedError(message, reason=reason, entry=name, offset=offset)
    return VerifyMalformedError(message, reason=reason, offset=offset)


def too_large(what: str, limit: int, entry: Entry | None = None) -> VerifyMalformedError:
    """Return the error for something larger than a reader takes, with its ``entry`` if it is one."""
    place = {} if entry is None else {"entry": entry.name, "offset": entry.offset}
    return VerifyMalformedError(
        f"{what}, more than the {limit} allowed",
        hint="raise the limit if the jobpack comes from someone you trust",
        reason="too_large",
        limit=limit,
        **place,
    )
