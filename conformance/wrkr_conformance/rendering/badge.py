"""The verdict as a small picture for a README: the same report, the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from wrkr_core.store import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_conformance.report import Report, Verdict

COLOURS: Final[Mapping[Verdict, str]] = {
    "compatible": "#2b7a3d",
    "incomplete": "#8a6d00",
    "incompatible": "#b3261e",
}
HEIGHT: Final = 20
_PER_CHARACTER: Final = 7  # pixels of a letter, about; `textLength` makes it so in every font
_PADDING: Final = 6


def badge_of(report: Report) -> str:
    """Return the badge as an SVG document: the protocol, and the verdict in its colour."""
    left, right = _width(PROTOCOL), _width(report.verdict)
    total = left + right
    title = escape(f"{PROTOCOL}: {report.verdict}")
    size = f'width="{total}" height="{HEIGHT}"'
    font = 'font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"'
    verdict = f'x="{left}" width="{right}" height="{HEIGHT}" fill="{COLOURS[report.verdict]}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">',
            f"<title>{title}</title>",
            f'<rect width="{left}" height="{HEIGHT}" fill="#444444"/>',
            f"<rect {verdict}/>",
            f'<g fill="#ffffff" {font}>',
            _text(PROTOCOL, left / 2),
            _text(report.verdict, left + right / 2),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _width(text: str) -> int:
    return len(text) * _PER_CHARACTER + 2 * _PADDING


def _text(text: str, middle: float) -> str:
    length = len(text) * _PER_CHARACTER
    return f'<text x="{middle:g}" y="14" textLength="{length}">{escape(text)}</text>'
