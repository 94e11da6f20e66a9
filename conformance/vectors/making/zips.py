"""Zip archives put together field by field, so that any field can be wrong."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence


@attrs.frozen(kw_only=True)
class Part:
    """One entry.

    Attributes:
        name: As in both headers, unless ``shown`` is another.
        content: What is stored.
        local: Fields of the local header that are wrong.
        central: Fields of the central header that are wrong.
        shown: The name in the central header.
        extra: An extra field of the local header.
        shown_extra: An extra field of the central header.
        comment: Of the central header.
        listed: How often the central directory lists it.
        behind: Bytes behind the content that belong to nothing.

    """

    name: bytes
    content: bytes
    local: dict[str, Any] = attrs.field(factory=dict[str, Any])
    central: dict[str, Any] = attrs.field(factory=dict[str, Any])
    shown: bytes | None = None
    extra: bytes = b""
    shown_extra: bytes = b""
    comment: bytes = b""
    listed: int = 1
    behind: bytes = b""


def zipped(
    parts: Sequence[Part],
    *,
    before: bytes = b"",
    between: bytes = b"",
    comment: bytes = b"",
    end: dict[str, int] | None = None,
) -> bytes:
    """Return the archive; with no field wrong it is the one legal form."""
    body, directory, listed = before, b"", 0
    for part in parts:
        offset = len(body)
        body += _local(part) + part.content + part.behind
        directory += _central(part, offset) * part.listed
        listed += part.listed
    body += between
    counts = {"disk": 0, "start": 0, "here": listed, "all": listed}
    sums = {**counts, "size": len(directory), "offset": len(body), "comment": len(comment)}
    record = struct.pack("<4s4H2LH", b"PK\5\6", *{**sums, **(end or {})}.values())
    return body + directory + record + comment


def _facts(part: Part) -> dict[str, Any]:
    return {
        "needs": 20,
        "flags": 0,
        "method": 0,
        "time": 0,
        "date": 0x21,
        "crc32": zlib.crc32(part.content),
        "packed": len(part.content),
        "size": len(part.content),
    }


def _local(part: Part) -> bytes:
    fields = {
        "signature": b"PK\3\4",
        **_facts(part),
        "name_size": len(part.name),
        "extra_size": len(part.extra),
        **part.local,
    }
    return struct.pack("<4s5H3L2H", *fields.values()) + part.name + part.extra


def _central(part: Part, offset: int) -> bytes:
    name = part.name if part.shown is None else part.shown
    fields = {
        "signature": b"PK\1\2",
        "made_by": 20,
        "system": 3,
        **_facts(part),
        "name_size": len(name),
        "extra_size": len(part.shown_extra),
        "comment_size": len(part.comment),
        "disk": 0,
        "internal": 0,
        "external": 0o100644 << 16,
        "offset": offset,
        **part.central,
    }
    header = struct.pack("<4s2B5H3L5H2L", *fields.values())
    return header + name + part.shown_extra + part.comment
