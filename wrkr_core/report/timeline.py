"""What happened to a job in which order, told in sentences, and how its budget went down meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core import events as e
from wrkr_core.budget import amount_text, overrun_text
from wrkr_core.instants import about_text, to_text
from wrkr_core.job.fold import Folding
from wrkr_core.job.step_text import step_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wrkr_core.budget import Amount


@attrs.frozen(kw_only=True)
class Moment:
    """One event as a sentence: ``at`` as text, ``what`` happened, ``said`` in it, by whom.

    ``kind`` is ``work``, ``people`` or ``trouble``, for telling them apart at a glance.
    """

    seq: int
    at: str
    by: str
    kind: str
    what: str
    said: str = ""


@attrs.frozen(kw_only=True)
class Level:
    """How a meter stood after a record at ``at`` (µs since 1970 UTC), in the meter's unit."""

    at: int
    spent: int
    limit: int


def timeline(events: Iterable[e.RecordedEvent]) -> list[Moment]:
    """Return every event that a reviewer has to know of, in order."""
    return [moment for each in events if (moment := _moment(each)) is not None]


def _moment(recorded: e.RecordedEvent) -> Moment | None:
    told = _TOLD.get(type(recorded.event))
    if told is None:
        return None
    kind, what, say = told
    return Moment(
        seq=recorded.seq,
        at=to_text(recorded.at),
        by=recorded.by,
        kind=kind,
        what=what,
        said=say(recorded.event),
    )


def burn_down(job_id: str, events: Iterable[e.RecordedEvent]) -> dict[str, list[Level]]:
    """Return, for each meter with a limit, how it stood at first and after each change of it."""
    folding = Folding(job_id)
    levels: dict[str, list[Level]] = {}
    for recorded in events:
        state = folding.add((recorded,))
        if state is None:
            continue
        spent = state.spent_by_meter()
        for meter, limit in state.limit_by_meter().items():
            level = Level(at=recorded.at, spent=spent.get(meter, 0), limit=limit)
            known = levels.setdefault(meter, [])
            if not known or (known[-1].spent, known[-1].limit) != (level.spent, level.limit):
                known.append(level)
    return {meter: levels[meter] for meter in sorted(levels)}


def _started(event: e.StepStarted) -> str:
    tries = f", attempt {event.attempt}" if event.attempt > 1 else ""
    gate = f", allowed by {event.approval}" if event.approval else ""
    return f"{step_text(event.step)}{tries}{gate}"


def _finished(event: e.StepFinished) -> str:
    return f"{step_text(event.step)}{_took(event.usage)}"


def _failed(event: e.StepFailed) -> str:
    again = "" if event.retry_at is None else "; it is tried again"
    return f"{step_text(event.step)}: {event.code} {event.message}{again}"


def _taken(event: e.LeaseTaken) -> str:
    if event.took_over is None:
        return f"by {event.worker}"
    return f"by {event.worker} from {event.took_over_from}: {event.took_over}"


def _checkpoint(event: e.CheckpointRecorded) -> str:
    return f"{event.checkpoint_id} ({event.kind}): {event.summary}"


def _answered(event: e.ApprovalGiven | e.ApprovalRefused) -> str:
    chosen = f", choosing {event.choice}" if event.choice else ""
    return f"{event.checkpoint_id}{chosen}: {event.reason}"


def _submitted(event: e.JobSubmitted) -> str:
    return event.spec.objective or event.spec.name


def _reason(
    event: e.EnvironmentAccepted | e.JobPaused | e.JobResumed | e.JobCanceled | e.PayloadsErased,
) -> str:
    return event.reason


def _summary(event: e.JobBlocked | e.JobCompleted) -> str:
    return event.summary


def _exceeded(event: e.BudgetExceeded) -> str:
    return overrun_text(event.meters)


def _raised(event: e.BudgetRaised) -> str:
    return f"{_amounts(event.limits)}: {event.reason}"


def _path(event: e.ArtifactRecorded) -> str:
    return event.artifact.path


def _until(event: e.TimerSet) -> str:
    return f"until {to_text(event.wake_at)}"


def _amounts(amounts: Sequence[Amount]) -> str:
    return ", ".join(f"{each.meter} {amount_text(each.meter, each.amount)}" for each in amounts)


def _took(usage: Iterable[Amount]) -> str:
    wall = sum(each.amount for each in usage if each.meter == "wall")
    return f", {about_text(wall)}" if wall else ""


def _acceptance(event: e.AcceptanceRecorded) -> str:
    failed = "".join(f"; {each.check}: {each.message}" for each in event.failures)
    return f"{event.passed} of {event.checks_run} checks passed{failed}"


# Kind, what happened, and how the rest is said. What is only bookkeeping is not in it: charges and
# reservations are in the budget, the environment and releases of leases in the log.
_TOLD: Final[dict[type[object], tuple[str, str, Callable[..., str]]]] = {
    e.JobSubmitted: ("people", "submitted", _submitted),
    e.EnvironmentAccepted: ("people", "another environment accepted", _reason),
    e.LeaseTaken: ("work", "taken up", _taken),
    e.StepStarted: ("work", "step started", _started),
    e.StepFinished: ("work", "step finished", _finished),
    e.StepFailed: ("trouble", "step failed", _failed),
    e.BudgetExceeded: ("trouble", "budget exceeded", _exceeded),
    e.BudgetRaised: ("people", "budget raised", _raised),
    e.CheckpointRecorded: ("work", "checkpoint", _checkpoint),
    e.ApprovalGiven: ("people", "approved", _answered),
    e.ApprovalRefused: ("people", "refused", _answered),
    e.JobPaused: ("people", "paused", _reason),
    e.JobResumed: ("people", "resumed", _reason),
    e.JobCanceled: ("people", "canceled", _reason),
    e.JobBlocked: ("trouble", "blocked", _summary),
    e.JobCompleted: ("work", "completed", _summary),
    e.ArtifactRecorded: ("work", "file recorded", _path),
    e.AcceptanceRecorded: ("work", "acceptance ran", _acceptance),
    e.TimerSet: ("work", "asleep", _until),
    e.PayloadsErased: ("people", "payloads erased", _reason),
}
