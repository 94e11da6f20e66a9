"""Command lines of engines for the tests: the real one, the bad ones, and some that do nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.conformance.badengines.lies import LIES
from wrkr_conformance.engine import check_engine

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

IN_CI: Final = 2
SCRIPT: Final = Path(__file__).resolve().parents[1] / "badengines" / "engine.py"
WRKR: Final = [sys.executable, "-m", "wrkr_cli"]
NOTHING: Final = [sys.executable, "-I", "-c", "pass"]
ALWAYS_FAILS: Final = [sys.executable, "-I", "-c", "raise SystemExit(1)"]
ALWAYS_WELL: Final = [
    sys.executable,
    "-I",
    "-c",
    'print(\'{"ok": true, "status": "completed", "job_id": "job"}\')',
]


def lying(name: str) -> list[str]:
    """Return the command line of the bad engine of this name; ``honest`` is none."""
    return [sys.executable, str(SCRIPT), name]


def lies_of(article: str) -> list[ParameterSet]:
    """Return the bad engines that clauses of an article must reject; all but two need ``--deep``."""
    names = [name for name, (_, clause) in LIES.items() if clause.split(".")[0] == article]
    return [
        pytest.param(name, marks=[pytest.mark.deep] if place >= IN_CI else [])
        for place, name in enumerate(names)
    ]


def assert_caught(name: str) -> None:
    """Require that the clause that names the lie rejects it, and by what it looked at."""
    clause = LIES[name][1]

    report = check_engine(lying(name), only=[clause])

    assert [each.clause.id for each in report.failed] == [clause], report.summary()
    assert report.verdict == "incompatible"
    assert report.failed[0].reason.startswith("Broken: "), report.failed[0].detail


def assert_kept(article: str, command: list[str]) -> None:
    """Require that an engine keeps every clause of an article."""
    report = check_engine(command, only=[article])

    assert not report.failed, report.summary()
    assert report.passed
    assert {each.clause.article for each in report.passed} == {article}
