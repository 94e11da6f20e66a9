"""Handles that go on when they must not, and waits that do not end (N2, wait)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, Final

from tests.conformance.badstores.bad import Bad, pause
from wrkr_core.errors import HandleClosed
from wrkr_core.memory import MemoryStore
from wrkr_core.store import Appended

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Event, NewEvent


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


class NeverWakes(MemoryStore):
    def wait(self, cursor: str, timeout: float) -> bool:
        return super().wait(cursor, 0)


class ClosesForEverybody(MemoryStore):
    closed: ClassVar[set[int]] = set()

    def close(self) -> None:
        self.closed.add(id(self._contents))
        super().close()

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        if id(self._contents) in self.closed:
            raise HandleClosed("the store was closed")
        return super().read(stream, after, limit)


class SleepsInsteadOfWaiting(MemoryStore):
    def wait(self, cursor: str, timeout: float) -> bool:
        threading.Event().wait(min(timeout, threading.TIMEOUT_MAX))
        return super().wait(cursor, 0)


class LooksThenWaits(MemoryStore):
    """Misses who appends between its look and its wait."""

    def wait(self, cursor: str, timeout: float) -> bool:
        if super().wait(cursor, 0):
            return True
        pause()
        with self._contents.changed:
            self._contents.changed.wait(min(timeout, threading.TIMEOUT_MAX))
        return super().wait(cursor, 0)


class WaitsNoLongerThanItCan(MemoryStore):
    def wait(self, cursor: str, timeout: float) -> bool:
        if timeout > threading.TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")
        return super().wait(cursor, timeout)


BAD: Final = (
    Bad(GoesOnAfterClose, "N2.1", "does nothing when it is closed"),
    Bad(ClosesForEverybody, "N2.1", "closes every handle with the first"),
    Bad(GoesOnAfterFork, "N2.2", "acknowledges appends in a forked child"),
    Bad(NeverWakes, "W1.2", "looks once instead of waiting"),
    Bad(SleepsInsteadOfWaiting, "W1.2", "sleeps as long as it may and then looks"),
    Bad(LooksThenWaits, "W1.5", "misses an append between its look and its wait"),
    Bad(WaitsNoLongerThanItCan, "W1.5", "hands the system more seconds than it takes"),
)
