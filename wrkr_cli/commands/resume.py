"""``wrkr resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.working import work_here
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(
    session: Session,
    job_id: str,
    accept_environment: bool,
    reason: str | None,  # a click flag
) -> list[str]:
    state = session.ledger.state(job_id)
    accepted = f", accepting this environment because: {reason}" if accept_environment else ""
    return [
        f"claim {job_id}, which is {state.status}, for this process{accepted}",
        f"go on behind its {state.steps.done} finished steps",
    ]


@make(
    "resume",
    examples=[
        "wrkr resume JOB",
        "wrkr resume JOB --accept-environment --reason 'moved to the new host'",
    ],
    explain=_explain,
)
@click.argument("job_id", metavar="JOB")
@click.option("--accept-environment", is_flag=True, help="Go on although it is another one.")
@click.option("--reason", help="Why; recorded, and required with --accept-environment.")
def command(
    session: Session,
    job_id: str,
    accept_environment: bool,
    reason: str | None,  # a click flag
) -> int:
    """Claim JOB, which is queued, approved, paused, blocked or abandoned, and work on it here.

    Finished steps are not run again. Exit codes are those of 'wrkr run'.
    """
    if accept_environment and not (reason or "").strip():
        raise InvalidInputError(
            "--accept-environment needs a reason", hint="--reason 'why this environment is right'"
        )
    if reason and not accept_environment:
        raise InvalidInputError("--reason goes with --accept-environment")
    return work_here(
        session, job_id, accept_because=reason if accept_environment else None, resume=True
    )
