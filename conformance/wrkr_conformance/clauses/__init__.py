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
    "thousands",
    "waiting",
    "handles",
    "sharing",
    "meeting",
    "durability",
    "kills",
    "power",
    "failing",
    "ledger",
    "whole",
)


def all_clauses() -> tuple[Clause, ...]:
    """Return every clause, in the order of the chapters, whichever was imported first."""
    modules = [import_module(f"{__name__}.{chapter}").__name__ for chapter in CHAPTERS]
    return tuple(sorted(registered(), key=lambda each: modules.index(each.check.__module__)))
