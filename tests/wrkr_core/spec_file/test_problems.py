"""A mistake is said on one line, with its place, and nothing in it can break the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file.problems import Problem, nearest, path_text, refusal, sentence, shown


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("steps", 0, "timeout"), "steps[0].timeout"),
        (("steps", 0, "env", "A_B"), "steps[0].env.A_B"),
        (("inputs", "a b", 3, 1), "inputs['a b'][3][1]"),
        (("a\nb",), "['a\\nb']"),
    ],
)
def test_a_path_reads_like_code(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_whatever_is_shown_stays_on_one_printable_line(value: object) -> None:
    text = shown(value)

    assert text.isprintable()
    assert len(text) <= 61


def test_words_of_the_file_are_shown_as_they_are_written_there() -> None:
    assert [shown(each) for each in (None, True, False, 1, "x")] == [
        *("null", "true", "false", "1", "'x'"),
    ]


def test_the_nearest_word_is_found_and_a_strange_one_has_none() -> None:
    assert nearest("tiemout", ["retries", "timeout"]) == "timeout"
    assert nearest("zebra", ["retries", "timeout"]) is None


def test_no_time_is_spent_on_a_key_of_a_megabyte() -> None:
    assert nearest("timeout" * 100_000, ["timeout"]) is None


def test_a_sentence_holds_the_hint_and_is_cut_when_it_is_long() -> None:
    assert sentence(InvalidInputError("no", hint="yes")) == "no; yes"
    assert sentence(InvalidInputError("no")) == "no"
    assert len(sentence(InvalidInputError("x" * 1_000_000))) == 401


def test_all_problems_are_in_the_error_in_the_order_of_their_lines() -> None:
    error = refusal("a.yaml", [(12, Problem(("b",), "two")), (3, Problem((), "one"))])

    assert error.message == "a.yaml has 2 mistakes"
    assert error.problems == ("a.yaml:3: one", "a.yaml:12: b: two")
    assert error.details["problems"] == list(error.problems)
    assert error.details["file"] == "a.yaml"
    assert "wrkr init" in error.hint


def test_one_mistake_is_not_called_mistakes() -> None:
    assert refusal("a.yaml", [(1, Problem((), "x"))]).message == "a.yaml has a mistake"
