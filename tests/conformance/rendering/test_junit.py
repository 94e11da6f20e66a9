"""JUnit: a server that reads it cannot take what was not run for a success."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from tests.conformance.rendering.reports import (
    ADVICE,
    CLAUSES,
    COMPATIBLE,
    INCOMPATIBLE,
    INCOMPLETE,
    with_outcomes,
)
from wrkr_conformance import Outcome, Report
from wrkr_conformance.rendering.junit import junit_of


def suite_of(report: Report) -> Element:
    root = fromstring(junit_of(report))  # noqa: S314  # our own
    suite = root.find("testsuite")
    assert suite is not None
    return suite


def counts(suite: Element) -> tuple[str | None, ...]:
    return tuple(suite.get(name) for name in ("tests", "failures", "errors", "skipped"))


def case(suite: Element, clause_id: str) -> Element:
    return next(
        each for each in suite.iter("testcase") if each.get("name", "").startswith(f"{clause_id} ")
    )


def test_there_is_a_case_for_each_clause() -> None:
    suite = suite_of(COMPATIBLE)

    assert counts(suite) == (str(len(CLAUSES)), "0", "0", "1")
    assert len(list(suite.iter("testcase"))) == len(CLAUSES)
    assert case(suite, "A2.1").get("classname") == "wrkr.store/1.A2"
    assert case(suite, "N1.1").find("skipped") is not None
    assert case(suite, "A2.1").find("skipped") is None


def test_a_failed_clause_is_a_failure_with_all_that_is_known() -> None:
    suite = suite_of(INCOMPATIBLE)

    failure = case(suite, "A2.1").find("failure")
    assert failure is not None
    assert failure.text is not None
    for said in ("expected  Conflict", "s1.append('a', 0)", "--seed 7", "Traceback\n  a line"):
        assert said in failure.text
    assert failure.get("message") == "Broken: it was <so> & \N{REPLACEMENT CHARACTER} not"


def test_a_clause_that_must_be_kept_and_was_not_run_is_an_error() -> None:
    suite = suite_of(INCOMPLETE)

    assert counts(suite) == (str(len(CLAUSES)), "0", "1", "1")
    error = case(suite, "S1.4").find("error")
    assert error is not None
    assert error.get("message") == "it cannot be pickled"
    assert {each.get("name"): each.get("value") for each in suite.iter("property")} == {
        "verdict": "incomplete",
        "target": "my_store:open",
        "store": "mine 1.0, durability power, trim",
        "mode": "quick",
        "seed": "7",
    }


def test_broken_advice_is_skipped_but_told() -> None:
    suite = suite_of(with_outcomes(Outcome(clause=ADVICE, status="failed", came="this came")))

    assert counts(suite) == (str(len(CLAUSES)), "0", "0", "2")
    said = case(suite, ADVICE.id).find("skipped")
    assert said is not None
    assert "this came" in (said.text or "")
