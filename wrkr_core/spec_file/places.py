"""The text of a spec file, what was read from it, and on which line every value stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.spec_file.problems import Path, Problem, refusal

if TYPE_CHECKING:
    from wrkr_core.errors import InvalidInputError

# Only what every editor takes for the end of a line; YAML counts U+0085, U+2028 and U+2029 as well.
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


@attrs.frozen(kw_only=True)
class Source:
    """The text of one file; offsets count its characters."""

    name: str
    text: str
    line_starts: tuple[int, ...]

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        """Return the source with its lines counted."""
        starts = tuple(match.end() for match in _LINE_END.finditer(text))
        return cls(name=name, text=text, line_starts=starts)

    def line_at(self, offset: int) -> int:
        """Return the line, from 1, that holds the character at ``offset``."""
        return bisect_right(self.line_starts, offset) + 1

    def refusal(self, offset: int, message: str, path: Path = ()) -> InvalidInputError:
        """Return the error for what makes the rest of the file unreadable."""
        return refusal(self.name, [(self.line_at(offset), Problem(path, message))])


@attrs.frozen(kw_only=True)
class Document:
    """What a file holds: JSON values, the line of each by its path, and what is wrong already.

    The line of a mapping's entry is that of its key. A value that cannot be is a
    ``flaws.Refused`` in its place.
    """

    value: object
    lines: dict[Path, int]
    problems: tuple[Problem, ...] = ()

    def line_of(self, path: Path) -> int:
        """Return the line of a value; of what is not there, the line of what it belongs to."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)
