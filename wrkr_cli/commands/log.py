"""``wrkr log``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_core.job.effects import NAMES
from wrkr_core.views import event_line, event_view

if TYPE_CHECKING:
    from wrkr_cli.session import Session

TYPES = sorted(NAMES.values())


def _explain(session: Session, job_id: str, after: int, types: tuple[str, ...]) -> list[str]:
    which = " or ".join(types) or "all"
    return [f"print {which} events of {job_id} behind record {after}, from {session.url}"]


@make(
    "log",
    examples=["wrkr log JOB", "wrkr log JOB --type step_failed --json"],
    explain=_explain,
)
@click.argument("job_id", metavar="JOB")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only behind this record.")
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice(TYPES),
    metavar="EVENT",
    help="Only these events.",
)
def command(session: Session, job_id: str, after: int, types: tuple[str, ...]) -> None:
    """Print the events of JOB, one a line, each checked against the hash chain."""
    for recorded in session.ledger.events(job_id, after=after):
        view = event_view(job_id, recorded)
        if not types or str(view["type"]).partition("/")[0] in types:
            session.line(view, event_line(recorded))
