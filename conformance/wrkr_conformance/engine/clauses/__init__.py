"""Every clause of the engine profile, one file per chapter, one function per sentence."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from wrkr_conformance.engine.clause import registered

if TYPE_CHECKING:
    from wrkr_conformance.engine.clause import EngineClause

CHAPTERS: Final = (
    "answers",
    "submitting",
    "working",
    "control",
    "decisions",
    "checkpoints",
    "budgets",
    "acceptance",
    "evidence",
    "environment",
)


def all_engine_clauses() -> tuple[EngineClause, ...]:
    """Return every clause, in the order of the chapters, whichever was imported first."""
    places = {f"{__name__}.{chapter}": place for place, chapter in enumerate(CHAPTERS)}
    for chapter in places:
        import_module(chapter)
    return tuple(sorted(registered(), key=lambda clause: places[clause.check.__module__]))


def clause_table() -> str:
    """Return the clauses as the table of ``docs/contracts/engine.md``."""
    rows = [f"| {each.id} | {each.level} | {each.sentence} |" for each in all_engine_clauses()]
    return "\n".join(["| id | level | clause |", "|---|---|---|", *rows])
