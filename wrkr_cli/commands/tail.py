"""``wrkr tail``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_core.views import event_line, event_view

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(
    session: Session,
    job_id: str,
    lines: int,
    follow: bool,
    timeout: float | None,  # a click flag
) -> list[str]:
    then = ", then each further one until the job is over" if follow else ""
    limit = f" or silent for {timeout:g} s" if follow and timeout else ""
    return [f"print the newest {lines} events of {job_id} from {session.url}{then}{limit}"]


@make("tail", examples=["wrkr tail JOB", "wrkr tail -f JOB --json"], explain=_explain)
@click.argument("job_id", metavar="JOB")
@click.option("--lines", "-n", type=click.IntRange(min=0), default=10, help="So many events [10].")
@click.option("--follow", "-f", is_flag=True, help="Go on until the job is over.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), help="With -f: end after so many silent s."
)
def command(
    session: Session,
    job_id: str,
    lines: int,
    follow: bool,
    timeout: float | None,  # a click flag
) -> None:
    """Print the newest events of JOB, and with -f every further one as it happens."""
    if timeout is not None and not follow:
        raise click.UsageError("--timeout says when --follow ends; give both or neither")
    ledger = session.ledger
    after = max(0, ledger.state(job_id).seq - lines)
    events = (
        ledger.follow(job_id, after=after, timeout=timeout)
        if follow
        else ledger.events(job_id, after=after)
    )
    for recorded in events:
        session.line(event_view(job_id, recorded), event_line(recorded))
