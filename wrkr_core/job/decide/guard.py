"""What every decision asks first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.errors import InvalidInputError, LeaseConflictError, UnknownEventError
from wrkr_core.job.moves import move
from wrkr_core.job.state import MOST_OPEN

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState
    from wrkr_core.lease import Lease


def require_known(state: JobState) -> None:
    """Refuse to decide anything about a job whose log is not wholly understood.

    Raises: UnknownEventError.
    """
    if state.unknown:
        raise UnknownEventError(
            f"job {state.job_id} holds events this release does not know: "
            f"{', '.join(state.unknown)}",
            hint="use the release that wrote them, or a newer one",
            job_id=state.job_id,
            types=list(state.unknown),
        )


def require_move(state: JobState, event: str) -> None:
    """Refuse what the log's unknowns or the moves table forbid.

    Raises: UnknownEventError, MoveNotAllowedError.
    """
    require_known(state)
    move(state.job_id, state.status, event)


def require_holder(state: JobState, epoch: int) -> Lease:
    """Return the lease of ``epoch``; refuse a worker that does not hold the job under it.

    Raises: LeaseConflictError, with the present holder.
    """
    if state.lease is None or state.lease.epoch != epoch:
        holder = state.lease.worker if state.lease else "nobody"
        raise LeaseConflictError(
            f"job {state.job_id} was taken over: epoch {epoch} is over, {holder} holds it "
            f"(epoch {state.epoch})",
            job_id=state.job_id,
            epoch=epoch,
            holder=holder,
            current_epoch=state.epoch,
        )
    return state.lease


def require_room(state: JobState, count: int, what: str, *, hint: str) -> None:
    """Refuse one more of ``what``, of which ``count`` are open, than verification follows.

    Raises: InvalidInputError.
    """
    if count >= MOST_OPEN:
        raise InvalidInputError(
            f"job {state.job_id} has {count} open {what}; no more than {MOST_OPEN} may be open at once",
            hint=hint,
            job_id=state.job_id,
            open=count,
            most=MOST_OPEN,
        )
