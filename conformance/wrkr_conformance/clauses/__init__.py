"""Every clause of ``wrkr.store/1``, one file per chapter, one function per sentence."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from wrkr_conformance.clause import registered

if TYPE_CHECKING:
    from wrkr_conformance.clause import Clause

CHAPTERS: Final = (
    "info",
    "append",
    "naming",
    "reading",
    "feed",
    "cells",
    "removal",
    "waiting",
    "handles",
    "sharing",
    "durability",
    "kills",
    "power",
    "failing",
    "ledger",
    "whole",
)


def all_clauses() -> tuple[Clause, ...]:
    """Return every clause, in the order of the chapters."""
    for chapter in CHAPTERS:
        import_module(f"{__name__}.{chapter}")
    return registered()
