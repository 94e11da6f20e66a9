"""Open the store a URL names: ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

Options behind a question mark: ``busy=SECONDS`` is how long to wait for another writer (10), and
``mode=ro`` opens for reading only, which also works on read-only media.
"""

from __future__ import annotations

import math
from typing import Final

from wrkr_core.errors import InvalidInputError
from wrkr_core.finding import path_of
from wrkr_store_sqlite.store import BUSY_SECONDS, SqliteStore

KNOWN: Final = ("busy", "mode")


def open_store(url: str) -> SqliteStore:
    """Return the store at ``url``, made there if there is none.

    Raises:
        InvalidInputError: The URL names no path, or has an option that is not known.
        StoreUnavailable: The file is not a store, or cannot be read or written.
        StoreTooNew: A newer release wrote it; it was not touched.
        Corrupt: It is damaged.
        Busy: It is locked.

    """
    place, _, query = url.partition("?")
    options = _options(url, query)
    return SqliteStore(
        path_of(place),
        busy=_seconds(options.get("busy", str(BUSY_SECONDS))),
        read_only=_read_only(options.get("mode", "rw")),
    )


def _options(url: str, query: str) -> dict[str, str]:
    """Split ``a=b&c=d``. Raises: InvalidInputError."""
    options: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name not in KNOWN:
            raise InvalidInputError(
                f"{url!r} has the unknown option {name!r}", hint=f"known: {', '.join(KNOWN)}"
            )
        if name in options:
            raise InvalidInputError(f"{url!r} gives the option {name!r} twice")
        options[name] = value
    return options


def _seconds(text: str) -> float:
    """Return how long to wait. Raises: InvalidInputError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= 86_400:
        raise InvalidInputError(f"busy is {text!r}; it must be 0 to 86400 seconds")
    return seconds


def _read_only(text: str) -> bool:
    """Return whether ``mode`` asks for reading only. Raises: InvalidInputError."""
    if text not in {"ro", "rw"}:
        raise InvalidInputError(f"mode is {text!r}; it must be 'ro' or 'rw'")
    return text == "ro"
