"""Bytes and names that are not kept as they were given (A5)."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Final

from tests.conformance.badstores.bad import Bad
from wrkr_core.memory import MemoryStore
from wrkr_core.store import NewEvent

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


BAD: Final = (
    Bad(EncodesBytesAnew, "A5.1", "keeps data as text"),
    Bad(SpellsJsonAnew, "A5.1", "reads JSON and writes it in its own spelling"),
    Bad(FoldsCase, "A5.2", "keeps names without regard to case"),
    Bad(NormalizesNames, "A5.2", "normalizes names"),
    Bad(KeepsNoTimeBefore1970, "A5.4", "keeps at in an unsigned number"),
)
