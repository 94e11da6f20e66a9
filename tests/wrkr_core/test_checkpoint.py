"""Summaries have bounds, and what is too long is refused, never cut."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.checkpoint import (
    KINDS,
    LONGEST_SUMMARY,
    ArtifactChanges,
    Kind,
    check_summary,
    storable,
)
from wrkr_core.errors import InvalidInputError


@given(st.text(max_size=50), st.integers(0, LONGEST_SUMMARY + 50))
def test_a_summary_comes_back_unchanged_or_is_refused(text: str, padding: int) -> None:
    summary = text + "x" * padding

    if summary.strip() and len(summary) <= LONGEST_SUMMARY:
        assert check_summary(summary) is summary
    else:
        with pytest.raises(InvalidInputError):
            check_summary(summary)


def test_a_summary_of_2000_characters_is_recorded_whole() -> None:
    assert check_summary("ü" * 2000) == "ü" * 2000


def test_a_summary_too_long_is_refused_with_its_length() -> None:
    """Hard case 12."""
    with pytest.raises(InvalidInputError) as caught:
        check_summary("x" * 2001)

    assert caught.value.message == "the summary has 2001 characters; at most 2000 are recorded"
    assert caught.value.details["length"] == 2001
    assert caught.value.hint == "shorten it and put the details into data"


@pytest.mark.parametrize("summary", ["", " ", "\n\t", "\u2028", "\u00a0"])
def test_a_blank_summary_is_refused(summary: str) -> None:
    with pytest.raises(InvalidInputError, match="the summary is empty"):
        check_summary(summary)


@given(st.text(st.characters(), max_size=30), st.integers(1, 40))
def test_a_text_nobody_wrote_by_hand_is_made_storable(text: str, most: int) -> None:
    found = storable(text, most)

    assert len(found) <= most
    found.encode()
    if len(text) <= most and text.isprintable():
        assert found == text


def test_half_a_surrogate_pair_in_an_error_is_shown_not_lost() -> None:
    """Hard case 23."""
    assert storable("a\ud800b") == "a\\ud800b"
    assert storable("x" * 2001) == "x" * 1999 + "…"


def test_there_are_five_kinds() -> None:
    assert get_args(Kind) == KINDS
    assert KINDS == ("plan", "progress", "decision-needed", "blocked", "completed")


def test_nothing_changed_unless_said() -> None:
    assert ArtifactChanges() == ArtifactChanges(added=(), changed=(), removed=())
