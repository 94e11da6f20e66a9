"""``wrkr wrap``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.specs import in_workspace
from wrkr_cli.working import work_here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_cli.session import Session
    from wrkr_core.spec import JobSpec


def _spec(name: str, argv: Sequence[str], artifacts: Sequence[str]) -> JobSpec:
    from wrkr_core.spec import Command, JobSpec, StepSpec

    step = StepSpec(id="command", command=Command(argv=tuple(argv)), artifacts=tuple(artifacts))
    return in_workspace(JobSpec(name=name, objective=" ".join(argv), steps=[step]))


def _explain(  # the command's own parameters
    session: Session,
    argv: tuple[str, ...],
    name: str,
    job_id: str | None,
    artifact: tuple[str, ...],
) -> list[str]:
    del artifact
    return [
        f"record job {job_id or name + '-…'} as queued in {session.url}",
        f"run {' '.join(argv)} as its only step",
    ]


@make(
    "wrap",
    examples=["wrkr wrap -- make test", "wrkr wrap --artifact 'dist/*' -- python -m build"],
    explain=_explain,
)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--name", default="wrap", help="The job's name [wrap].")
@click.option("--job-id", help="The job's id [made from the name].")
@click.option("--artifact", multiple=True, metavar="GLOB", help="Record what matches afterwards.")
def command(
    session: Session,
    argv: tuple[str, ...],
    name: str,
    job_id: str | None,
    artifact: tuple[str, ...],
) -> int:
    """Run one command as a job: recorded, within its lease, resumable and exportable."""
    found, _created = session.ledger.submitted(_spec(name, argv, artifact), job_id=job_id)
    return work_here(session, found)
