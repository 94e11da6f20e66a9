"""Keeps events and cells in a folder of JSON lines: `open_store("files:///dir")`.

Options stand behind the folder: ``?busy=SECONDS`` (how long to wait for other writers, 10),
``?force=1`` (allow a network file system), ``?mode=ro`` (change nothing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_store_files.store import FilesStore
from wrkr_store_files.url import parse

if TYPE_CHECKING:
    from wrkr_core.store import Store

__all__ = ["FilesStore", "open_store"]


def open_store(url: str) -> Store:
    """Return the store in the folder ``url`` names, made if it is missing.

    Raises:
        InvalidInputError: Not the URL of a folder, or an option that does not exist.
        StoreTooNew: A newer release made it; it was not touched.
        StoreUnavailable: It cannot be opened there.
        Busy: It needs to recover, and another writer has it.
        Corrupt: It cannot recover.

    """
    address = parse(url)
    return FilesStore(
        address.path, busy=address.busy, force=address.force, read_only=address.read_only
    )
