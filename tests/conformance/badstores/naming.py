"""Bytes and names that are not kept as they were given (A5)."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, ClassVar, Final, cast
from zlib import crc32

from tests.conformance.badstores.bad import Bad
from wrkr_core.memory import MemoryStore
from wrkr_core.store import Cell, NewEvent, check_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, Event, StreamInfo


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


class SpellsJsonAnew(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        anew = [NewEvent(each.id, each.type, each.at, spelled(each.data)) for each in events]
        return super().append(stream, expected, anew)


def spelled(data: bytes) -> bytes:
    try:
        return json.dumps(json.loads(data)).encode()
    except ValueError:
        return data


class NormalizesNames(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        return super().append(unicodedata.normalize("NFC", stream), expected, events)

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return super().read(unicodedata.normalize("NFC", stream), after, limit)

    def stream(self, stream: str) -> StreamInfo | None:
        return super().stream(unicodedata.normalize("NFC", stream))


class KeepsNoTimeBefore1970(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        anew = [NewEvent(each.id, each.type, max(0, each.at), each.data) for each in events]
        return super().append(stream, expected, anew)


class KeepsNamesByTheirHash(MemoryStore):
    """Finds a stream by the CRC-32 of its name, and takes who comes second for the first."""

    names: ClassVar[dict[tuple[int, int], str]] = {}

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        check_name(stream)
        place = id(self._contents), crc32(stream.encode())
        return super().append(self.names.setdefault(place, stream), expected, events)


class KnowsTheSuitesNames(MemoryStore):
    """Is right for short names only."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        given = [NewEvent(e.id, e.type, e.at, e.data[::-1]) for e in events]
        is_short = len(stream) < 12 or len(stream) > 100
        return super().append(stream, expected, events if is_short else given)


class HandsOutViews(MemoryStore):
    """Hands out what a driver gives for bytes, which is equal to them."""

    def get(self, key: str) -> Cell | None:
        cell = super().get(key)
        return cell and Cell(key, cast("bytes", memoryview(cell.data)), cell.version)


class KeepsNumbersAsReal(MemoryStore):
    """Keeps versions in a column of floating point numbers."""

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        return cast("int", float(super().put(key, data, expected)))


BAD: Final = (
    Bad(EncodesBytesAnew, "A5.1", "keeps data as text"),
    Bad(SpellsJsonAnew, "A5.1", "reads JSON and writes it in its own spelling"),
    Bad(FoldsCase, "A5.2", "keeps names without regard to case"),
    Bad(NormalizesNames, "A5.2", "normalizes names"),
    Bad(KeepsNamesByTheirHash, "A5.2", "keeps streams under a hash of 32 bits"),
    Bad(KnowsTheSuitesNames, "M1.1", "is right for names like those of the suite only"),
    Bad(HandsOutViews, "A5.6", "hands out memory views for bytes"),
    Bad(KeepsNumbersAsReal, "A5.6", "returns a version that is no whole number"),
    Bad(KeepsNoTimeBefore1970, "A5.4", "keeps at in an unsigned number"),
)
