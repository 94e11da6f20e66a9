"""Beginning and ending attempts of steps, and sleeping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core import events as e
from wrkr_core.budget import LARGEST, Amount, overruns, refused
from wrkr_core.checkpoint import storable
from wrkr_core.errors import ApprovalRequiredError, InvalidInputError
from wrkr_core.instants import LATEST, to_text
from wrkr_core.job.decide.deciding import decide_block_on_decisions
from wrkr_core.job.decide.guard import require_holder, require_known, require_move
from wrkr_core.job.decide.leasing import running_time
from wrkr_core.job.decide.spending import block_on_budget
from wrkr_core.job.step_text import step_text

if TYPE_CHECKING:
    from wrkr_core.approval import Answer
    from wrkr_core.artifact import Artifact
    from wrkr_core.budget import Overrun
    from wrkr_core.job.state import JobState

MORE_FAILED: Final = "more"
"""The check named by a last failure that stands for those no record could hold."""
LONGEST_MESSAGE: Final = 4000  # characters; an error text of another program can be anything


def decide_start(
    state: JobState,
    *,
    epoch: int,
    step: e.StepRef,
    attempt: int,
    input_digest: str | None,
    at_most_once: bool,
    gate: Answer | None = None,
    running: int = 0,
    now: int = 0,
) -> tuple[e.Event, ...]:
    """Decide that an attempt begins, or that the job blocks: over its budget, or a decision is open.

    ``gate`` is the answer that allows a guarded step; ``running`` is running time in µs that no
    record has accounted for yet.

    Raises:
        LeaseConflictError: The caller does not hold the job.
        ApprovalRequiredError: The gate's answer is no, or it has expired by ``now``.
        MoveNotAllowedError: The job is not running.

    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "step_started")
    if gate is not None:
        _require_approval(state, step, gate, now)
    if state.decisions:
        return decide_block_on_decisions(state, epoch=epoch)
    over = _over(state, _cost(state, step, attempt), running)
    if over:
        return block_on_budget(state, over)
    return (
        *settle_leftovers(state, step),
        e.StepStarted(
            step=step,
            attempt=attempt,
            epoch=epoch,
            input_digest=input_digest,
            at_most_once=at_most_once,
            approval=gate.checkpoint_id if gate is not None else None,
        ),
    )


def _require_approval(state: JobState, step: e.StepRef, gate: Answer, now: int) -> None:
    """Refuse a guarded step whose approval does not count. Raises: ApprovalRequiredError."""
    said = ""
    if not gate.approved:
        said = f"was refused by {gate.by}: {gate.reason}"
    elif gate.expires_at is not None and now >= gate.expires_at:
        said = f"was approved by {gate.by} until {to_text(gate.expires_at)}, which is over"
    if said:
        raise ApprovalRequiredError(
            f"step {step.name} of job {state.job_id} {said}",
            job_id=state.job_id,
            checkpoint_id=gate.checkpoint_id,
        )


def _cost(state: JobState, step: e.StepRef, attempt: int) -> tuple[Amount, ...]:
    """Return what beginning the attempt uses: nothing when the one before was interrupted."""
    if attempt > 1 and any(each.step == step for each in state.open_steps):
        return ()
    return (Amount(meter="steps" if attempt == 1 else "retries", amount=1),)


def _over(state: JobState, wanted: tuple[Amount, ...], running: int) -> tuple[Overrun, ...]:
    """Return the meters that are over, or that ``wanted`` would put over."""
    if not state.limits:
        return ()
    limits, spent = state.limit_by_meter(), state.spent_by_meter()
    spent["wall"] = spent.get("wall", 0) + running
    reserved = state.reserved_by_meter()
    return overruns(limits, spent, reserved) or refused(limits, spent, reserved, wanted)


