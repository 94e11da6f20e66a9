"""``wrkr reject``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.answering import say_outcome, the_decision
from wrkr_cli.framing import command as make

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(
    session: Session, job_id: str, checkpoint: str | None, reason: str, by: str | None
) -> list[str]:
    decision = the_decision(session, job_id, checkpoint)
    return [
        (
            f"record that {by or session.ledger.actor} refuses {decision.checkpoint_id} of "
            f"{job_id}: {reason}"
        ),
        "let the job's code, or its spec's gate, act on the refusal when it is resumed",
    ]


@make(
    "reject",
    examples=["wrkr reject JOB --reason 'tests are missing'"],
    explain=_explain,
)
@click.argument("job_id", metavar="JOB")
@click.argument("checkpoint", required=False)
@click.option("--reason", required=True, help="Why; it is recorded.")
@click.option("--by", metavar="NAME", help="Who decides [WRKR_APPROVED_BY, or the system's user].")
def command(
    session: Session, job_id: str, checkpoint: str | None, reason: str, by: str | None
) -> None:
    """Say no to the decision JOB waits for; name the CHECKPOINT when there are several.

    The job's code learns of it. A gate of a spec that is refused ends the job as canceled.
    """
    decision = the_decision(session, job_id, checkpoint)
    state = session.ledger.refuse(
        job_id,
        decision.checkpoint_id,
        reason=reason,
        by=by if by is not None else session.approver(),
        subject=decision.subject,
    )
    say_outcome(session, decision, state, "refused")
