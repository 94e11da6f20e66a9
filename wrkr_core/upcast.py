"""Reading events of earlier releases: one pure function per old version of an event's payload.

``UPCASTS[("step_finished", 1)]`` turns a version-1 payload (a JSON object) into a version-2 one. The
log itself is never rewritten. The golden logs in ``tests/golden`` hold every version and must fold to
the same state for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Payload = dict[str, object]
Upcast = "Callable[[Payload], Payload]"

CURRENT: Final[Mapping[str, int]] = {"approval_given": 2, "approval_refused": 2}
"""Events whose version is above 1."""


def _without_signature(payload: Payload) -> Payload:
    """Return an answer of version 1 as one of version 2, in which ``signature`` may be given.

    What stands under that name in version 1 is a field nobody knew, and proves nothing.
    """
    return {key: value for key, value in payload.items() if key != "signature"}


UPCASTS: Final[Mapping[tuple[str, int], Callable[[Payload], Payload]]] = {
    ("approval_given", 1): _without_signature,
    ("approval_refused", 1): _without_signature,
}


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
