"""A store with one fault, to see what the conformance suite says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.store import Event


class FaultyStore(MemoryStore):
    """Right but for one thing: a page of a stream has a record too many."""

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return super().read(stream, after, limit + 1)


def open_in(folder: Path) -> FaultyStore:
    """Return a handle on the store of a folder."""
    return FaultyStore(str(folder))
