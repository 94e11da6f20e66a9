"""Each kind of value takes exactly what it says, and answers anything else with what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.budget import LARGEST
from wrkr_core.checkpoint import LONGEST_SUMMARY
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file import shape
from wrkr_core.spec_file.kinds import KINDS_OF_VALUE, checkpoint_kind, variable_value
from wrkr_core.spec_file.problems import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

ALL: Final = {
    **{kind.__name__: read for kind, read in KINDS_OF_VALUE.items()},
    "Kind": checkpoint_kind,
}


def refusal(kind: object, value: object) -> str:
    with pytest.raises(InvalidInputError) as caught:
        KINDS_OF_VALUE[kind](value)
    return sentence(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (str, "", ""),
        (str, "a\0", "a\0"),
        (bool, True, True),
        (bool, False, False),
        (shape.Name, "a-b.c_1", "a-b.c_1"),
        (shape.Label, "_A-1.b", "_A-1.b"),
        (shape.Argument, "", ""),
        (shape.Line, "a\nb", "a\nb"),
        (shape.Question, "x" * LONGEST_SUMMARY, "x" * LONGEST_SUMMARY),
        (shape.Place, "a/**/b c", "a/**/b c"),
        (shape.Place, "...", "..."),
        (shape.Rule, "env:A", "env:A"),
        (shape.FunctionName, "a.b:c", "a.b:c"),
        (shape.Duration, 0, 0),
        (shape.Duration, "1h30m", 5_400_000_000),
        (shape.Duration, 90, 90_000_000),
        (shape.Timeout, "1us", 1),
        (shape.Money, "0.012", 12_000),
        (shape.Money, 5, 5_000_000),
        (shape.Count, 0, 0),
        (shape.Count, LARGEST, LARGEST),
    ],
)
def test_what_a_kind_allows_is_read(kind: object, value: object, read: object) -> None:
    found = KINDS_OF_VALUE[kind](value)

    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (str, 8080, "8080 is a number, not text; write '8080' in quotes"),
        (str, True, "true is a boolean, not text; write 'true' in quotes"),
        (str, [], "this is a list, not text"),
        (str, None, "this is empty, not text; write a value, or leave the key out"),
        (bool, "yes", "'yes' is text, not a boolean; write true, without quotes"),
        (bool, "OFF", "'OFF' is text, not a boolean; write false, without quotes"),
        (bool, 1, "1 is a number, not a boolean; write true or false, without quotes"),
        (shape.Label, "a b", "'a b' is not an id; use 1 to 100 letters, digits, '.', '_' and '-'"),
        (shape.Argument, "\0", "'\\x00' holds the character U+0000, which no program takes"),
        (shape.Line, " \n", "the command is empty"),
        (shape.Question, "", "the question is empty"),
        (
            shape.Question,
            "x" * 2001,
            "the question has 2001 characters; at most 2000 are recorded",
        ),
        (
            shape.Place,
            "/a",
            "'/a' is not a place inside the workspace; write it relative, with / and without ..",
        ),
        (shape.FunctionName, "a.b", "'a.b' is not a function; write it as module:function"),
        (shape.Duration, "90 parsecs", "'90 parsecs' is not a duration; write 30s, 5m or 2h"),
        (shape.Duration, 1.5, "1.5 is a number, not a duration; write '1.5s' in quotes"),
        (shape.Duration, True, "true is a boolean, not a duration; write 30s, 5m or 2h"),
        (shape.Timeout, "0s", "'0s' leaves no time; leave it out for no limit"),
        (
            shape.Money,
            0.1,
            '0.1 is a float, which cannot hold every amount exactly; put it in quotes: "0.1"',
        ),
        (
            shape.Money,
            [],
            'this is a list, not an amount of money; write dollars in quotes, like "0.50"',
        ),
        (
            shape.Count,
            "1_000",
            "'1_000' is text, not a whole number; write digits without quotes, like 1000",
        ),
        (shape.Count, -1, "-1 is not a whole number from 0 up"),
    ],
)
def test_what_it_does_not_allow_is_answered_with_what_to_write(
    kind: object, value: object, said: str
) -> None:
    assert refusal(kind, value) == said


@pytest.mark.parametrize("read", ALL.values(), ids=ALL)
@given(
    value=st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just([])
    | st.just({})
)
def test_no_value_makes_a_kind_fail_in_another_way(
    read: Callable[[object], object], value: object
) -> None:
    try:
        read(value)
    except InvalidInputError as error:
        assert sentence(error)  # noqa: PT017  # either way is right, a third is not


@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS_OF_VALUE if kind not in {bool, str}],
    ids=lambda kind: kind.__name__,
)
def test_nothing_but_text_and_whole_numbers_is_converted(kind: object) -> None:
    for value in cast("tuple[object, ...]", (None, True, 1.5, [], {})):
        refusal(kind, value)


@pytest.mark.parametrize("value", ["../a", "a/..", "..", "a/../b", "/", "a\\b", "a\n", "\0", ""])
def test_a_place_does_not_lead_out_of_the_workspace(value: str) -> None:
    assert "inside the workspace" in refusal(shape.Place, value)


def test_a_kind_of_checkpoint_is_one_of_five() -> None:
    assert checkpoint_kind("decision-needed") == "decision-needed"

    with pytest.raises(InvalidInputError) as caught:
        checkpoint_kind("decision")
    assert sentence(caught.value).endswith("did you mean 'decision-needed'?")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (12345678, "this is a number, not text; write it in quotes"),
        (True, "this is a boolean, not text; write it in quotes"),
        (["hunter2hunter2"], "this is a list, not text"),
        (None, "this is empty, not text; write a value, or leave the key out"),
        ("hunter2\0hunter2", "this holds the character U+0000, which no program takes"),
    ],
)
def test_the_value_of_a_variable_is_not_shown_when_it_is_refused(value: object, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        variable_value(value)

    assert sentence(caught.value) == said
    assert variable_value("any text") == "any text"
