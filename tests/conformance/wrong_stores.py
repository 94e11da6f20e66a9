"""Stores that are wrong in one way each, and the clause that must reject each of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from wrkr_conformance.expect import head_of
from wrkr_core.errors import Conflict, HandleClosed
from wrkr_core.memory import INFO, MemoryStore
from wrkr_core.store import Appended, Cell, Event, NewEvent, StoreInfo, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wrkr_core.store import Store


def pause() -> None:
    """Let other threads in between, so that a race that may be lost is lost."""
    threading.Event().wait(0.002)


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


class GivesVersionsAgainAfterDelete(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        version = super().put(key, data, expected)
        if data is None:
            self._contents.versions.pop(key)
        return version


class HidesTheHeadInConflict(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except Conflict as conflict:
            raise Conflict(stream, expected, 0) from conflict


class HidesTheVersionInConflict(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        try:
            return super().put(key, data, expected)
        except Conflict as conflict:
            raise Conflict(key, expected, expected + 1) from conflict


class TakesAnyExpected(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        return super().append(stream, head_of(self, stream) if expected < 0 else expected, events)


class EncodesBytesAnew(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        anew = [
            NewEvent(event.id, event.type, event.at, event.data.decode(errors="replace").encode())
            for event in events
        ]
        return super().append(stream, expected, anew)


class FoldsCase(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        return super().append(stream.casefold(), expected, events)

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return super().read(stream.casefold(), after, limit)

    def stream(self, stream: str) -> StreamInfo | None:
        return super().stream(stream.casefold())


class SkipsTheLastOfAFullPage(MemoryStore):
    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        page, cursor = super().feed(cursor, limit)
        return (page[:-1], cursor) if 1 < len(page) == limit else (page, cursor)


class SortsTheFeedByStream(MemoryStore):
    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        events = sorted(super().feed("", 1 << 40)[0], key=lambda event: (event.stream, event.seq))
        start = int(cursor or 0)
        page = events[start : start + limit]
        return page, str(start + len(page))


class FeedsTwiceAtTheBorder(MemoryStore):
    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        page, behind = super().feed(cursor, limit)
        return page, str(page[-2].pos) if len(page) > 2 else behind


class GivesPosAgainAfterDelete(MemoryStore):
    def delete(self, stream: str) -> None:
        super().delete(stream)
        feed = self._contents.feed
        self._contents.pos = feed[-1].pos if feed else 0


class TrimsOneTooFew(MemoryStore):
    def trim(self, stream: str, through: int) -> None:
        info = self.stream(stream)
        super().trim(stream, through - (info is not None and through >= info.first))


class TrimsOneTooMany(MemoryStore):
    def trim(self, stream: str, through: int) -> None:
        super().trim(stream, through)
        info = self.stream(stream)
        if info is not None and info.first < info.head:
            super().trim(stream, info.first)


class TrimsTheHead(MemoryStore):
    def trim(self, stream: str, through: int) -> None:
        super().trim(stream, min(through, head_of(self, stream) - 1))


class IgnoresTheLimit(MemoryStore):
    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return super().read(stream, after, max(limit, 1000) if limit > 0 else limit)


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


class ForgetsTombstones(MemoryStore):
    def delete(self, stream: str) -> None:
        super().delete(stream)
        self._contents.deleted.discard(stream)


class LeavesDeletedRecordsInTheFeed(MemoryStore):
    def delete(self, stream: str) -> None:
        feed = [*self._contents.feed]
        super().delete(stream)
        self._contents.feed = feed


class ListsPrefixesLoosely(MemoryStore):
    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return [key for key in super().keys("", after) if prefix in key][:limit]


class ListsDeletedCells(MemoryStore):
    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return sorted(key for key in self._contents.versions if key.startswith(prefix))[:limit]


class HandsOutItsOwnLists(MemoryStore):
    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        page = super().read(stream, after, limit)
        return self._contents.streams[stream].records if page and not after else page


class NeverWakes(MemoryStore):
    def wait(self, cursor: str, timeout: float) -> bool:
        return super().wait(cursor, 0)


class GoesOnAfterClose(MemoryStore):
    def close(self) -> None:
        pass


class GoesOnAfterFork(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except HandleClosed:
            return Appended(expected + len(events), expected + len(events), replayed=False)


class Declares(MemoryStore):
    """Declares something else than it does."""

    declared = INFO

    @property
    def info(self) -> StoreInfo:
        return self.declared


class TrimsUndeclared(Declares):
    declared = StoreInfo("memory", "0", INFO.capabilities - {"trim"}, "none")


class WaitsUndeclared(Declares):
    declared = StoreInfo("memory", "0", INFO.capabilities - {"wait"}, "none")


class SpeaksAnotherProtocol(Declares):
    declared = StoreInfo("memory", "0", protocol="wrkr.store/2", durability="none")


class ClaimsTheUnheardOf(Declares):
    declared = StoreInfo("memory", "0", frozenset({"telepathy"}), "none")


class ForgetsRelaxedWrites(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        version = super().put(key, data, expected)
        if not durable and data is not None:
            self._contents.cells[key] = Cell(key, b"", version)
        return version


WRONG: Final[list[tuple[type[MemoryStore], str]]] = [
    (LosesBetweenCheckAndWrite, "S1.2"),
    (LosesBetweenCheckAndWrite, "S1.3"),
    (LosesCellsBetweenCheckAndWrite, "C1.8"),
    (KeepsHalfOfARefusedBatch, "A1.5"),
    (KeepsTheGoodRecordsOfABadBatch, "A1.4"),
    (ShowsABatchWhileItGrows, "A1.7"),
    (GivesVersionsAgainAfterDelete, "C2.1"),
    (HidesTheHeadInConflict, "A2.1"),
    (HidesTheVersionInConflict, "C1.2"),
    (TakesAnyExpected, "A2.3"),
    (EncodesBytesAnew, "A5.1"),
    (FoldsCase, "A5.2"),
    (SkipsTheLastOfAFullPage, "F1.1"),
    (SortsTheFeedByStream, "F2.1"),
    (FeedsTwiceAtTheBorder, "F1.1"),
    (GivesPosAgainAfterDelete, "F2.2"),
    (TrimsOneTooFew, "T2.1"),
    (TrimsOneTooMany, "T2.1"),
    (TrimsTheHead, "T2.2"),
    (IgnoresTheLimit, "P1.1"),
    (RefusesARepeat, "A3.1"),
    (WritesARepeatAgain, "A3.1"),
    (ReplaysAnything, "A3.2"),
    (ComparesTheFirstIdOnly, "A3.2"),
    (ForgetsTombstones, "T1.1"),
    (LeavesDeletedRecordsInTheFeed, "T1.2"),
    (ListsPrefixesLoosely, "C1.4"),
    (ListsDeletedCells, "C1.3"),
    (HandsOutItsOwnLists, "P1.4"),
    (NeverWakes, "W1.2"),
    (GoesOnAfterClose, "N2.1"),
    (GoesOnAfterFork, "N2.2"),
    (TrimsUndeclared, "N1.1"),
    (WaitsUndeclared, "N1.2"),
    (SpeaksAnotherProtocol, "I1.1"),
    (ClaimsTheUnheardOf, "I1.1"),
    (ForgetsRelaxedWrites, "D1.2"),
]


def opener(kind: type[MemoryStore]) -> Callable[[Path], Store]:
    return lambda directory: kind(str(directory))
