"""Times of v1: which exist, and how v1 writes them again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.instants import EARLIEST, LATEST, to_text
from wrkr_core.jobpack.v1.times import is_time, rewritten


@given(st.integers(EARLIEST, LATEST))
def test_every_time_we_write_exists_in_v1_and_is_written_the_same(at: int) -> None:
    text = to_text(at)

    assert is_time(text)
    assert rewritten(text) == text


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("2026-02-14T06:00:00.12Z", "2026-02-14T06:00:00.12Z"),
        ("2026-02-14T06:00:00.120Z", "2026-02-14T06:00:00.12Z"),
        ("2026-02-14T06:00:00.000Z", "2026-02-14T06:00:00Z"),
        ("2026-02-14T06:00:00.123456789Z", "2026-02-14T06:00:00.123456789Z"),
        ("2026-02-14T06:00:00+00:00", "2026-02-14T06:00:00Z"),
        ("2026-02-14T06:00:00-00:00", "2026-02-14T06:00:00Z"),
        ("2026-02-14T06:00:00.50+02:00", "2026-02-14T06:00:00.5+02:00"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
    ],
)
def test_a_time_is_written_again_without_zeros_and_with_z(text: str, again: str) -> None:
    assert rewritten(text) == again
    assert is_time(text) is again.endswith("Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-30T06:00:00Z",
        "2025-02-29T06:00:00Z",
        "2026-13-01T06:00:00Z",
        "2026-00-10T06:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-02-14T24:00:00Z",
        "2026-02-14T06:60:00Z",
        "2026-02-14T06:00:60Z",
        "2026-02-14T06:00:00",
        "2026-02-14 06:00:00Z",
        "2026-02-14t06:00:00z",
        "2026-02-14T06:00:00.Z",
        "2026-02-14T06:00:00.1234567890Z",
        "2026-02-14T06:00:00+24:00",
        "2026-02-14T06:00:00Z\n",
        "\u0662026-02-14T06:00:00Z",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert rewritten(text) is None
    assert not is_time(text)
