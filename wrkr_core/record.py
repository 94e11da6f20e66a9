"""Between events and what a store keeps: records sealed into log lines, and lines read back."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from wrkr_core import chain, codec
from wrkr_core.errors import Corrupt, InvalidInputError
from wrkr_core.events import Event, JobSubmitted, KnownEvent, RecordedEvent
from wrkr_core.store import Event as StoredEvent
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


class Line(msgspec.Struct, frozen=True):
    """A log line, decoded except for its payload. ``hash`` and ``prev`` are ``_hash``, ``_prev``."""

    hash: str = msgspec.field(name="_hash")
    prev: str = msgspec.field(name="_prev")
    at: int
    by: str
    id: str
    job: str
    payload: msgspec.Raw
    seq: int
    type: str


LONGEST_LINE: Final = 2**20
"""Bytes of a log line; a jobpack with a longer one is refused by who reads it (EVIDENCE 5.1)."""

_DISAGREE: Final = "the store's columns and the record's own line disagree"
_decode_line = msgspec.json.Decoder(Line).decode


_TOO_LONG: Final = "keep what is large in a file, and record the file as an artifact"
_TOO_LONG_A_SPEC: Final = (
    "let steps run scripts, name inputs by their paths, or make several jobs of it"
)


def seal_all(
    job_id: str,
    *,
    after: int,
    prev: str,
    events: Iterable[Event],
    at: int,
    by: str,
    ids: Iterator[str],
) -> tuple[list[NewEvent], list[RecordedEvent]]:
    """Return the records of ``events`` behind record ``after`` (hash ``prev``), and the same recorded.

    Raises: InvalidInputError: something in them cannot be written.
    """
    new: list[NewEvent] = []
    recorded: list[RecordedEvent] = []
    for seq, event in enumerate(events, after + 1):
        wire, payload = codec.encode(event)
        record_id = next(ids)
        prev, line = chain.seal(
            prev=prev, at=at, by=by, id=record_id, job=job_id, payload=payload, seq=seq, type=wire
        )
        if len(line) > LONGEST_LINE:
            raise InvalidInputError(
                f"a {wire} event of {len(line)} bytes cannot be recorded; at most {LONGEST_LINE}",
                hint=_TOO_LONG_A_SPEC if isinstance(event, JobSubmitted) else _TOO_LONG,
                type=wire,
                size=len(line),
                limit=LONGEST_LINE,
            )
        new.append(NewEvent(id=record_id, type=wire, at=at, data=line))
        recorded.append(RecordedEvent(seq=seq, at=at, by=by, id=record_id, hash=prev, event=event))
    return new, recorded


def read_line(data: bytes) -> Line:
    """Return the line's fields. Raises: Corrupt: it is not a log line."""
    try:
        return _decode_line(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Corrupt(f"a record is not a log line: {error}") from error


def open_all(
    job_id: str, stored: Sequence[StoredEvent], *, prev: str | None
) -> list[RecordedEvent]:
    """Return the events of ``stored``, each checked against the chain and its own columns.

    ``prev`` is the hash of the record before the first; None leaves the first unchecked against it.

    Raises: Corrupt: with the seq of the first record that is not what was written.
    """
    opened: list[RecordedEvent] = []
    for record in stored:
        try:
            found = chain.following(record.data, prev) if prev is not None else None
            prev = found if found is not None else chain.check(record.data, prev)
            opened.append(_open(job_id, record, prev))
        except Corrupt as error:
            raise Corrupt(
                f"job {job_id}, record {record.seq}: {error.message}",
                hint="wrkr store check shows every damaged job; restore it from a backup or a jobpack",
                job_id=job_id,
                seq=record.seq,
                **error.details,
            ) from error
    return opened


def _open(job_id: str, record: StoredEvent, found: str) -> RecordedEvent:
    known = codec.CLASSES.get(record.type)
    if known is None:
        return _open_slowly(job_id, record, found)
    try:
        told = _with_event(known)(record.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _open_slowly(job_id, record, found)  # which says what is wrong with it
    if (
        told.seq != record.seq
        or told.id != record.id
        or told.type != record.type
        or told.at != record.at
        or told.job != job_id
    ):
        raise Corrupt(_DISAGREE)
    return RecordedEvent(
        seq=told.seq, at=told.at, by=told.by, id=told.id, hash=found, event=told.payload
    )


@cache
def _with_event(known: type[KnownEvent]) -> Callable[[bytes], Any]:
    """Return what decodes a line together with its event, a third faster than one after the other."""
    fields = [("at", int), ("by", str), ("id", str), ("job", str), ("seq", int), ("type", str)]
    told = msgspec.defstruct("Told", [*fields, ("payload", known)], frozen=True)
    return msgspec.json.Decoder(told).decode


def _open_slowly(job_id: str, record: StoredEvent, found: str) -> RecordedEvent:
    line = read_line(record.data)
    if (line.job, line.seq, line.id, line.type, line.at) != (
        job_id,
        record.seq,
        record.id,
        record.type,
        record.at,
    ):
        raise Corrupt(_DISAGREE)
    return RecordedEvent(
        seq=line.seq,
        at=line.at,
        by=line.by,
        id=line.id,
        hash=found,
        event=codec.decode(line.type, line.payload),
    )


def open_lines(job_id: str, lines: Iterable[bytes]) -> Iterator[RecordedEvent]:
    """Yield the events of a whole log, line by line without newlines, chain and seq checked.

    Raises: Corrupt.
    """
    prev = chain.GENESIS
    for seq, data in enumerate(lines, 1):
        prev = chain.check(data, prev)
        line = read_line(data)
        if line.job != job_id or line.seq != seq:
            raise Corrupt(f"line {seq} is record {line.seq} of job {line.job}", seq=seq)
        yield RecordedEvent(
            seq=seq,
            at=line.at,
            by=line.by,
            id=line.id,
            hash=prev,
            event=codec.decode(line.type, line.payload),
        )
