"""The one table of legal moves: status x event -> status.

Fold applies it, decide asks it, error texts and the documentation's diagram are made from it. The
event ``job_blocked`` has three rows because it says where it leads to. What is not in the table is
not allowed. ``completed`` and ``canceled`` have no way out; after them only loose ends may be
recorded: a lease let go, an outcome of a step that was under way when the job was canceled,
acceptance of a finished job, and that its payloads were erased.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.errors import MoveNotAllowedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_core.job.state import Status

_OPEN: Final[tuple[Status, ...]] = (
    "queued",
    "running",
    "paused",
    "blocked_decision",
    "blocked_budget",
    "blocked_error",
)
_WAITING: Final[tuple[Status, ...]] = ("blocked_decision", "blocked_budget", "blocked_error")


def _stays(*statuses: Status) -> dict[Status, Status]:
    return {status: status for status in statuses}


MOVES: Final[Mapping[str, Mapping[Status, Status]]] = {
    "environment_captured": _stays("running"),
    "environment_accepted": _stays(*_OPEN),
    "lease_taken": {"queued": "running", "running": "running"},
    "lease_released": {
        **_stays("queued", "paused", *_WAITING, "completed", "canceled"),
        "running": "queued",
    },
    "step_started": _stays("running"),
    "step_finished": _stays(*_OPEN, "canceled"),
    "step_failed": _stays(*_OPEN, "canceled"),
    "charged": _stays(*_OPEN, "canceled"),
    "budget_reserved": _stays("running"),
    "budget_settled": _stays(*_OPEN, "canceled"),
    "budget_exceeded": _stays("queued", "running", "paused"),
    "budget_raised": _stays(*_OPEN),
    "checkpoint_recorded": _stays(*_OPEN),
    "approval_given": _stays(*_OPEN),
    "approval_refused": _stays(*_OPEN),
    "job_paused": {"queued": "paused", "running": "paused"},
    "job_resumed": {
        "paused": "queued",
        "blocked_decision": "queued",
        "blocked_budget": "queued",
        "blocked_error": "queued",
    },
    "job_canceled": dict.fromkeys(_OPEN, "canceled"),
    "job_blocked:blocked_decision": {"queued": "blocked_decision", "running": "blocked_decision"},
    "job_blocked:blocked_budget": {"queued": "blocked_budget", "running": "blocked_budget"},
    "job_blocked:blocked_error": {"queued": "blocked_error", "running": "blocked_error"},
    "job_completed": {"running": "completed"},
    "artifact_recorded": _stays(*_OPEN),
    "acceptance_recorded": _stays("queued", "running", *_WAITING, "paused", "completed"),
    "timer_set": _stays("running"),
    "payloads_erased": _stays("completed", "canceled"),
}

# How a person would say it; everything else is said by its name.
_PHRASES: Final[Mapping[str, str]] = {
    "job_paused": "paused",
    "job_resumed": "resumed",
    "job_canceled": "canceled",
    "job_completed": "completed",
    "lease_taken": "worked on",
    "approval_given": "approved",
    "approval_refused": "refused",
    "budget_raised": "given another budget",
    "environment_accepted": "moved to another environment",
    "payloads_erased": "erased",
}


def move(job_id: str, status: Status, event: str) -> Status:
    """Return the status after ``event`` (its name, see ``MOVES``) in ``status``.

    Raises:
        MoveNotAllowedError: The table has no such move; the message says so in words.

    """
    after = MOVES[event].get(status)
    if after is None:
        raise not_allowed(job_id, status, event)
    return after


def not_allowed(job_id: str, status: Status, event: str) -> MoveNotAllowedError:
    """Return the error that says why ``event`` cannot happen in ``status``."""
    phrase = _PHRASES.get(event)
    again = " again" if phrase == status else ""
    said = f"it cannot be {phrase}{again}" if phrase else f"{event} cannot happen in it"
    allowed = ", ".join(MOVES[event])
    return MoveNotAllowedError(
        f"job {job_id} is {status}; {said}",
        hint=f"that is possible when a job is {allowed}",
        job_id=job_id,
        status=status,
        event=event,
    )
