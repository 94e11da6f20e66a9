"""``wrkr budget``: show, raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_core.budget import Amount, amount_text, amounts, spent_text
from wrkr_core.errors import InvalidInputError
from wrkr_core.views import budget_view

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.job.state import JobState


def _lines(state: JobState) -> list[str]:
    limits, spent = state.limit_by_meter(), state.spent_by_meter()
    reserved = state.reserved_by_meter()
    rows: list[str] = []
    for meter in sorted({*limits, *spent, *reserved}):
        used = spent_text(meter, spent.get(meter, 0))
        limit = f"of {amount_text(meter, limits[meter])}" if meter in limits else "no limit"
        held = f", {amount_text(meter, reserved[meter])} reserved" if meter in reserved else ""
        rows.append(f"{meter:<12} {used} {limit}{held}")
    return rows or ["nothing used, no limits"]


def _explain_show(session: Session, job_id: str) -> list[str]:
    return [f"show what {job_id} in {session.url} has used, and its limits"]


@make("budget show", examples=["wrkr budget show JOB"], explain=_explain_show)
@click.argument("job_id", metavar="JOB")
def show(session: Session, job_id: str) -> None:
    """Show what JOB has used and what it may use."""
    state = session.ledger.state(job_id)
    session.result({"job_id": job_id, "budget": budget_view(state)}, _lines(state))


def _limits(given: dict[str, Any]) -> tuple[Amount, ...]:
    meters: dict[str, int] = {}
    for pair in given["meter"]:
        name, equals, count = str(pair).partition("=")
        if not equals or not count.isdecimal():
            raise InvalidInputError(f"--meter {pair!r} is not NAME=COUNT")
        meters[name] = int(count)
    return amounts(
        wall=given["wall"],
        cost=given["cost"],
        steps=given["steps"],
        retries=given["retries"],
        tool_calls=given["tool_calls"],
        tokens=given["tokens"],
        **meters,
    )


def _explain_raise(
    session: Session,
    job_id: str,
    reason: str,
    by: str | None,
    **given: Any,  # noqa: ANN401  # click's values
) -> list[str]:
    del reason, by
    state = session.ledger.state(job_id)
    said = ", ".join(
        f"{each.meter} {amount_text(each.meter, each.amount)}" for each in _limits(given)
    )
    return [f"set the limits of {job_id}, which is {state.status}, to {said}; nothing is run again"]


@make(
    "budget raise",
    examples=["wrkr budget raise JOB --cost 10 --reason 'worth it'"],
    explain=_explain_raise,
)
@click.argument("job_id", metavar="JOB")
@click.option("--wall", metavar="TIME", help="Running time, for instance 2h.")
@click.option("--cost", metavar="USD", help="Cost in US dollars, for instance 10 or 0.50.")
@click.option("--steps", type=click.IntRange(min=0), help="Steps.")
@click.option("--retries", type=click.IntRange(min=0), help="Attempts beyond the first.")
@click.option("--tool-calls", type=click.IntRange(min=0), help="Tool calls.")
@click.option("--tokens", type=click.IntRange(min=0), help="Tokens.")
@click.option("--meter", multiple=True, metavar="NAME=COUNT", help="A meter of one's own.")
@click.option("--reason", required=True, help="Why; it is recorded.")
@click.option("--by", metavar="NAME", help="Who decides [WRKR_APPROVED_BY, or the system's user].")
def raise_(
    session: Session,
    job_id: str,
    reason: str,
    by: str | None,
    **given: Any,  # noqa: ANN401  # click's values
) -> None:
    """Set new limits for JOB. A job blocked by its budget can then be resumed.

    The limits named replace the old ones. Nothing is run again by it.
    """
    session.ledger.state(job_id)
    decider = by if by is not None else session.approver()
    state = session.ledger.raise_budget(job_id, _limits(given), reason=reason, by=decider)
    session.result(
        {"job_id": job_id, "status": state.status, "budget": budget_view(state)},
        [*_lines(state), f"{job_id} is {state.status}"],
        brief=state.status,
    )


command = group("budget", "Show and raise limits.", [show, raise_])
