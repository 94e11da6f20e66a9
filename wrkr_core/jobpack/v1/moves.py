"""The legal moves of v1: which status may follow which. There are no others, and none to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_core.jobpack.v1.records import JobStatus

_ANSWERED: Final[tuple[JobStatus, ...]] = ("running", "blocked_error", "canceled")

MOVES: Final[Mapping[JobStatus, tuple[JobStatus, ...]]] = {
    "queued": ("running", "canceled"),
    "running": (
        "paused",
        "blocked_decision",
        "blocked_budget",
        "blocked_error",
        "completed",
        "canceled",
    ),
    "paused": _ANSWERED,
    "blocked_decision": _ANSWERED,
    "blocked_budget": _ANSWERED,
    "blocked_error": ("running", "canceled"),
    "completed": (),
    "canceled": (),
}
