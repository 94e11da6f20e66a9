"""Checks and writes with something in between (S1, F2)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, Final

from tests.conformance.badstores.bad import Bad, pause
from wrkr_conformance.expect import head_of
from wrkr_core.errors import Conflict
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, Event, NewEvent, StreamInfo


class LosesBetweenCheckAndWrite(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if head_of(self, stream) != expected:
            return super().append(stream, expected, events)
        pause()
        while True:
            try:
                return super().append(stream, head_of(self, stream), events)
            except Conflict:
                continue


class LosesCellsBetweenCheckAndWrite(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        cell = self.get(key)
        if (cell.version if cell is not None else 0) != expected:
            return super().put(key, data, expected)
        pause()
        while True:
            cell = self.get(key)
            try:
                return super().put(key, data, cell.version if cell is not None else 0)
            except Conflict:
                continue


class SkipsCommitsUnderWay(MemoryStore):
    flying: ClassVar[set[tuple[str, int]]] = set()

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        places = {(stream, seq) for seq in range(expected + 1, expected + 1 + len(events))}
        self.flying.update(places)
        try:
            done = super().append(stream, expected, events)
            pause()
        finally:
            self.flying.difference_update(places)
        return done

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        page, cursor = super().feed(cursor, limit)
        return [event for event in page if (event.stream, event.seq) not in self.flying], cursor


class ReadsFromAStaleCopy(MemoryStore):
    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.copies: dict[str, StreamInfo | None] = {}

    def stream(self, stream: str) -> StreamInfo | None:
        if self.copies.get(stream) is None:
            self.copies[stream] = super().stream(stream)
        return self.copies[stream]


class BelongsToItsThread(MemoryStore):
    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.thread = threading.get_ident()

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if threading.get_ident() != self.thread:
            raise RuntimeError("this handle was made in another thread")
        return super().append(stream, expected, events)


BAD: Final = (
    Bad(LosesBetweenCheckAndWrite, "S1.2", "looks at the head, then writes at whatever it is"),
    Bad(LosesBetweenCheckAndWrite, "S1.3", "loses updates between check and write"),
    Bad(LosesBetweenCheckAndWrite, "S1.5", "gives answers that no order explains"),
    Bad(LosesCellsBetweenCheckAndWrite, "C1.8", "loses counts between check and write"),
    Bad(SkipsCommitsUnderWay, "F2.6", "moves the cursor past commits that are under way"),
    Bad(ReadsFromAStaleCopy, "A1.2", "reads from a copy that others do not refresh"),
    Bad(BelongsToItsThread, "S1.2", "may be used by one thread only"),
)
