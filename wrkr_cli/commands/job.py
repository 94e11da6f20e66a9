"""``wrkr job``: inspect, fork."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_core.inspection import inspection, inspection_lines

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain_inspect(session: Session, job_id: str) -> list[str]:
    return [f"read all of {job_id} in {session.url}, check its hash chain and show what was done"]


@make("job inspect", examples=["wrkr job inspect JOB"], explain=_explain_inspect)
@click.argument("job_id", metavar="JOB")
def inspect(session: Session, job_id: str) -> None:
    """Show what JOB was asked, what it did in which order, what it cost and who decided what."""
    ledger = session.ledger
    view = inspection(job_id, ledger.spec(job_id), ledger.events(job_id))
    session.result(view, inspection_lines(view))


def _explain_fork(
    session: Session, job_id: str, at: str, new_id: str | None, by: str | None
) -> list[str]:
    del by
    return [
        f"make {new_id or 'a new job'} in {session.url} that has done what {job_id} had at {at}",
        "take over its finished steps and their cost, but none of its approvals",
    ]


@make(
    "job fork",
    examples=["wrkr job fork JOB --at cp_7", "wrkr job fork JOB --at 12 --job-id second-try"],
    explain=_explain_fork,
)
@click.argument("job_id", metavar="JOB")
@click.option("--at", required=True, metavar="CHECKPOINT|RECORD", help="Where to branch off.")
@click.option("--job-id", "new_id", help="The new job's id [made from the name].")
@click.option("--by", metavar="NAME", help="Who forks it [the system's user].")
def fork(session: Session, job_id: str, at: str, new_id: str | None, by: str | None) -> None:
    """Make a new job that has done what JOB had at a checkpoint or record.

    Finished steps keep their results and are not run again; what was approved in JOB must be
    approved again in the fork.
    """
    found = session.ledger.fork(job_id, at=at, new_id=new_id, by=by)
    state = session.ledger.state(found)
    session.result(
        {
            "job_id": found,
            "status": state.status,
            "forked_from": {"job_id": job_id, "at": at},
            "steps_done": state.steps.done,
        },
        [f"{found} has {state.steps.done} finished steps; go on: wrkr resume {found}"],
        brief=found,
    )


command = group("job", "Inspect a job, or fork it.", [inspect, fork])
