"""What a run against a command line found: an outcome per clause, and a verdict from all of them."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final, Literal

import attrs

from wrkr_conformance.engine.clauses import all_engine_clauses
from wrkr_core._version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_conformance.engine.clause import EngineClause

Status = Literal["passed", "failed", "not_run"]
Verdict = Literal["compatible", "incompatible", "incomplete"]

PROFILE: Final = "wrkr.engine/1"
COLUMNS: Final = 80
MOST_NAMED: Final = 20
MOST_SHOWN_WHOLE: Final = 3  # an engine that keeps nothing must not fill the terminal
# As for stores: 2 is "verification failed", and no verdict is no success.
EXIT_CODES: Final[Mapping[Verdict, int]] = {"compatible": 0, "incomplete": 1, "incompatible": 2}


@attrs.frozen(kw_only=True)
class EngineOutcome:
    """What became of one clause.

    Attributes:
        clause: Which one.
        status: ``not_run`` is neither good nor bad; nothing is known.
        reason: One line: what was wrong, or why it was not run.
        done: What was looked at when it failed.
        expected: What had to come of it.
        came: What came.
        transcript: The command lines that were run, each with its exit code.
        detail: The traceback, for who looks into the suite.
        command: A command line that runs just this clause again.
        seconds: How long it took.

    """

    clause: EngineClause
    status: Status
    reason: str = ""
    done: str = ""
    expected: str = ""
    came: str = ""
    transcript: tuple[str, ...] = ()
    detail: str = ""
    command: str = ""
    seconds: float = 0.0

    def view(self) -> dict[str, object]:
        """Return the outcome as JSON values."""
        return {
            **self.clause.view(),
            "status": self.status,
            "reason": self.reason,
            "done": self.done,
            "expected": self.expected,
            "came": self.came,
            "transcript": list(self.transcript),
            "command": self.command,
            "seconds": round(self.seconds, 3),
        }


@attrs.frozen(kw_only=True)
class EngineReport:
    """Every clause's outcome for one command line, in the order of the chapters."""

    engine: tuple[str, ...]
    outcomes: tuple[EngineOutcome, ...]

    @property
    def passed(self) -> tuple[EngineOutcome, ...]:
        """The clauses the engine was seen to keep."""
        return tuple(each for each in self.outcomes if each.status == "passed")

    @property
    def failed(self) -> tuple[EngineOutcome, ...]:
        """The clauses it does not keep, advice included."""
        return tuple(each for each in self.outcomes if each.status == "failed")

    @property
    def not_run(self) -> tuple[EngineOutcome, ...]:
        """The clauses nothing is known about."""
        return tuple(each for each in self.outcomes if each.status == "not_run")

    @property
    def verdict(self) -> Verdict:
        """``compatible`` only if every must-clause there is was run and passed.

        Which clauses there are is what the suite says, not what the report holds.
        """
        musts = [clause for clause in all_engine_clauses() if clause.level == "must"]
        if any(each.clause in musts for each in self.failed):
            return "incompatible"
        kept = {each.clause.id for each in self.passed}
        return "compatible" if all(clause.id in kept for clause in musts) else "incomplete"

    @property
    def exit_code(self) -> int:
        """What a command line ends with: 0 only if the verdict is ``compatible``."""
        return EXIT_CODES[self.verdict]

    def view(self) -> dict[str, object]:
        """Return the report as JSON values, as ``wrkr.engine_report``."""
        return {
            "schema_id": "wrkr.engine_report",
            "schema_version": "v1",
            "producer_version": __version__,
            "profile": PROFILE,
            "verdict": self.verdict,
            "engine": list(self.engine),
            "counts": {
                "clauses": len(self.outcomes),
                "passed": len(self.passed),
                "failed": len(self.failed),
                "not_run": len(self.not_run),
            },
            "outcomes": [each.view() for each in self.outcomes],
        }

    def summary(self) -> str:
        """Return the report as text: what did not pass, the numbers, and the verdict last."""
        lines = [" ".join(self.engine)]
        for number, each in enumerate(self.failed):
            lines += ["", *_failure(each, whole=number < MOST_SHOWN_WHOLE)]
        missing: dict[str, list[str]] = {}
        for each in self.not_run:
            missing.setdefault(each.reason, []).append(each.clause.id)
        for reason, names in missing.items():
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            named = ", ".join(names[:MOST_NAMED])
            lines += ["", *_wrapped(f"not run ({reason}): {named}{more}", later="  ")]
        seconds = sum(each.seconds for each in self.outcomes)
        counts = (
            f"{len(self.passed)} passed, {len(self.failed)} failed, "
            f"{len(self.not_run)} not run ({seconds:.1f} s)"
        )
        return "\n".join([*lines, "", counts, f"{self.verdict} with {PROFILE}"])


def _failure(outcome: EngineOutcome, *, whole: bool) -> list[str]:
    clause = outcome.clause
    lines = _wrapped(f"failed {clause.id} ({clause.level}): {clause.sentence}", later="  ")
    said = (("done", outcome.done), ("expected", outcome.expected), ("came", outcome.came))
    for label, text in [each for each in said if each[1]] or [("said", outcome.reason)]:
        lines += _wrapped(text, f"  {label:<10}", " " * 12)
    if whole:
        lines += ["  transcript", *(f"    {line}" for line in outcome.transcript)]
    return [*lines, f"  again     {outcome.command}"]


def _wrapped(text: str, first: str = "", later: str = "") -> list[str]:
    return wrap(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
