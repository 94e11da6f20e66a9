"""How a file of vectors is written, and how a row of a table becomes a case."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wrkr_conformance.vectors.running import FORMAT
from wrkr_core.errors import WrkrError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Case = dict[str, Any]


def vectors(kind: str, about: str, cases: Sequence[Case], **shared: object) -> bytes:
    """Return a file: ASCII, so that no editor and no transfer changes it."""
    ids = [case["id"] for case in cases]
    for twice in sorted({each for each in ids if ids.count(each) > 1}):
        raise ValueError(f"two cases of {kind} are called {twice}")
    value = {"format": FORMAT, "kind": kind, "about": about, **shared, "cases": list(cases)}
    return json.dumps(value, ensure_ascii=True, indent=1, allow_nan=False).encode() + b"\n"


def expected(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``call`` gives, or the code it is refused with."""
    try:
        return call()
    except WrkrError as error:
        return {"refused": error.code}


def hold(found: object, wanted: object, what: str) -> None:
    """Stop if the code does not do what the table says by hand."""
    if found != wanted:
        raise ValueError(f"{what}: the table says {wanted!r}, the code does {found!r}")
