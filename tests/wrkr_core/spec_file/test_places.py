"""Lines are counted as editors count them, and every value has one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.spec_file.places import Document, Source


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\nc", [1, 1, 2, 2, 3]),
        ("a\r\nb", [1, 1, 1, 2]),
        ("a\rb\n", [1, 1, 2, 2]),
        ("a\u2028b\x85c", [1, 1, 1, 1, 1]),
    ],
)
def test_lines_end_where_editors_end_them(text: str, lines: list[int]) -> None:
    source = Source.of("a.yaml", text)

    assert [source.line_at(offset) for offset in range(len(text))] == lines


@given(st.text("a\n", max_size=30), st.data())
def test_the_line_of_a_character_is_one_more_than_the_line_ends_before_it(
    text: str, data: st.DataObject
) -> None:
    offset = data.draw(st.integers(0, len(text)))

    assert Source.of("a", text).line_at(offset) == text[:offset].count("\n") + 1


def test_what_is_not_there_has_the_line_of_what_it_belongs_to() -> None:
    document = Document(value={}, lines={("steps",): 3, ("steps", 0): 4})

    assert document.line_of(("steps", 0, "env", "A")) == 4
    assert document.line_of(("steps", 7)) == 3
    assert document.line_of(("name",)) == 1


def test_a_refusal_names_file_line_and_place() -> None:
    error = Source.of("a.yaml", "x\ny").refusal(2, "no", ("steps", 1))

    assert error.problems == ("a.yaml:2: steps[1]: no",)
