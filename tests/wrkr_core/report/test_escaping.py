"""Texts of others are shown as they are, and do nothing."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.wrkr_core.report.subjects import HOSTILE
from wrkr_core.report.escaping import (
    in_html,
    in_markdown,
    in_wiki,
    json_text,
    one_line,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BREAK: Final = "\u200b"
PIECES: Final = (
    *("@", "#", "ann", "1", "www.", "http", "://", "GH-", "12", "beef", "dead0", " ", "\n", "|"),
    *("`", "*", "[", "](", "<", ">", "&lt;", "\\", "!", "\x1b", "\u202e", ":", ";", "$"),
)
TEXTS: Final = st.text() | st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@given(TEXTS)
@example(HOSTILE)
def test_markdown_reads_as_the_text_that_was_given(text: str) -> None:
    assert unescape(in_markdown(text)).replace(BREAK, "") == one_line(text)


@given(TEXTS)
@example(HOSTILE)
def test_wiki_text_reads_as_the_text_that_was_given(text: str) -> None:
    assert unescape(in_wiki(text)).replace(BREAK, "") == one_line(text)


@given(TEXTS)
@example(HOSTILE)
def test_no_character_of_markup_is_left_in_markdown(text: str) -> None:
    left = re.sub(r"&#\d+;", "", in_markdown(text))

    assert not set(left) & set("&<>\"'`*_~[]|\\$#@{}!^\n\r\t\x00\x1b")


@given(TEXTS)
@example(HOSTILE)
def test_no_character_of_markup_is_left_in_wiki_text(text: str) -> None:
    left = re.sub(r"&#\d+;", "", in_wiki(text))

    assert not set(left) & set("&<>\"'`*_~[]|\\$#@{}!^?+-(){};\n\r")


@given(TEXTS)
@example(HOSTILE)
def test_html_reads_as_the_text_that_was_given_and_holds_no_markup(text: str) -> None:
    markup = in_html(text)

    assert unescape(markup) == printable(text)
    assert not set(markup) & set("<>\"'")
    assert re.sub(r"&(amp|lt|gt|quot|#x27);", "", markup).count("&") == 0


@pytest.mark.parametrize(
    "call",
    [
        "@ann",
        "a@b.example",
        "#12",
        "GH-12",
        "PROJ-7",
        "org/repo#5",
        "http://a.example",
        "HTTPS://a.example",
        "ftp://a.example",
        "mailto:a",
        "www.a.example",
        "WWW.a.example",
        ":tada:",
        "deadbee",
        "0123456789012345678901234567890123456789",
    ],
)
@pytest.mark.parametrize("escape", [in_markdown, in_wiki])
def test_what_a_service_would_make_a_link_or_a_call_of_is_two_words(
    call: str, escape: Callable[[str], str]
) -> None:
    assert BREAK in unescape(escape(f"see {call} there"))


def test_ordinary_sentences_are_left_alone() -> None:
    said = "12 of 40 files done: 3 (new), 50% more - in src/a.py; is it enough?"

    assert in_markdown(said) == said


@given(st.text())
def test_what_is_printable_has_no_control_or_hidden_character(text: str) -> None:
    shown = printable(text)

    assert not [each for each in shown if ord(each) < 32 and each not in "\t\n"]
    assert not set(shown) & set("\x7f\x85\u200b\u202e\u2028\u2029\u2066\ufeff\U000e0041")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\x85", "\u2028", "\u2029"])
def test_every_line_end_is_a_newline_and_on_one_line_a_blank(end: str) -> None:
    assert printable(f"a{end}b") == "a\nb"
    assert one_line(f" a \t{end}b ") == "a b"


def test_letters_of_all_scripts_and_pictures_stay() -> None:
    text = "naïve 日本語 مرحبا 👩\u200d🔬 ⚠\ufe0f"

    assert printable(text) == in_html(text) == in_markdown(text) == text


@given(st.text(), st.integers(1, 9))
def test_a_text_that_is_too_long_ends_with_a_mark(text: str, most: int) -> None:
    line = one_line(text, most)

    assert len(line) <= most
    assert line == one_line(text) or line.endswith("…")


def test_json_is_shown_with_sorted_keys_on_one_line() -> None:
    assert json_text({"b": "x\ny", "a": [1, None]}, 100) == '{"a":[1,null],"b":"x\\ny"}'
    assert json_text("x" * 9, 5) == '"xxx…'
