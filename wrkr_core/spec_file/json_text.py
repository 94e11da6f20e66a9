"""JSON to values and lines. ``json`` judges the syntax; the walk here only finds the places.

The walk comes first, because it alone can say where nesting becomes too deep, and it never fails on
what is not JSON: it stops where it is lost.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.spec_file.flaws import DEEPEST, TOO_DEEP, whole_number
from wrkr_core.spec_file.places import Document
from wrkr_core.spec_file.problems import Path, Problem

if TYPE_CHECKING:
    from wrkr_core.spec_file.places import Source

# A text that never ends is one token too, or each of its quotes would begin the search anew.
_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},:]|[^\s"\[\]{},:]++', re.DOTALL)


@attrs.define(kw_only=True)
class Frame:
    """An open list (``index`` counts) or mapping (``key`` is None until it has been read)."""

    path: Path
    is_mapping: bool
    index: int = 0
    key: str | None = None

    def next_path(self) -> Path:
        """Return the path of the value that comes next."""
        if not self.is_mapping:
            return (*self.path, self.index)
        return self.path if self.key is None else (*self.path, self.key)


def read(source: Source) -> Document:
    """Return what a JSON text holds.

    Raises: InvalidInputError: not JSON, or nested too deeply.
    """
    lines, problems = places(source)
    try:
        value = json.loads(source.text, parse_int=whole_number)
    except json.JSONDecodeError as error:
        column = error.pos - source.text.rfind("\n", 0, error.pos)
        raise source.refusal(error.pos, f"not JSON: {error.msg} (column {column})") from error
    return Document(value=value, lines=lines, problems=problems)


def places(source: Source) -> tuple[dict[Path, int], tuple[Problem, ...]]:
    """Return the line of every value of a JSON text, and the keys that are written twice.

    Raises: InvalidInputError: nested too deeply.
    """
    lines: dict[Path, int] = {}
    problems: list[Problem] = []
    frames: list[Frame] = []
    for match in _TOKEN.finditer(source.text):
        mark, line = match[0], source.line_at(match.start())
        frame = frames[-1] if frames else None
        if mark in "]}":
            del frames[-1:]
        elif mark == ",":
            if frame is not None:
                frame.index, frame.key = frame.index + 1, None
        elif mark == ":":
            continue
        elif frame is not None and frame.is_mapping and frame.key is None:
            frame.key = _key(mark)
            _note_key(frame.next_path(), line, lines, problems)
        else:
            path = frame.next_path() if frame is not None else ()
            lines.setdefault(path, line)
            if mark in "[{":
                if len(frames) > DEEPEST:
                    raise source.refusal(match.start(), TOO_DEEP, path)
                frames.append(Frame(path=path, is_mapping=mark == "{"))
    return lines, tuple(problems)


def _note_key(path: Path, line: int, lines: dict[Path, int], problems: list[Problem]) -> None:
    if path in lines:
        message = f"the key is written twice; the first is on line {lines[path]}"
        problems.append(Problem(path, message, line))
    else:
        lines[path] = line


def _key(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token  # not JSON, as `json` will say
