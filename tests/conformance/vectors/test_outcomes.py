"""Comparing what comes with what is stated."""

from __future__ import annotations

from typing import Any

import pytest

from wrkr_conformance.expect import Broken
from wrkr_conformance.vectors.outcomes import agree, bytes_of, compare, lines_of, outcome
from wrkr_core.errors import NotFoundError


def refused() -> dict[str, Any]:
    raise NotFoundError("there is none")


def test_an_error_of_this_project_is_an_outcome() -> None:
    assert outcome(refused) == {"refused": "E_NOT_FOUND"}
    assert outcome(lambda: {"a": 1}) == {"a": 1}


def test_any_other_error_is_none() -> None:
    with pytest.raises(ZeroDivisionError):
        outcome(lambda: {"a": 1 // 0})


def test_a_case_passes_only_with_the_outcome_it_states() -> None:
    compare({"expect": {"refused": "E_NOT_FOUND"}}, refused)

    for stated in ({"refused": "E_STORE_BUSY"}, {"a": 1}, {}):
        with pytest.raises(Broken):
            compare({"expect": stated}, refused)


def test_values_are_compared_by_their_canonical_form() -> None:
    agree({"b": 1, "a": [0.5]}, {"a": [0.5], "b": 1.0})

    for other in ({"b": 1}, {"b": 1, "a": None}, {"b": True, "a": [0.5]}, {"b": "1", "a": [0.5]}):
        with pytest.raises(Broken):
            agree({"b": 1, "a": [0.5]}, other)


@pytest.mark.parametrize(
    ("found", "stated", "said"),
    [
        ({"a": 1}, {"a": 2}, "at /a: expected 2, got 1"),
        ({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}, "at /a/1/b: expected 'y', got 'x'"),
        ({}, {"a": None}, "at /a: expected None, got '(nothing)'"),
        ({"a": 1}, {}, "at /a: expected '(nothing)', got 1"),
        ([1], [1, 2], "at /1: expected 2, got '(nothing)'"),
        ([], 1, "at the top: expected 1, got []"),
        ({"a": []}, {"a": {}}, "at /a: expected {}, got []"),
    ],
)
def test_it_is_said_where_two_values_differ(found: object, stated: object, said: str) -> None:
    with pytest.raises(Broken) as caught:
        agree(found, stated)

    assert str(caught.value) == said


def test_bytes_are_given_as_text_or_as_hex() -> None:
    assert bytes_of({"text": "\u00fc"}) == b"\xc3\xbc"
    assert bytes_of({"hex": "ff00"}) == b"\xff\x00"
    assert lines_of(["a", "\u2028"]) == [b"a", b"\xe2\x80\xa8"]
