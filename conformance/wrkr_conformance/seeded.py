"""Hypothesis, with nothing but the seed deciding what is tried.

Since 6.130 Hypothesis mixes constants into its choices which it finds in the source of whatever
local modules are loaded. The same seed then tries something else under pytest than alone, after an
edit of the store, or once one more module is loaded; and the constants found are kept in a folder
in the working directory. A run that is to be repeated by its seed can have none of it, and there is
no setting, so the function that collects them is set aside while the model runs.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hypothesis.internal.conjecture import providers

if TYPE_CHECKING:
    from collections.abc import Generator

COLLECTOR: Final = "_get_local_constants"
CACHE: Final = "CONSTANTS_CACHE"


@contextmanager
def by_seed_alone() -> Generator[None]:
    """Keep Hypothesis from collecting constants. A release that collects none is left as it is."""
    names: dict[str, Any] = providers.__dict__
    collect = names.get(COLLECTOR)
    if collect is None or CACHE not in names or "Constants" not in names:
        yield
        return
    nothing = names["Constants"]()
    names[COLLECTOR] = lambda: nothing
    names[CACHE].cache.clear()
    try:
        yield
    finally:
        names[COLLECTOR] = collect
        names[CACHE].cache.clear()
