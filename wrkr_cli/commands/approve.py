"""``wrkr approve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.answering import answer_options, say_outcome, signature_of, the_decision
from wrkr_cli.framing import command as make
from wrkr_core.budget import duration
from wrkr_core.views import plain

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_cli.session import Session


def _explain(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    checkpoint: str | None,
    reason: str,
    by: str | None,
    choice: str | None,
    expires: str | None,
    key: str | None,
    passphrase_file: Path | None,
) -> list[str]:
    del passphrase_file
    decision = the_decision(session, job_id, checkpoint)
    who = by or session.ledger.actor
    chosen = f", choosing {choice}" if choice else ""
    until = f", good for {expires}" if expires else ""
    signed = [f"sign exactly that with the key {key}"] if key else []
    return [
        f"record that {who} approves {decision.checkpoint_id} of {job_id}{chosen}{until}: {reason}",
        f"bind the approval to what was asked: {plain(decision.question)}",
        *signed,
    ]


@make(
    "approve",
    examples=[
        "wrkr approve JOB --reason 'read the diff'",
        "wrkr approve JOB cp_12 --choice staging --reason 'as agreed' --by ann",
        "wrkr approve JOB --reason 'read the diff' --sign ann",
        "wrkr approve JOB --reason 'read the diff' --sign ~/.ssh/id_ed25519.pub",
    ],
    explain=_explain,
)
@answer_options
@click.option("--choice", help="Which of the choices.")
@click.option("--expires", metavar="TIME", help="Good only for so long, for instance 8h.")
def command(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    checkpoint: str | None,
    reason: str,
    by: str | None,
    choice: str | None,
    expires: str | None,
    key: str | None,
    passphrase_file: Path | None,
) -> None:
    """Say yes to the decision JOB waits for; name the CHECKPOINT when there are several.

    The approval is bound to what was asked and to nothing else. Once the last open decision is
    answered the job can be worked on again. With --sign whoever trusts your key can tell that it was
    you; without, your name is only asserted.
    """
    ledger = session.ledger
    decision = the_decision(session, job_id, checkpoint)
    approver = by if by is not None else session.approver()
    expires_at = ledger.machine.now() + duration(expires) if expires else None
    signature = signature_of(
        session,
        key,
        passphrase_file,
        decision=decision,
        job_id=job_id,
        verdict="approved",
        reason=reason,
        choice=choice,
        not_after=expires_at,
    )
    state = ledger.approve(
        job_id,
        decision.checkpoint_id,
        reason=reason,
        by=approver,
        choice=choice,
        expires_at=expires_at,
        subject=decision.subject,
        signature=signature,
    )
    say_outcome(session, decision, state, "approved")
