"""What people read on a page is no finer than is of use, and never more than it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.instants import parse_duration, to_text
from wrkr_core.report.reading import about, spent, when


def test_an_instant_is_read_to_the_second_and_kept_exactly() -> None:
    assert when("2026-11-21T18:04:04.192824Z") == (
        '<time datetime="2026-11-21T18:04:04.192824Z" title="2026-11-21T18:04:04.192824Z">'
        "2026-11-21 18:04:04 UTC</time>"
    )
    assert ">2026-11-21 18:04:04 UTC<" in when("2026-11-21T18:04:04Z")


@given(st.integers(0, 4_102_444_800_000_000))
def test_every_instant_is_shown_by_its_own_digits(at: int) -> None:
    text = to_text(at)

    shown = when(text).partition(">")[2].partition("<")[0]

    assert shown == f"{text[:10]} {text[11:19]} UTC"


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (0, "0s"),
        (999, "999us"),
        (1_001, "1ms"),
        (20_968, "20ms"),
        (1_169_579, "1s160ms"),
        (61_999_999, "1m1s"),
        (3_661_000_000, "1h1m"),
        (90_061_000_000, "1d1h1m"),
    ],
)
def test_a_duration_is_as_fine_as_is_of_use(duration: int, said: str) -> None:
    assert about(duration) == said


@given(st.integers(0, 2**53 - 1))
def test_what_is_left_out_is_less_than_a_fiftieth(duration: int) -> None:
    shown = parse_duration(about(duration))

    assert 0 <= duration - shown <= duration / 50 or duration < 50_000
    assert shown <= duration


def test_only_running_time_is_rounded() -> None:
    assert spent("wall", {"spent": 1_445_886}) == "1s440ms"
    assert spent("tokens", {"spent": 1_445_886}) == "1445886"
    assert spent("cost", {"spent": 12_000}) == "0.012 USD"
