"""The report: nothing counts as kept that was not seen to be kept."""

from __future__ import annotations

import json
from typing import Final

import attrs
from hypothesis import given
from hypothesis import strategies as st

from wrkr_conformance import Clause, Outcome, Report, all_clauses
from wrkr_conformance.report import gathered
from wrkr_core.memory import INFO

CLAUSES: Final = all_clauses()
MUSTS: Final = [clause for clause in CLAUSES if clause.level == "must"]
SHOULD: Final = next(clause for clause in CLAUSES if clause.level == "should")
FATES: Final = st.sampled_from(["passed", "failed", "not run", "does not apply", "missing"])


def outcome(clause: Clause, fate: str) -> list[Outcome]:
    if fate == "missing":
        return []
    if fate in {"passed", "failed"}:
        return [Outcome(clause=clause, status="passed" if fate == "passed" else "failed")]
    return [Outcome(clause=clause, status="not_run", applies=fate == "not run", reason="why")]


def report_of(*outcomes: Outcome, interrupted: bool = False) -> Report:
    return Report(
        target="t",
        store="s",
        quick=True,
        seed=0,
        outcomes=outcomes,
        declared=INFO,
        interrupted=interrupted,
    )


@given(st.dictionaries(st.sampled_from(CLAUSES), FATES, max_size=5))
def test_a_store_is_compatible_only_if_every_must_that_applies_was_run_and_passed(
    odd: dict[Clause, str],
) -> None:
    fates = {clause: odd.get(clause, "passed") for clause in CLAUSES}

    report = report_of(*(out for clause, fate in fates.items() for out in outcome(clause, fate)))

    musts = {fates[clause] for clause in MUSTS}
    if "failed" in musts:
        assert report.verdict == "incompatible"
    elif musts & {"not run", "missing"}:
        assert report.verdict == "incomplete"
    else:
        assert report.verdict == "compatible"
    assert report.exit_code == {"compatible": 0, "incomplete": 1, "incompatible": 2}[report.verdict]
    assert len(report.outcomes) == len(report.passed) + len(report.failed) + len(report.not_run)


def test_a_report_on_nothing_or_on_what_does_not_apply_is_incomplete() -> None:
    assert report_of().verdict == "incomplete"
    nothing = [out for clause in CLAUSES for out in outcome(clause, "does not apply")]
    assert report_of(*nothing).verdict == "incomplete"


def test_a_clause_that_is_not_the_suites_own_counts_for_nothing() -> None:
    mild = [
        Outcome(clause=attrs.evolve(clause, level="should"), status="failed") for clause in MUSTS
    ]
    easy = [
        Outcome(clause=attrs.evolve(clause, check=lambda _site: None), status="passed")
        for clause in MUSTS
    ]

    assert report_of(*mild).verdict == "incomplete"
    assert report_of(*easy).verdict == "incomplete"


def test_advice_that_is_not_kept_does_not_spoil_the_verdict() -> None:
    kept = [Outcome(clause=clause, status="passed") for clause in MUSTS]

    assert report_of(*kept, Outcome(clause=SHOULD, status="failed")).verdict == "compatible"


def test_what_was_not_run_is_said_to_be_so_for_the_right_reason() -> None:
    ran, asked, other = CLAUSES[:3]

    found = gathered(
        [Outcome(clause=ran, status="passed")], missing="stopped", chosen=frozenset({ran, asked})
    )

    assert [each.clause for each in found] == [*CLAUSES]
    assert found[0].status == "passed"
    assert (found[1].status, found[1].reason) == ("not_run", "stopped")
    assert (found[2].clause, found[2].reason) == (other, "it was not asked for")


def test_the_json_names_its_schema_and_says_of_each_clause_all_that_is_known() -> None:
    failed = Outcome(
        clause=MUSTS[0],
        status="failed",
        reason="r",
        detail="d",
        seconds=0.12345,
        done="what was done",
        expected="this",
        came="that",
        reproduction="lines",
        command="again",
    )

    view = json.loads(json.dumps(report_of(failed, interrupted=True).view()))

    assert (view["schema_id"], view["schema_version"]) == ("wrkr.conformance_report", "v1")
    assert (view["verdict"], view["mode"], view["seed"]) == ("incompatible", "quick", 0)
    assert view["interrupted"] is True
    assert view["store"]["capabilities"] == sorted(INFO.capabilities)
    assert view["counts"] == {"clauses": 1, "passed": 0, "failed": 1, "not_run": 0, "open": 0}
    assert view["outcomes"] == [
        {
            "id": MUSTS[0].id,
            "article": MUSTS[0].article,
            "level": "must",
            "sentence": MUSTS[0].sentence,
            "needs": [],
            "lacks": [],
            "outlives": False,
            "status": "failed",
            "applies": True,
            "reason": "r",
            "detail": "d",
            "seconds": 0.123,
            "done": "what was done",
            "expected": "this",
            "came": "that",
            "reproduction": "lines",
            "command": "again",
        }
    ]


def test_a_store_that_did_not_open_is_null_in_json() -> None:
    view = attrs.evolve(report_of(), declared=None, store="cannot be opened").view()

    assert (view["store"], view["description"]) == (None, "cannot be opened")


def test_the_summary_is_the_report_for_a_terminal() -> None:
    assert report_of().summary().startswith("t\ns\n")
