"""The burn-down of one meter as a drawing: what was left of its limit, from first to last record.

SVG inside the page, in whole numbers only, so that it is the same on every machine. It has no style
of its own: the page's style sheet gives the colours, also in the dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.budget import amount_text
from wrkr_core.report.escaping import in_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wrkr_core.report.timeline import Level

_WIDTH: Final = 600
_HEIGHT: Final = 90
_MARGIN: Final = 4
_MOST_POINTS: Final = 300


def chart(meter: str, levels: Sequence[Level], began: int, ended: int) -> str:
    """Return the drawing of a meter's ``levels`` between two instants; it is as wide as its place."""
    top = max(1, *(each.limit for each in levels))
    points = " ".join(f"{x},{y}" for x, y in _corners(_thinned(levels), began, ended, top))
    last = levels[-1]
    left = amount_text(meter, max(0, last.limit - last.spent))
    said = f"{meter}: {left} left of {amount_text(meter, last.limit)}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" preserveAspectRatio="none">'
        f"<title>{in_html(said)}</title>"
        f'<line class="floor" x1="0" y1="{_y(0, top)}" x2="{_WIDTH}" y2="{_y(0, top)}"/>'
        f'<polyline class="left" points="{points}"/></svg>'
    )


def _corners(
    levels: Sequence[Level], began: int, ended: int, top: int
) -> Iterator[tuple[int, int]]:
    """Yield the corners of the steps: level from one change to the next, then down or up at once."""
    height = _y(max(0, levels[0].limit - levels[0].spent), top)
    yield 0, height
    for each in levels[1:]:
        x = _x(each.at, began, ended)
        yield x, height
        height = _y(max(0, each.limit - each.spent), top)
        yield x, height
    yield _WIDTH, height


def _thinned(levels: Sequence[Level]) -> Sequence[Level]:
    """Return at most as many levels as can be told apart, evenly taken, first and last among them."""
    if len(levels) <= _MOST_POINTS:
        return levels
    last = len(levels) - 1
    return [levels[last * number // (_MOST_POINTS - 1)] for number in range(_MOST_POINTS)]


def _x(at: int, began: int, ended: int) -> int:
    inside = min(max(at, began), ended) - began
    return _WIDTH * inside // (ended - began) if ended > began else _WIDTH


def _y(left: int, top: int) -> int:
    return _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * left // top
