"""The report for a terminal: what did not pass, the numbers, and the verdict last."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from wrkr_core.store import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_conformance.clause import Clause
    from wrkr_conformance.report import Outcome, Report

COLUMNS: Final = 80
MOST_SHOWN_WHOLE: Final = 3  # a store that keeps nothing must not fill the terminal seventy times

MOST_NAMED: Final = 20
MOST_LINES: Final = 80


def text_of(report: Report) -> str:
    """Return the whole report as text."""
    lines = [report.target, *_wrapped(report.store, "")]
    for number, outcome in enumerate(report.failed):
        lines += ["", *failure_lines(outcome, whole=number < MOST_SHOWN_WHOLE)]
    if report.not_run:
        lines += ["", *not_run_lines(report)]
    return "\n".join(
        [*lines, "", *_wrapped(numbers(report), ""), *_wrapped(verdict_line(report), "", "  ")]
    )


def failure_lines(outcome: Outcome, *, whole: bool = True) -> list[str]:
    """Return what a failed clause says: its sentence, what was done, what came, how to repeat it."""
    clause = outcome.clause
    lines = _wrapped(f"failed {clause.id} ({clause.level}): {clause.sentence}", "", "  ")
    for label, said in (
        ("done", outcome.done),
        ("expected", outcome.expected),
        ("came", outcome.came),
    ):
        lines += _wrapped(said, f"  {label:<10}", " " * 12) if said else []
    if whole and outcome.reproduction:
        lines.append("  reproduce")
        lines += [f"    {line}".rstrip() for line in _newest(outcome.reproduction.split("\n"))]
    return [*lines, f"  again     {outcome.command}"] if outcome.command else lines


def _newest(lines: list[str]) -> list[str]:
    """Return the lines, only the newest of a long story; the other forms hold all of it."""
    left_out = len(lines) - MOST_LINES
    return [f"# … {left_out} lines before these", *lines[left_out:]] if left_out > 0 else lines


def not_run_lines(report: Report) -> list[str]:
    """Return which clauses were not run, by reason."""
    groups: dict[str, list[str]] = {}
    for outcome in report.not_run:
        applies = "not run" if outcome.applies else "does not apply"
        groups.setdefault(f"{applies} ({outcome.reason})", []).append(outcome.clause.id)
    return [
        line
        for what, names in groups.items()
        for line in _wrapped(f"{what}: {_names(names, MOST_NAMED)}", "", "  ")
    ]


def numbers(report: Report) -> str:
    """Return how many passed, failed and were not run, and which run it was."""
    beside = sum(not outcome.applies for outcome in report.not_run)
    mode = "quick" if report.quick else "deep"
    return (
        f"{len(report.passed)} passed, {len(report.failed)} failed, "
        f"{len(report.not_run) - beside} not run, {beside} do not apply "
        f"({mode}, seed {report.seed}, {report.seconds:.1f} s)"
    )


def verdict_line(report: Report) -> str:
    """Return the verdict and, unless it is ``compatible``, why it is not."""
    if report.verdict == "compatible":
        return f"compatible with {PROTOCOL}"
    if report.verdict == "incompatible":
        broken = (out.clause.id for out in report.failed if out.clause.level == "must")
        return f"incompatible with {PROTOCOL}: it does not keep {_names(broken)}"
    missing = [outcome for outcome in report.not_run if outcome.is_open]
    why = "the run was interrupted" if report.interrupted else "not every clause was run"
    return f"incomplete: {why}; {len(missing)} that must be kept are not known to be kept"


def _names(names: Iterable[str], most: int = 12) -> str:
    found = list(names)
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + rest


def _wrapped(text: str, first: str, later: str = "") -> list[str]:
    """Return the text in lines of at most 80 columns, but for words that are longer."""
    lines = [
        line
        for part in text.split("\n")
        for line in wrap(
            part,
            COLUMNS,
            initial_indent=first,
            subsequent_indent=later,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
    return lines or [first.rstrip()]


def clause_lines(clauses: Iterable[Clause]) -> list[str]:
    """Return each clause: its id, its level, its sentence, and what it needs."""
    lines: list[str] = []
    for clause in clauses:
        lines += _wrapped(f"{clause.id:<6}{clause.level:<7}{clause.sentence}", "", " " * 13)
        conditions = [*sorted(clause.needs), *(f"no {name}" for name in sorted(clause.lacks))]
        conditions += ["a durability other than none"] if clause.outlives else []
        lines += [f"{'':<13}needs {', '.join(conditions)}"] if conditions else []
    return lines
