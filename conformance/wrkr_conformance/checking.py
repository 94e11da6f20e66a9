"""Run clauses against a target."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING

import attrs

from wrkr_conformance.clauses import all_clauses
from wrkr_conformance.expect import NotRun
from wrkr_conformance.report import Outcome, Report
from wrkr_conformance.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from wrkr_conformance.clause import Clause
    from wrkr_core.store import Store


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
    clauses = all_clauses()
    known = {name for clause in clauses for name in (clause.id, clause.article)}
    if unknown := set(only) - known:
        raise ValueError(f"no clause or article is named {', '.join(sorted(unknown))}")
    return Report(
        target=target.name,
        store=_declared(target),
        quick=quick,
        seed=seed,
        outcomes=tuple(
            run_clause(clause, target, quick=quick, seed=seed)
            if not only or {clause.id, clause.article} & set(only)
            else Outcome(clause=clause, status="not_run", reason="it was not asked for")
            for clause in clauses
        ),
    )


def run_clause(clause: Clause, target: Target, *, quick: bool = True, seed: int = 0) -> Outcome:
    """Run one clause on a fresh store. Never raises for what the store does."""
    started = time.monotonic()
    outcome = _run(clause, target, quick=quick, seed=seed)
    return attrs.evolve(outcome, seconds=time.monotonic() - started)


def _run(clause: Clause, target: Target, *, quick: bool, seed: int) -> Outcome:
    try:
        with target.fresh(quick=quick, seed=seed) as site:
            if reason := clause.why_not(site.open().info):
                return Outcome(clause=clause, status="not_run", applies=False, reason=reason)
            clause.check(site)
    except NotRun as error:
        return Outcome(clause=clause, status="not_run", applies=error.applies, reason=str(error))
    except Exception as error:  # noqa: BLE001  # whatever a store does is a finding, not an accident
        notes = [str(note) for note in getattr(error, "__notes__", ())]
        return Outcome(
            clause=clause,
            status="failed",
            reason=f"{type(error).__name__}: {error}".partition("\n")[0],
            detail="\n".join([*notes, *traceback.format_exception(error)]),
        )
    return Outcome(clause=clause, status="passed")


def _declared(target: Target) -> str:
    try:
        with target.fresh() as site:
            info = site.open().info
            able = ", ".join(sorted(info.capabilities)) or "nothing optional"
            return f"{info.name} {info.version}, durability {info.durability}, {able}"
    except Exception as error:  # noqa: BLE001  # the clauses report it as a failure
        return f"cannot be opened: {type(error).__name__}: {error}"
