"""Records and stores the tests of this package make."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.store import Event
    from wrkr_store_files import FilesStore


def new(*names: object, data: bytes = b'{"x":1}') -> list[NewEvent]:
    """Return a batch of records with these ids."""
    return [NewEvent(f"e{name}", "tried/1", 1_700_000_000_000_000, data) for name in names]


def ids(events: list[Event]) -> list[str]:
    """Return the ids of records."""
    return [event.id for event in events]


def whole_feed(store: FilesStore, limit: int = 1000) -> list[Event]:
    """Return the feed, page by page."""
    found: list[Event] = []
    cursor = ""
    while True:
        page, cursor = store.feed(cursor, limit)
        if not page:
            return found
        found += page


def segments(root: Path, stream: str = "a") -> list[Path]:
    """Return the files of a stream with a plain name, in order."""
    return sorted((root / "streams" / stream).glob("events-*.jsonl"))


def fork() -> int:
    """Fork without the warning newer Pythons give when other threads are there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
