"""Run the clauses of the engine profile against a command line."""

from __future__ import annotations

import shlex
import shutil
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from wrkr_conformance.engine.bench import Bench
from wrkr_conformance.engine.clauses import all_engine_clauses
from wrkr_conformance.engine.report import EngineOutcome, EngineReport
from wrkr_conformance.expect import Broken, NotRun
from wrkr_core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from wrkr_conformance.engine.clause import EngineClause

    Watch = Callable[[EngineOutcome], object]


def check_engine(
    command: Sequence[str],
    *,
    only: Collection[str] = (),
    watch: Watch = lambda _outcome: None,
) -> EngineReport:
    """Run every clause of the engine profile against a command line, each in folders of its own.

    ``command`` is the engine and what always follows it, such as ``["wrkr"]``; it is started as it
    is, without a shell. ``only`` names clauses (``L3.1``) or articles (``L3``) to run; the others
    are reported as not run, so the verdict is then at best ``incomplete``. ``watch`` hears of every
    outcome as it comes. Never raises for what an engine does.

    Raises:
        ValueError: The command is empty, or ``only`` names what there is not.
        NotFoundError: There is no such program.

    """
    command = found_command(command)
    clauses = chosen_clauses(only)
    outcomes: list[EngineOutcome] = []
    for clause in all_engine_clauses():
        if clause in clauses:
            outcome = run_engine_clause(clause, command)
            watch(outcome)
        else:
            outcome = EngineOutcome(clause=clause, status="not_run", reason="it was not asked for")
        outcomes.append(outcome)
    return EngineReport(engine=tuple(command), outcomes=tuple(outcomes))


def found_command(command: Sequence[str]) -> tuple[str, ...]:
    """Return the command line with its program's whole path, so that it starts in any folder.

    Raises:
        ValueError: It is empty.
        NotFoundError: There is no such program.

    """
    if not command:
        raise ValueError("name the engine's command line, such as wrkr")
    program = shutil.which(command[0])
    if program is None:
        raise NotFoundError(
            f"there is no program {command[0]}",
            hint="name the engine as its users start it, for instance: wrkr",
            program=command[0],
        )
    return (str(Path(program).absolute()), *command[1:])


def chosen_clauses(only: Collection[str] = ()) -> tuple[EngineClause, ...]:
    """Return the clauses of these names or articles; without any, every clause.

    Raises: ValueError if there is no such clause or article.
    """
    clauses = all_engine_clauses()
    known = {name for clause in clauses for name in (clause.id, clause.article)}
    if unknown := set(only) - known:
        raise ValueError(f"no clause or article is named {', '.join(sorted(unknown))}")
    return tuple(
        clause for clause in clauses if not only or {clause.id, clause.article} & set(only)
    )


def run_engine_clause(clause: EngineClause, command: Sequence[str]) -> EngineOutcome:
    """Run one clause on a fresh bench. Never raises for what the engine does."""
    started = time.monotonic()
    transcript: list[str] = []
    outcome = _run(clause, command, transcript)
    if outcome.status == "failed":
        again = shlex.join(command)
        outcome = attrs.evolve(
            outcome,
            transcript=tuple(transcript),
            command=f"python -m wrkr_conformance.engine --only {clause.id} -- {again}",
        )
    return attrs.evolve(outcome, seconds=time.monotonic() - started)


def _run(clause: EngineClause, command: Sequence[str], transcript: list[str]) -> EngineOutcome:
    try:
        with Bench.fresh(command) as bench:
            bench.transcript = transcript
            clause.check(bench)
    except NotRun as error:
        return EngineOutcome(clause=clause, status="not_run", reason=str(error))
    except Exception as error:  # noqa: BLE001  # whatever an engine does is a finding, not an accident
        parts = error if isinstance(error, Broken) else Broken("")
        return EngineOutcome(
            clause=clause,
            status="failed",
            reason=f"{type(error).__name__}: {error}",
            done=parts.done,
            expected=parts.expected,
            came=parts.came,
            detail="".join(traceback.format_exception(error)),
        )
    return EngineOutcome(clause=clause, status="passed")
