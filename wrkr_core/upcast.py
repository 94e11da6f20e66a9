"""Reading events of earlier releases: one pure function per old version of an event's payload.

``UPCASTS[("step_finished", 1)]`` turns a version-1 payload (a JSON object) into a version-2 one. The
log itself is never rewritten. Release 0.1 is the first, so the table is empty; the golden logs in
``tests/golden`` hold every released version and must fold to the same state for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Payload = dict[str, object]
Upcast = "Callable[[Payload], Payload]"

CURRENT: Final[Mapping[str, int]] = {}  # events whose version is above 1
UPCASTS: Final[Mapping[tuple[str, int], Callable[[Payload], Payload]]] = {}


def current_version(name: str, current: Mapping[str, int] = CURRENT) -> int:
    """Return the version in which this release writes the event ``name``."""
    return current.get(name, 1)


def upcast(
    name: str,
    version: int,
    payload: Payload,
    *,
    current: Mapping[str, int] = CURRENT,
    upcasts: Mapping[tuple[str, int], Callable[[Payload], Payload]] = UPCASTS,
) -> Payload:
    """Return ``payload`` of ``version`` as one of the current version, step by step."""
    for step in range(version, current_version(name, current)):
        payload = upcasts[name, step](payload)
    return payload
