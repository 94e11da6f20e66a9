"""Language-neutral vectors: files of inputs and what must come of them, and what runs them here.

The files are in ``conformance/vectors``; their README specifies them for any language. ``run_vectors``
holds this implementation to a folder of them. Names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_conformance.vectors.report import VectorReport, VectorResult
    from wrkr_conformance.vectors.running import run_vectors

__all__ = ["VectorReport", "VectorResult", "run_vectors"]

_HOMES: Final = {
    "VectorReport": "wrkr_conformance.vectors.report",
    "VectorResult": "wrkr_conformance.vectors.report",
    "run_vectors": "wrkr_conformance.vectors.running",
}


def __getattr__(name: str) -> object:
    """Load a public name. Raises: AttributeError."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
