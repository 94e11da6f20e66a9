"""The memory store keeps every clause of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from wrkr_conformance import Target, all_clauses, run_clause

if TYPE_CHECKING:
    from wrkr_conformance import Clause

TARGET: Final = Target.from_url("memory://{name}")
LEFT_OUT: Final = frozenset(
    {
        "A3.4",
        "C2.2",
        "D1.1",
        "D1.3",
        "D1.4",
        "F2.4",
        "N1.1",
        "N1.2",
        "N2.3",
        "R2.2",
        "S1.4",
        "T1.4",
        "T2.3",
        "W1.4",
    }
)
SLOW: Final = frozenset({"M1.1"})


def clauses(*, left_out: bool) -> list[Clause]:
    return [clause for clause in all_clauses() if (clause.id in LEFT_OUT) == left_out]


@pytest.mark.parametrize(
    "clause",
    [
        pytest.param(clause, id=clause.id, marks=[pytest.mark.slow] * (clause.id in SLOW))
        for clause in clauses(left_out=False)
    ],
)
def test_it_keeps(clause: Clause) -> None:
    outcome = run_clause(clause, TARGET)

    if outcome.reason.startswith("this platform"):
        pytest.skip(outcome.reason)
    assert outcome.status == "passed", f"{clause.sentence}\n{outcome.reason}\n{outcome.detail}"


@pytest.mark.parametrize("clause", clauses(left_out=True), ids=lambda clause: clause.id)
def test_by_what_it_declares_it_is_not_bound_by(clause: Clause) -> None:
    outcome = run_clause(clause, TARGET)

    assert (outcome.status, outcome.applies) == ("not_run", False)
    assert "the store" in outcome.reason
