"""The two headers every entry of a zip archive has, and what must hold of them.

Of what they say, only name, place, sizes and checksum of an entry matter here. All the rest either
must be the same in both, or cannot change what anybody reads, since nothing is ever extracted: which
program made the archive, whether an entry is text, and the permissions a file of it would get.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL: Final = struct.Struct("<4s5H3L2H")
CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
DESCRIPTOR: Final = struct.Struct("<4s3L")

HAS_DESCRIPTOR: Final = 0x0008
IS_UTF8: Final = 0x0800
HOW_DEFLATED: Final = 0x0006

_KNOWN_FLAGS: Final = HAS_DESCRIPTOR | IS_UTF8 | HOW_DEFLATED
_KNOWN_VERSIONS: Final = (10, 20)
_TIMES: Final = 0x5455
_OWNER: Final = 0x7875
_WINDOWS_TIMES: Final = 0x000A
# None of these can rename an entry, resize it or encrypt it, as others can.
_HARMLESS_EXTRAS: Final = (_TIMES, _OWNER, _WINDOWS_TIMES)
_EXTRA_HEAD: Final = struct.Struct("<2H")
_TYPE: Final = 0o170000
_REGULAR: Final = (0, 0o100000)
_FOLDER_OR_LABEL: Final = 0x18


@attrs.frozen(kw_only=True)
class Header:
    """What a header says; from ``behind`` on only a central one says it.

    ``behind`` is how many bytes it says that name, extra fields and comment take behind it.
    """

    raw_name: bytes
    extra: bytes
    needed: int
    flags: int
    method: int
    time: int
    date: int
    crc32: int
    packed_size: int
    size: int
    behind: int = 0
    comment_size: int = 0
    disk: int = 0
    internal: int = 0
    external: int = 0
    offset: int = 0

    @property
    def name(self) -> str:
        """The name as text; bytes that are not UTF-8 are shown as escapes."""
        return self.raw_name.decode("utf-8", "backslashreplace")

    @classmethod
    def local(cls, raw: bytes, raw_name: bytes, extra: bytes) -> Header:
        """Return the header that stands before an entry's content."""
        _, needed, flags, method, time, date, crc32, packed, size, _, _ = LOCAL.unpack(raw)
        return cls(
            raw_name=raw_name,
            extra=extra,
            needed=needed,
            flags=flags,
            method=method,
            time=time,
            date=date,
            crc32=crc32,
            packed_size=packed,
            size=size,
        )

    @classmethod
    def central(cls, directory: bytes, place: int) -> Header:
        """Return the header at ``place`` of the central directory, which is long enough for it."""
        fields = CENTRAL.unpack_from(directory, place)
        _, _, needed, flags, method, time, date, crc32, packed, size, *others = fields
        name_size, extra_size, comment_size, disk, internal, external, offset = others
        name_at = place + CENTRAL.size
        extra_at = name_at + name_size
        return cls(
            raw_name=directory[name_at:extra_at],
            extra=directory[extra_at : extra_at + extra_size],
            needed=needed,
            flags=flags,
            method=method,
            time=time,
            date=date,
            crc32=crc32,
            packed_size=packed,
            size=size,
            behind=name_size + extra_size + comment_size,
            comment_size=comment_size,
            disk=disk,
            internal=internal,
            external=external,
            offset=offset,
        )


def disagreement(local: Header, central: Header) -> str:
    """Return on what the two headers of one entry disagree, or nothing."""
    for what in ("raw_name", "needed", "flags", "method", "time", "date"):
        if getattr(local, what) != getattr(central, what):
            return f"its two headers disagree ({what.removeprefix('raw_')})"
    sums = (local.crc32, local.packed_size, local.size)
    stated = (central.crc32, central.packed_size, central.size)
    if sums != stated and not (central.flags & HAS_DESCRIPTOR and sums == (0, 0, 0)):
        return "its two headers disagree (sums)"
    return _disagreement_in_extras(_extras(local.extra), _extras(central.extra))


def _disagreement_in_extras(
    local: Mapping[int, bytes] | None, central: Mapping[int, bytes] | None
) -> str:
    if local is None or central is None or local.keys() != central.keys():
        return "its extra fields are broken, or its two headers disagree (extra fields)"
    if any(kind not in _HARMLESS_EXTRAS for kind in local):
        return "it has an extra field that is not known to be harmless"
    # Some programs repeat only the beginning of a field in the central header.
    if not all(local[kind].startswith(central[kind]) for kind in local):
        return "its two headers disagree (extra fields)"
    return ""


def _extras(extra: bytes) -> Mapping[int, bytes] | None:
    """Return the extra fields of a header by kind; None if they are broken or one is there twice."""
    found: dict[int, bytes] = {}
    place = 0
    while place < len(extra):
        if place + _EXTRA_HEAD.size > len(extra):
            return None
        kind, size = _EXTRA_HEAD.unpack_from(extra, place)
        place += _EXTRA_HEAD.size
        if kind in found or place + size > len(extra):
            return None
        found[kind] = extra[place : place + size]
        place += size
    return found


def peculiarity(header: Header) -> str:
    """Return why the entry of a central header is not a plain file that anybody reads alike."""
    mode = header.external >> 16 & _TYPE
    problems = (
        (header.flags & 1, "it is encrypted"),
        (header.flags & ~_KNOWN_FLAGS, f"it has flags {header.flags:#06x}, which are not known"),
        (header.needed not in _KNOWN_VERSIONS, f"it needs version {header.needed} of the format"),
        (header.disk, "it lies in another part of the archive"),
        (header.comment_size, "it has a comment"),
        (header.internal > 1, f"it has the internal attributes {header.internal:#06x}"),
        (
            mode not in _REGULAR or header.external & _FOLDER_OR_LABEL,
            "it is a folder, a link or a device",
        ),
    )
    return next((said for is_wrong, said in problems if is_wrong), "")
