"""``wrkr run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.specs import allow_secrets_option, load_spec, submit_spec
from wrkr_cli.working import work_here

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(
    session: Session, spec: str, job_id: str | None, by: str | None, allow_secrets: bool
) -> list[str]:
    del by, allow_secrets
    found = load_spec(spec)
    steps = [f"run step {step.id}" for step in found.steps] or ["run its command or function"]
    name = job_id or f"{found.name}-…"
    return [f"record job {name} as queued in {session.url}", "claim it for this process", *steps]


@make(
    "run",
    examples=["wrkr run job.yaml", "wrkr run job.yaml --job-id nightly-7 --json"],
    explain=_explain,
)
@click.argument("spec", type=click.Path())
@click.option("--job-id", help="The job's id [made from the name].")
@click.option("--by", metavar="NAME", help="Who submits it [the system's user].")
@allow_secrets_option
def command(
    session: Session, spec: str, job_id: str | None, by: str | None, allow_secrets: bool
) -> int:
    """Submit the job in SPEC and work on it here, in the foreground.

    Ends with 0 when the job is completed, 4 when it waits for a decision, 5 when acceptance failed,
    1 when it is blocked otherwise. Ctrl-C leaves a job that 'wrkr resume' goes on with.
    """
    found, created = submit_spec(session, spec, job_id=job_id, by=by, allow_secrets=allow_secrets)
    session.note(f"{found}: {'submitted' if created else 'was submitted before'}")
    return work_here(session, found)
