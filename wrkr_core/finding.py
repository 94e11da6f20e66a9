"""Find the store a URL names. One of the two doors through which the core meets the machine."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from wrkr_core.errors import InvalidInputError, NotSupportedHereError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.store import Store

    Opener = Callable[[str], Store]

# Known before any package metadata is read: scanning entry points costs about four Python start-ups.
BUILT_IN: Final = {
    "memory": ("wrkr_core.memory:open_store", "wrkr"),
    "sqlite": ("wrkr_store_sqlite:open_store", "wrkr[sqlite]"),
    "files": ("wrkr_store_files:open_store", "wrkr"),
}
EXAMPLES: Final = "try 'sqlite:///wrkr.db' or 'files:///.wrkr'"


def open_store(url: str) -> Store:
    """Return an open store: ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``files:///dir``.

    ``~`` means the home directory. Other schemes are looked up in the entry point group
    ``wrkr.stores``.

    Raises:
        InvalidInputError: Not a store URL, or no store is installed for its scheme.
        NotSupportedHereError: The store's own requirements are not installed.
        StoreUnavailable: The store cannot be opened there.

    """
    return opener(url)(url)


def opener(url: str) -> Opener:
    """Return the function that opens ``url``. Raises: as ``open_store``."""
    scheme, colon, rest = url.partition(":")
    if not colon or not rest.startswith("//"):
        raise InvalidInputError(f"{url!r} is not a store URL", hint=EXAMPLES)
    if scheme in BUILT_IN:
        target, extra = BUILT_IN[scheme]
        module, _, name = target.partition(":")
        try:
            return cast("Opener", getattr(import_module(module), name))
        except ImportError as error:
            raise NotSupportedHereError(
                f"the {scheme} store cannot be loaded: {error}", hint=f"pip install '{extra}'"
            ) from error
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group="wrkr.stores")}
    if scheme in found:
        return cast("Opener", found[scheme].load())
    known = ", ".join(sorted({*BUILT_IN, *found}))
    raise InvalidInputError(
        f"no store is installed for {scheme!r}; installed: {known}", hint=EXAMPLES
    )


def path_of(url: str) -> str:
    """Return the file path in ``scheme:///path``, with ``~`` expanded.

    Three slashes are a relative path, four an absolute one. Raises: InvalidInputError.
    """
    _scheme, _, rest = url.partition("://")
    if not rest.startswith("/") or len(rest) < 2:
        raise InvalidInputError(f"{url!r} names no path", hint=EXAMPLES)
    return os.path.expanduser(rest[1:])  # noqa: PTH111  # a text path is what stores take
