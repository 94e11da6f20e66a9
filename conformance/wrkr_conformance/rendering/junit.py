"""The report as JUnit XML, which CI servers read.

A clause that must be kept and was not run is an error there: skipped would look like a success.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from wrkr_conformance.rendering.text import failure_lines
from wrkr_core.store import PROTOCOL

if TYPE_CHECKING:
    from wrkr_conformance.report import Outcome, Report

# What XML 1.0 cannot hold (section 2.2), not even escaped.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_of(report: Report) -> str:
    """Return the report as one test suite with a test case for each clause."""
    failed = [outcome for outcome in report.failed if outcome.clause.level == "must"]
    open_ones = [outcome for outcome in report.not_run if outcome.is_open]
    suite = Element(
        "testsuite",
        name=PROTOCOL,
        tests=str(len(report.outcomes)),
        failures=str(len(failed)),
        errors=str(len(open_ones)),
        skipped=str(len(report.not_run) - len(open_ones) + len(report.failed) - len(failed)),
        time=f"{report.seconds:.3f}",
    )
    properties = SubElement(suite, "properties")
    for name, value in (
        ("verdict", report.verdict),
        ("target", report.target),
        ("store", report.store),
        ("mode", "quick" if report.quick else "deep"),
        ("seed", str(report.seed)),
    ):
        SubElement(properties, "property", name=name, value=_clean(value))
    for outcome in report.outcomes:
        _case(suite, outcome)
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    body: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _case(suite: Element, outcome: Outcome) -> None:
    clause = outcome.clause
    case = SubElement(
        suite,
        "testcase",
        classname=f"{PROTOCOL}.{clause.article}",
        name=_clean(f"{clause.id} {clause.sentence}"),
        time=f"{outcome.seconds:.3f}",
    )
    if outcome.status == "passed":
        return
    kind = "skipped"
    if outcome.clause.level == "must" and outcome.status == "failed":
        kind = "failure"
    elif outcome.is_open:
        kind = "error"
    said = SubElement(case, kind, message=_clean(outcome.reason))
    if outcome.status == "failed":
        said.text = _clean("\n".join([*failure_lines(outcome), "", outcome.detail]))


def _clean(text: str) -> str:
    """Return the text without characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
