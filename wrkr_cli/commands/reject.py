"""``wrkr reject``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_cli.answering import answer_options, say_outcome, signature_of, the_decision
from wrkr_cli.framing import command as make

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_cli.session import Session


def _explain(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    checkpoint: str | None,
    reason: str,
    by: str | None,
    key: str | None,
    passphrase_file: Path | None,
) -> list[str]:
    del passphrase_file
    decision = the_decision(session, job_id, checkpoint)
    signed = [f"sign exactly that with the key {key}"] if key else []
    return [
        (
            f"record that {by or session.ledger.actor} refuses {decision.checkpoint_id} of "
            f"{job_id}: {reason}"
        ),
        *signed,
        "let the job's code, or its spec's gate, act on the refusal when it is resumed",
    ]


@make(
    "reject",
    examples=[
        "wrkr reject JOB --reason 'tests are missing'",
        "wrkr reject JOB --reason 'tests are missing' --sign ann",
    ],
    explain=_explain,
)
@answer_options
def command(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    checkpoint: str | None,
    reason: str,
    by: str | None,
    key: str | None,
    passphrase_file: Path | None,
) -> None:
    """Say no to the decision JOB waits for; name the CHECKPOINT when there are several.

    The job's code learns of it. A gate of a spec that is refused ends the job as canceled. With
    --sign whoever trusts your key can tell that it was you.
    """
    decision = the_decision(session, job_id, checkpoint)
    signature = signature_of(
        session,
        key,
        passphrase_file,
        decision=decision,
        job_id=job_id,
        verdict="refused",
        reason=reason,
    )
    state = session.ledger.refuse(
        job_id,
        decision.checkpoint_id,
        reason=reason,
        by=by if by is not None else session.approver(),
        subject=decision.subject,
        signature=signature,
    )
    say_outcome(session, decision, state, "refused")
