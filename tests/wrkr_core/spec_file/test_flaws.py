"""Values that a log cannot keep exactly are refused where they stand, and nothing else is."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file.flaws import DEEPEST, MOST_VALUES, Refused, flaws, whole_number

ANY: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([2.0**53, 1e20, 1e21, -1e300, -0.0, 2**53 - 1, -(2**53)])
    | st.text(st.characters(exclude_categories=[]), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=[]), max_size=2), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@given(ANY)
def test_what_has_no_flaw_is_kept_and_what_has_one_is_not(value: object) -> None:
    found = flaws(value)

    if found:
        with pytest.raises(InvalidInputError):
            dumps(value)
    else:
        assert loads(dumps(value)) == value


def test_every_flaw_is_found_with_its_path() -> None:
    value = {"a": [1, float("nan"), {"b": 2**53}], "\ud800": Refused("no"), "c": "\udfff", "d": b""}

    found = {each.path: each.message for each in flaws(value)}

    assert set(found) == {("a", 1), ("a", 2, "b"), ("\ud800",), ("c",), ("d",)}
    assert found["a", 1] == "nan is not a number that JSON has; put it in quotes"
    assert found["d",] == "a bytes is no value of a spec; put it in quotes"


def nested(depth: int) -> object:
    value: object = {}
    for _ in range(depth - 1):
        value = [value]
    return value


def test_what_is_nested_as_deep_as_the_log_allows_passes_and_one_more_does_not() -> None:
    assert flaws({"inputs": nested(DEEPEST)}) == ()
    assert dumps(nested(DEEPEST))

    (problem,) = flaws({"inputs": nested(DEEPEST + 1)})

    assert len(problem.path) == DEEPEST + 1
    assert "nested deeper" in problem.message


def test_too_many_values_are_one_problem() -> None:
    assert flaws([0] * (MOST_VALUES - 1)) == ()

    (problem,) = flaws([float("nan")] * MOST_VALUES)

    assert "more than 100000 values" in problem.message


def test_a_number_of_many_digits_is_refused_without_being_converted() -> None:
    assert whole_number("9" * 20) == 10**20 - 1
    assert isinstance(whole_number("9" * 1_000_000), Refused)
    assert whole_number("ff", 16) == 255
