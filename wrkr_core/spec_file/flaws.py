"""What no spec may hold anywhere, whatever the format: values that JSON cannot keep, and too much.

A spec goes into the log as canonical JSON (RFC 8785), so a value with no exact form there is
refused where it was written, not rounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import attrs

from wrkr_core.canonical import LARGEST_INTEGER, MAX_DEPTH
from wrkr_core.spec_file.problems import Path, Problem, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_VALUES: Final = 100_000
"""How many values one file may hold, the aliases of YAML unfolded."""
DEEPEST: Final = MAX_DEPTH
"""How deep lists and mappings may be nested; ``inputs`` then fits the log."""
TOO_DEEP: Final = f"nested deeper than {DEEPEST} lists and mappings"
TOO_LARGE: Final = "an integer beyond 2^53-1 does not survive JSON; put it in quotes"

_INFINITY: Final = float("inf")
# RFC 8785 writes whole floats below this as integers, and reading refuses them beyond 2^53-1.
_FIRST_WITH_EXPONENT: Final = 1e21
# JSON text of more digits is beyond 2^53-1 whatever they are, and costly to convert.
_MOST_DIGITS: Final = 20


@attrs.frozen
class Refused:
    """Stands for something that was written but is no value of a spec; ``why`` says it."""

    why: str


Scalar = str | int | float | bool | Refused | None
"""What is neither a list nor a mapping."""


def whole_number(digits: str, base: int = 10) -> int | Refused:
    """Return the integer a text names."""
    return int(digits, base) if len(digits) <= _MOST_DIGITS else Refused(TOO_LARGE)


def flaws(value: object) -> tuple[Problem, ...]:
    """Return what is wrong with a document, or with anything in it, in no particular order."""
    found: list[Problem] = []
    waiting: list[tuple[Path, object]] = [((), value)]
    count = 0
    while waiting:
        path, each = waiting.pop()
        count += 1
        if count > MOST_VALUES:
            return (Problem((), f"more than {MOST_VALUES} values; a spec is smaller"),)
        if isinstance(each, dict | list) and len(path) > DEEPEST:
            found.append(Problem(path, TOO_DEEP))
            continue
        problem = None
        if isinstance(each, dict):
            members = cast("dict[str, object]", each)
            found += _bad_keys(path, members)
            waiting += [((*path, key), member) for key, member in members.items()]
        elif isinstance(each, list):
            items = cast("list[object]", each)
            waiting += [((*path, index), item) for index, item in enumerate(items)]
        else:
            problem = _flaw(each)
        if problem is not None:
            found.append(Problem(path, problem))
    return tuple(found)


def _bad_keys(path: Path, keys: Iterable[str]) -> list[Problem]:
    return [
        Problem((*path, key), f"the key {shown(key)} holds half a surrogate pair")
        for key in keys
        if not _is_unicode(key)
    ]


def _flaw(value: object) -> str | None:
    if value is None or isinstance(value, bool | Refused):
        return value.why if isinstance(value, Refused) else None
    if isinstance(value, str):
        return None if _is_unicode(value) else f"{shown(value)} holds half a surrogate pair"
    if isinstance(value, int):
        return None if -LARGEST_INTEGER <= value <= LARGEST_INTEGER else TOO_LARGE
    if isinstance(value, float):
        return _flaw_in_float(value)
    return f"a {type(value).__name__} is no value of a spec; put it in quotes"


def _flaw_in_float(number: float) -> str | None:
    if not -_INFINITY < number < _INFINITY:
        return f"{number} is not a number that JSON has; put it in quotes"
    is_large = LARGEST_INTEGER < abs(number) < _FIRST_WITH_EXPONENT
    return TOO_LARGE if number % 1 == 0 and is_large else None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
