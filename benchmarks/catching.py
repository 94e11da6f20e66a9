"""How long the quick conformance run needs to catch each deliberately wrong store."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from benchmarks.figures import Figure
from tests.conformance.badstores.catalogue import EVERY
from wrkr_conformance import Target, all_clauses, run_clause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.badstores.bad import Bad

MOST_SECONDS: Final = 60.0


def catch_figures() -> Iterator[Figure]:
    """Yield the seconds until the clause that names its fault rejects each wrong store.

    The clauses are run in their order, as a quick run does, up to that one.
    """
    for bad in EVERY:
        yield _caught(bad)


def _caught(bad: Bad) -> Figure:
    target = Target.of(bad.factory)
    began = perf_counter()
    first, failed, named = "", 0, False
    for clause in all_clauses():
        outcome = run_clause(clause, target)
        if outcome.status == "failed":
            failed += 1
            first = first or f"{clause.id} after {perf_counter() - began:.1f} s"
        if clause.id == bad.clause:
            named = outcome.status == "failed"
            break
    seconds = perf_counter() - began
    return Figure(
        name=f"{bad.clause} names {bad.title}",
        ratio=seconds,
        budget=f"<= {MOST_SECONDS:g} s",
        kept=named and seconds <= MOST_SECONDS,
        behind=f"first {first or 'none'}, {failed} failed so far; its author {bad.fault}",
    )
