"""``wrkr status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_core.machine import ThisMachine
from wrkr_core.views import status_lines, status_view
from wrkr_core.watching import load_state
from wrkr_core.work.heartbeat import read_heartbeat

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(session: Session, job_id: str, at: int | None) -> list[str]:
    when = f"after record {at}" if at else "now"
    return [f"read {job_id} from {session.url} and show where it stands {when}"]


@make(
    "status",
    examples=["wrkr status JOB", "wrkr status JOB --at 12 --json"],
    explain=_explain,
)
@click.argument("job_id", metavar="JOB")
@click.option("--at", type=click.IntRange(min=1), help="As it stood after this record.")
def command(session: Session, job_id: str, at: int | None) -> None:
    """Show where JOB stands: status, lease, steps, budget, and what it waits for."""
    machine = ThisMachine()
    if at is not None:
        state, heartbeat = session.ledger.state(job_id, at=at), None
    else:
        state = load_state(session.store, machine, job_id)
        heartbeat = read_heartbeat(session.store, job_id)[0]
    view = status_view(state, heartbeat=heartbeat, now=machine.now())
    session.result(view, status_lines(view), brief=state.status)
