"""Stores that are right for a few records, streams or handles and wrong for many (F1, P1, S1, T1)."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Final

from tests.conformance.badstores.bad import Bad, pause
from wrkr_core.errors import StoreUnavailable
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from wrkr_core.store import Appended, Event, NewEvent, StreamInfo

MOST: Final = 1000  # rows that a server gives at once, or takes


class ReadsAThousandAtMost(MemoryStore):
    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return super().read(stream, after, min(limit, MOST))


class ListsAThousandAtMost(MemoryStore):
    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        return super().streams(after, min(limit, MOST), prefix)


class ListsAThousandKeysAtMost(MemoryStore):
    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return super().keys(prefix, after, min(limit, MOST))


class LosesTheBorderOfSegments(MemoryStore):
    """Goes on one record too late where a page begins in one segment and ends in the next."""

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        page = super().read(stream, after, limit)
        return [event for event in page if event.seq % 4096 or event is page[0]]


class FeedsASegmentTwice(MemoryStore):
    """Begins the next segment of the feed at the record with which the last one ended."""

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        page, behind = super().feed(cursor, limit)
        for place, event in enumerate(page[:-1]):
            if event.pos % 4096 == 0:
                return [*page[: place + 1], *page[place:-1]], str(page[-2].pos)
        return page, behind


class FeedsHalfAMebibyte(MemoryStore):
    """Ends a page where it gets too large, though it holds nothing yet."""

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        page, _behind = super().feed(cursor, limit)
        sizes = [sum(len(event.data) for event in page[: place + 1]) for place in range(len(page))]
        page = [event for event, size in zip(page, sizes, strict=True) if size <= 1 << 19]
        return page, str(page[-1].pos) if page else cursor


class DeletesAThousand(MemoryStore):
    """Deletes by a statement that takes so many rows and no more."""

    def delete(self, stream: str) -> None:
        rest = [event for event in self._contents.feed if event.stream == stream][MOST:]
        super().delete(stream)
        self._contents.feed = sorted([*self._contents.feed, *rest], key=lambda event: event.pos)


class HasFewConnections(MemoryStore):
    """Takes a connection for each handle from a pool of ten."""

    taken: ClassVar[dict[str, int]] = {}

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.taken[name] = self.taken.get(name, 0) + 1
        if self.taken[name] > 10:
            raise StoreUnavailable("too many connections")

    def close(self) -> None:
        self.taken[self.name] -= not self._closed
        super().close()


class WaitsForNoConnection(MemoryStore):
    """Takes a connection for each call from a pool of eight, and gives up where there is none."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.pool = threading.Semaphore(8)

    @contextmanager
    def connected(self) -> Generator[None]:
        if not self.pool.acquire(blocking=False):
            raise RuntimeError("the pool has no connection left")
        try:
            pause()
            yield
        finally:
            self.pool.release()

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        with self.connected():
            return super().append(stream, expected, events)


BAD: Final = (
    Bad(ReadsAThousandAtMost, "P1.5", "reads no more than a thousand records at once"),
    Bad(LosesTheBorderOfSegments, "P1.5", "loses a record where two segments meet"),
    Bad(ListsAThousandAtMost, "P2.4", "lists no more than a thousand streams at once"),
    Bad(ListsAThousandKeysAtMost, "P2.4", "lists no more than a thousand keys at once"),
    Bad(FeedsASegmentTwice, "F1.5", "feeds the record twice where two segments meet"),
    Bad(FeedsHalfAMebibyte, "F1.6", "ends the feed at a record that is larger than a page"),
    Bad(DeletesAThousand, "T1.7", "deletes the first thousand records of a stream"),
    Bad(HasFewConnections, "S1.7", "opens no more than ten handles"),
    Bad(WaitsForNoConnection, "S1.7", "fails where more threads call than it has connections"),
)
