"""The one word that stands in place of sealed content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.sealed_text import LEAST, SealedText, is_sealed, read_sealed, replace_sealed

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=1, max_size=30)
WORDS = st.builds(
    SealedText,
    bound_to=NAMES,
    pointer=NAMES.map(lambda name: f"/{name}"),
    box=st.binary(min_size=LEAST + 1, max_size=200),
)
WORD = SealedText(bound_to="a.1", pointer="/reason", box=bytes(41))


@given(WORDS)
def test_a_word_reads_back_as_what_it_says(word: SealedText) -> None:
    assert read_sealed(str(word)) == word
    assert is_sealed(str(word))
    assert str(word).isascii()
    assert " " not in str(word)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "sealed:1:",
        f"{WORD} ",
        f" {WORD}",
        str(WORD)[:-1],
        f"{WORD}=",
        f"{WORD}AA",
        str(WORD)[:-1] + "B",
        str(WORD).replace("sealed:1", "sealed:2"),
        str(WORD).replace("/reason", "reason"),
    ],
)
def test_nothing_else_is_a_word(text: str) -> None:
    """Each has one form: the last characters of base64 that encode nothing must be what they are."""
    assert read_sealed(text) is None
    assert not is_sealed(text)


@given(WORDS, WORDS)
def test_words_are_found_inside_other_text(one: SealedText, other: SealedText) -> None:
    text = f"canceled by ann: {one}\nand then {other}."

    shown = replace_sealed(text, lambda word: f"<{word.pointer}>")

    assert shown == f"canceled by ann: <{one.pointer}>\nand then <{other.pointer}>."


def test_text_without_words_stays_as_it_is() -> None:
    for text in ("", "a", "sealed:1:x", str(WORD)[:-1] + "B"):
        assert replace_sealed(text, lambda _word: "!") == text
