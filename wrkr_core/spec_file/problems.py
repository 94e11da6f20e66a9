"""A mistake in a spec file, and how it is said: ``job.yaml:12: steps[0].timeout: …``."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
"""Keys and indexes from the top of a document to a value."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_SHOWN: Final = 60
_LONGEST_MESSAGE: Final = 400


@attrs.frozen
class Problem:
    """What is wrong with the value at ``path``; ``line`` is None where the path says it."""

    path: Path
    message: str
    line: int | None = None


def path_text(path: Path) -> str:
    """Return a path as people read it: ``steps[0].env.HOME``; empty for the whole document."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{shown(part)}]"
    return text


def shown(value: object) -> str:
    """Return a scalar as it looks in a file, on one line of printable text, cut when it is long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value[: _LONGEST_SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the known word most like ``word``, None if none is."""
    # The time this takes grows with the square of the length, and no key is that long.
    if len(word) > _LONGEST_SHOWN:
        return None
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=likeness)), None)


def sentence(error: InvalidInputError) -> str:
    """Return what is wrong and what to do instead, as one line."""
    text = f"{error.message}; {error.hint}" if error.hint else error.message
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"


def refusal(name: str, located: Iterable[tuple[int, Problem]]) -> InvalidInputError:
    """Return the one error that says all problems of a file, each with its line, in their order."""
    lines: list[str] = []
    for line, problem in sorted(located, key=lambda each: (each[0], path_text(each[1].path))):
        place = path_text(problem.path)
        said = f"{place}: {problem.message}" if place else problem.message
        lines.append(f"{name}:{line}: {said}")
    count = f"{len(lines)} mistakes" if len(lines) > 1 else "a mistake"
    return InvalidInputError(
        f"{name} has {count}",
        problems=lines,
        hint="`wrkr init` writes a spec in which every key is explained",
        file=name,
    )
