"""``wrkr demo``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_core.errors import InterruptedByUserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_cli.session import Session
    from wrkr_run.demo import DemoResult


def _explain(_session: Session, yes: bool, keep: Path | None) -> list[str]:  # a click flag
    where = str(keep) if keep else "a temporary folder, removed afterwards"
    answer = "approve the merge by itself" if yes else "ask you to approve the merge"
    return [
        f"make a small git repository with a failing test in {where}",
        "run a job on it, kill its worker in the middle of a step, and resume it in another process",
        answer,
        "export the jobpack and verify it",
    ]


@make("demo", examples=["wrkr demo --yes", "wrkr demo --keep /tmp/wrkr-demo"], explain=_explain)
@click.option("--yes", is_flag=True, help="Give the approval; it is recorded as given so.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Leave everything in this folder to look at.",
)
def command(session: Session, yes: bool, keep: Path | None) -> int:  # a click flag
    """See wrkr work: a real job on a real repository, killed, resumed, approved and verified.

    Needs git, no network, and half a minute. Uses a store of its own.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        code = _show(session, _run(session, keep, yes=yes, kept=True), kept=True)
        from wrkr_run.demo import store_url

        session.note(
            f"everything is in {keep}; look: wrkr list --store {store_url(keep.absolute())}"
        )
        return code
    with tempfile.TemporaryDirectory(prefix="wrkr-demo-") as folder:
        return _show(session, _run(session, Path(folder), yes=yes, kept=False), kept=False)


def _run(session: Session, folder: Path, *, yes: bool, kept: bool) -> DemoResult:
    from wrkr_run.demo import run_demo

    try:
        return run_demo(folder, approve=yes, report=_telling(session), confirm=_confirm)
    except (KeyboardInterrupt, click.Abort) as error:
        raise InterruptedByUserError(
            "the demo was interrupted", hint=_way_on(folder, kept=kept)
        ) from error


def _telling(session: Session) -> Callable[[str], None]:
    """Return what tells each line as it happens: to a person the result itself, else a note on it."""
    if session.as_json or session.is_quiet:
        return session.note
    return lambda line: session.line({}, line)


def _way_on(folder: Path, *, kept: bool) -> str:
    """Return what is left of an interrupted demo, whose store is not the one of other commands."""
    from wrkr_run.demo import store_url

    if kept:
        return (
            f"its job is in {store_url(folder)}: 'wrkr list --store {store_url(folder)}' shows it"
        )
    return "its store was temporary and is gone; 'wrkr demo' begins anew, --keep FOLDER keeps it"


def _confirm(question: str) -> bool:
    return click.confirm(question, err=True)


def _show(session: Session, result: DemoResult, *, kept: bool) -> int:
    view: dict[str, object] = {
        "job_id": result.job_id,
        "jobpack": str(result.jobpack) if kept else None,
        "receipt": result.receipt,
        "kills": result.kills,
        "steps_run": result.steps_run,
        "steps_repeated": result.steps_repeated,
        "verified": result.verified,
        "kept": kept,
    }
    session.result(view, (), brief=result.receipt)  # its lines were told as they happened
    return 0 if result.verified else 2
