"""The report on an engine: nothing counts as kept that was not seen to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from hypothesis import given
from hypothesis import strategies as st

from wrkr_conformance.engine import EngineOutcome, EngineReport, all_engine_clauses

if TYPE_CHECKING:
    from wrkr_conformance.engine.clause import EngineClause

CLAUSES: Final = all_engine_clauses()
MUST: Final = next(clause for clause in CLAUSES if clause.level == "must")
SHOULD: Final = next(clause for clause in CLAUSES if clause.level == "should")
ALL_KEPT: Final = tuple(EngineOutcome(clause=clause, status="passed") for clause in CLAUSES)


def report_of(*outcomes: EngineOutcome) -> EngineReport:
    return EngineReport(engine=("engine", "--fast"), outcomes=outcomes)


def but(clause: EngineClause, **fields: object) -> tuple[EngineOutcome, ...]:
    """Return that all is kept but for one clause."""
    other = EngineOutcome(clause=clause, **fields)  # type: ignore[arg-type]  # of an outcome
    return tuple(other if each.clause == clause else each for each in ALL_KEPT)


def test_an_engine_that_keeps_everything_is_compatible() -> None:
    assert report_of(*ALL_KEPT).verdict == "compatible"
    assert report_of(*ALL_KEPT).exit_code == 0


@given(st.lists(st.sampled_from(["passed", "failed", "not_run"]), max_size=len(CLAUSES)))
def test_an_engine_is_compatible_only_if_every_must_was_run_and_passed(
    statuses: list[str],
) -> None:
    outcomes = [
        EngineOutcome(clause=clause, status=status)  # type: ignore[arg-type]  # one of the three
        for clause, status in zip(CLAUSES, statuses, strict=False)
    ]

    report = report_of(*outcomes)

    musts = {clause.id for clause in CLAUSES if clause.level == "must"}
    failed = {each.clause.id for each in report.failed}
    passed = {each.clause.id for each in report.passed}
    if failed & musts:
        assert (report.verdict, report.exit_code) == ("incompatible", 2)
    elif musts <= passed:
        assert (report.verdict, report.exit_code) == ("compatible", 0)
    else:
        assert (report.verdict, report.exit_code) == ("incomplete", 1)


def test_a_report_on_nothing_is_incomplete() -> None:
    assert report_of().verdict == "incomplete"


def test_one_must_that_was_not_run_makes_it_incomplete() -> None:
    assert report_of(*but(MUST, status="not_run")).verdict == "incomplete"


def test_a_clause_that_was_left_out_makes_it_incomplete() -> None:
    assert report_of(*ALL_KEPT[1:]).verdict == "incomplete"


def test_a_clause_somebody_made_up_does_not_help() -> None:
    own = attrs.evolve(MUST, id="L99.1")
    kept = tuple(each for each in ALL_KEPT if each.clause != MUST)

    assert report_of(*kept, EngineOutcome(clause=own, status="passed")).verdict == "incomplete"


def test_advice_that_is_not_kept_does_not_spoil_the_verdict() -> None:
    for status in ("failed", "not_run"):
        assert report_of(*but(SHOULD, status=status)).verdict == "compatible"


def test_the_summary_says_what_was_done_expected_and_came_and_how_to_repeat_it() -> None:
    failed = {
        "status": "failed",
        "reason": "Broken: x",
        "done": "the status in run",
        "expected": "'completed'",
        "came": "'canceled'",
        "transcript": ("run job.json --json  # exit 0",),
        "command": "python -m wrkr_conformance.engine --only L1.1 -- engine",
    }

    said = report_of(*but(MUST, **failed)).summary().split("\n")

    assert said[0] == "engine --fast"
    assert said[2].startswith(f"failed {MUST.id} (must): ")
    for line in (
        "  done      the status in run",
        "  expected  'completed'",
        "  came      'canceled'",
        "    run job.json --json  # exit 0",
        "  again     python -m wrkr_conformance.engine --only L1.1 -- engine",
    ):
        assert line in said
    assert said[-1] == "incompatible with wrkr.engine/1"
    assert said[-2].startswith(f"{len(CLAUSES) - 1} passed, 1 failed, 0 not run")


def test_the_summary_of_one_that_was_not_run_says_why() -> None:
    said = report_of(*but(MUST, status="not_run", reason="it was not asked for")).summary()

    assert f"not run (it was not asked for): {MUST.id}" in said


def test_a_long_summary_shows_only_the_first_transcripts() -> None:
    outcomes = [
        EngineOutcome(clause=clause, status="failed", reason="Broken: x", transcript=("t",))
        for clause in CLAUSES
    ]

    assert report_of(*outcomes).summary().count("  transcript") == 3


def test_the_view_holds_every_outcome() -> None:
    view = report_of(*but(MUST, status="failed", reason="Broken: x")).view()

    assert (view["schema_id"], view["profile"]) == ("wrkr.engine_report", "wrkr.engine/1")
    assert (view["verdict"], view["engine"]) == ("incompatible", ["engine", "--fast"])
    outcomes = view["outcomes"]
    assert isinstance(outcomes, list)
    assert len(outcomes) == len(CLAUSES)
    assert outcomes[0]["reason"] == "Broken: x"
