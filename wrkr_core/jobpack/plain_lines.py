"""Telling of most log lines that they are canonical without walking through all that is in them.

An event's own fields are such that sorted ``msgspec`` output is canonical (``codec``). So a line that
decodes as the event it says it is, and encodes to the same bytes again, is canonical, if no integer
in it is too large, and if what it holds of others, a result or data, is canonical by itself. That
takes half as long as decoding a line to values, walking over them and encoding those. Of a line that
does not pass nothing is said: it may hold fields of a later release, or a number that looks large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core import codec
from wrkr_core import events as e
from wrkr_core.canonical import LARGEST_INTEGER, MAX_DEPTH, is_canonical
from wrkr_core.errors import Corrupt
from wrkr_core.record import Line, read_line

if TYPE_CHECKING:
    from collections.abc import Mapping

FOREIGN: Final[Mapping[type, str]] = {
    e.StepFinished: "result",
    e.CheckpointRecorded: "data",
    e.ApprovalGiven: "signature",
    e.ApprovalRefused: "signature",
}
"""The field of an event that holds JSON of others."""

_PLAIN: Final = frozenset(
    wire for wire, event in codec.CLASSES.items() if event is not e.JobSubmitted
)
_encode: Final = msgspec.json.Encoder(order="sorted").encode
# Every digit becomes 0, so that one search finds whatever has as many digits as a number too large.
_AS_DIGITS: Final = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_MANY_DIGITS: Final = b"0" * len(str(LARGEST_INTEGER))


def plain_line(line: bytes) -> tuple[Line, e.Event] | None:
    """Return fields and event of a line that is canonical for certain, None for any other.

    Of a ``job_submitted``, which holds a whole spec of others, this never says anything.
    """
    try:
        fields = read_line(line)
        if fields.type not in _PLAIN:
            return None
        payload = bytes(fields.payload)
        event = codec.decode(fields.type, payload)
    except Corrupt:
        return None
    is_plain = (
        _MANY_DIGITS not in payload.translate(_AS_DIGITS)
        and _encode(event) == payload
        and fields.seq <= LARGEST_INTEGER
        and -LARGEST_INTEGER <= fields.at <= LARGEST_INTEGER
        and _encode(fields) == line
        and _holds_canonical(event)
    )
    return (fields, event) if is_plain else None


def _holds_canonical(event: e.Event) -> bool:
    """Tell whether what an event holds of others is canonical, wherever in a line it stands."""
    name = FOREIGN.get(type(event))
    if name is None:
        return True
    part = bytes(getattr(event, name))
    if part == b"null":
        return True
    # How deep a line may be nested is not what a part of it may be: the few that could matter are
    # left to be read as a line.
    return part.count(b"[") + part.count(b"{") <= MAX_DEPTH and is_canonical(part)
