"""SQLite stores that are wrong only where processes meet or die. Importable by child processes."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING, Final

from tests.conformance.badstores.bad import Bad
from wrkr_conformance.expect import head_of
from wrkr_core.errors import Conflict
from wrkr_core.store import Appended, Event, NewEvent
from wrkr_store_sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Right(SqliteStore):
    """The SQLite store as it is."""

    def __init__(self, directory: Path) -> None:
        super().__init__(str(directory / "wrkr.db"))
        self.directory = directory


class AcksBeforeItWrites(Right):
    """Keeps the newest batch to itself until the next call."""

    held: tuple[str, int, Sequence[NewEvent]] | None = None

    def flush(self) -> None:
        if self.held is not None:
            held, self.held = self.held, None
            super().append(*held)

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        self.flush()
        if head_of(self, stream) != expected:
            return super().append(stream, expected, events)
        self.held = (stream, expected, [*events])
        return Appended(expected + len(events), 0, replayed=False)

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        self.flush()
        return super().read(stream, after, limit)


class CommitsRecordByRecord(Right):
    """Appends each record of a batch on its own."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        result = super().append(stream, expected, events[:1], durable=durable)
        for place in range(1, len(events)):
            result = super().append(
                stream, expected + place, events[place : place + 1], durable=durable
            )
        return result


class LosesBetweenProcesses(Right):
    """Looks at the head, then writes at whatever the head is by then."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if head_of(self, stream) != expected:
            return super().append(stream, expected, events)
        while True:
            try:
                return super().append(stream, head_of(self, stream), events)
            except Conflict:
                continue


class ReadersWaitForWriters(Right):
    """Takes one lock for reading and for writing."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.turn = (directory / "turn").open("wb")

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if self.turn.closed:
            return super().append(stream, expected, events)
        fcntl.flock(self.turn, fcntl.LOCK_EX)
        try:
            return super().append(stream, expected, events)
        finally:
            fcntl.flock(self.turn, fcntl.LOCK_UN)

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        if self.turn.closed:
            return super().read(stream, after, limit)
        fcntl.flock(self.turn, fcntl.LOCK_EX)
        try:
            return super().read(stream, after, limit)
        finally:
            fcntl.flock(self.turn, fcntl.LOCK_UN)

    def close(self) -> None:
        super().close()
        self.turn.close()


class DiesOnTheWay(Right):
    """Ends its process at the third batch."""

    appended = 0

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        self.appended += 1
        if self.appended == 3:
            raise SystemExit(3)
        return super().append(stream, expected, events)


BAD: Final = (
    Bad(CommitsRecordByRecord, "A1.8", "commits a batch record by record"),
    Bad(LosesBetweenProcesses, "S1.4", "loses what other processes write between check and write"),
    Bad(LosesBetweenProcesses, "S1.6", "gives processes answers that no order explains"),
    Bad(ReadersWaitForWriters, "R2.2", "has readers wait for the lock of writers"),
)
