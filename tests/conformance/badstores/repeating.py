"""Repeats that are refused, written again, or taken for others (A3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from tests.conformance.badstores.bad import Bad
from wrkr_conformance.expect import head_of
from wrkr_core.errors import Conflict
from wrkr_core.memory import MemoryStore
from wrkr_core.store import Appended, NewEvent

if TYPE_CHECKING:
    from collections.abc import Sequence


class RefusesARepeat(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        result = super().append(stream, expected, events)
        if result.replayed:
            raise Conflict(stream, expected, head_of(self, stream))
        return result


class WritesARepeatAgain(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        result = super().append(stream, expected, events)
        if result.replayed:
            return super().append(stream, head_of(self, stream), events)
        return result


class ReplaysAnything(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except Conflict as conflict:
            if expected + len(events) > conflict.head:
                raise
            there = super().read(stream, expected, len(events))
            return Appended(there[-1].seq, there[-1].pos, replayed=True)


class ComparesTheFirstIdOnly(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except Conflict:
            there = super().read(stream, expected, len(events))
            if [event.id for event in there[:1]] != [event.id for event in events[:1]]:
                raise
            return Appended(there[-1].seq, there[-1].pos, replayed=True)


class ComparesTheBeginningsOfIds(MemoryStore):
    """Looks ids up in an index over their first 40 characters."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except Conflict:
            there = super().read(stream, expected, len(events))
            if [event.id[:40] for event in there] != [event.id[:40] for event in events]:
                raise
            return Appended(there[-1].seq, there[-1].pos, replayed=True)


class NormalizesIds(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        alike = [NewEvent(normalize("NFC", e.id), e.type, e.at, e.data) for e in events]
        return super().append(stream, expected, alike)


class RemembersTheLatestIds(MemoryStore):
    """Knows a repeat by a table of ids that is kept short."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        result = super().append(stream, expected, events)
        head = head_of(self, stream)
        if result.replayed and head - result.seq > 1000:
            raise Conflict(stream, expected, head)
        return result


BAD: Final = (
    Bad(RefusesARepeat, "A3.1", "refuses a repeated batch"),
    Bad(WritesARepeatAgain, "A3.1", "appends a repeated batch a second time"),
    Bad(ReplaysAnything, "A3.2", "takes any batch for a repeat"),
    Bad(ComparesTheFirstIdOnly, "A3.2", "tells a repeat by its first id"),
    Bad(ComparesTheBeginningsOfIds, "A3.2", "compares as much of an id as its index holds"),
    Bad(NormalizesIds, "A3.2", "normalizes ids"),
    Bad(RemembersTheLatestIds, "A3.6", "knows repeats of the latest records only"),
)
