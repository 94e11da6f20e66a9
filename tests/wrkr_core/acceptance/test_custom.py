"""What stands in a file as a custom check is read whole, or told what is wrong with it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import JSON_VALUES
from wrkr_core.acceptance import custom
from wrkr_core.acceptance.custom import DEFAULT_TIMEOUT, CustomCheck


def test_a_check_is_custom_by_its_key_alone() -> None:
    assert custom.is_custom({"custom": None})
    assert not custom.is_custom({"name": "a", "run": "x"})
    assert not custom.is_custom("custom")


def test_what_is_left_out_has_a_meaning() -> None:
    item = {"name": "a", "custom": "b"}

    assert list(custom.problems(item)) == []
    assert custom.read(item) == CustomCheck(
        name="a", custom="b", settings={}, timeout=DEFAULT_TIMEOUT
    )


def test_all_mistakes_of_one_are_told_at_once() -> None:
    item = {"custom": "", "with": 5, "timeout": "soon", "run": "x", "setings": {}}

    found = {each.path: each.message for each in custom.problems(item)}

    assert set(found) == {(), ("custom",), ("with",), ("timeout",), ("setings",)}
    assert len(list(custom.problems(item))) == 6


@given(
    st.fixed_dictionaries(
        {"custom": JSON_VALUES},
        optional={
            "name": JSON_VALUES | st.just("a"),
            "with": JSON_VALUES,
            "timeout": JSON_VALUES | st.just("5m"),
        },
    )
)
def test_whatever_stands_there_has_problems_or_is_read(item: dict[str, object]) -> None:
    if not list(custom.problems(item)):
        found = custom.read(item)
        assert (found.name, found.custom) == (item["name"], item["custom"])
        assert found.timeout > 0
