"""TOML to values and lines. ``tomllib`` judges the syntax; the walk here only finds the places.

The walk comes first, because ``tomllib`` takes quadratic time for a key of very many parts and
cannot say where nesting becomes too deep. It never fails on what is not TOML: it stops where it is
lost, and ``tomllib`` says why.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Final

from wrkr_core.spec_file.flaws import DEEPEST, TOO_DEEP, TOO_LARGE
from wrkr_core.spec_file.places import Document

if TYPE_CHECKING:
    from wrkr_core.spec_file.places import Source
    from wrkr_core.spec_file.problems import Path

_BLANK: Final = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_KEY_PART: Final = re.compile(
    r"""[ \t]*+(?:("(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')|([A-Za-z0-9_-]++))[ \t]*+"""
)
_SCALAR: Final = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
    r"""|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+'|[^,\]}\[{#"'\r\n]++""",
    re.DOTALL,
)
_PLACE: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)
_MANY_DIGITS: Final = re.compile(r"[0-9](?:_?[0-9]){4000}")


class LostError(Exception):
    """The walk met something that is not TOML."""


def read(source: Source) -> Document:
    """Return what a TOML text holds.

    Raises: InvalidInputError: not TOML, or nested too deeply.
    """
    walk = Walk(source)
    walk.go()
    try:
        value = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(source, str(error)) from error
    except ValueError as error:  # an integer that Python will not even convert
        digits = _MANY_DIGITS.search(source.text)
        raise source.refusal(digits.start() if digits else 0, TOO_LARGE) from error
    return Document(value=value, lines=walk.lines)


def _syntax_error(source: Source, said: str) -> Exception:
    match = _PLACE.fullmatch(said)
    if match is None:  # "(at end of document)"
        return source.refusal(len(source.text), f"not TOML: {said}")
    line, message = int(match[2]), f"not TOML: {match[1]} (column {match[3]})"
    start = (0, *source.line_starts)[line - 1] if line - 1 <= len(source.line_starts) else 0
    return source.refusal(start, message)


class Walk:
    """Finds the line of every key and item of a TOML text."""

    def __init__(self, source: Source) -> None:
        """Begin at the top."""
        self.lines: dict[Path, int] = {(): 1}
        self._source = source
        self._text = source.text
        self._at = 0
        self._tables: dict[Path, int] = {}

    def go(self) -> None:
        """Walk as far as it is TOML. Raises: InvalidInputError: nested too deeply."""
        table: Path = ()
        try:
            self._skip_blank()
            while self._at < len(self._text):
                if self._takes("["):
                    table = self._header()
                else:
                    self._entry(table)
                self._skip_blank()
        except LostError:
            return

    def _header(self) -> Path:
        start = self._at
        is_item = self._takes("[")
        self._skip_blank()
        parts = self._key(())
        self._expect("]]" if is_item else "]")
        path: Path = ()
        for part in parts[:-1]:
            path = self._inside((*path, part))
            self._note(path, start)
        path = (*path, parts[-1])
        self._note(path, start)
        if is_item:
            self._tables[path] = self._tables.get(path, 0) + 1
            path = self._inside(path)
            self._note(path, start)
        return path

    def _inside(self, path: Path) -> Path:
        """Return the path of the table that ``path`` names: of a list of tables, its last."""
        count = self._tables.get(path)
        return path if count is None else (*path, count - 1)

    def _entry(self, table: Path) -> None:
        start = self._at
        path = self._key(table)
        for length in range(len(table) + 1, len(path) + 1):
            self._note(path[:length], start)
        self._expect("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        if len(path) > DEEPEST + 1:
            raise self._source.refusal(self._at, TOO_DEEP, path)
        self._skip_spaces()
        self._note(path, self._at)
        if self._takes("["):
            index = 0
            self._skip_blank()
            while not self._takes("]"):
                self._value((*path, index))
                index += 1
                self._next_unless("]")
        elif self._takes("{"):
            self._skip_blank()
            while not self._takes("}"):
                self._entry(path)
                self._next_unless("}")
        else:
            self._match(_SCALAR)

    def _next_unless(self, end: str) -> None:
        self._skip_blank()
        if self._takes(","):
            self._skip_blank()
        elif not self._text.startswith(end, self._at):
            raise LostError

    def _key(self, path: Path) -> Path:
        """Return ``path`` with the parts of the dotted key that stands here."""
        start = self._at
        while True:
            match = self._match(_KEY_PART)
            path = (*path, _plain(match[1]) if match[1] else match[2])
            if len(path) > DEEPEST + 1:
                raise self._source.refusal(start, TOO_DEEP)
            if not self._takes("."):
                return path

    def _note(self, path: Path, offset: int) -> None:
        self.lines.setdefault(path, self._source.line_at(offset))

    def _takes(self, token: str) -> bool:
        is_here = self._text.startswith(token, self._at)
        self._at += len(token) if is_here else 0
        return is_here

    def _expect(self, token: str) -> None:
        if not self._takes(token):
            raise LostError

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise LostError
        self._at = match.end()
        return match

    def _skip_spaces(self) -> None:
        while self._text.startswith((" ", "\t"), self._at):
            self._at += 1

    def _skip_blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match is not None else self._at


def _plain(quoted: str) -> str:
    try:
        return str(tomllib.loads(f"key = {quoted}")["key"])
    except tomllib.TOMLDecodeError as error:
        raise LostError from error
