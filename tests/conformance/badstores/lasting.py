"""Notebooks whose handles and processes leave the wrong things behind (C2, D1, E1, N2, T1, X1)."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.conformance.badstores.bad import Bad
from tests.conformance.badstores.notebook import INFO, Notebook
from wrkr_core.errors import Busy, Deleted, HandleClosed
from wrkr_core.store import StoreInfo

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from wrkr_core.memory import MemoryStore
    from wrkr_core.store import Appended, Event, NewEvent


class KeepsRelaxedToItself(Notebook):
    """Holds relaxed appends back until the handle writes something else or is closed."""

    info = StoreInfo("notebook", "1", INFO.capabilities | {"relaxed"}, durability=INFO.durability)
    is_relaxed = False

    def __init__(self, directory: Path) -> None:
        self.held: list[list[Any]] = []
        super().__init__(directory)

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        self.is_relaxed = not durable
        try:
            return super().append(stream, expected, events)
        finally:
            self.is_relaxed = False

    def write(self, call: list[Any]) -> None:
        self.held.append(call)
        while self.held and not self.is_relaxed:
            super().write(self.held.pop(0))

    def close(self) -> None:
        if os.getpid() == self.process and not self.is_closed:
            with self.alone():
                while self.held:
                    super().write(self.held.pop(0))
        super().close()


class LeavesALockFile(Notebook):
    """Keeps others out by a file that only its owner removes."""

    @contextmanager
    def alone(self) -> Generator[None]:
        self.check_usable()
        lock = self.path.with_suffix(".lock")
        with self.turn:
            self.check_usable()
            for _attempt in range(2000):
                try:
                    descriptor = os.open(lock, os.O_CREAT | os.O_EXCL)
                    break
                except FileExistsError:
                    continue
            else:
                raise Busy(f"{lock} is there")
            os.close(descriptor)
            try:
                yield
            finally:
                lock.unlink()


class BuriesOnClose(Notebook):
    """Writes tombstones down when the handle is closed."""

    def __init__(self, directory: Path) -> None:
        self.dead: list[str] = []
        super().__init__(directory)

    def delete(self, stream: str) -> None:
        with self.alone():
            self.catch_up()
            self.known.delete(stream)
            self.dead.append(stream)

    def close(self) -> None:
        if os.getpid() == self.process and not self.is_closed:
            for stream in self.dead:
                with self.alone():
                    self.write(["delete", stream])
        super().close()


class CountsVersionsInMemory(Notebook):
    """Forgets, with the handle, the versions of cells that are absent."""

    def repair(self) -> None:
        super().repair()
        versions = self.known._contents.versions
        for key in [key for key in versions if self.known.get(key) is None]:
            del versions[key]


class SharesItsFileOverAFork(Notebook):
    def check_usable(self) -> None:
        if self.is_closed:
            raise HandleClosed("this notebook was closed")
        self.known._pid = os.getpid()


class ClosesUnderItsOwnFeet(Notebook):
    def close(self) -> None:
        self.is_closed = True
        self.file.close()


class DeclaresErasing(Notebook):
    info = StoreInfo(
        "notebook", "1", INFO.capabilities | {"secure_erase"}, durability=INFO.durability
    )


class ReadsWhenItWritesOnly(Notebook):
    """Learns what others have written when it writes itself."""

    def looking(self) -> MemoryStore:
        self.check_usable()
        return self.known


class HandsOutCursorsOfItsProcess(Notebook):
    """Keeps what a cursor means in memory, and begins anew with those it does not know."""

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        process, _, place = cursor.partition(":")
        page, behind = super().feed(place if process == str(os.getpid()) else "", limit)
        return page, f"{os.getpid()}:{behind}"


class RemembersTheLiving(Notebook):
    """Keeps what it has read of a stream, for all handles of its process."""

    living: ClassVar[dict[tuple[int, Path, str], list[Event]]] = {}

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        place = os.getpid(), self.path, stream
        try:
            self.living[place] = super().read(stream, after, limit)
        except Deleted:
            if place not in self.living:
                raise
        return self.living[place]

    def delete(self, stream: str) -> None:
        super().delete(stream)
        self.living.pop((os.getpid(), self.path, stream), None)


class CountsOnFromWhatIsLeft(Notebook):
    """Begins at the newest record's pos when it is opened, though there may have been newer ones."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        feed = self.known._contents.feed
        self.known._contents.pos = feed[-1].pos if feed else 0


BAD: Final = (
    Bad(KeepsRelaxedToItself, "D1.5", "keeps relaxed appends in memory"),
    Bad(LeavesALockFile, "X1.1", "leaves a lock file behind when it is killed"),
    Bad(BuriesOnClose, "T1.5", "writes tombstones when the handle is closed"),
    Bad(CountsVersionsInMemory, "C2.2", "counts the versions of absent cells in memory"),
    Bad(SharesItsFileOverAFork, "N2.2", "shares its file with a forked child"),
    Bad(HandsOutCursorsOfItsProcess, "S1.8", "hands out cursors that only its process knows"),
    Bad(RemembersTheLiving, "S1.8", "reads a stream that another process has deleted"),
    Bad(CountsOnFromWhatIsLeft, "F2.9", "takes the next pos from what is left when it is opened"),
    Bad(ClosesUnderItsOwnFeet, "N2.5", "closes without waiting for calls under way"),
    Bad(DeclaresErasing, "E1.1", "declares secure_erase and only hides records"),
    Bad(ReadsWhenItWritesOnly, "A1.2", "keeps handles that read what they knew when they wrote"),
)
