"""YAML comes in and goes out through one door, which says what to install when PyYAML is missing."""

from __future__ import annotations

import sys
from typing import Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import JSON_VALUES
from wrkr_core.errors import InvalidInputError, NotSupportedHereError
from wrkr_core.spec_file import read_spec
from wrkr_core.spec_file.places import Source
from wrkr_core.spec_file.yaml_text import read, write

AMBIGUOUS: Final = st.text(
    "0123456789-+:._eExoTtZ~ynoull<=#&*!|>'\"%@`,[]{}? \n\x85\u2028", max_size=8
)


def source(text: str) -> Source:
    return Source.of("a.yaml", text)


@given(st.dictionaries(AMBIGUOUS, JSON_VALUES | AMBIGUOUS, max_size=4))
def test_what_is_written_is_read_back_by_us_and_by_others(value: dict[str, object]) -> None:
    text = write(value)

    assert read(source(text)).value == value
    assert yaml.safe_load(text) == value


def test_nothing_is_shared_in_what_is_written() -> None:
    shared = ["x"]

    assert write({"a": shared, "b": shared}) == "a:\n- x\nb:\n- x\n"


def test_lines_of_a_script_are_written_as_lines() -> None:
    assert write({"run": "a\n  b\nc\n"}).count('"') == 2
    assert write({"run": "a 'b'\nc\n"}) == "run: |\n  a 'b'\n  c\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: b: c", "a.yaml:1: not YAML: mapping values are not allowed here"),
        ("a: [1\nb: 2", "a.yaml:2: not YAML: expected ',' or ']', but got ':'"),
        ("a: 1\nb: '", "a.yaml:2: not YAML: found unexpected end of stream"),
        ("a: 1\n\tb: 1", "a.yaml:2: not YAML: found character '\\t' that cannot start any token"),
        ("a: 1\nb: \x7f", "a.yaml:2: not YAML: the character U+007F may not stand in it"),
        ('a: 1\nb: "\\UFFFFFFFF"', "a.yaml:2: not YAML: after this, "),
        ('a: 1\nb: "\\U00110000"', "a.yaml:2: not YAML: after this, chr() arg not in range"),
        ("%YAML 3.0\n---\na", "a.yaml:1: not YAML: found incompatible YAML document"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(source(text))

    (found,) = caught.value.problems
    assert found.startswith(problem)


def test_a_line_separator_within_a_line_does_not_count_as_a_line() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_spec("name: a\ncommand: 'x\u2028y\x85z'\nzebra: 1\n".encode(), name="a.yaml")

    assert caught.value.problems[0].startswith("a.yaml:3: zebra: ")


def test_without_pyyaml_yaml_is_refused_with_the_cure_and_json_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    assert read_spec(b'{"name": "a", "command": "x"}', name="a.json").name == "a"
    assert read_spec(b'name = "a"\ncommand = "x"', name="a.toml").name == "a"
    with pytest.raises(NotSupportedHereError, match=r"a\.yaml is YAML") as caught:
        read_spec(b"name: a\ncommand: x", name="a.yaml")
    assert "pip install 'wrkr[cli]'" in caught.value.hint
