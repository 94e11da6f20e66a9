"""``wrkr worker``."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_core.budget import duration
from wrkr_core.views import plain

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(
    session: Session,
    drain: bool,
    concurrency: int,
    name: str | None,
    ttl: str,  # a click flag
) -> list[str]:
    until = "until nothing is left" if drain else "until stopped"
    who = f" as {name}" if name else ""
    return [
        f"work on the jobs of {session.url}{who}, {concurrency} at a time, {until}",
        f"hold each under a lease of {ttl}",
    ]


@make(
    "worker",
    examples=["wrkr worker --drain", "wrkr worker --concurrency 4 --name build-host"],
    explain=_explain,
)
@click.option("--drain", is_flag=True, help="End when nothing is left that can be worked on.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=1, help="Jobs at a time [1].")
@click.option("--name", help="What this worker is called [host and process].")
@click.option("--ttl", default="30s", help="How long a lease lasts without a heartbeat [30s].")
def command(
    session: Session,
    drain: bool,
    concurrency: int,
    name: str | None,
    ttl: str,  # a click flag
) -> int:
    """Work on what is submitted, in any number of processes at once.

    Jobs that wait for a person are left alone. Ctrl-C stops in order; a second one at once.
    """
    from wrkr_run.supervision import Surroundings
    from wrkr_run.worker import Worker

    worker = Worker(
        session.ledger,
        drain=drain,
        concurrency=concurrency,
        name=name,
        ttl=duration(ttl),
        surroundings=Surroundings(store_url=session.url),
        report=lambda line: session.note(plain(line)),
    )
    with redirect_stdout(sys.stderr):  # what a job's function prints is no result of the command
        summary = worker.run()
    session.result(
        {
            "worked_on": summary.worked_on,
            "completed": summary.completed,
            "waiting": summary.waiting,
        },
        [
            (
                f"worked on {summary.worked_on} jobs, {summary.completed} completed, "
                f"{summary.waiting} wait for a person"
            )
        ],
        brief=str(summary.completed),
    )
    return 130 if summary.interrupted else 0
