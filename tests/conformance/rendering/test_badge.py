"""The badge: a picture that says the verdict and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import attrs
import pytest

from tests.conformance.rendering.reports import COMPATIBLE, INCOMPATIBLE, INCOMPLETE
from wrkr_conformance.rendering.badge import COLOURS, badge_of

if TYPE_CHECKING:
    from wrkr_conformance import Report

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("report", [COMPATIBLE, INCOMPATIBLE, INCOMPLETE])
def test_it_is_an_svg_that_says_protocol_and_verdict(report: Report) -> None:
    picture = fromstring(badge_of(report))  # noqa: S314  # our own

    texts = [text.text for text in picture.iter(f"{SVG}text")]
    colours = [rect.get("fill") for rect in picture.iter(f"{SVG}rect")]
    assert texts == ["wrkr.store/1", report.verdict]
    assert colours[-1] == COLOURS[report.verdict]
    assert picture.get("aria-label") == f"wrkr.store/1: {report.verdict}"
    widths = [int(rect.get("width", "0")) for rect in picture.iter(f"{SVG}rect")]
    assert sum(widths) == int(picture.get("width", "0"))


def test_each_verdict_has_a_colour_of_its_own() -> None:
    assert len(set(COLOURS.values())) == len(COLOURS) == 3


def test_reports_with_one_verdict_have_one_badge() -> None:
    later = attrs.evolve(COMPATIBLE, target="another", seed=9, quick=False)

    assert badge_of(later) == badge_of(COMPATIBLE)


def test_its_bytes_are_these() -> None:
    assert badge_of(COMPATIBLE) == (
        '<svg xmlns="http://www.w3.org/2000/svg" width="178" height="20" role="img" '
        'aria-label="wrkr.store/1: compatible">\n'
        "<title>wrkr.store/1: compatible</title>\n"
        '<rect width="96" height="20" fill="#444444"/>\n'
        '<rect x="96" width="82" height="20" fill="#2b7a3d"/>\n'
        '<g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" '
        'text-anchor="middle">\n'
        '<text x="48" y="14" textLength="84">wrkr.store/1</text>\n'
        '<text x="137" y="14" textLength="70">compatible</text>\n'
        "</g>\n</svg>\n"
    )
