"""Run clauses against a target."""

from __future__ import annotations

import shlex
import sys
import time
import traceback
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Final, cast

import attrs

from wrkr_conformance.call_log import CallLog, Reproduction, last_call
from wrkr_conformance.clauses import all_clauses
from wrkr_conformance.expect import Broken, NotRun, is_own, is_the_suites_own, same, shown
from wrkr_conformance.report import Outcome, Report, gathered
from wrkr_conformance.target import Target
from wrkr_core.store import StoreInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator
    from pathlib import Path

    from wrkr_conformance.clause import Clause
    from wrkr_core.store import Store

# A clause that takes longer is not run again to see its calls: it waits, or other processes matter.
LONGEST_AGAIN: Final = 20.0
NOT_AGAIN: Final = "# the calls were not recorded: the clause took too long to be run again"
PASSED_AGAIN: Final = "# the clause passed when it was run again: it depends on timing"


def check(
    target: Target | str | Callable[[Path], Store],
    *,
    quick: bool = True,
    seed: int = 0,
    only: Collection[str] = (),
) -> Report:
    """Run every clause that applies to the target, each on a fresh store, and report.

    ``only`` names clauses (``A2.1``) or articles (``A2``) to run; the others are reported as not
    run, so the verdict is then at best ``incomplete``. Never raises for what a store does.

    Raises: ValueError if ``only`` names what there is not.
    """
    target = Target.of(target)
    clauses = chosen(only)
    declared, said = declaration(target)
    outcomes = [
        run_clause(clause, target, quick=quick, seed=seed, declared=declared) for clause in clauses
    ]
    return Report(
        target=target.name,
        store=said,
        quick=quick,
        seed=seed,
        outcomes=gathered(outcomes, missing="", chosen=frozenset(clauses)),
        declared=declared,
    )


def chosen(only: Collection[str] = ()) -> tuple[Clause, ...]:
    """Return the clauses with these ids (``P1.1``), beginnings of ids (``P1``) or articles.

    Without any, every clause.

    Raises: ValueError if there is no such clause or article.
    """
    clauses = {
        clause: {clause.id, clause.id.partition(".")[0], clause.article} for clause in all_clauses()
    }
    if unknown := set(only).difference(*clauses.values()):
        raise ValueError(f"no clause or article is named {', '.join(sorted(unknown))}")
    return tuple(clause for clause, names in clauses.items() if not only or names & set(only))


def run_clause(
    clause: Clause,
    target: Target,
    *,
    quick: bool = True,
    seed: int = 0,
    declared: StoreInfo | None = None,
) -> Outcome:
    """Run one clause on a fresh store. Never raises for what the store does.

    ``declared`` is what the store said of itself before; it must say so again. A clause that fails
    is run once more with its calls recorded, so that the outcome can show them.

    Raises: KeyboardInterrupt.
    """
    started = time.monotonic()
    outcome = _run(clause, target, quick=quick, seed=seed, declared=declared)
    seconds = time.monotonic() - started
    if outcome.status == "failed":
        if not outcome.reproduction and seconds < LONGEST_AGAIN:
            outcome = _again(outcome, target, quick=quick, seed=seed, declared=declared)
        outcome = attrs.evolve(
            outcome,
            reproduction=outcome.reproduction or NOT_AGAIN,
            command=_command(clause, target, quick=quick, seed=seed),
        )
    return attrs.evolve(outcome, seconds=seconds)


def _again(
    first: Outcome, target: Target, *, quick: bool, seed: int, declared: StoreInfo | None
) -> Outcome:
    """Run a clause that has failed once more, now with its calls recorded."""
    recorded = target.recorded(CallLog())
    second = _run(first.clause, recorded, quick=quick, seed=seed, declared=declared)
    if second.status != "failed":
        return attrs.evolve(first, reproduction=PASSED_AGAIN)
    return _with_script(second, recorded.script())


def _with_script(outcome: Outcome, script: str) -> Outcome:
    """Return the outcome with the calls that led to it."""
    last = last_call(script)
    indent = "" if script.startswith("#") else "    "  # a story of comments, or a block of calls
    return attrs.evolve(
        outcome,
        done=outcome.done or (f"the last call was {last}" if last else "opening the store"),
        reproduction=f"{script}\n{indent}# expected: {' '.join(outcome.expected.split())}",
    )


def _run(
    clause: Clause, target: Target, *, quick: bool, seed: int, declared: StoreInfo | None
) -> Outcome:
    try:
        with _apart_from_the_script(target), target.fresh(quick=quick, seed=seed) as site:
            info = site.open().info
            if declared is not None:
                same(info, declared, "info, which may not change from one opening to the next")
            if target.log is not None:
                target.log.restart()  # the handle that was asked for its info is no part of it
            if reason := clause.why_not(info):
                return Outcome(clause=clause, status="not_run", applies=False, reason=reason)
            clause.check(site)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # what a store does is a finding: sys.exit() too
        if isinstance(error, NotRun) and is_the_suites_own(error):
            return Outcome(
                clause=clause, status="not_run", applies=error.applies, reason=str(error)
            )
        return _failed(clause, error)
    return Outcome(clause=clause, status="passed")


def _failed(clause: Clause, error: BaseException) -> Outcome:
    notes: list[str] = [*getattr(error, "__notes__", ())]
    told = f"{type(error).__name__}: {error}".partition("\n")[0]
    done, expected, came = "", "an answer", f"{told}{_place_of(error)}"
    if isinstance(error, Broken):
        done, expected = error.done, error.expected or clause.sentence
        came = error.came or str(error)
    script = next((note for note in reversed(notes) if isinstance(note, Reproduction)), "")
    outcome = Outcome(
        clause=clause,
        status="failed",
        reason=told,
        detail="".join(traceback.format_exception(error)),
        done=done,
        expected=expected,
        came=came,
    )
    return _with_script(outcome, script) if script else outcome


def _place_of(error: BaseException) -> str:
    """Return where an error was raised: in the store's code, if that was on the way."""
    frames = [
        (frame.f_globals.get("__name__", ""), f" (at {frame.f_code.co_filename}:{line})")
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    theirs = [place for module, place in frames if not is_own(module)]
    return theirs[-1] if theirs else frames[-1][1] if frames else ""


@contextmanager
def _apart_from_the_script(target: Target) -> Generator[None]:
    """Keep processes that a clause starts from running the caller's script again.

    A new process imports the script that ``__main__`` is, and one that calls ``check`` without an
    ``if __name__ == "__main__"`` would run the suite anew in each. Only a factory that is defined
    in the script needs it to be imported.
    """
    script = sys.modules["__main__"]
    if target.needs_script():
        yield
        return
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _command(clause: Clause, target: Target, *, quick: bool, seed: int) -> str:
    """Return the command line that runs just this clause the same way; empty if there is none."""
    if not target.spec:
        return ""
    words = ["python", "-m", "wrkr_conformance", target.spec, "--only", clause.id]
    return shlex.join([*words, "--seed", str(seed), *([] if quick else ["--deep"])])


def declaration(target: Target) -> tuple[StoreInfo | None, str]:
    """Return what the store declares and that as text; None and why, if it cannot be opened."""
    try:
        with target.fresh() as site:
            info = cast("object", site.open().info)
            if not isinstance(info, StoreInfo):
                return None, f"says of itself {shown(info)}, which is no StoreInfo"
            able = ", ".join(sorted(info.capabilities)) or "nothing optional"
            return info, f"{info.name} {info.version}, durability {info.durability}, {able}"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # the clauses report it as a failure
        return None, f"cannot be opened: {type(error).__name__}: {error}".partition("\n")[0]
