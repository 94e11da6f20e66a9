"""The log line: one canonical JSON object per record, each holding the hash of the one before.

``{"_hash":"<64 hex>","_prev":"<64 hex>","at":…,"by":…,"id":…,"job":…,"payload":{…},"seq":…,"type":…}``

``_`` sorts before letters, so both hashes stand at fixed offsets and the chain is checked without a
JSON parser. The same bytes are a record's ``data`` in every store and the line in ``events.jsonl``.
The chain makes editing visible; it does not stop an owner who rewrites everything.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from wrkr_core.errors import Corrupt, InvalidInputError

GENESIS: Final = "0" * 64
DOMAIN: Final = b"wrkr.event.v1\n"
_HASH_HEAD: Final = b'{"_hash":"'
_PREV_HEAD: Final = b'","_prev":"'
_PREV_END: Final = b'",'
_BODY: Final = 76  # where the part that is hashed begins, without its opening brace
_HEX: Final = frozenset(b"0123456789abcdef")
_text = msgspec.json.Encoder().encode


def seal(
    *,
    prev: str,
    at: int,
    by: str,
    id: str,  # noqa: A002  # the line's own field names
    job: str,
    payload: bytes,
    seq: int,
    type: str,  # noqa: A002  # the line's own field names
) -> tuple[str, bytes]:
    """Return the hash of a new line and the line, without newline. ``payload`` is canonical JSON.

    Raises: InvalidInputError: a text is not valid Unicode.
    """
    try:
        body = b'"_prev":"%b","at":%d,"by":%b,"id":%b,"job":%b,"payload":%b,"seq":%d,"type":%b}' % (
            prev.encode(),
            at,
            _text(by),
            _text(id),
            _text(job),
            payload,
            seq,
            _text(type),
        )
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"{error.object!r:.80} is not valid Unicode") from error
    found = sha256(DOMAIN + b"{" + body).hexdigest()
    return found, _HASH_HEAD + found.encode() + b'",' + body


def hash_of(line: bytes) -> str:
    """Return the hash a line should state: of all its bytes behind its own hash."""
    return sha256(DOMAIN + b"{" + line[_BODY:]).hexdigest()


def stated(line: bytes) -> tuple[str, str]:
    """Return the hash and the previous hash the line states.

    Raises: Corrupt: the line does not begin like one.
    """
    if line[:10] != _HASH_HEAD or line[74:85] != _PREV_HEAD or line[149:151] != _PREV_END:
        raise Corrupt("a record does not begin like a log line")
    own, prev = line[10:74], line[85:149]
    if not (_HEX.issuperset(own) and _HEX.issuperset(prev)):
        raise Corrupt("a record's hash is not 64 lower-case hex digits")
    return own.decode(), prev.decode()


def following(line: bytes, prev: str) -> str | None:
    """Return the line's hash if both its hashes are right and it follows ``prev``, None if not.

    All that is asked of a line in one comparison; ``check`` says what is wrong.
    """
    found = sha256(
        DOMAIN + b"{" + line[_BODY:]
    ).hexdigest()  # as ``hash_of``, for every record read
    return found if line.startswith(f'{{"_hash":"{found}","_prev":"{prev}",'.encode()) else None


def check(line: bytes, prev: str | None) -> str:
    """Return the line's hash after checking it, and that it follows ``prev`` (None: not checked).

    Raises: Corrupt: the bytes were changed, or a line before was taken out.
    """
    if prev is not None:
        found = following(line, prev)
        if found is not None:
            return found
    own, before = stated(line)
    if prev is not None and before != prev:
        raise Corrupt(
            "the chain is broken: a record does not follow the one before it",
            expected=prev,
            found=before,
        )
    if hash_of(line) != own:
        raise Corrupt("a record's bytes do not have the hash it states", hash=own)
    return own
