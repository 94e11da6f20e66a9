"""What ``approve`` and ``reject`` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import click

from wrkr_cli.signing.options import passphrase_option
from wrkr_core.errors import InvalidInputError, NotFoundError
from wrkr_core.views import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_cli.session import Session
    from wrkr_core.approval import Decision
    from wrkr_core.job.state import JobState
    from wrkr_core.signing.claims import Verdict

    Body = TypeVar("Body", bound=Callable[..., object])

_OPTIONS: Final = (
    click.argument("job_id", metavar="JOB"),
    click.argument("checkpoint", required=False),
    click.option("--reason", required=True, help="Why; it is recorded."),
    click.option(
        "--by", metavar="NAME", help="Who decides [WRKR_APPROVED_BY, or the system's user]."
    ),
    click.option(
        "--sign", "key", metavar="KEY", help="Sign it: a key's name, its file, or a key of OpenSSH."
    ),
    passphrase_option,
)


def answer_options(body: Body) -> Body:
    """Give a command what every answer is told: the decision, why, by whom, and a key to sign with."""
    for option in reversed(_OPTIONS):
        body = option(body)
    return body


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


def signature_of(
    session: Session,
    key: str | None,
    passphrase_file: Path | None,
    *,
    decision: Decision,
    job_id: str,
    verdict: Verdict,
    reason: str,
    choice: str | None = None,
    not_after: int | None = None,
) -> bytes | None:
    """Return the signature of an answer, None without a key. ``not_after`` in µs since 1970.

    Raises: as ``signed_answer``.
    """
    if key is None:
        return None
    from wrkr_cli.signing.answering import signed_answer

    return signed_answer(
        session,
        key,
        passphrase_file,
        job_id=job_id,
        decision=decision,
        verdict=verdict,
        reason=reason,
        choice=choice,
        not_after=not_after,
    )


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
