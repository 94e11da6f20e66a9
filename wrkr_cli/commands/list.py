"""``wrkr list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from wrkr_cli.framing import command as make
from wrkr_core.job.state import STATUSES
from wrkr_core.views import clipped, job_row, plain

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.job.state import Status


def _explain(session: Session, status: str | None, after: str, limit: int) -> list[str]:
    which = f"{status} jobs" if status else "jobs"
    behind = f" behind {after}" if after else ""
    return [f"list up to {limit} {which}{behind} of {session.url}"]


@make(
    "list",
    examples=["wrkr list", "wrkr list --status blocked_decision --json"],
    explain=_explain,
)
@click.option(
    "--status",
    type=click.Choice(STATUSES),
    metavar="STATUS",
    help=f"Only jobs that are so: {', '.join(STATUSES)}.",
)
@click.option("--after", default="", metavar="JOB", help="Only jobs behind this id.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, help="At most so many [100].")
def command(session: Session, status: str | None, after: str, limit: int) -> None:
    """List jobs by id: where each stands and why."""
    wanted = cast("Status | None", status)
    damaged: list[str] = []
    states = session.ledger.jobs(
        status=wanted,
        after=after,
        limit=limit,
        on_damage=lambda job_id, error: damaged.append(f"{job_id}: {error.code}: {error.message}"),
    )
    view: dict[str, object] = {"jobs": [job_row(state) for state in states]}
    lines = [
        clipped(f"{plain(state.job_id)}  {state.status}  {plain(state.summary)}".rstrip())
        for state in states
    ]
    if damaged:
        view["damaged"] = damaged
        lines += [plain(f"damaged: {each}") for each in damaged]
    if len(states) == limit:
        view["next"] = states[-1].job_id
        lines.append(plain(f"more: wrkr list --after {states[-1].job_id}"))
    session.result(
        view, lines or ["no jobs"], brief="\n".join(plain(state.job_id) for state in states) or None
    )
