"""Reports to render: one of each verdict."""

from __future__ import annotations

from typing import Final

import attrs

from wrkr_conformance import Outcome, Report, all_clauses
from wrkr_core.memory import INFO

CLAUSES: Final = {clause.id: clause for clause in all_clauses()}
FAILED: Final = Outcome(
    clause=CLAUSES["A2.1"],
    status="failed",
    reason="Broken: it was <so> & \x00 not",
    detail="Traceback\n  a line",
    seconds=0.25,
    done="append at 0 where the head is 3",
    expected="Conflict",
    came="it returned `Appended` | more",
    reproduction="with x:\n    s1.append('a', 0)\n    # -> Appended(seq=4)",
    command="python -m wrkr_conformance my_store:open --only A2.1 --seed 7",
)
BESIDE: Final = Outcome(
    clause=CLAUSES["N1.1"], status="not_run", applies=False, reason="the store declares trim"
)
OPEN: Final = Outcome(clause=CLAUSES["S1.4"], status="not_run", reason="it cannot be pickled")
ADVICE: Final = next(clause for clause in CLAUSES.values() if clause.level == "should")

COMPATIBLE: Final = Report(
    target="my_store:open",
    store="mine 1.0, durability power, trim",
    quick=True,
    seed=7,
    declared=INFO,
    outcomes=tuple(
        BESIDE if clause.id == "N1.1" else Outcome(clause=clause, status="passed", seconds=0.5)
        for clause in CLAUSES.values()
    ),
)


def with_outcomes(*odd: Outcome, interrupted: bool = False) -> Report:
    """Return the compatible report with some outcomes instead."""
    of = {outcome.clause: outcome for outcome in odd}
    return attrs.evolve(
        COMPATIBLE,
        interrupted=interrupted,
        outcomes=tuple(of.get(outcome.clause, outcome) for outcome in COMPATIBLE.outcomes),
    )


INCOMPATIBLE: Final = with_outcomes(FAILED, OPEN)
INCOMPLETE: Final = with_outcomes(OPEN)
