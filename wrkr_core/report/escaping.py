"""Making texts of others harmless where they are shown: they say what they say and do nothing.

Names, summaries, questions and messages come from programs and people nobody here knows. In a report
they are text: no markup, no link, no picture, no mention that calls somebody, nothing that hides or
turns round what stands beside it. What is refused is listed here and not asked of the Unicode
database, so that a report has the same bytes on every Python.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

import msgspec

# Controls, separators of lines, lone surrogates, and marks that are invisible or reorder the text
# around them. Two that join letters (U+200C, U+200D) stay: scripts and pictures are written with them.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_ENDS: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_BLANKS: Final = re.compile("[ \t\n]+")
# What Markdown, HTML, wiki text or formulas could begin with. Behind a blank or a letter the rest of
# the punctuation means nothing, and a text is never put where a line begins.
_MARKUP: Final = re.compile(r"[&<>\"'`*_~\[\]|\\$#@{}!^]")
# Where services turn plain text into links and calls after the markup is read, so that entities do
# not help: @name, #12, GH-12, ABC-12, addresses of any scheme, www., :emoji:, digests of commits.
_CALLS: Final = re.compile(
    r"(?<=[@#])(?=\w)|(?<=[A-Za-z]-)(?=[0-9])|(?<=:)(?=\S)|(?<=(?i:www)\.)(?=\S)"
    r"|(?<=\b[0-9A-Fa-f]{6})(?=[0-9A-Fa-f]{1,34}\b)"
)
# Wiki text has more of it: styles, tables, macros, links, pictures, dashes and marks in brackets.
_WIKI_MARKUP: Final = re.compile(r"[&<>\"'`*_~\[\]|\\$#@{}!^?+(){};-]")
_BREAK: Final = "&#8203;"
"""A place where a line may be broken, of no width: what stands before and behind are two words."""


def printable(text: str) -> str:
    """Return ``text`` with newlines as its line ends, and ``?`` for what cannot be seen or hides."""
    return _UNPRINTABLE.sub("?", _LINE_ENDS.sub("\n", text))


def one_line(text: str, most: int | None = None) -> str:
    """Return ``text`` on one line, printable, at most ``most`` characters, the last of them ``…``."""
    line = _BLANKS.sub(" ", printable(text)).strip(" ")
    return line if most is None or len(line) <= most else line[: most - 1] + "…"


def in_markdown(text: str, most: int | None = None) -> str:
    """Return ``text`` on one line for the middle of a line of Markdown, as nothing but text.

    Punctuation that could be markup is written as a numbered entity, and words that a service would
    make a link or a call of are broken where nobody sees it.
    """
    parts = _CALLS.split(one_line(text, most))
    return _BREAK.join(_MARKUP.sub(lambda found: f"&#{ord(found[0])};", part) for part in parts)


def in_wiki(text: str, most: int | None = None) -> str:
    """Return ``text`` on one line of Jira's wiki markup, as nothing but text, as ``in_markdown``."""
    parts = _CALLS.split(one_line(text, most))
    return _BREAK.join(
        _WIKI_MARKUP.sub(lambda found: f"&#{ord(found[0])};", part) for part in parts
    )


def in_html(text: str) -> str:
    """Return ``text`` for the inside of an element or a quoted attribute; its line ends stay."""
    return escape(printable(text), quote=True)


def json_text(value: object, most: int) -> str:
    """Return a JSON value as text, its keys sorted, at most ``most`` characters."""
    return one_line(msgspec.json.encode(value, order="sorted").decode(), most)
