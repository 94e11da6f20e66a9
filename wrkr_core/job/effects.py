"""What each event changes: one small function per event type, and the table that finds it.

The status itself is changed by the moves table, not here. ``EFFECTS`` is total over ``KnownEvent``
except ``job_submitted``, with which a stream begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from wrkr_core import events as e
from wrkr_core.approval import Decision
from wrkr_core.budget import overrun_text
from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.job.state import CheckpointCount, OpenStep, StepCounts
from wrkr_core.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wrkr_core.job.draft import Draft

    Effect = Callable[[Draft, e.RecordedEvent, Any], None]


def event_name(cls: type) -> str:
    """Return the name of an event class as it is written: ``StepFinished`` -> ``step_finished``."""
    marked = [f"_{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__]
    return "".join(marked).removeprefix("_")


def _environment_captured(
    draft: Draft, _recorded: e.RecordedEvent, event: e.EnvironmentCaptured
) -> None:
    draft.fingerprint = event.fingerprint


def _environment_accepted(
    draft: Draft, _recorded: e.RecordedEvent, event: e.EnvironmentAccepted
) -> None:
    draft.fingerprint = event.fingerprint


def _lease_taken(draft: Draft, recorded: e.RecordedEvent, event: e.LeaseTaken) -> None:
    if event.epoch != draft.epoch + 1:
        raise MoveNotAllowedError(
            f"job {draft.job_id}: lease epoch {event.epoch} cannot follow epoch {draft.epoch}",
            seq=recorded.seq,
        )
    draft.spend(event.usage)
    draft.epoch = event.epoch
    draft.lease = Lease(
        worker=event.worker,
        epoch=event.epoch,
        ttl=event.ttl,
        holder=event.holder,
        taken_at=recorded.at,
    )
    draft.wake_at = None
    draft.summary = f"worked on by {event.worker}"
    draft.reason_codes = ()


def _lease_released(draft: Draft, recorded: e.RecordedEvent, event: e.LeaseReleased) -> None:
    _require_epoch(draft, recorded, event.epoch)
    draft.spend(event.usage)
    draft.lease = None
    if draft.status == "running":
        draft.summary = f"waiting for a worker ({event.reason})"


def _step_started(draft: Draft, recorded: e.RecordedEvent, event: e.StepStarted) -> None:
    _require_epoch(draft, recorded, event.epoch)
    if event.attempt == 1:
        draft.steps = _counted(draft.steps, begun=1)
        draft.add("steps", 1)
    elif event.step not in draft.open_steps:  # one without an outcome was interrupted: no retry
        draft.add("retries", 1)
    draft.retry_at = None
    draft.open_steps[event.step] = OpenStep(
        step=event.step,
        attempt=event.attempt,
        epoch=event.epoch,
        at_most_once=event.at_most_once,
        seq=recorded.seq,
    )


def _counted(
    counts: StepCounts, *, begun: int = 0, done: int = 0, failed_attempts: int = 0
) -> StepCounts:
    return StepCounts(
        begun=counts.begun + begun,
        done=counts.done + done,
        failed_attempts=counts.failed_attempts + failed_attempts,
        total=counts.total,
    )


def _step_finished(draft: Draft, recorded: e.RecordedEvent, event: e.StepFinished) -> None:
    _close_step(draft, recorded, event)
    draft.steps = _counted(draft.steps, done=1)
    draft.artifacts += len(event.artifacts)


def _step_failed(draft: Draft, recorded: e.RecordedEvent, event: e.StepFailed) -> None:
    _close_step(draft, recorded, event)
    draft.steps = _counted(draft.steps, failed_attempts=1)
    draft.retry_at = event.retry_at


def _close_step(
    draft: Draft, recorded: e.RecordedEvent, event: e.StepFinished | e.StepFailed
) -> None:
    """Take the attempt off the open ones; it must be open, and under the current epoch."""
    _require_epoch(draft, recorded, event.epoch)
    begun = draft.open_steps.pop(event.step, None)
    if begun is None or begun.attempt != event.attempt:
        raise MoveNotAllowedError(
            f"job {draft.job_id}: step {event.step.name} ends an attempt that is not open",
            seq=recorded.seq,
        )
    draft.spend(event.usage)


def _require_epoch(draft: Draft, recorded: e.RecordedEvent, epoch: int) -> None:
    if draft.lease is None or draft.lease.epoch != epoch:
        raise MoveNotAllowedError(
            f"job {draft.job_id}: record {recorded.seq} was written under epoch {epoch}, "
            f"which does not hold the job",
            seq=recorded.seq,
        )


def _charged(draft: Draft, _recorded: e.RecordedEvent, event: e.Charged) -> None:
    draft.spend(event.amounts)


def _budget_reserved(draft: Draft, recorded: e.RecordedEvent, event: e.BudgetReserved) -> None:
    if any(each.id == event.reservation.id for each in draft.reservations):
        raise MoveNotAllowedError(
            f"job {draft.job_id}: reservation {event.reservation.id} exists", seq=recorded.seq
        )
    draft.reservations = (*draft.reservations, event.reservation)


def _budget_settled(draft: Draft, recorded: e.RecordedEvent, event: e.BudgetSettled) -> None:
    remaining = tuple(each for each in draft.reservations if each.id != event.reservation)
    if len(remaining) == len(draft.reservations):
        raise MoveNotAllowedError(
            f"job {draft.job_id}: reservation {event.reservation} is not open", seq=recorded.seq
        )
    draft.reservations = remaining
    draft.spend(event.amounts)


def _budget_exceeded(draft: Draft, _recorded: e.RecordedEvent, event: e.BudgetExceeded) -> None:
    draft.summary = f"budget exceeded: {overrun_text(event.meters)}"


def _budget_raised(draft: Draft, _recorded: e.RecordedEvent, event: e.BudgetRaised) -> None:
    draft.limit(event.limits)


def _checkpoint_recorded(
    draft: Draft, recorded: e.RecordedEvent, event: e.CheckpointRecorded
) -> None:
    if event.checkpoint_id != f"cp_{recorded.seq}":
        raise MoveNotAllowedError(
            f"job {draft.job_id}: {event.checkpoint_id} is not the checkpoint of record "
            f"{recorded.seq}",
            seq=recorded.seq,
        )
    by_kind = {each.kind: each for each in draft.checkpoints}
    before = by_kind.get(event.kind)
    by_kind[event.kind] = CheckpointCount(
        kind=event.kind, count=1 + (before.count if before else 0), last_at=recorded.at
    )
    draft.checkpoints = tuple(by_kind[kind] for kind in sorted(by_kind))
    draft.summary = event.summary
    draft.reason_codes = event.reason_codes
    if event.kind == "decision-needed" and event.required_action is not None:
        opened = Decision(
            checkpoint_id=event.checkpoint_id,
            question=event.summary,
            choices=event.required_action.choices,
            key=event.required_action.key,
            kind=event.required_action.kind,
            subject=recorded.hash,
            opened_at=recorded.at,
        )
        draft.decisions = (*draft.decisions, opened)


def _answered(
    draft: Draft, recorded: e.RecordedEvent, event: e.ApprovalGiven | e.ApprovalRefused
) -> None:
    bound = (event.checkpoint_id, event.subject)
    remaining = tuple(
        each for each in draft.decisions if (each.checkpoint_id, each.subject) != bound
    )
    if len(remaining) == len(draft.decisions):
        raise MoveNotAllowedError(
            f"job {draft.job_id}: {event.checkpoint_id} is not an open decision with that content",
            seq=recorded.seq,
        )
    draft.decisions = remaining


def _said(
    draft: Draft, recorded: e.RecordedEvent, event: e.JobPaused | e.JobResumed | e.JobCanceled
) -> None:
    verb = event_name(type(event)).removeprefix("job_")
    draft.summary = f"{verb} by {recorded.by}: {event.reason}"
    draft.reason_codes = event.reason_codes if isinstance(event, e.JobCanceled) else ()


def _job_blocked(draft: Draft, _recorded: e.RecordedEvent, event: e.JobBlocked) -> None:
    draft.summary = event.summary
    draft.reason_codes = event.reason_codes


def _job_completed(draft: Draft, _recorded: e.RecordedEvent, event: e.JobCompleted) -> None:
    draft.summary = event.summary
    draft.reason_codes = ()


def _artifact_recorded(
    draft: Draft, _recorded: e.RecordedEvent, _event: e.ArtifactRecorded
) -> None:
    draft.artifacts += 1


def _nothing(_draft: Draft, _recorded: e.RecordedEvent, _event: e.AcceptanceRecorded) -> None:
    """Change nothing: the outcome is read from the log by those who ask for it."""


def _timer_set(draft: Draft, _recorded: e.RecordedEvent, event: e.TimerSet) -> None:
    draft.wake_at = event.wake_at


def _payloads_erased(draft: Draft, recorded: e.RecordedEvent, _event: e.PayloadsErased) -> None:
    if draft.payloads != "sealed":
        found = "were erased before" if draft.payloads == "erased" else "are not sealed"
        raise MoveNotAllowedError(
            f"job {draft.job_id}: record {recorded.seq} erases payloads that {found}",
            seq=recorded.seq,
        )
    draft.payloads = "erased"


_CHANGES: Final[Mapping[type, Effect]] = {
    e.EnvironmentCaptured: _environment_captured,
    e.EnvironmentAccepted: _environment_accepted,
    e.LeaseTaken: _lease_taken,
    e.LeaseReleased: _lease_released,
    e.StepStarted: _step_started,
    e.StepFinished: _step_finished,
    e.StepFailed: _step_failed,
    e.Charged: _charged,
    e.BudgetReserved: _budget_reserved,
    e.BudgetSettled: _budget_settled,
    e.BudgetExceeded: _budget_exceeded,
    e.BudgetRaised: _budget_raised,
    e.CheckpointRecorded: _checkpoint_recorded,
    e.ApprovalGiven: _answered,
    e.ApprovalRefused: _answered,
    e.JobPaused: _said,
    e.JobResumed: _said,
    e.JobCanceled: _said,
    e.JobBlocked: _job_blocked,
    e.JobCompleted: _job_completed,
    e.ArtifactRecorded: _artifact_recorded,
    e.AcceptanceRecorded: _nothing,
    e.TimerSet: _timer_set,
    e.PayloadsErased: _payloads_erased,
}
EFFECTS: Final[Mapping[type, tuple[str, Effect]]] = {
    cls: (event_name(cls), change) for cls, change in _CHANGES.items()
}
NAMES: Final[Mapping[type, str]] = {cls: event_name(cls) for cls in get_args(e.KnownEvent)}
