"""The report: nothing counts as kept that was not seen to be kept."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from wrkr_conformance import Outcome, Report, all_clauses

MUST: Final = next(clause for clause in all_clauses() if clause.level == "must")
SHOULD: Final = next(clause for clause in all_clauses() if clause.level == "should")
OUTCOMES: Final = st.builds(
    Outcome,
    clause=st.sampled_from([MUST, SHOULD]),
    status=st.sampled_from(["passed", "failed", "not_run"]),
    applies=st.booleans(),
)


def report_of(*outcomes: Outcome) -> Report:
    return Report(target="t", store="s", quick=True, seed=0, outcomes=outcomes)


@given(st.lists(OUTCOMES))
def test_a_store_is_compatible_only_if_every_must_that_applies_was_run_and_passed(
    outcomes: list[Outcome],
) -> None:
    report = report_of(*outcomes)

    musts = [outcome for outcome in outcomes if outcome.clause.level == "must"]
    unseen = [outcome for outcome in musts if outcome.applies and outcome.status == "not_run"]
    if any(outcome.status == "failed" for outcome in musts):
        assert report.verdict == "incompatible"
    elif unseen or not report.passed:
        assert report.verdict == "incomplete"
    else:
        assert report.verdict == "compatible"
    assert len(outcomes) == len(report.passed) + len(report.failed) + len(report.not_run)


def test_a_report_on_nothing_is_incomplete() -> None:
    assert report_of().verdict == "incomplete"


def test_advice_that_is_not_kept_does_not_spoil_the_verdict() -> None:
    report = report_of(
        Outcome(clause=MUST, status="passed"), Outcome(clause=SHOULD, status="failed", reason="so")
    )

    assert report.verdict == "compatible"


def test_the_summary_says_verdict_numbers_and_what_did_not_pass() -> None:
    report = report_of(
        Outcome(clause=MUST, status="passed"),
        Outcome(clause=SHOULD, status="failed", reason="Broken: it was not so"),
        Outcome(clause=MUST, status="not_run", applies=False, reason="no trim"),
    )

    assert report.summary().split("\n") == [
        "t: compatible",
        "  s",
        "  1 passed, 1 failed, 1 not run",
        f"  failed {SHOULD.id} (should): {SHOULD.sentence}",
        "    Broken: it was not so",
        f"  not run {MUST.id} (must): {MUST.sentence}",
        "    no trim",
    ]
