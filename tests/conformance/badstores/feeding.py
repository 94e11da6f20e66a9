"""Feeds that skip, repeat or slip behind a cursor (F1, F2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.conformance.badstores.bad import Bad
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from wrkr_core.store import Event


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


BAD: Final = (
    Bad(SkipsTheLastOfAFullPage, "F1.1", "leaves out the last record of a full page"),
    Bad(SortsTheFeedByStream, "F2.1", "sorts the feed by stream"),
    Bad(FeedsTwiceAtTheBorder, "F1.1", "gives the record at the border of pages twice"),
    Bad(GivesPosAgainAfterDelete, "F2.2", "takes the next pos from what is left"),
)
