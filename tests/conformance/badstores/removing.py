"""Deletes and trims that forget, or take too much or too little (T1, T2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.conformance.badstores.bad import Bad, pause
from wrkr_conformance.expect import head_of
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, NewEvent


class ForgetsTombstones(MemoryStore):
    def delete(self, stream: str) -> None:
        super().delete(stream)
        self._contents.deleted.discard(stream)


class LeavesDeletedRecordsInTheFeed(MemoryStore):
    def delete(self, stream: str) -> None:
        feed = [*self._contents.feed]
        super().delete(stream)
        self._contents.feed = feed


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


class LooksForTheTombstoneTooEarly(MemoryStore):
    """Looks for it before the lock is taken, and not again."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        super().stream(stream)
        pause()
        with self._contents.changed:
            buried = stream in self._contents.deleted
            self._contents.deleted.discard(stream)
        try:
            return super().append(stream, expected, events)
        finally:
            if buried:
                self._contents.deleted.add(stream)


class TrimsByRewriting(MemoryStore):
    """Reads what there is and writes what is left of it, whatever came in between."""

    def trim(self, stream: str, through: int) -> None:
        there = head_of(self, stream)
        pause()
        with self._contents.changed:
            kept = self._contents.streams[stream]
            late = kept.records[there + 1 - kept.first :]
            del kept.records[there + 1 - kept.first :]
            self._contents.feed = [each for each in self._contents.feed if each not in late]
        super().trim(stream, through)


BAD: Final = (
    Bad(ForgetsTombstones, "T1.1", "leaves no tombstone"),
    Bad(LeavesDeletedRecordsInTheFeed, "T1.2", "leaves deleted records in the feed"),
    Bad(TrimsOneTooFew, "T2.1", "keeps the record at the border of a trim"),
    Bad(TrimsOneTooMany, "T2.1", "takes the record behind the border of a trim"),
    Bad(LooksForTheTombstoneTooEarly, "T1.8", "looks for the tombstone before it locks"),
    Bad(TrimsByRewriting, "T2.4", "trims away what was appended while it trimmed"),
    Bad(TrimsTheHead, "T2.2", "trims as far as it can instead of refusing"),
)
