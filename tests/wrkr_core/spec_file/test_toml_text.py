"""TOML is read as `tomllib` reads it, and every key and item of it has the line it stands on."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_core.spec_file.documents import paths, toml
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file.places import Source
from wrkr_core.spec_file.toml_text import read

VALUES: Final = st.recursive(
    st.booleans()
    | st.integers(-99, 99)
    | st.text("ab\"\\{}[]=,'é#\n", max_size=5)
    | st.sampled_from([0.5, "'''", '"""', "[x]\n"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab.=[\"'#", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
SPECS: Final = Path(__file__).parents[2] / "fixtures" / "specs"


def source(text: str) -> Source:
    return Source.of("a.toml", text)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES, max_size=4))
def test_every_value_has_the_line_of_its_key(document: dict[str, Any]) -> None:
    text = "".join(f"# [{key}]\n{toml(key)} = {toml(value)}\n" for key, value in document.items())

    found = read(source(text))

    assert found.value == document
    order = {key: 2 * index + 2 for index, key in enumerate(document)}
    assert found.lines == {(): 1, **{path: order[str(path[0])] for path in paths(document)}}


@pytest.mark.parametrize("path", sorted(SPECS.glob("*/*.toml")), ids=lambda path: path.name)
def test_the_walk_finds_exactly_the_values_there_are(path: Path) -> None:
    text = path.read_text("utf-8")
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    assert set(read(source(text)).lines) == {(), *paths(value)}


def test_tables_lists_of_tables_and_dotted_keys_have_the_line_where_they_begin() -> None:
    document = read(
        source(
            "[[a]]\nx = 1\n[a.b]\ny.z = 2\n[[a]]\n[[a.c]]\nq = [\n 1,\n # no\n {r = 's', t='u'},\n]\n"
            '[d."e f"]\n\'g\' = """\nh = 1\n""" # i\nj = 1'
        )
    )

    assert {path: line for path, line in document.lines.items() if path} == {
        ("a",): 1,
        ("a", 0): 1,
        ("a", 0, "x"): 2,
        ("a", 0, "b"): 3,
        ("a", 0, "b", "y"): 4,
        ("a", 0, "b", "y", "z"): 4,
        ("a", 1): 5,
        ("a", 1, "c"): 6,
        ("a", 1, "c", 0): 6,
        ("a", 1, "c", 0, "q"): 7,
        ("a", 1, "c", 0, "q", 0): 8,
        ("a", 1, "c", 0, "q", 1): 10,
        ("a", 1, "c", 0, "q", 1, "r"): 10,
        ("a", 1, "c", 0, "q", 1, "t"): 10,
        ("d",): 12,
        ("d", "e f"): 12,
        ("d", "e f", "g"): 13,
        ("d", "e f", "j"): 16,
    }


@given(st.text("[]{}=.,\"'#\\ \n1ab", max_size=25))
def test_what_is_no_toml_is_refused_and_what_is_toml_is_read(text: str) -> None:
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(InvalidInputError, match=r"a\.toml has a mistake"):
            read(source(text))
    else:
        document = read(source(text))
        assert document.value == value
        assert set(document.lines) == {(), *paths(value)}


def test_a_syntax_error_has_line_and_column() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(source("a = 1\r\nb = x\r\n"))

    assert caught.value.problems == ("a.toml:2: not TOML: Invalid value (column 5)",)


def test_a_key_with_an_escape_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(source('a = 1\n"\\q" = 2'))

    assert caught.value.problems[0].startswith("a.toml:2: not TOML: Unescaped")


def test_nesting_is_refused_where_it_becomes_too_deep() -> None:
    deep = [
        "x = 1\na = " + "[" * 100_000,
        "x = 1\na = " + "{a = " * 100_000,
        "x = 1\n" + "a." * 100_000 + "a = 1",
        "x = 1\n[" + "a . " * 100_000 + "a]",
    ]
    for text in deep:
        with pytest.raises(InvalidInputError) as caught:
            read(source(text))
        (problem,) = caught.value.problems
        assert problem.startswith("a.toml:2: ")
        assert "nested deeper than 64" in problem


def test_an_integer_of_many_digits_is_refused_where_it_stands() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(source("x = 1\na = " + "9" * 10_000))

    assert caught.value.problems[0].startswith("a.toml:2: an integer beyond 2^53-1")
