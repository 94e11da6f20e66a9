"""A YAML file is bounded while it is read, whatever its aliases stand for."""

from __future__ import annotations

import pytest

from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file import yaml_events
from wrkr_core.spec_file.flaws import DEEPEST
from wrkr_core.spec_file.places import Document, Source
from wrkr_core.spec_file.yaml_events import MOST_CHARACTERS
from wrkr_core.spec_file.yaml_text import read


def document(text: str) -> Document:
    return read(Source.of("a.yaml", text))


def refused(text: str) -> str:
    with pytest.raises(InvalidInputError) as caught:
        document(text)
    (problem,) = caught.value.problems
    return problem


def noted(text: str) -> list[str]:
    return [f"{each.line}: {each.message}" for each in document(text).problems]


def test_every_value_has_its_line_and_entries_that_of_their_key() -> None:
    found = document("# c\na:\n  - 1\n  -\n   b: >\n      x\n     \n? c\n: [d,\n e]\n")

    assert found.value == {"a": [1, {"b": "x\n"}], "c": ["d", "e"]}
    assert found.lines == {
        (): 2,
        ("a",): 2,
        ("a", 0): 3,
        ("a", 1): 5,
        ("a", 1, "b"): 5,
        ("c",): 8,
        ("c", 0): 9,
        ("c", 1): 10,
    }


def test_an_alias_is_what_its_anchor_named_last() -> None:
    assert document("a: &x 1\nb: *x\nc: &x 2\nd: *x").value == {
        "a": 1,
        "b": 1,
        "c": 2,
        "d": 2,
    }


def test_unfolded_values_are_not_shared() -> None:
    value = document("a: &x [1]\nb: *x").value

    assert isinstance(value, dict)
    assert value["a"] is not value["b"]


def test_aliases_of_aliases_are_counted_and_not_unfolded() -> None:
    laughs = "".join(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]\n" for i in range(200))

    assert "with the aliases unfolded" in refused(f"a0: &a0 lol\n{laughs}")


def test_a_long_text_cannot_be_repeated_without_end() -> None:
    text = f"a: &a {'x' * (MOST_CHARACTERS // 4)}\nb: [*a, *a]\n"

    assert document(text).value
    assert refused(f"{text}c: *a\nd: *a\n").startswith("a.yaml:1: ")


def test_a_long_key_cannot_be_repeated_without_end() -> None:
    text = f"a: &a {{? {'x' * (MOST_CHARACTERS // 4)} : 1}}\nb: [*a, *a]\n"

    assert document(text).value
    assert "with the aliases unfolded" in refused(f"{text}c: *a\nd: *a\n")


def test_more_values_than_a_spec_can_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_events, "MOST_VALUES", 100)

    assert document("[" + "1," * 99 + "]").value
    assert "more than 100 values" in refused("[" + "1," * 100 + "]")
    assert "more than 100 values" in refused("{" + "a," * 200 + "}")


def test_nesting_is_refused_where_it_becomes_too_deep_through_aliases_too() -> None:
    assert document("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)).value is not None
    assert "nested deeper" in refused("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2))
    assert "nested deeper" in refused("- " * 10_000 + "x")
    chain = "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(DEEPEST))
    assert refused(f"a0: &a0 [1]\n{chain}").startswith(
        f"a.yaml:{DEEPEST + 1}: a{DEEPEST}[0]: nested"
    )


def test_an_alias_inside_its_own_anchor_is_refused() -> None:
    assert "*a has no complete value" in refused("a: &a [*a]")
    assert "*a has no complete value" in refused("x: &a 1\nb: &a [*a]")


def test_an_alias_as_a_key_is_the_text_it_stands_for() -> None:
    assert document("a: &a b\n*a : 1").value == {"a": "b", "b": 1}


def test_tags_are_noted_and_the_value_read_as_if_there_were_none() -> None:
    found = document("a: !!str 1\nb: !!python/name:os.system x\nc: !x [1]")

    assert found.value == {"a": 1, "b": "x", "c": [1]}
    assert [each.message.split(" is")[0] for each in found.problems] == [
        "the tag '!!str'",
        "the tag '!!python/name:os.system'",
        "the tag '!x'",
    ]


def test_merge_keys_are_noted_but_quoted_they_are_keys() -> None:
    assert noted("a: 1\n<<: {b: 1}") == ["2: merge keys (<<) are not read; write the keys out"]
    assert document("'<<': 1").value == {"<<": 1}


def test_a_key_that_is_no_text_is_noted_with_the_cure() -> None:
    assert noted("1: a") == ["1: the key 1 is not text; write '1'"]
    assert noted("2024-01-01: a") == ["1: the key 2024-01-01 is not text; write '2024-01-01'"]
    assert noted("? [a]\n: b") == ["1: this key is not text; put it in quotes"]
    assert document("yes: a\n'1': b").value == {"yes": "a", "1": "b"}


def test_a_key_written_twice_is_noted_and_the_first_value_kept() -> None:
    found = document("a: 1\nb: 2\n'a': 3")

    assert found.value == {"a": 1, "b": 2}
    assert [(each.path, each.line) for each in found.problems] == [(("a",), 3)]


def test_a_second_document_is_refused_where_it_begins() -> None:
    assert (
        refused("a: 1\n---\nb: 1") == "a.yaml:2: a second document begins; a spec is one document"
    )
    assert document("---\na: 1\n...\n").value == {"a": 1}


def test_a_file_of_comments_is_empty() -> None:
    assert "the file is empty" in refused("# a\n# b")
