"""The store that keeps records in one SQLite file: ``sqlite:///wrkr.db``.

The file is open to any other tool: its tables explain themselves (``.schema``), and the view ``log``
shows the records as text. ``schema`` says how it is laid out and why.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_store_sqlite.opening import open_store
    from wrkr_store_sqlite.store import SqliteStore

__all__ = ["SqliteStore", "open_store"]

_HOMES: Final = {"SqliteStore": "store", "open_store": "opening"}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