def settle_leftovers(state: JobState, step: e.StepRef) -> tuple[e.Event, ...]:
    """Return the settling, in full, of what an interrupted attempt of ``step`` had reserved.

    Nobody knows what it used; to count less would let a crash spend more than the limit.
    """
    return tuple(
        e.BudgetSettled(reservation=each.id, amounts=each.amounts)
        for each in state.reservations
        if each.id.startswith(reserved_inside(step))
    )


def reserved_inside(step: e.StepRef) -> str:
    """Return what the ids of reservations made inside ``step`` begin with."""
    return f"{step_text(step)}!"


def decide_finish(
    state: JobState,
    *,
    epoch: int,
    step: e.StepRef,
    attempt: int,
    outcome: e.StepFinished,
    ran: int,
) -> tuple[e.Event, ...]:
    """Decide that the attempt succeeded; ``outcome`` holds the result, all else is filled in.

    Raises: LeaseConflictError: the lease was lost meanwhile; nothing of it may be recorded.
    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "step_finished")
    return (
        e.StepFinished(
            step=step,
            attempt=attempt,
            epoch=epoch,
            result=outcome.result,
            result_blob=outcome.result_blob,
            result_type=outcome.result_type,
            artifacts=outcome.artifacts,
            usage=running_time(ran),
        ),
    )


def decide_fail(
    state: JobState,
    *,
    epoch: int,
    step: e.StepRef,
    attempt: int,
    code: str,
    error_type: str,
    message: str,
    retry_at: int | None,
    ran: int,
) -> tuple[e.Event, ...]:
    """Decide that the attempt failed, and when the next may begin (None: never).

    Raises: LeaseConflictError.
    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "step_failed")
    return (
        e.StepFailed(
            step=step,
            attempt=attempt,
            epoch=epoch,
            code=code,
            error_type=error_type,
            message=storable(message, LONGEST_MESSAGE),
            retry_at=retry_at,
            usage=running_time(ran),
        ),
    )


def decide_sleep(state: JobState, *, epoch: int, key: str, wake_at: int) -> tuple[e.Event, ...]:
    """Decide that the job sleeps.

    Raises: LeaseConflictError, MoveNotAllowedError; InvalidInputError: until after the year 2255.
    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "timer_set")
    if not 0 <= wake_at <= min(LATEST, LARGEST):
        raise InvalidInputError("a sleep that ends after the year 2255 cannot be recorded")
    return (e.TimerSet(key=key, wake_at=wake_at),)


def decide_artifact(
    state: JobState, *, epoch: int, artifact: Artifact, mark: str = ""
) -> tuple[e.Event, ...]:
    """Decide that a file is recorded. Raises: LeaseConflictError, MoveNotAllowedError."""
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "artifact_recorded")
    return (e.ArtifactRecorded(artifact=artifact, mark=mark),)


def decide_acceptance(
    state: JobState, *, epoch: int, outcome: e.AcceptanceRecorded
) -> tuple[e.Event, ...]:
    """Decide that acceptance ran with this outcome.

    Raises: LeaseConflictError, MoveNotAllowedError; InvalidInputError: its numbers do not add up.
    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "acceptance_recorded")
    problem = miscounted(outcome)
    if problem:
        raise InvalidInputError(
            f"this outcome of acceptance cannot be: {problem}",
            hint="a check has passed, or there is a failure that tells of it",
        )
    return (outcome,)


def miscounted(outcome: e.AcceptanceRecorded) -> str:
    """Return what is wrong with the numbers of an outcome of acceptance, or nothing.

    Each check passed or is a failure; a last failure ``MORE_FAILED`` may stand for any number.
    """
    run, passed, told = outcome.checks_run, outcome.passed, len(outcome.failures)
    if not 0 <= passed <= run:
        return f"{passed} of {run} acceptance checks cannot have passed"
    failed = run - passed
    if told == failed or (0 < told < failed and outcome.failures[-1].check == MORE_FAILED):
        return ""
    return f"{passed} of {run} acceptance checks passed, and {told} failures are told of"
