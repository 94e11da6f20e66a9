"""What an unquoted word of YAML means: the core schema of YAML 1.2.2 (section 10.3.2).

PyYAML resolves by YAML 1.1, where ``yes``, ``on`` and ``no`` are booleans, ``12:30`` is 750,
``1_000`` a number and ``010`` eight. In a file that says what may run unasked, that is no trifle.
So here ``yes``, ``on``, ``12:30`` and ``1_000`` are text, and fail where a boolean or a number is
wanted.

Stricter than the core schema in two points, where readers of the two versions disagree in silence:
a number with a leading zero (8 or 10?) and an unquoted date (a date or text?) are refused. Quoted,
both are text. Octal is ``0o10``, hexadecimal ``0xff``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wrkr_core.spec_file.flaws import Refused, whole_number
from wrkr_core.spec_file.problems import shown

if TYPE_CHECKING:
    from wrkr_core.spec_file.flaws import Scalar

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o([0-7]+)")
_HEXADECIMAL: Final = re.compile(r"0x([0-9a-fA-F]+)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]")
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?"
)


def resolve(text: str) -> Scalar:
    """Return what an unquoted scalar means: None, a bool, int, float or text, or a ``Refused``."""
    if text in _WORDS:
        return _WORDS[text]
    if _TIMESTAMP.fullmatch(text):
        return Refused(f"{shown(text)} is a date to some readers of YAML; put it in quotes")
    if match := _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return whole_number(match[1], 8 if text[1] == "o" else 16)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return _number(text) if _FLOAT.fullmatch(text) else text


def _number(text: str) -> Scalar:
    if _LEADING_ZERO.match(text):
        return Refused(
            f"{text:.40} has a leading zero, which readers of YAML take differently;"
            " write it without, or put it in quotes"
        )
    return whole_number(text) if _INTEGER.fullmatch(text) else float(text)
