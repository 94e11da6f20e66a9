"""Feeds that skip, repeat or slip behind a cursor (F1, F2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from tests.conformance.badstores.bad import Bad, pause
from wrkr_core.memory import MemoryStore
from wrkr_core.store import StreamInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, Event, NewEvent


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


class ShowsOnlyWhatIsSettled(MemoryStore):
    """Ends the feed where an append that is under way began, as a snapshot's lower bound does."""

    under_way: ClassVar[dict[object, tuple[int, int]]] = {}

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        me = object()
        self.under_way[me] = id(self._contents), self._contents.pos
        try:
            pause()
            return super().append(stream, expected, events)
        finally:
            del self.under_way[me]

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        began = [pos for place, pos in [*self.under_way.values()] if place == id(self._contents)]
        page, _behind = super().feed(cursor, limit)
        page = [event for event in page if event.pos <= min(began, default=event.pos)]
        return page, str(page[-1].pos) if page else cursor


class SaysAPosOfItsOwn(MemoryStore):
    """Counts the pos of a trimmed stream's head from its first record on."""

    def stream(self, stream: str) -> StreamInfo | None:
        info = super().stream(stream)
        if info is None or info.first == 1:
            return info
        return StreamInfo(stream, info.head, info.first, info.pos + info.head)

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        found = [self.stream(each.stream) for each in super().streams(after, limit, prefix)]
        return [info for info in found if info is not None]


BAD: Final = (
    Bad(SkipsTheLastOfAFullPage, "F1.1", "leaves out the last record of a full page"),
    Bad(SortsTheFeedByStream, "F2.1", "sorts the feed by stream"),
    Bad(FeedsTwiceAtTheBorder, "F1.1", "gives the record at the border of pages twice"),
    Bad(ShowsOnlyWhatIsSettled, "A1.11", "keeps what has returned from the feed for a while"),
    Bad(SaysAPosOfItsOwn, "M1.1", "says another pos of a trimmed stream than its head has"),
    Bad(GivesPosAgainAfterDelete, "F2.2", "takes the next pos from what is left"),
)
