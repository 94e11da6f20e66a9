"""Appending that is not atomic, or does not look at the head (A1, A2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.conformance.badstores.bad import Bad, pause
from wrkr_conformance.expect import head_of
from wrkr_core.errors import Conflict
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, NewEvent


class KeepsHalfOfARefusedBatch(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except Conflict as conflict:
            half = events[: len(events) // 2]
            if half and expected < conflict.head:
                super().append(stream, conflict.head, half)
            raise


class KeepsTheGoodRecordsOfABadBatch(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except ValueError:
            if expected >= 0 and events and events[0].id:
                super().append(stream, expected, events[:1])
            raise


class ShowsABatchWhileItGrows(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if len(events) < 2 or head_of(self, stream) != expected:
            return super().append(stream, expected, events)
        half = len(events) // 2
        super().append(stream, expected, events[:half])
        pause()
        return super().append(stream, expected + half, events[half:])


class HidesTheHeadInConflict(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except Conflict as conflict:
            raise Conflict(stream, expected, 0) from conflict


class TakesAnyExpected(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        return super().append(stream, head_of(self, stream) if expected < 0 else expected, events)


class BindsEveryColumn(MemoryStore):
    """Writes a batch by one statement, which takes so many parameters and no more."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if len(events) * 7 > 32766:
            raise RuntimeError("too many SQL variables")
        return super().append(stream, expected, events)


class CountsIn64Bits(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if expected >= 1 << 63:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return super().append(stream, expected, events)


BAD: Final = (
    Bad(KeepsHalfOfARefusedBatch, "A1.5", "writes until it meets the conflict"),
    Bad(KeepsTheGoodRecordsOfABadBatch, "A1.4", "checks record by record as it writes"),
    Bad(ShowsABatchWhileItGrows, "A1.7", "shows half of a batch until the other half is there"),
    Bad(HidesTheHeadInConflict, "A2.1", "raises Conflict without the real head"),
    Bad(BindsEveryColumn, "A1.10", "binds a parameter for every column of every record"),
    Bad(CountsIn64Bits, "A2.1", "cannot compare a number over 64 bits"),
    Bad(TakesAnyExpected, "A2.3", "takes -1 for any head"),
)
