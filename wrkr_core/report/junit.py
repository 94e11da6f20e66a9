"""How acceptance came out as JUnit XML, which CI services show as test results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.report.escaping import in_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.acceptance.judging import CheckResult


def junit(job_id: str, results: Sequence[CheckResult]) -> str:
    """Return one suite with a case for each check; no times, so the same outcome is the same text."""
    failed = sum(not each.has_passed for each in results)
    counts = f'tests="{len(results)}" failures="{failed}" errors="0" skipped="0"'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites {counts}>",
            f'<testsuite name="{in_html(f"wrkr accept {job_id}")}" {counts}>',
            *(_case(each) for each in results),
            "</testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _case(result: CheckResult) -> str:
    begin = f'<testcase classname="wrkr.accept" name="{_text(result.name)}">'
    failure = (
        f'<failure type="{_text(result.code)}" message="{_text(result.message)}"></failure>'
        if not result.has_passed
        else ""
    )
    output = f"<system-out>{_text(result.output)}</system-out>" if result.output else ""
    return f"{begin}{failure}{output}</testcase>"


def _text(text: str) -> str:
    # The two that are printable and yet no characters of XML 1.0 (section 2.2).
    return in_html(text).replace("\ufffe", "?").replace("\uffff", "?")
