"""Checkpoints, questions to a person, and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from wrkr_core import events as e
from wrkr_core.checkpoint import KINDS, ArtifactChanges, RequiredAction, check_summary
from wrkr_core.errors import (
    ApprovalRequiredError,
    InvalidInputError,
    MoveNotAllowedError,
    NotFoundError,
)
from wrkr_core.job.decide.guard import (
    require_holder,
    require_known,
    require_move,
    require_room,
)
from wrkr_core.job.decide.lifecycle import require_open

if TYPE_CHECKING:
    from wrkr_core.approval import Decision
    from wrkr_core.job.state import JobState
    from wrkr_core.signing.claims import ApprovalClaim

CODE = ApprovalRequiredError.code


def decide_checkpoint(
    state: JobState,
    *,
    kind: str,
    summary: str,
    artifacts: ArtifactChanges,
    data: msgspec.Raw,
    epoch: int | None,
    mark: str = "",
) -> tuple[e.Event, ...]:
    """Decide that the job says where it stands; ``epoch`` None from outside the worker.

    Decisions are opened by ``decide_ask``; blocked and completed checkpoints come from what blocks
    or completes the job.

    Raises: InvalidInputError, LeaseConflictError, MoveNotAllowedError.
    """
    require_open(state, "checkpoint_recorded")
    if epoch is not None:
        require_holder(state, epoch)
    if kind not in ("plan", "progress"):
        known = ", ".join(KINDS)
        raise InvalidInputError(
            f"{kind!r} checkpoints are not recorded by hand"
            if kind in KINDS
            else f"{kind!r} is no kind of checkpoint; known: {known}",
            hint="use plan or progress; ask a question to open a decision",
        )
    return (
        e.CheckpointRecorded(
            checkpoint_id=f"cp_{state.seq + 1}",
            kind="plan" if kind == "plan" else "progress",
            summary=check_summary(summary),
            budget=state.spent,
            artifacts=artifacts,
            data=data,
            mark=mark,
        ),
    )


def decide_ask(
    state: JobState,
    *,
    question: str,
    action: RequiredAction,
    data: msgspec.Raw,
    epoch: int | None,
) -> tuple[e.Event, ...]:
    """Decide that the job waits for a person.

    A job that nobody works on, or whose holder asks, is blocked at once; asked from outside while a
    worker is busy, the holder blocks at its next step boundary.

    Raises: InvalidInputError, LeaseConflictError, MoveNotAllowedError.
    """
    require_open(state, "checkpoint_recorded")
    if epoch is not None:
        require_holder(state, epoch)
    require_room(
        state,
        len(state.decisions),
        "decisions",
        hint=f"answer some of them first: wrkr checkpoint list {state.job_id}",
    )
    opened = e.CheckpointRecorded(
        checkpoint_id=f"cp_{state.seq + 1}",
        kind="decision-needed",
        summary=check_summary(question),
        budget=state.spent,
        required_action=action,
        reason_codes=(CODE,),
        data=data,
    )
    if state.status in ("running", "queued") and (epoch is not None or state.lease is None):
        return (opened, _waits(question))
    return (opened,)


def emitted(  # a checkpoint is made of these
    state: JobState,
    *,
    kind: str,
    summary: str,
    artifacts: ArtifactChanges | None,
    choices: tuple[str, ...],
    data: msgspec.Raw,
) -> tuple[e.Event, ...]:
    """Return what a checkpoint from outside the worker is; ``decision-needed`` asks for a decision.

    Raises: InvalidInputError, MoveNotAllowedError.
    """
    if kind == "decision-needed":
        action = RequiredAction(
            kind="choice" if choices else "approval",
            instructions=summary,
            key=f"external:{state.seq + 1}",
            choices=choices,
        )
        return decide_ask(state, question=summary, action=action, data=data, epoch=None)
    changes = artifacts if artifacts is not None else ArtifactChanges()
    return decide_checkpoint(
        state, kind=kind, summary=summary, artifacts=changes, data=data, epoch=None
    )


def _waits(question: str) -> e.JobBlocked:
    return e.JobBlocked(status="blocked_decision", summary=question, reason_codes=(CODE,))


def decide_block_on_decisions(state: JobState, *, epoch: int) -> tuple[e.Event, ...]:
    """Decide that the holder stops for decisions opened from outside; nothing if there are none.

    Raises: LeaseConflictError.
    """
    require_known(state)
    require_holder(state, epoch)
    if not state.decisions or state.status != "running":
        return ()
    return (_waits(state.decisions[0].question),)


def decide_approve(
    state: JobState,
    *,
    checkpoint_id: str,
    reason: str,
    choice: str | None,
    expires_at: int | None,
    subject: str | None = None,
    signature: bytes | None = None,
    now: int,
) -> tuple[e.Event, ...]:
    """Decide that a person said yes to one open decision; the last one answered frees the job.

    ``subject``, where the caller knows what was shown, must be the hash of the asking event.
    ``signature``, an envelope, must be over exactly what is recorded.

    Raises: NotFoundError, InvalidInputError, MoveNotAllowedError.
    """
    decision = _open_decision(state, checkpoint_id, "approval_given", subject)
    if expires_at is not None and expires_at <= now:
        raise InvalidInputError("the approval would have expired already")
    approval = e.ApprovalGiven(
        checkpoint_id=checkpoint_id,
        subject=decision.subject,
        reason=_check_reason(reason),
        choice=_check_choice(decision, choice, required=True),
        expires_at=expires_at,
    )
    signed = _recordable(state, approval, signature)
    approval = msgspec.structs.replace(approval, signature=signed)
    return (approval, *_freed(state, checkpoint_id, "approved"))


def decide_refuse(
    state: JobState,
    *,
    checkpoint_id: str,
    reason: str,
    choice: str | None = None,
    subject: str | None = None,
    signature: bytes | None = None,
) -> tuple[e.Event, ...]:
    """Decide that a person said no to one open decision; the job's code learns it and goes on.

    ``signature`` as in ``decide_approve``.

    Raises: NotFoundError, InvalidInputError, MoveNotAllowedError.
    """
    decision = _open_decision(state, checkpoint_id, "approval_refused", subject)
    refusal = e.ApprovalRefused(
        checkpoint_id=checkpoint_id,
        subject=decision.subject,
        reason=_check_reason(reason),
        choice=_check_choice(decision, choice, required=False),
    )
    signed = _recordable(state, refusal, signature)
    refusal = msgspec.structs.replace(refusal, signature=signed)
    return (refusal, *_freed(state, checkpoint_id, "refused"))


def answer_claim(job_id: str, answer: e.ApprovalGiven | e.ApprovalRefused) -> ApprovalClaim:
    """Return what is said, and may be signed, by an answer to a decision of the job."""
    from wrkr_core.signing.claims import ApprovalClaim

    return ApprovalClaim(
        subject=answer.subject,
        job_id=job_id,
        checkpoint_id=answer.checkpoint_id,
        decision="approved" if isinstance(answer, e.ApprovalGiven) else "refused",
        reason=answer.reason,
        choice=answer.choice,
        not_after=answer.expires_at if isinstance(answer, e.ApprovalGiven) else None,
    )


def _recordable(
    state: JobState, answer: e.ApprovalGiven | e.ApprovalRefused, signature: bytes | None
) -> msgspec.Raw:
    """Return the signature of an answer as it is recorded. Raises: InvalidInputError.

    In a job whose content is sealed it is over the sealed answer, with which it is compared when
    there is one (``payloads.job_payloads``).
    """
    if signature is None:
        return e.NULL
    if state.payloads is not msgspec.UNSET:
        return msgspec.Raw(signature)
    from wrkr_core.signing.answers import recordable

    return recordable(signature, answer_claim(state.job_id, answer))


def _open_decision(
    state: JobState, checkpoint_id: str, event: str, subject: str | None
) -> Decision:
    require_open(state, event)
    require_move(state, event)
    decision = state.decision(checkpoint_id)
    if decision is None:
        waiting = ", ".join(each.checkpoint_id for each in state.decisions)
        raise NotFoundError(
            f"{checkpoint_id} is not an open decision of job {state.job_id}",
            hint=f"open: {waiting}" if waiting else "no decision of this job is open",
            job_id=state.job_id,
            checkpoint_id=checkpoint_id,
        )
    if subject is not None and subject != decision.subject:
        raise MoveNotAllowedError(
            f"{checkpoint_id} of job {state.job_id} is not what was shown",
            hint="look at it again before deciding",
            expected=decision.subject,
            given=subject,
        )
    return decision


def _freed(state: JobState, checkpoint_id: str, verb: str) -> tuple[e.Event, ...]:
    """Return the event that puts the job back to work if this was its last open decision."""
    if state.status != "blocked_decision" or len(state.decisions) > 1:
        return ()
    return (e.JobResumed(reason=f"{checkpoint_id} was {verb}"),)


def _check_reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidInputError("a decision needs a reason", hint="--reason 'looked at the diff'")
    return check_summary(reason)


def _check_choice(decision: Decision, choice: str | None, *, required: bool) -> str | None:
    if choice is None:
        if decision.choices and required:
            raise InvalidInputError(
                f"{decision.checkpoint_id} wants one of: {', '.join(decision.choices)}",
                hint="--choice …",
            )
        return None
    if choice not in decision.choices:
        allowed = ", ".join(decision.choices) or "no choices, only yes or no"
        raise InvalidInputError(f"{choice!r} is no choice of {decision.checkpoint_id}: {allowed}")
    return choice
