"""``wrkr submit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.specs import allow_secrets_option, load_spec, submit_spec

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_cli.session import Session


def _explain(
    session: Session, spec: Path, job_id: str | None, by: str | None, allow_secrets: bool
) -> list[str]:
    del by, allow_secrets
    found = load_spec(spec)
    return [f"record job {job_id or found.name + '-…'} as queued in {session.url}"]


@make(
    "submit",
    examples=["wrkr submit job.yaml", "wrkr submit job.yaml --job-id nightly-7 --json"],
    explain=_explain,
)
@click.argument("spec", type=click.Path())
@click.option("--job-id", help="The job's id [made from the name].")
@click.option("--by", metavar="NAME", help="Who submits it [the system's user].")
@allow_secrets_option
def command(
    session: Session, spec: Path, job_id: str | None, by: str | None, allow_secrets: bool
) -> None:
    """Submit the job in SPEC (YAML, TOML or JSON; '-' reads standard input).

    The same id with the same spec again changes nothing and is no error. A spec that holds a secret
    is refused, because it would be recorded.
    """
    found, created = submit_spec(session, spec, job_id=job_id, by=by, allow_secrets=allow_secrets)
    status = session.ledger.state(found).status
    said = "submitted" if created else "was submitted before"
    session.result(
        {"job_id": found, "status": status, "created": created},
        [f"{found} {said}; it is {status}", "work on it: wrkr worker --drain"],
        brief=found,
    )
