"""What a run found out: an outcome per clause, and a verdict that cannot be had by skipping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from wrkr_conformance.clause import Clause

Status = Literal["passed", "failed", "not_run"]
Verdict = Literal["compatible", "incompatible", "incomplete"]


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of one clause.

    Attributes:
        clause: Which one.
        status: ``not_run`` is neither good nor bad, see ``applies``.
        applies: False if the clause says nothing about this store, by what it declares.
        reason: One line: what was wrong, or why it was not run.
        detail: The traceback or the failing steps, for people.
        seconds: How long it took.

    """

    clause: Clause
    status: Status
    applies: bool = True
    reason: str = ""
    detail: str = ""
    seconds: float = 0.0


@attrs.frozen(kw_only=True)
class Report:
    """Every clause's outcome for one target.

    Attributes:
        target: What was tested.
        store: Name, version, durability and capabilities as declared; empty if it did not open.
        quick: Whether it was the short run.
        seed: Repeats the run.
        outcomes: One for each clause there is, in the order of the chapters.

    """

    target: str
    store: str
    quick: bool
    seed: int
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> tuple[Outcome, ...]:
        """The clauses the store was seen to keep."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "passed")

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The clauses it does not keep, advice included."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def not_run(self) -> tuple[Outcome, ...]:
        """The clauses nothing is known about."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "not_run")

    @property
    def verdict(self) -> Verdict:
        """``compatible`` only if every must-clause that applies was run and passed."""
        musts = [outcome for outcome in self.outcomes if outcome.clause.level == "must"]
        if any(outcome.status == "failed" for outcome in musts):
            return "incompatible"
        open_ones = [out for out in musts if out.applies and out.status == "not_run"]
        return "incomplete" if open_ones or not self.passed else "compatible"

    def summary(self) -> str:
        """Return the report as text: the verdict, the numbers, and what did not pass."""
        counts = (
            f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.not_run)} not run"
        )
        lines = [f"{self.target}: {self.verdict}", f"  {self.store}", f"  {counts}"]
        lines += [
            f"  {outcome.status.replace('_', ' ')} {outcome.clause.id} ({outcome.clause.level}): "
            f"{outcome.clause.sentence}\n    {outcome.reason}"
            for outcome in (*self.failed, *self.not_run)
        ]
        return "\n".join(lines)
