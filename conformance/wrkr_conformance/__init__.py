"""What "compatible with ``wrkr.store/1``" means, as code that anyone runs against any store.

``check(target)`` runs every clause against fresh stores and returns a report. It uses the public
contract only. Names are loaded when first used, so that child processes start fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_conformance.checking import check, run_clause
    from wrkr_conformance.clause import Clause
    from wrkr_conformance.clauses import all_clauses
    from wrkr_conformance.report import Outcome, Report
    from wrkr_conformance.target import Site, Target

__all__ = [
    "Clause",
    "Outcome",
    "Report",
    "Site",
    "Target",
    "all_clauses",
    "check",
    "run_clause",
]

_HOMES: Final = {
    "Clause": "wrkr_conformance.clause",
    "Outcome": "wrkr_conformance.report",
    "Report": "wrkr_conformance.report",
    "Site": "wrkr_conformance.target",
    "Target": "wrkr_conformance.target",
    "all_clauses": "wrkr_conformance.clauses",
    "check": "wrkr_conformance.checking",
    "run_clause": "wrkr_conformance.checking",
}


def __getattr__(name: str) -> object:
    """Load a public name. Raises: AttributeError."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
