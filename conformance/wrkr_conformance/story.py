"""Errors that tell the way to them where it is no sequence of calls: files lost, kills, races."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_conformance.call_log import Reproduction
from wrkr_conformance.expect import Broken

if TYPE_CHECKING:
    from collections.abc import Iterable


def broken(came: str, *, done: str, expected: str, story: Iterable[str]) -> Broken:
    """Return the error of a clause; ``story`` is what happened until then, a line each."""
    error = Broken(f"{came} ({done})", done=done, expected=expected, came=came)
    error.add_note(Reproduction("\n".join(f"# {line}" for line in story)))
    return error
