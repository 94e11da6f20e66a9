"""All bad stores there are, and the clause that names the fault of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.conformance.badstores import (
    appending,
    celling,
    declaring,
    feeding,
    flushing,
    growing,
    handling,
    lasting,
    naming,
    paging,
    processes,
    racing,
    refusing,
    removing,
    repeating,
    tearing,
)

if TYPE_CHECKING:
    from tests.conformance.badstores.bad import Bad

IN_MEMORY: Final[tuple[Bad, ...]] = (
    *appending.BAD,
    *racing.BAD,
    *repeating.BAD,
    *naming.BAD,
    *paging.BAD,
    *feeding.BAD,
    *celling.BAD,
    *removing.BAD,
    *growing.BAD,
    *handling.BAD,
    *declaring.BAD,
)
IN_FILES: Final[tuple[Bad, ...]] = (
    *flushing.BAD,
    *tearing.BAD,
    *refusing.BAD,
    *lasting.BAD,
    *processes.BAD,
)
EVERY: Final = (*IN_MEMORY, *IN_FILES)
