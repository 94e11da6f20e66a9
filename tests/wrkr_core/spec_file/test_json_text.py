"""JSON is read as `json` reads it, and every value of it has the line it stands on."""

from __future__ import annotations

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file import yaml_text
from wrkr_core.spec_file.flaws import DEEPEST, Refused
from wrkr_core.spec_file.json_text import places, read
from wrkr_core.spec_file.places import Source

VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab\"\\{}[]:,'é#", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text('ab"\\:{', max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def source(text: str) -> Source:
    return Source.of("a.json", text)


@given(VALUES, st.sampled_from([None, 0, 1]))
def test_values_are_those_of_json_and_lines_those_of_yaml(
    value: object, indent: int | None
) -> None:
    text = json.dumps(value, indent=indent)

    document = read(source(text))

    assert document.value == value
    assert document.problems == ()
    # A long key is none to YAML, and JSON as one line is one line.
    assert document.lines == yaml_text.read(source(text)).lines


@given(st.text('{}[]:,"\\ \n1an', max_size=20))
def test_what_is_no_json_is_refused_and_what_is_json_is_read(text: str) -> None:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        with pytest.raises(InvalidInputError, match=r"a\.json has a mistake"):
            read(source(text))
    else:
        assert read(source(text)).value == value


def test_a_syntax_error_has_line_and_column() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(source('{\r\n  "a": 1\r\n  "b": 2}'))

    assert caught.value.problems == ("a.json:3: not JSON: Expecting ',' delimiter (column 3)",)


def test_a_key_written_twice_is_found_however_it_is_written() -> None:
    document = read(source('{"a": 1,\n"b": {"a": 1},\n"\\u0061": 2}'))

    (problem,) = document.problems
    assert (problem.path, problem.line) == (("a",), 3)
    assert problem.message == "the key is written twice; the first is on line 1"


def test_nesting_is_refused_where_it_becomes_too_deep() -> None:
    assert read(source("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))).value

    for text in ("[" * 100_000, '{"a":\n' * 100_000):
        with pytest.raises(InvalidInputError) as caught:
            read(source(text))
        assert "nested deeper than 64" in caught.value.problems[0]

    assert caught.value.problems[0].startswith(f"a.json:{DEEPEST + 2}: a.a.a.")


def test_an_integer_of_many_digits_is_kept_to_be_refused_with_its_place() -> None:
    document = read(source('{"a": ' + "9" * 10_000 + "}"))

    assert isinstance(document.value, dict)
    assert isinstance(document.value["a"], Refused)


def test_a_text_that_never_ends_is_passed_once_and_not_once_for_each_quote() -> None:
    lines, _ = places(source('"' + '\\"' * 500_000))

    assert lines == {(): 1}
