"""The JUnit file says what passed and what did not, whatever the checks wrote."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import example, given
from hypothesis import strategies as st

from tests.wrkr_core.report.subjects import HOSTILE
from wrkr_core.acceptance.judging import CheckResult
from wrkr_core.report.escaping import printable
from wrkr_core.report.junit import junit

RESULTS = [
    CheckResult(name="status"),
    CheckResult(name="check:a", output="fine"),
    CheckResult(name="check:b", code="E_ACCEPT_TEST_FAIL", message="exit code 1", output="<no>"),
]


def test_every_check_is_a_case_and_every_failure_has_its_reason() -> None:
    lines = junit("j1", RESULTS).splitlines()

    counts = 'tests="3" failures="1" errors="0" skipped="0"'
    case = '<testcase classname="wrkr.accept" name='
    failure = '<failure type="E_ACCEPT_TEST_FAIL" message="exit code 1"></failure>'
    assert lines == [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {counts}>",
        f'<testsuite name="wrkr accept j1" {counts}>',
        f'{case}"status"></testcase>',
        f'{case}"check:a"><system-out>fine</system-out></testcase>',
        f'{case}"check:b">{failure}<system-out>&lt;no&gt;</system-out></testcase>',
        "</testsuite>",
        "</testsuites>",
    ]


@given(st.text())
@example(HOSTILE)
@example("\ufffe and \uffff are no characters of XML")
def test_what_a_check_says_is_text_and_legal_in_xml(text: str) -> None:
    failed = CheckResult(name=text, code="E_ACCEPT_TEST_FAIL", message=text, output=text)

    document = junit("j1", [failed])

    legal = "[\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*"
    assert re.fullmatch(legal, document)
    found = re.search('message="([^"]*)"', document)
    assert found is not None
    assert unescape(found[1]) == printable(text).replace("\ufffe", "?").replace("\uffff", "?")
    assert document.count("<") == 9 + 2 * bool(text)
