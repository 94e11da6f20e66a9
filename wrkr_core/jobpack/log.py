"""The log inside a jobpack: splitting it into lines, and checking each line for what it must be.

A line is right when it is canonical JSON, continues the hash chain, belongs to the job, has the
next seq and reads as the event it says it is. What the events mean is judged by ``history``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from wrkr_core import chain, codec
from wrkr_core.canonical import digest_bytes, loads_strict
from wrkr_core.decoding import decode_as
from wrkr_core.errors import (
    Corrupt,
    InvalidInputError,
    VerifyHashError,
    VerifyHistoryError,
    VerifyMalformedError,
)
from wrkr_core.events import JobSubmitted, RecordedEvent
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.plain_lines import plain_line
from wrkr_core.record import read_line
from wrkr_core.store import check_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wrkr_core.events import Event
    from wrkr_core.record import Line


class _Submitted(msgspec.Struct, frozen=True):
    """What of a ``job_submitted`` is looked at as bytes."""

    spec: msgspec.Raw


class Lines:
    """The lines of a file read in chunks; iterate once. Memory is bounded by the longest line.

    Attributes:
        number: Of the line yielded last, from 1; 0 before the first.
        offset: Where that line begins in the file, in bytes.

    """

    def __init__(self, chunks: Iterable[bytes], *, longest: int) -> None:
        """Split ``chunks``; a line of more than ``longest`` bytes is refused."""
        self.number = 0
        self.offset = 0
        self._chunks = chunks
        self._longest = longest

    def __iter__(self) -> Iterator[bytes]:
        """Yield each line without its newline.

        Raises: VerifyMalformedError: a line is too long, or the last one does not end.
        """
        rest, next_offset = b"", 0
        for chunk in self._chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.number += 1
                self.offset, next_offset = next_offset, next_offset + len(line) + 1
                self._check_length(line, self.number)
                yield line
            self._check_length(rest, self.number + 1)
        if rest:
            raise VerifyMalformedError(
                f"line {self.number + 1} does not end with a newline",
                line=self.number + 1,
                offset=next_offset,
            )

    def _check_length(self, line: bytes, number: int) -> None:
        if len(line) > self._longest:
            raise VerifyMalformedError(
                f"line {number} has more than the {self._longest} bytes allowed",
                hint="raise the limit if it comes from someone you trust",
                line=number,
                reason="too_large",
                limit=self._longest,
            )


class LogCheck:
    """Checks a log from its first line on, one line at a time.

    Attributes:
        count: How many lines were right so far; also the seq of the last.
        head: The chain hash of the last line.
        tree: The Merkle tree over the lines.
        line: The fields of the last line; None before the first.

    """

    def __init__(self, job_id: str) -> None:
        """Begin before the first line of the job's log."""
        self.count = 0
        self.head = chain.GENESIS
        self.tree = Tree()
        self.line: Line | None = None
        self._job_id = job_id
        self._shift = 0  # by how much the seqs run ahead of the lines, where lines were passed over

    def take_in(self, line: bytes) -> RecordedEvent:
        """Return the event of the next line, given without newline.

        Raises:
            VerifyMalformedError: It is not canonical, or not a log line of a known shape.
            VerifyHashError: It was changed, or does not follow the line before.
            VerifyHistoryError: It is another job's, or has not the next seq.

        """
        seq = self.count + 1
        self._check_chain(line, seq)
        fields, event = _read(line, seq)
        if fields.job != self._job_id or fields.seq != seq + self._shift:
            raise VerifyHistoryError(
                f"line {seq} of the log of job {self._job_id} is record {fields.seq} of job "
                f"{fields.job}",
                line=seq,
            )
        event = event or _decode(fields)
        self.tree.append(line)
        self.count = seq
        self.line = fields
        return RecordedEvent(
            seq=seq, at=fields.at, by=fields.by, id=fields.id, hash=self.head, event=event
        )

    def pass_over(self, line: bytes) -> None:
        """Go on behind a line that was refused, so that one wrong line is one problem.

        The next is to follow the hash it states, and the seq where it has that hash; one that is no
        record at all might as well not be there.
        """
        self.count += 1
        self.tree.append(line)
        try:
            self.head = chain.stated(line)[0]
            if chain.hash_of(line) == self.head:
                self._shift = read_line(line).seq - self.count
        except Corrupt:
            self._shift -= 1

    def _check_chain(self, line: bytes, seq: int) -> None:
        """Check the line's two hashes and make its own the head."""
        found = chain.following(line, self.head)
        if found is not None:
            self.head = found
            return
        try:
            own, prev = chain.stated(line)
        except Corrupt as error:
            raise VerifyMalformedError(f"line {seq}: {error.message}", line=seq) from error
        if chain.hash_of(line) != own:
            raise VerifyHashError(
                f"line {seq} was changed: it has not the hash it states", line=seq
            )
        if prev != self.head:
            raise VerifyHashError(
                f"line {seq} does not follow the line before it: something was taken out, put in "
                f"or exchanged",
                line=seq,
                expected=self.head,
                found=prev,
            )
        self.head = own


def _read(line: bytes, seq: int) -> tuple[Line, Event | None]:
    """Return the fields of a canonical line, and its event if it was decoded to find that out.

    Raises: VerifyMalformedError.
    """
    try:
        told = plain_line(line)
        if told is not None:
            check_name(told[0].id, what="record id")
            return told
        loads_strict(line)
        fields = read_line(line)
        check_name(fields.id, what="record id")
        check_name(fields.type, what="record type")
    except (InvalidInputError, Corrupt) as error:
        raise VerifyMalformedError(f"line {seq}: {error.message}", line=seq) from error
    except ValueError as error:
        raise VerifyMalformedError(f"line {seq}: {error}", line=seq) from error
    return fields, None


def _decode(fields: Line) -> Event:
    """Return the event of a line. Raises: VerifyMalformedError, VerifyHashError."""
    try:
        event = codec.decode(fields.type, fields.payload)
    except Corrupt as error:
        raise VerifyMalformedError(
            f"line {fields.seq}: {error.message}", line=fields.seq, type=fields.type
        ) from error
    if isinstance(event, JobSubmitted):
        # Of the bytes, not of the value: a later release may put fields into a spec that we skip.
        spec = bytes(decode_as(_Submitted, fields.payload).spec)
        if digest_bytes(spec) != event.spec_digest:
            raise VerifyHashError(
                f"line {fields.seq}: the spec has not the digest stated for it", line=fields.seq
            )
    return event
