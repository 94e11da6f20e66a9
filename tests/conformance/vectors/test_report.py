"""The report of vectors: it passes only if there was something and all of it passed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wrkr_conformance.vectors.report import MOST_SHOWN, VectorReport, VectorResult

RESULTS = st.builds(
    VectorResult,
    file=st.sampled_from(["a.json", "b.json"]),
    kind=st.sampled_from(["moves", "fold"]),
    case=st.sampled_from(["", "one", "two"]),
    passed=st.booleans(),
)


def result(case: str = "one", *, passed: bool = True, reason: str = "") -> VectorResult:
    return VectorResult(file="a.json", kind="moves", case=case, passed=passed, reason=reason)


@given(st.lists(RESULTS))
def test_all_is_well_only_if_there_was_a_case_and_everything_passed(
    results: list[VectorResult],
) -> None:
    report = VectorReport(folder="v", results=tuple(results))

    assert report.ok == (
        any(each.case for each in results) and all(each.passed for each in results)
    )
    assert report.view()["ok"] == report.ok
    assert report.cases == sum(report.view()["kinds"].values())  # type: ignore[attr-defined]  # a mapping


def test_the_summary_says_what_came_instead() -> None:
    wrong = result("two", passed=False, reason="Broken: expected a, got b")
    report = VectorReport(folder="v", results=(result(), wrong))

    assert report.summary().split("\n") == [
        "v: 2 cases, 1 not as stated",
        "  a.json two",
        "    Broken: expected a, got b",
    ]


def test_the_summary_of_nothing_says_so() -> None:
    assert VectorReport(folder="v", results=()).summary() == "v: 0 cases, nothing to run"
    assert VectorReport(folder="v", results=(result(),)).summary() == "v: 1 cases, all as stated"


def test_a_long_summary_is_cut_and_says_by_how_much() -> None:
    wrong = (result(passed=False),) * (MOST_SHOWN + 3)

    assert VectorReport(folder="v", results=wrong).summary().endswith("  and 3 more")
