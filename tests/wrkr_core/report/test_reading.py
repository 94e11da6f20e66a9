"""What people read on a page is no finer than is of use, and never more than it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.instants import to_text
from wrkr_core.report.reading import when


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
