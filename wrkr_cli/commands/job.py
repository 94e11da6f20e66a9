"""``wrkr job``: inspect, diff, fork, prove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.erasing import erase
from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_cli.proving import prove
from wrkr_cli.reporting import is_pack, unpacked
from wrkr_core.inspection import inspection, inspection_lines
from wrkr_core.job_log import JobLog
from wrkr_core.work.attempts import blob_key

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.ledger import Ledger


def _explain_inspect(session: Session, job_id: str) -> list[str]:
    return [f"read all of {job_id} in {session.url}, check its hash chain and show what was done"]


@make("job inspect", examples=["wrkr job inspect JOB"], explain=_explain_inspect)
@click.argument("job_id", metavar="JOB")
def inspect(session: Session, job_id: str) -> None:
    """Show what JOB was asked, what it did in which order, what it cost and who decided what."""
    ledger = session.ledger
    from wrkr_core.erasing import is_unfinished, unfinished_text

    state = ledger.state(job_id)
    log = JobLog(ledger.store, ledger.machine, job_id)

    def blob(digest: str) -> bytes:
        cell = ledger.store.get(blob_key(digest))
        return log.payloads.shown_blob(cell.data) if cell is not None else b""

    view = inspection(job_id, ledger.spec(job_id), ledger.events(job_id), blob)
    lines = inspection_lines(view)
    if is_unfinished(ledger.store, state):
        view["erasure_unfinished"] = True
        lines += ["", unfinished_text(state)]
    session.result(view, lines)


def _explain_diff(session: Session, one: str, other: str) -> list[str]:
    return [
        f"read all of {each}, {'a jobpack' if is_pack(each) else f'in {session.url}'}"
        for each in (one, other)
    ] + ["show what differs between them"]


@make(
    "job diff",
    examples=["wrkr job diff JOB FORK", "wrkr job diff JOB jobpack_JOB.zip --json"],
    explain=_explain_diff,
)
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
def diff(session: Session, one: str, other: str) -> None:
    """Show how job A differs from job B: where their histories part, and what came of it.

    Each is the id of a job in the store or the path of a jobpack, which is verified first. Beside a
    jobpack, which holds no key, sealed content of the other is shown as [sealed] too.
    """
    from wrkr_core.comparison import comparison, comparison_lines

    opens = not (is_pack(one) or is_pack(other))
    sides = [_whole(session, each, opens=opens) for each in (one, other)]
    (mine, my_log), (theirs, their_log) = (
        (inspection(job_id, ledger.spec(job_id), log), log)
        for ledger, job_id in sides
        for log in [list(ledger.events(job_id))]
    )
    view = comparison(mine, theirs, my_log, their_log)
    session.result(view, comparison_lines(view), brief=view["relation"])


def _whole(session: Session, named: str, *, opens: bool) -> tuple[Ledger, str]:
    """Return a ledger that has the job, and its id."""
    if is_pack(named):
        return unpacked(Path(named))
    return session.ledger if opens else session.closed_ledger, named


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


command = group(
    "job",
    "Inspect a job, compare two, fork one, prove what it did, erase its content.",
    [inspect, diff, fork, prove, erase],
)
