"""Which values each kind of ``shape`` takes: the strict rules, and how a wrong value is answered.

Nothing is converted: text is never a number, a number never text, neither ever a boolean. The two
exceptions are written down as such: a duration may be whole seconds, money whole dollars.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wrkr_core.budget import LARGEST
from wrkr_core.checkpoint import KINDS, LONGEST_SUMMARY, Kind
from wrkr_core.environment import check_rules
from wrkr_core.errors import InvalidInputError
from wrkr_core.ids import check_name
from wrkr_core.instants import parse_duration, parse_money
from wrkr_core.spec import VARIABLE_NAME
from wrkr_core.spec_file import shape
from wrkr_core.spec_file.problems import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable

LABEL: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
FUNCTION_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*"
PLACE: Final = r"(?!(?:[^/]*/)*\.\.(?:/|\Z))[^/\\\0\n][^\\\0\n]*"
DURATION_HINT: Final = "write 30s, 5m or 2h"

_SAID: Final[dict[type, str]] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}
_BOOLEAN_WORDS: Final = {
    **dict.fromkeys(("yes", "y", "on", "true"), "true"),
    **dict.fromkeys(("no", "n", "off", "false"), "false"),
}
_DIGITS: Final = re.compile(r"[-+]?[0-9][0-9_]*")


def wrong(value: object, wanted: str, hint: str = "") -> InvalidInputError:
    """Return the error for a value of another type than ``wanted``."""
    if value is None:
        hint = "write a value, or leave the key out"
        return InvalidInputError(f"this is empty, not {wanted}", hint=hint)
    said = _SAID.get(type(value), "something else")
    subject = "this" if isinstance(value, list | dict) else shown(value)
    return InvalidInputError(f"{subject} is {said}, not {wanted}", hint=hint)


def text(value: object) -> str:
    """Return ``value`` if it is text that a program can be given. Raises: InvalidInputError."""
    if not isinstance(value, str):
        is_scalar = isinstance(value, bool | int | float)
        raise wrong(value, "text", f"write '{shown(value)}' in quotes" if is_scalar else "")
    return value


def boolean(value: object) -> bool:
    """Return ``value`` if it is a boolean. Raises: InvalidInputError."""
    if isinstance(value, bool):
        return value
    word = _BOOLEAN_WORDS.get(value.lower()) if isinstance(value, str) else None
    raise wrong(value, "a boolean", f"write {word or 'true or false'}, without quotes")


def count(value: object) -> int:
    """Return ``value`` if it is a whole number from 0 up. Raises: InvalidInputError."""
    if type(value) is not int:
        is_digits = isinstance(value, str) and _DIGITS.fullmatch(value)
        digits = str(value).replace("_", "") if is_digits else "10"
        raise wrong(value, "a whole number", f"write digits without quotes, like {digits:.20}")
    if not 0 <= value <= LARGEST:
        raise InvalidInputError(f"{shown(value)} is not a whole number from 0 up")
    return value


def duration(value: object) -> int:
    """Return the microseconds that text or whole seconds name. Raises: InvalidInputError."""
    if type(value) is not int and not isinstance(value, str):
        raise wrong(value, "a duration", _quoted_seconds(value) or DURATION_HINT)
    try:
        return parse_duration(str(value))
    except InvalidInputError as error:
        raise InvalidInputError(error.message, hint=DURATION_HINT) from error


def timeout(value: object) -> int:
    """Return a duration that is not nothing. Raises: InvalidInputError."""
    lasts = duration(value)
    if lasts == 0:
        raise InvalidInputError(f"{shown(value)} leaves no time", hint="leave it out for no limit")
    return lasts


def money(value: object) -> int:
    """Return the micro-USD that text or whole dollars name. Raises: InvalidInputError."""
    if isinstance(value, float):
        raise InvalidInputError(
            f"{shown(value)} is a float, which cannot hold every amount exactly",
            hint=f'put it in quotes: "{value}"',
        )
    if type(value) is not int and not isinstance(value, str):
        raise wrong(value, "an amount of money", 'write dollars in quotes, like "0.50"')
    return parse_money(str(value))


def argument(value: object) -> str:
    """Return ``value`` if a program can be given it. Raises: InvalidInputError."""
    said = text(value)
    if "\0" in said:
        raise InvalidInputError(f"{shown(said)} holds the character U+0000, which no program takes")
    return said


def variable_value(value: object) -> str:
    """Return ``value`` if a variable can have it; it is not shown, because it may be a secret.

    Raises: InvalidInputError.
    """
    if value is None:
        raise wrong(value, "text")
    if not isinstance(value, str):
        said = _SAID.get(type(value), "something else")
        is_scalar = isinstance(value, bool | int | float)
        hint = "write it in quotes" if is_scalar else ""
        raise InvalidInputError(f"this is {said}, not text", hint=hint)
    if "\0" in value:
        raise InvalidInputError("this holds the character U+0000, which no program takes")
    return value


def line(value: object) -> str:
    """Return ``value`` if a shell can be given it. Raises: InvalidInputError."""
    said = argument(value)
    if not said.strip():
        raise InvalidInputError("the command is empty")
    return said


def question(value: object) -> str:
    """Return ``value`` if a checkpoint can hold it as its summary. Raises: InvalidInputError."""
    said = text(value)
    if not said.strip():
        raise InvalidInputError("the question is empty")
    if len(said) > LONGEST_SUMMARY:
        raise InvalidInputError(
            f"the question has {len(said)} characters; at most {LONGEST_SUMMARY} are recorded"
        )
    return said


def checkpoint_kind(value: object) -> Kind:
    """Return ``value`` if it is a kind of checkpoint. Raises: InvalidInputError."""
    said = text(value)
    for kind in KINDS:
        if said == kind:
            return kind
    near = nearest(said, KINDS)
    hint = f"did you mean {near!r}?" if near else f"known: {', '.join(KINDS)}"
    raise InvalidInputError(f"{shown(said)} is no kind of checkpoint", hint=hint)


def _quoted_seconds(value: object) -> str:
    return f"write '{value}s' in quotes" if isinstance(value, float) else ""


def _matching(pattern: str, what: str, hint: str) -> Callable[[object], str]:
    compiled = re.compile(pattern)

    def check(value: object) -> str:
        said = text(value)
        if compiled.fullmatch(said):
            return said
        raise InvalidInputError(f"{shown(said)} is not {what}", hint=hint)

    return check


VARIABLE: Final = _matching(
    VARIABLE_NAME, "the name of an environment variable", "use letters, digits and _"
)
KINDS_OF_VALUE: Final[dict[Any, Callable[[object], object]]] = {
    str: text,
    bool: boolean,
    shape.Name: lambda value: check_name(text(value)),
    shape.Label: _matching(LABEL, "an id", "use 1 to 100 letters, digits, '.', '_' and '-'"),
    shape.Argument: argument,
    shape.Line: line,
    shape.Question: question,
    shape.Place: _matching(
        PLACE, "a place inside the workspace", "write it relative, with / and without .."
    ),
    shape.Rule: lambda value: check_rules([text(value)])[0],
    shape.VariableName: VARIABLE,
    shape.FunctionName: _matching(FUNCTION_NAME, "a function", "write it as module:function"),
    shape.Duration: duration,
    shape.Timeout: timeout,
    shape.Money: money,
    shape.Count: count,
}
"""What reads a value, by its kind; ``converting`` hands it to cattrs."""
