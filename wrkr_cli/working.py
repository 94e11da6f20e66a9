"""Working on a job in the foreground: what ``run``, ``resume`` and ``wrap`` have in common."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import (
    AcceptanceTestError,
    ApprovalRequiredError,
    InterruptedByUserError,
    MissingArtifactError,
)
from wrkr_core.views import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_cli.session import Session
    from wrkr_core.job.state import JobState
    from wrkr_run.worker import RunResult

_EXIT_BY_REASON: Final = {
    MissingArtifactError.code: MissingArtifactError.exit_code,
    AcceptanceTestError.code: AcceptanceTestError.exit_code,
}


def work_here(
    session: Session, job_id: str, *, accept_because: str | None = None, resume: bool = False
) -> int:
    """Work on the job until it ends or waits; print the outcome; return the exit code."""
    from wrkr_run.supervision import Surroundings
    from wrkr_run.worker import work_on

    with redirect_stdout(sys.stderr):  # what a job's function prints is no result of the command
        result = work_on(
            session.ledger,
            job_id,
            accept_because=accept_because,
            resume=resume,
            surroundings=Surroundings(store_url=session.url),
            report=_progress(session),
        )
    state = session.ledger.state(job_id)
    _print(session, result, state)
    return exit_code(state, interrupted=result.interrupted)


def _print(session: Session, result: RunResult, state: JobState) -> None:
    view: dict[str, object] = {
        "job_id": state.job_id,
        "status": state.status,
        "summary": state.summary,
        "reason_codes": list(state.reason_codes),
        "next": list(result.next),
    }
    if state.decisions:
        view["checkpoint"] = state.decisions[0].checkpoint_id
    lines = [f"{state.job_id} is {state.status}: {plain(state.summary)}"]
    lines += [f"  next: {each}" for each in result.next]
    session.result(view, lines, brief=state.job_id)


def exit_code(state: JobState, *, interrupted: bool = False) -> int:
    """Return what a script is told about a job that is not worked on any more."""
    if interrupted:
        return InterruptedByUserError.exit_code
    if state.status == "blocked_decision":
        return ApprovalRequiredError.exit_code
    if state.status in ("blocked_error", "blocked_budget", "canceled"):
        return next(
            (_EXIT_BY_REASON[each] for each in state.reason_codes if each in _EXIT_BY_REASON), 1
        )
    return 0


def _progress(session: Session) -> Callable[[str], None]:
    """Return what is called with a line of progress: to a terminal, or when asked for."""
    if session.is_quiet or not (sys.stderr.isatty() or session.is_verbose):
        return lambda _line: None
    return session.note
