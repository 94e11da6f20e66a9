"""Submitting, pausing, resuming, canceling, completing, and being blocked by an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core import events as e
from wrkr_core.budget import Amount, overrun_text, overruns, refused
from wrkr_core.checkpoint import check_summary, storable
from wrkr_core.errors import (
    ApprovalRequiredError,
    BudgetExceededError,
    InvalidInputError,
    JobExistsError,
    MoveNotAllowedError,
)
from wrkr_core.job.decide.guard import require_holder, require_known, require_move
from wrkr_core.job.moves import not_allowed
from wrkr_core.spec import spec_digest

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState
    from wrkr_core.spec import JobSpec

ONE_STEP: Final = (Amount(meter="steps", amount=1),)


def decide_submit(
    state: JobState | None,
    *,
    job_id: str,
    spec: JobSpec,
    engine: str,
    forked_from: e.ForkPoint | None = None,
) -> tuple[e.Event, ...]:
    """Decide that the job exists; nothing if it does already with the same spec.

    Raises: JobExistsError: the id is taken by another spec.
    """
    digest = spec_digest(spec)
    if state is None:
        return (
            e.JobSubmitted(spec=spec, spec_digest=digest, engine=engine, forked_from=forked_from),
        )
    if state.spec_digest == digest and state.forked_from == forked_from:
        return ()
    raise JobExistsError(
        f"job {job_id} exists already, with another spec",
        hint="leave the id out to get a new one, or choose another",
        job_id=job_id,
        spec_digest=state.spec_digest,
    )


def decide_pause(state: JobState, *, reason: str) -> tuple[e.Event, ...]:
    """Decide that work stops at the next step boundary. Raises: MoveNotAllowedError."""
    require_move(state, "job_paused")
    return (e.JobPaused(reason=check_summary(reason)),)


def decide_cancel(state: JobState, *, reason: str) -> tuple[e.Event, ...]:
    """Decide that the job ends without a result. Raises: MoveNotAllowedError."""
    require_move(state, "job_canceled")
    return (e.JobCanceled(reason=check_summary(reason)),)


def decide_erase(state: JobState, *, reason: str) -> tuple[e.Event, ...]:
    """Decide that the key of a job that is over is removed; nothing if that is recorded already.

    Raises: MoveNotAllowedError: it is not over, or was not submitted as erasable.
    """
    require_known(state)
    if state.payloads is msgspec.UNSET:
        raise MoveNotAllowedError(
            f"job {state.job_id} is not erasable: its inputs, results and messages are recorded as "
            f"they are, under no key, and would all remain",
            hint="wrkr store prune removes whole jobs; `erasable: true` in a spec is for the next one",
            job_id=state.job_id,
        )
    if state.payloads == "erased":
        return ()
    if not state.is_final:
        error = not_allowed(state.job_id, state.status, "payloads_erased")
        error.hint = f"wait until it is over, or end it: wrkr cancel {state.job_id}"
        raise error
    return (e.PayloadsErased(reason=check_summary(reason)),)


def decide_resume(state: JobState, *, reason: str) -> tuple[e.Event, ...]:
    """Decide that a paused or blocked job may be worked on again.

    Raises:
        ApprovalRequiredError: It still waits for decisions.
        BudgetExceededError: It is still over its budget, or has no step left in it.
        MoveNotAllowedError: It is neither paused nor blocked.

    """
    require_move(state, "job_resumed")
    if state.status == "blocked_decision":
        require_answers(state)
    if state.status == "blocked_budget":
        limits, spent = state.limit_by_meter(), state.spent_by_meter()
        reserved = state.reserved_by_meter()
        over = overruns(limits, spent, reserved) or refused(limits, spent, reserved, ONE_STEP)
        if over:
            raise BudgetExceededError(
                f"job {state.job_id} is over its budget: {overrun_text(over)}",
                hint=f"wrkr budget raise {state.job_id} --{over[0].meter} …",
                job_id=state.job_id,
            )
    return (e.JobResumed(reason=check_summary(reason)),)


def require_answers(state: JobState) -> None:
    """Refuse while a decision is open. Raises: ApprovalRequiredError, naming the first."""
    if state.decisions:
        first = state.decisions[0]
        more = f" (and {len(state.decisions) - 1} more)" if len(state.decisions) > 1 else ""
        raise ApprovalRequiredError(
            f"job {state.job_id} waits for a decision on {first.checkpoint_id}{more}: "
            f"{first.question}",
            hint=f"wrkr approve {state.job_id} {first.checkpoint_id} --reason …",
            job_id=state.job_id,
            checkpoint_id=first.checkpoint_id,
            open_decisions=[each.checkpoint_id for each in state.decisions],
        )


def decide_complete(state: JobState, *, epoch: int, summary: str) -> tuple[e.Event, ...]:
    """Decide that the work is done.

    Raises:
        LeaseConflictError: The caller does not hold the job.
        ApprovalRequiredError: A decision is open.
        InvalidInputError: A checkpoint the policy requires is missing, or the summary is too long.
        MoveNotAllowedError: The job is not running.

    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "job_completed")
    require_answers(state)
    for kind in state.checkpoint_policy.required:
        if kind != "completed" and state.checkpoint_count(kind) is None:
            raise InvalidInputError(
                f"job {state.job_id} may not complete without a {kind} checkpoint",
                hint="its spec requires one under checkpoints.required",
                job_id=state.job_id,
                kind=kind,
            )
    return (
        e.CheckpointRecorded(
            checkpoint_id=f"cp_{state.seq + 1}",
            kind="completed",
            summary=check_summary(summary),
            budget=state.spent,
        ),
        e.JobCompleted(summary=summary),
    )


def decide_block_on_error(
    state: JobState,
    *,
    epoch: int | None,
    summary: str,
    reason_codes: tuple[str, ...],
    step: e.StepRef | None = None,
) -> tuple[e.Event, ...]:
    """Decide that the job cannot go on until somebody looks; ``epoch`` None if nobody holds it.

    Raises: LeaseConflictError, MoveNotAllowedError.
    """
    require_known(state)
    if epoch is not None:
        require_holder(state, epoch)
    require_move(state, "job_blocked:blocked_error")
    said = storable(summary) if summary.strip() else " ".join(reason_codes) or "it cannot go on"
    return (
        e.CheckpointRecorded(
            checkpoint_id=f"cp_{state.seq + 1}",
            kind="blocked",
            summary=said,
            budget=state.spent,
            reason_codes=reason_codes,
        ),
        e.JobBlocked(status="blocked_error", summary=said, reason_codes=reason_codes, step=step),
    )


def require_open(state: JobState, event: str) -> None:
    """Refuse on a job that is over. Raises: UnknownEventError, MoveNotAllowedError."""
    require_known(state)
    if state.is_final:
        raise not_allowed(state.job_id, state.status, event)
