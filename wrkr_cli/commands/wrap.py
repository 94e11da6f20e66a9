"""``wrkr wrap``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.specs import allow_secrets_option, in_workspace
from wrkr_cli.working import work_here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_cli.session import Session
    from wrkr_core.spec import JobSpec


def _spec(name: str, argv: Sequence[str], artifacts: Sequence[str]) -> JobSpec:
    from wrkr_core.spec import Command, JobSpec, StepSpec

    step = StepSpec(id="command", command=Command(argv=tuple(argv)), artifacts=tuple(artifacts))
    return in_workspace(JobSpec(name=name, objective=" ".join(argv), steps=[step]))


def _explain(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    argv: tuple[str, ...],
    name: str,
    job_id: str | None,
    artifact: tuple[str, ...],
    allow_secrets: bool,
) -> list[str]:
    del artifact, allow_secrets
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
@allow_secrets_option
def command(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    argv: tuple[str, ...],
    name: str,
    job_id: str | None,
    artifact: tuple[str, ...],
    allow_secrets: bool,
) -> int:
    """Run one command as a job: recorded, within its lease, resumable and exportable.

    A command line that holds a secret is refused, because it would be recorded; what the command
    inherits from the environment is not.
    """
    found, _created = session.ledger.submitted(
        _spec(name, argv, artifact), job_id=job_id, allow_secrets=allow_secrets
    )
    return work_here(session, found)
