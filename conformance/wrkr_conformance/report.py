"""What a run found out: an outcome per clause, and a verdict that cannot be had by skipping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

from wrkr_conformance.clauses import all_clauses
from wrkr_core._version import __version__
from wrkr_core.store import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wrkr_conformance.clause import Clause
    from wrkr_core.store import StoreInfo

Status = Literal["passed", "failed", "not_run"]
Verdict = Literal["compatible", "incompatible", "incomplete"]

SCHEMA: Final = ("wrkr.conformance_report", "v1")
# What a script is told: 2 is "verification failed", as for a jobpack; no verdict is no success.
EXIT_CODES: Final[Mapping[Verdict, int]] = {"compatible": 0, "incomplete": 1, "incompatible": 2}


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
        done: What was done or looked at when it failed.
        expected: What had to come of it.
        came: What came.
        reproduction: Python lines that make the failing calls again.
        command: A command line that runs just this clause again, the same way.

    """

    clause: Clause
    status: Status
    applies: bool = True
    reason: str = ""
    detail: str = ""
    seconds: float = 0.0
    done: str = ""
    expected: str = ""
    came: str = ""
    reproduction: str = ""
    command: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a clause that must be kept is neither known to be kept nor to be broken."""
        return self.clause.level == "must" and self.applies and self.status == "not_run"

    def view(self) -> dict[str, object]:
        """Return the outcome as JSON values."""
        return {
            **self.clause.view(),
            **{
                field.name: getattr(self, field.name)
                for field in attrs.fields(Outcome)
                if field.name not in {"clause", "seconds"}
            },
            "seconds": round(self.seconds, 3),
        }


@attrs.frozen(kw_only=True)
class Report:
    """Every clause's outcome for one target.

    Attributes:
        target: What was tested.
        store: Name, version, durability and capabilities as declared, or why it did not open.
        quick: Whether it was the short run.
        seed: Repeats the run.
        outcomes: One for each clause there is, in the order of the chapters.
        declared: What the store declares; None if it did not open.
        interrupted: Whether somebody stopped the run.

    """

    target: str
    store: str
    quick: bool
    seed: int
    outcomes: tuple[Outcome, ...]
    declared: StoreInfo | None = None
    interrupted: bool = False

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
    def seconds(self) -> float:
        """How long all clauses took together."""
        return sum(outcome.seconds for outcome in self.outcomes)

    @property
    def verdict(self) -> Verdict:
        """``compatible`` only if every must-clause that applies was run and passed.

        Which clauses there are is what the suite says, not what the report holds.
        """
        musts = [clause for clause in all_clauses() if clause.level == "must"]
        of = {clause: [out for out in self.outcomes if out.clause == clause] for clause in musts}
        if any(outcome.status == "failed" for found in of.values() for outcome in found):
            return "incompatible"
        if any(not found or any(out.is_open for out in found) for found in of.values()):
            return "incomplete"
        kept = any(outcome.status == "passed" for found in of.values() for outcome in found)
        return "compatible" if kept else "incomplete"

    @property
    def exit_code(self) -> int:
        """What a command line ends with: 0 only if the verdict is ``compatible``."""
        return EXIT_CODES[self.verdict]

    def view(self) -> dict[str, object]:
        """Return the report as JSON values, as ``wrkr.conformance_report``."""
        return {
            "schema_id": SCHEMA[0],
            "schema_version": SCHEMA[1],
            "producer_version": __version__,
            "protocol": PROTOCOL,
            "verdict": self.verdict,
            "target": self.target,
            "store": _store_view(self.declared),
            "description": self.store,
            "mode": "quick" if self.quick else "deep",
            "seed": self.seed,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "counts": {
                "clauses": len(self.outcomes),
                "passed": len(self.passed),
                "failed": len(self.failed),
                "not_run": len(self.not_run),
                "open": sum(outcome.is_open for outcome in self.outcomes),
            },
            "outcomes": [outcome.view() for outcome in self.outcomes],
        }

    def summary(self) -> str:
        """Return the report as text: the verdict, the numbers, and what did not pass."""
        from wrkr_conformance.rendering.text import text_of

        return text_of(self)


def _store_view(info: StoreInfo | None) -> dict[str, object] | None:
    if info is None:
        return None
    return {
        "name": info.name,
        "version": info.version,
        "protocol": info.protocol,
        "durability": info.durability,
        "capabilities": sorted(info.capabilities),
    }


def gathered(
    outcomes: Iterable[Outcome], *, missing: str, chosen: frozenset[Clause] | None = None
) -> tuple[Outcome, ...]:
    """Return an outcome for every clause there is: those given, the others as not run.

    ``missing`` says why a clause has none; one that is not among the ``chosen`` was not asked for.
    """
    found = {outcome.clause: outcome for outcome in outcomes}
    return tuple(
        found.get(clause)
        or Outcome(
            clause=clause,
            status="not_run",
            reason=missing if chosen is None or clause in chosen else "it was not asked for",
        )
        for clause in all_clauses()
    )
