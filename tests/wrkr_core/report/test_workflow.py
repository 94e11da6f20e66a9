"""A failed check becomes one workflow command, and no check's words become another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_core.report.subjects import HOSTILE
from wrkr_core.acceptance.judging import CheckResult
from wrkr_core.report.workflow import workflow_errors


def test_only_what_failed_is_said_with_its_code() -> None:
    results = [
        CheckResult(name="status"),
        CheckResult(name="check:a", code="E_ACCEPT_TEST_FAIL", message="90% done, exit code 1"),
    ]

    assert workflow_errors("j1", results) == [
        "::error title=j1 check%3Aa::E_ACCEPT_TEST_FAIL: 90%25 done, exit code 1"
    ]


@given(st.text() | st.just(HOSTILE))
def test_whatever_a_check_says_stays_on_its_line(text: str) -> None:
    failed = CheckResult(name=text, code="E_ACCEPT_TEST_FAIL", message=text)

    (line,) = workflow_errors("j1", [failed])

    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    title = line.removeprefix("::error title=").partition("::")[0]
    assert not set(title) & set(":,")
