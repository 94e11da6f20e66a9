"""The report as Markdown, for a README, a pull request or a release."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wrkr_conformance.rendering.text import numbers, verdict_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_conformance.report import Outcome, Report

_SAID: Final = {"passed": "passed", "failed": "**failed**", "not_run": "not run"}
_TICKS: Final = re.compile("`+")


def markdown_of(report: Report) -> str:
    """Return the verdict, a table of all clauses and a section for each that failed."""
    lines = [
        f"# {_code(report.target)}",
        "",
        f"**{_plain(verdict_line(report))}**",
        "",
        f"{_plain(report.store)}. {numbers(report)}.",
        "",
        "| clause | level | sentence | result | seconds |",
        "|---|---|---|---|---|",
        *(_row(outcome) for outcome in report.outcomes),
        "",
    ]
    for outcome in report.failed:
        lines += _failure(outcome)
    return "\n".join(lines)


def _row(outcome: Outcome) -> str:
    clause = outcome.clause
    said = _SAID[outcome.status] if outcome.applies else "does not apply"
    why = f": {_plain(outcome.reason)}" if outcome.status == "not_run" else ""
    sentence = clause.sentence.replace("|", "\\|")
    cells = (clause.id, clause.level, sentence, f"{said}{why}", f"{outcome.seconds:.2f}")
    return f"| {' | '.join(cells)} |"


def _failure(outcome: Outcome) -> list[str]:
    """Return the section about a clause that failed."""
    facts = [
        f"- {label}: {_code(said)}"
        for label, said in (
            ("done", outcome.done),
            ("expected", outcome.expected),
            ("came", outcome.came),
        )
        if said
    ]
    lines = [f"## {outcome.clause.id}", "", outcome.clause.sentence, "", *facts, ""]
    if outcome.reproduction:
        lines += [*_fenced(outcome.reproduction, "python"), ""]
    return [*lines, *_fenced(outcome.command, "console"), ""] if outcome.command else lines


def _code(text: str) -> str:
    """Return the text as code on one line, fenced by more ticks than it holds."""
    fence = "`" * (_longest(_TICKS.findall(text)) + 1)
    line = " ".join(text.split())
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _fenced(text: str, language: str) -> list[str]:
    fence = "`" * max(3, _longest(_TICKS.findall(text)) + 1)
    return [f"{fence}{language}", text, fence]


def _longest(found: Iterable[str]) -> int:
    return max((len(each) for each in found), default=0)


def _plain(text: str) -> str:
    """Return the text so that none of it is taken for Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(text.split()))
