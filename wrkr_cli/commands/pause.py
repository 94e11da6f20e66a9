"""``wrkr pause``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(session: Session, job_id: str, reason: str, by: str | None) -> list[str]:
    del reason, by
    state = session.ledger.state(job_id)
    return [f"stop work on {job_id}, which is {state.status}, at its next step boundary"]


@make("pause", examples=["wrkr pause JOB --reason 'needs a look'"], explain=_explain)
@click.argument("job_id", metavar="JOB")
@click.option("--reason", default="asked for on the command line", help="Why; it is recorded.")
@click.option("--by", metavar="NAME", help="Who asks for it [the system's user].")
def command(session: Session, job_id: str, reason: str, by: str | None) -> None:
    """Have work on JOB stop at the next step boundary; a running command is stopped.

    'wrkr resume' goes on with it.
    """
    state = session.ledger.pause(job_id, reason=reason, by=by)
    session.result(
        {"job_id": job_id, "status": state.status},
        [f"{job_id} is {state.status}"],
        brief=state.status,
    )
