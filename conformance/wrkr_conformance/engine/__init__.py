"""What "a wrkr-compatible engine" means, as code that anyone runs against any command line.

``check_engine(["wrkr"])`` drives the command line as a person would, in temporary folders, and knows
nothing of what is behind it. Names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_conformance.engine.checking import check_engine, run_engine_clause
    from wrkr_conformance.engine.clause import EngineClause
    from wrkr_conformance.engine.clauses import all_engine_clauses, clause_table
    from wrkr_conformance.engine.report import EngineOutcome, EngineReport

__all__ = [
    "EngineClause",
    "EngineOutcome",
    "EngineReport",
    "all_engine_clauses",
    "check_engine",
    "clause_table",
    "run_engine_clause",
]

_HOMES: Final = {
    "EngineClause": "wrkr_conformance.engine.clause",
    "EngineOutcome": "wrkr_conformance.engine.report",
    "EngineReport": "wrkr_conformance.engine.report",
    "all_engine_clauses": "wrkr_conformance.engine.clauses",
    "check_engine": "wrkr_conformance.engine.checking",
    "clause_table": "wrkr_conformance.engine.clauses",
    "run_engine_clause": "wrkr_conformance.engine.checking",
}


def __getattr__(name: str) -> object:
    """Load a public name. Raises: AttributeError."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
