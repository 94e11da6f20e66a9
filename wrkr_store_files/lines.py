"""Lines: every record, and every row of the journal and the feed, is one line of JSON.

A line ends in its own checksum, ``,"crc":"0a1b2c3d"}``: the CRC-32 of all bytes before it. So a
changed byte is found wherever it is, and a line needs no parser to be checked. Lines are split on
the newline byte alone: U+2028 and the like are ordinary letters in JSON.

A payload that is JSON without line breaks, nested at most 128 deep, stands in its line byte for byte,
so that ``grep`` and ``jq`` work on it; any other is base64. A record of a batch says which of how many
it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from wrkr_core.store import Event

if TYPE_CHECKING:
    from wrkr_core.store import NewEvent

SEAL_BYTES: Final = len(b',"crc":"00000000"}\n')
_BRACKET_OR_TEXT: Final = re.compile(rb'[\[\]{}]|"(?:[^"\\]|\\.)*"')
NUMBER: Final = re.compile(rb'\{"[a-z]+":([0-9]+),')
MOST_NESTED: Final = 128  # how deep readers can go differs from one Python to the next
DATA: Final = b',"data":'  # cannot stand in a JSON text before it: there its quotes are escaped
BASE64: Final = b',"base64":"'


class Head(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record's line without its payload and checksum; ``batch`` is [which, of how many] of several."""

    seq: int
    pos: int
    at: int
    id: str
    type: str
    batch: tuple[int, int] | None = None


class Record(msgspec.Struct, frozen=True):
    """A record as its line has it; it ends its batch when ``place`` equals ``count``."""

    event: Event
    place: int
    count: int


encode: Final = msgspec.json.Encoder().encode
_decode_head: Final = msgspec.json.Decoder(Head).decode
_decode_raw: Final = msgspec.json.Decoder(msgspec.Raw).decode


def seal(body: bytes) -> bytes:
    """Return the line of a JSON object that lacks its closing brace."""
    return b'%b,"crc":"%08x"}\n' % (body, crc32(body))


def unseal(line: bytes) -> bytes | None:
    """Return what ``seal`` was given, None if the line was not made by it."""
    body = line[:-SEAL_BYTES]
    return body if line[-SEAL_BYTES:] == b',"crc":"%08x"}\n' % crc32(body) else None


def seal_row(row: msgspec.Struct) -> bytes:
    """Return a row of the journal or the feed as a line."""
    return seal(encode(row)[:-1])


def number_of(start: bytes) -> int | None:
    """Return the number a line begins with: a record's seq, a feed row's pos."""
    found = NUMBER.match(start)
    return int(found[1]) if found else None


def is_embeddable(data: bytes) -> bool:
    """Tell whether ``data`` is JSON that can stand in a line as it is."""
    if b"\n" in data or b"\r" in data:
        return False
    try:
        _decode_raw(data)
        data.decode()
    except (ValueError, RecursionError):  # msgspec's and Unicode errors are ValueErrors
        return False
    return not _is_deep(data)


def _is_deep(data: bytes) -> bool:
    """Tell whether JSON is nested more than ``MOST_NESTED`` deep."""
    if data.count(b"[") + data.count(b"{") <= MOST_NESTED:
        return False
    depth = 0
    for found in _BRACKET_OR_TEXT.finditer(data):
        match found[0]:
            case b"[" | b"{":
                depth += 1
                if depth > MOST_NESTED:
                    return True
            case b"]" | b"}":
                depth -= 1
            case _:
                pass
    return False


def encode_record(event: NewEvent, *, seq: int, pos: int, place: int = 1, count: int = 1) -> bytes:
    """Return the line of a record that is number ``place`` of a batch of ``count``."""
    batch = (place, count) if count > 1 else None
    head = encode(Head(seq, pos, event.at, event.id, event.type, batch))[:-1]
    if is_embeddable(event.data):
        return seal(head + DATA + event.data)
    return seal(head + BASE64 + base64.b64encode(event.data) + b'"')


def decode_record(line: bytes, stream: str) -> Record | None:
    """Return the record of a line, None if it is not the line of one."""
    body = unseal(line)
    if body is None:
        return None
    cut = body.find(DATA)
    try:
        if cut >= 0:
            data = body[cut + len(DATA) :]
        else:
            cut = body.index(BASE64)
            data = base64.b64decode(body[cut + len(BASE64) : -1], validate=True)
        head = _decode_head(body[:cut] + b"}")
    except (ValueError, binascii.Error):
        return None
    event = Event(stream, head.seq, head.pos, head.id, head.type, head.at, data)
    return Record(event, *(head.batch or (1, 1)))
