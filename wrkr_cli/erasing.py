"""``wrkr job erase``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_core.erasing import is_unfinished
from wrkr_core.errors import UnsafeOperationError
from wrkr_core.job.decide.lifecycle import decide_erase

if TYPE_CHECKING:
    from wrkr_cli.session import Session

BACKUPS = "copies of the store made before, such as backups, hold the key and can still be read"


def _explain(
    session: Session, job_id: str, reason: str, by: str | None, yes: bool
) -> list[str]:  # a click flag
    ledger = session.ledger
    state = ledger.state(job_id)
    events = decide_erase(state, reason=reason)
    who = by or ledger.actor
    said = [f"record that {who} erased the payloads of {job_id}: {reason}"] if events else []
    if events or is_unfinished(ledger.store, state):
        said.append(f"remove the key of {job_id} from {session.url}, for good")
    if not said:
        return [f"do nothing: the payloads of {job_id} were erased before"]
    return [*said, f"know that {BACKUPS}"] if yes else ["ask whether to go on", *said]


@make(
    "job erase",
    examples=[
        "wrkr job erase JOB --reason 'asked for by the customer'",
        "wrkr job erase JOB --reason 'kept for a year' --yes --json",
    ],
    explain=_explain,
)
@click.argument("job_id", metavar="JOB")
@click.option("--reason", required=True, help="Why; it is recorded, and never sealed.")
@click.option("--by", metavar="NAME", help="Who erases it [the system's user].")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(session: Session, job_id: str, reason: str, by: str | None, yes: bool) -> None:
    """Erase the content of JOB for good: what it was given, what it said, what its steps returned.

    JOB must be over, and its spec must have said 'erasable: true': then its content is recorded only
    sealed, and removing the key is enough. Its log, jobpacks and signatures still verify and say
    'erased'. Names, paths, digests, times and amounts stay readable. Asked again it finishes what was
    interrupted.
    """
    ledger = session.ledger
    before = ledger.state(job_id)
    is_new = bool(decide_erase(before, reason=reason))
    was_unfinished = is_unfinished(ledger.store, before)
    if (is_new or was_unfinished) and not yes:
        _confirm(job_id)
    state = ledger.erase(job_id, reason=reason, by=by)
    said = f"erased the payloads of {job_id}; its log, jobpacks and signatures still verify"
    if was_unfinished:
        said = f"finished erasing the payloads of {job_id}: its key is removed"
    elif not is_new:
        said = f"the payloads of {job_id} were erased before"
    session.result(
        {
            "job_id": job_id,
            "status": state.status,
            "payloads": state.payloads,
            "recorded": is_new,
            "finished": was_unfinished,
        },
        [said, BACKUPS] if is_new or was_unfinished else [said],
        brief=str(state.payloads),
    )


def _confirm(job_id: str) -> None:
    """Ask whether to go on. Raises: UnsafeOperationError: nobody is there, or says no."""
    if not sys.stdin.isatty():
        raise UnsafeOperationError(
            f"erasing the payloads of job {job_id} cannot be undone",
            hint="add --yes to go on; --explain says what it would do",
            job_id=job_id,
        )
    if not click.confirm(f"Nobody will be able to read {job_id} again. Erase it?", err=True):
        raise UnsafeOperationError(f"job {job_id} was not erased", job_id=job_id)
