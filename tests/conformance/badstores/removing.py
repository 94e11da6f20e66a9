"""Deletes and trims that forget, or take too much or too little (T1, T2)."""

from __future__ import annotations

from typing import Final

from tests.conformance.badstores.bad import Bad
from wrkr_conformance.expect import head_of
from wrkr_core.memory import MemoryStore


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


BAD: Final = (
    Bad(ForgetsTombstones, "T1.1", "leaves no tombstone"),
    Bad(LeavesDeletedRecordsInTheFeed, "T1.2", "leaves deleted records in the feed"),
    Bad(TrimsOneTooFew, "T2.1", "keeps the record at the border of a trim"),
    Bad(TrimsOneTooMany, "T2.1", "takes the record behind the border of a trim"),
    Bad(TrimsTheHead, "T2.2", "trims as far as it can instead of refusing"),
)
