"""Pages that are too long, too loose or not one's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zlib import crc32

from tests.conformance.badstores.bad import Bad, pause
from wrkr_core.memory import MemoryStore
from wrkr_core.store import Cell, check_limit

if TYPE_CHECKING:
    from wrkr_core.store import Event, StreamInfo


class IgnoresTheLimit(MemoryStore):
    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return super().read(stream, after, max(limit, 1000) if limit > 0 else limit)


class ListsPrefixesLoosely(MemoryStore):
    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return [key for key in super().keys("", after) if prefix in key][:limit]


class HandsOutItsOwnLists(MemoryStore):
    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        page = super().read(stream, after, limit)
        return self._contents.streams[stream].records if page and not after else page


class OrdersByHash(MemoryStore):
    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        found = super().streams(after, 1 << 30, prefix)
        return sorted(found, key=lambda info: crc32(info.stream.encode()))[:limit]


class OrdersWithoutCase(MemoryStore):
    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return sorted(super().keys(prefix, after, 1 << 30), key=str.casefold)[:limit]


class LimitsBeforeItFilters(MemoryStore):
    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        page = super().streams(after, limit)
        return [info for info in page if info.stream.startswith(prefix)]


class CutsLargeCells(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        return super().put(key, data if data is None else data[:65535], expected)


class TakesPrefixesForPatterns(MemoryStore):
    """Looks for ``prefix || '%'`` by LIKE."""

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        check_limit(limit)
        return [i for i in super().streams(after, 1 << 30) if is_like(i.stream, prefix)][:limit]

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        check_limit(limit)
        return [key for key in super().keys("", after, 1 << 30) if is_like(key, prefix)][:limit]


def is_like(name: str, prefix: str) -> bool:
    meaning = {"%": ".*", "_": "."}
    return bool(re.match("".join(meaning.get(each, re.escape(each)) for each in prefix), name))


class EndsPrefixesTooSoon(MemoryStore):
    """Takes U+FFFF for the last character there is."""

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        found = super().streams(after, limit, prefix)
        return [info for info in found if not prefix or info.stream <= f"{prefix}\uffff"]


class SharesTheCallersBuffer(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        version = super().put(key, data, expected)
        if data is not None:
            self._contents.cells[key] = Cell(key, data, version)
        return version


class ListsOneByOne(MemoryStore):
    """Looks at each stream when its turn comes."""

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        found: list[StreamInfo] = []
        for each in super().streams(after, limit, prefix):
            found += [info for info in [self.stream(each.stream)] if info is not None]
            pause()
        return found


BAD: Final = (
    Bad(IgnoresTheLimit, "P1.1", "gives more than the limit"),
    Bad(OrdersByHash, "P2.2", "lists streams in the order of a hash"),
    Bad(OrdersWithoutCase, "C1.4", "lists keys in an order of its own"),
    Bad(LimitsBeforeItFilters, "P2.2", "cuts the page before it looks at the prefix"),
    Bad(ListsPrefixesLoosely, "C1.4", "finds a prefix anywhere in a key"),
    Bad(HandsOutItsOwnLists, "P1.4", "gives callers its own list"),
    Bad(TakesPrefixesForPatterns, "P2.2", "finds streams by a pattern with the prefix in it"),
    Bad(TakesPrefixesForPatterns, "C1.4", "finds keys by a pattern with the prefix in it"),
    Bad(EndsPrefixesTooSoon, "P2.2", "ends a prefix before the last characters there are"),
    Bad(SharesTheCallersBuffer, "P1.4", "keeps a buffer that the caller may change"),
    Bad(ListsOneByOne, "S1.10", "lists streams each as it is at another instant"),
    Bad(CutsLargeCells, "C1.9", "keeps cells in a column of 64 KiB"),
)
