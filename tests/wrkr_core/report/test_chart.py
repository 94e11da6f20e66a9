"""The drawing of a meter stays in its frame, goes down as it is spent, and says what is left."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.report.chart import chart
from wrkr_core.report.timeline import Level

AMOUNTS = st.integers(0, 2**53 - 1)
LEVELS = st.lists(
    st.builds(
        lambda at, spent, limit: Level(at=at, spent=spent, limit=limit), AMOUNTS, AMOUNTS, AMOUNTS
    ),
    min_size=1,
    max_size=20,
).map(lambda levels: sorted(levels, key=lambda each: each.at))


def points(drawing: str) -> list[tuple[int, int]]:
    found = re.search(r'points="([^"]*)"', drawing)
    assert found is not None
    pairs = [each.split(",") for each in found[1].split(" ")]
    return [(int(x), int(y)) for x, y in pairs]


@given(LEVELS, AMOUNTS, AMOUNTS)
def test_every_point_is_inside_and_none_goes_back(
    levels: list[Level], began: int, ended: int
) -> None:
    drawn = points(chart("tokens", levels, began, ended))

    assert all(0 <= x <= 600 and 0 <= y <= 90 for x, y in drawn)
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    assert (drawn[0][0], drawn[-1][0]) == (0, 600)


def test_what_is_spent_goes_down_at_once_and_a_raise_goes_up() -> None:
    levels = [
        Level(at=0, spent=0, limit=10),
        Level(at=50, spent=10, limit=10),
        Level(at=75, spent=10, limit=20),
    ]

    drawn = points(chart("tokens", levels, 0, 100))

    assert drawn == [(0, 45), (300, 45), (300, 86), (450, 86), (450, 45), (600, 45)]


def test_more_than_the_limit_is_nothing_left() -> None:
    drawing = chart("cost", [Level(at=0, spent=3_000_000, limit=1_000_000)], 0, 1)

    assert points(drawing) == [(0, 86), (600, 86)]
    assert "<title>cost: 0 USD left of 1 USD</title>" in drawing


def test_a_long_history_is_drawn_with_few_points_and_ends_where_it_ended() -> None:
    levels = [Level(at=number, spent=number, limit=9999) for number in range(10_000)]

    drawn = points(chart("tokens", levels, 0, 9999))

    assert len(drawn) < 1000
    assert drawn[-1][1] == 86


def test_it_holds_no_other_markup_whatever_the_meter_is_called() -> None:
    drawing = chart('<x y="1">&', [Level(at=0, spent=0, limit=0)], 5, 5)

    title = drawing.partition("<title>")[2].partition("</title>")[0]
    assert unescape(title) == '<x y="1">&: 0 left of 0'
    assert "<x" not in drawing
