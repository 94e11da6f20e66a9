"""What ``approve`` and ``reject`` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.errors import InvalidInputError, NotFoundError
from wrkr_core.views import plain

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.approval import Decision
    from wrkr_core.job.state import JobState


def the_decision(session: Session, job_id: str, checkpoint: str | None) -> Decision:
    """Return the open decision that is meant: the one named, or the only one there is.

    Raises: NotFoundError: none is open by that name. InvalidInputError: several are, none named.
    """
    state = session.ledger.state(job_id)
    if checkpoint is not None:
        found = state.decision(checkpoint)
        if found is None:
            waiting = ", ".join(each.checkpoint_id for each in state.decisions)
            raise NotFoundError(
                f"{checkpoint} is not an open decision of job {job_id}, which is {state.status}",
                hint=f"open: {waiting}" if waiting else "no decision of this job is open",
            )
        return found
    waiting_for = list(state.decisions)
    if not waiting_for:
        raise NotFoundError(f"job {job_id} waits for no decision; it is {state.status}")
    if len(waiting_for) > 1:
        raise InvalidInputError(
            f"job {job_id} waits for {len(waiting_for)} decisions; name the one you mean",
            problems=[f"{each.checkpoint_id}: {plain(each.question)}" for each in waiting_for],
        )
    return waiting_for[0]


def say_outcome(session: Session, decision: Decision, state: JobState, verb: str) -> None:
    """Print what was decided and where the job stands now."""
    session.result(
        {
            "job_id": state.job_id,
            "checkpoint": decision.checkpoint_id,
            "decision": verb,
            "status": state.status,
            "open_decisions": [each.checkpoint_id for each in state.decisions],
        },
        [
            f"{verb} {decision.checkpoint_id} of {state.job_id}: {plain(decision.question)}",
            f"{state.job_id} is {state.status}"
            + (f"; go on: wrkr resume {state.job_id}" if state.status == "queued" else ""),
        ],
        brief=state.status,
    )
