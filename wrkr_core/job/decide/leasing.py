"""Claiming a job, letting it go, and judging the environment it is claimed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core import events as e
from wrkr_core.budget import Amount
from wrkr_core.environment import Fingerprint, differences
from wrkr_core.errors import EnvironmentMismatchError, LeaseConflictError, MoveNotAllowedError
from wrkr_core.instants import to_text
from wrkr_core.job.decide.guard import require_holder, require_known, require_move
from wrkr_core.job.decide.lifecycle import (
    decide_block_on_error,
    require_answers,
    require_open,
)
from wrkr_core.lease import standing

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState
    from wrkr_core.lease import Heartbeat, Holder, Observer


FORK_WORKER: Final = "fork"  # who holds a fork while it is being made


def decide_take(
    state: JobState,
    *,
    worker: str,
    holder: Holder,
    ttl: int,
    beat: Heartbeat | None,
    observer: Observer,
    actual: Fingerprint | None = None,
    accept_because: str | None = None,
) -> tuple[e.Event, ...]:
    """Decide that ``worker`` gets the job, in the environment ``actual`` (None: not looked at).

    With ``accept_because`` another environment than the recorded one is accepted for that reason.

    Raises:
        LeaseConflictError: Another worker's lease is live.
        EnvironmentMismatchError: Nobody holds the job, but it was started in another environment.
        ApprovalRequiredError: The job waits for a decision.
        MoveNotAllowedError: The job is not queued or running, or sleeps until later.

    """
    require_known(state)
    if state.status == "blocked_decision":
        require_answers(state)
    require_move(state, "lease_taken")
    if state.wake_at is not None and observer.now < state.wake_at:
        raise MoveNotAllowedError(
            f"job {state.job_id} sleeps until {to_text(state.wake_at)}",
            job_id=state.job_id,
            wake_at=state.wake_at,
        )
    require_whole(state)
    found = require_free(state, beat, observer)
    accepted: tuple[e.Event, ...] = ()
    if actual is not None and accept_because is not None:
        accepted = decide_accept_environment(state, actual=actual, reason=accept_because)
    elif actual is not None:
        require_environment(state, actual)
    captured: tuple[e.Event, ...] = ()
    if actual is not None and state.fingerprint is None:
        captured = (e.EnvironmentCaptured(fingerprint=actual),)
    return (*accepted, _claim(state, worker, holder, ttl, beat, found), *captured)


def require_whole(state: JobState) -> None:
    """Refuse a fork that is still being made, or whose making was interrupted.

    Raises: MoveNotAllowedError.
    """
    lease = state.lease
    if state.forked_from and lease and (lease.worker, lease.epoch) == (FORK_WORKER, 1):
        raise MoveNotAllowedError(
            f"job {state.job_id} is a fork that is not complete",
            hint="fork again with the same --job-id; it goes on where it stopped",
            job_id=state.job_id,
        )


def require_free(state: JobState, beat: Heartbeat | None, observer: Observer) -> str:
    """Return what the job's last lease is worth: released, expired or holder_gone.

    Raises: LeaseConflictError: it is live.
    """
    found = standing(state.lease, beat, observer)
    if state.lease is not None and found == "live":
        raise LeaseConflictError(
            f"job {state.job_id} is held by {state.lease.worker}",
            hint="wait, or stop that worker; a lease that is not renewed lapses by itself",
            job_id=state.job_id,
            holder=state.lease.worker,
            epoch=state.lease.epoch,
            expires_at=beat.expires_at if beat else state.lease.taken_at + state.lease.ttl,
        )
    return found


def _claim(  # noqa: PLR0917  # the event's own fields
    state: JobState, worker: str, holder: Holder, ttl: int, beat: Heartbeat | None, found: str
) -> e.LeaseTaken:
    lease = state.lease
    if lease is None:
        return e.LeaseTaken(worker=worker, epoch=state.epoch + 1, ttl=ttl, holder=holder)
    known = beat if beat is not None and beat.epoch == lease.epoch else None
    return e.LeaseTaken(
        worker=worker,
        epoch=state.epoch + 1,
        ttl=ttl,
        holder=holder,
        took_over=found,
        took_over_from=lease.worker,
        heartbeats=known.beats if known else 0,
        usage=running_time(known.unrecorded if known else 0),
    )


def decide_block_on_environment(
    state: JobState, *, beat: Heartbeat | None, observer: Observer, actual: Fingerprint
) -> tuple[e.Event, ...]:
    """Decide that a job nobody holds is blocked, because this is not its environment.

    Nothing if it is after all. Raises: LeaseConflictError: somebody holds it by now.
    """
    require_known(state)
    require_free(state, beat, observer)
    try:
        require_environment(state, actual)
    except EnvironmentMismatchError as error:
        return decide_block_on_error(
            state, epoch=None, summary=error.message, reason_codes=(error.code,)
        )
    return ()


def decide_retake(
    state: JobState, *, epoch: int, worker: str, holder: Holder, ttl: int
) -> tuple[e.Event, ...]:
    """Decide that the holder goes on after a pause that was taken back before it noticed.

    Raises: LeaseConflictError, MoveNotAllowedError, UnknownEventError.
    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "lease_taken")
    return (e.LeaseTaken(worker=worker, epoch=state.epoch + 1, ttl=ttl, holder=holder),)


def decide_release(
    state: JobState, *, epoch: int, reason: str, heartbeats: int, ran: int
) -> tuple[e.Event, ...]:
    """Decide that the holder lets go; ``ran`` is running time not recorded yet, in µs.

    Raises: LeaseConflictError, UnknownEventError.
    """
    require_known(state)
    lease = require_holder(state, epoch)
    return (
        e.LeaseReleased(
            worker=lease.worker,
            epoch=epoch,
            reason=reason,
            heartbeats=heartbeats,
            usage=running_time(ran),
        ),
    )


def require_environment(state: JobState, actual: Fingerprint) -> None:
    """Refuse another environment than the recorded one. Raises: EnvironmentMismatchError."""
    if state.fingerprint is None or state.fingerprint.digest == actual.digest:
        return
    changed = differences(state.fingerprint, actual)
    said = "; ".join(
        f"{each.rule}: was {each.expected or 'absent'}, is {each.actual or 'absent'}"
        for each in changed
    )
    raise EnvironmentMismatchError(
        f"job {state.job_id} was started in another environment ({said})",
        hint=f"resume it there, or: wrkr resume {state.job_id} --accept-environment --reason …",
        job_id=state.job_id,
        differences=[
            {"rule": each.rule, "expected": each.expected, "actual": each.actual}
            for each in changed
        ],
    )


def decide_accept_environment(
    state: JobState, *, actual: Fingerprint, reason: str
) -> tuple[e.Event, ...]:
    """Decide that the job goes on in another environment; nothing if it is the same one.

    Raises: MoveNotAllowedError: the job is over.
    """
    require_open(state, "environment_accepted")
    if state.fingerprint is None or state.fingerprint.digest == actual.digest:
        return ()
    return (
        e.EnvironmentAccepted(expected=state.fingerprint.digest, fingerprint=actual, reason=reason),
    )


def running_time(ran: int) -> tuple[Amount, ...]:
    """Return running time as a charge; nothing for none."""
    return (Amount(meter="wall", amount=ran),) if ran > 0 else ()
