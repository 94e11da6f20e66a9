"""Notebooks that make too little of a torn tail, or too much (A1, D1, X1)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from tests.conformance.badstores.bad import Bad
from tests.conformance.badstores.notebook import MARK, Notebook, call_of, line_of
from wrkr_core.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, NewEvent


class SwallowsBadLines(Notebook):
    def marked_lines(self) -> list[tuple[bytes, int]]:
        content = os.pread(self.file.fileno(), 1 << 30, self.read_up_to)
        found: list[tuple[bytes, int]] = []
        place = 0
        while mark := content.find(b"\n" + MARK, place) + 1:
            end = mark + len(MARK)
            found.append((content[place:mark], self.read_up_to + end))
            place = end
        return found

    def apply(self, line: bytes) -> None:
        if call_of(line) is not None:
            super().apply(line)


class WritesBehindATornTail(Notebook):
    """Appends at the end of the file, whatever stands there."""

    def repair(self) -> None:
        self.catch_up()
        self.read_up_to = os.fstat(self.file.fileno()).st_size


class CallsATornTailCorrupt(Notebook):
    def repair(self) -> None:
        self.catch_up()
        if os.fstat(self.file.fileno()).st_size > self.read_up_to:
            raise Corrupt("the last line is not whole")


class CutsAWholeLastLine(Notebook):
    """Takes a last line without its mark for torn, though it was flushed and acknowledged."""

    def repair(self) -> None:
        self.catch_up()
        self.file.truncate(self.read_up_to)
        self.flush()


class WritesRecordByRecord(Notebook):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        for place in range(len(events) - 1):
            super().append(stream, expected + place, events[place : place + 1])
        last = len(events) - 1
        return super().append(stream, expected + last, events[last:])


class IgnoresAShortWrite(Notebook):
    def put_down(self, offset: int, data: bytes) -> None:
        self.file.seek(offset)
        self.file.write(data)


class LeavesHalfALineBehind(Notebook):
    """Goes on behind what a full disk has cut off, since it was an error after all."""

    def write(self, call: list[Any]) -> None:
        start, line = self.read_up_to, line_of(call)
        try:
            self.put_down(start, line)
            self.flush()
            self.put_down(start + len(line), MARK)
        finally:
            self.read_up_to = os.fstat(self.file.fileno()).st_size


BAD: Final = (
    Bad(SwallowsBadLines, "X1.3", "passes over a line it cannot read"),
    Bad(WritesBehindATornTail, "X1.2", "appends behind a torn tail"),
    Bad(CallsATornTailCorrupt, "X1.1", "calls a torn tail corrupt"),
    Bad(CutsAWholeLastLine, "D1.6", "cuts off a last line that was acknowledged"),
    Bad(WritesRecordByRecord, "A1.8", "appends a batch record by record"),
    Bad(WritesRecordByRecord, "A1.9", "flushes a batch record by record"),
    Bad(IgnoresAShortWrite, "D1.8", "does not look how much was written"),
    Bad(LeavesHalfALineBehind, "D1.8", "goes on behind half a line when the disk was full"),
)
