"""What v1's own verification calls by codes that mean something else elsewhere in this project.

A jobpack that v1 rejects is rejected here under the same code, so that a script written for v1 goes
on working. What v1 lets pass and should not is rejected under this project's own codes.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from wrkr_core.errors import InvalidInputError, VerifyError, VerifyMalformedError, WrkrError

Overlooked: TypeAlias = VerifyMalformedError | None
"""The first thing found that v1 lets pass, to be raised once v1's own checks are through."""

_LONGEST_SAID: Final = 300
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069]")


class UnreadableError(VerifyError):
    """No reader of v1 can open it: not a whole zip, damaged content, or no manifest in it."""

    code = WrkrError.code
    exit_code = WrkrError.exit_code


class UnexpectedShapeError(VerifyError):
    """A document or line has not the shape that v1's schema for it asks for."""

    code = InvalidInputError.code
    exit_code = InvalidInputError.exit_code


def printable(error: Exception) -> str:
    """Return what a parser says of foreign text, which it may quote, so that it can be printed."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", str(error)[:_LONGEST_SAID])


def too_large(what: str, limit: int, **details: object) -> VerifyMalformedError:
    """Return the refusal of something larger than the limits allow."""
    return VerifyMalformedError(
        f"{what}, more than the {limit} allowed",
        hint="raise the limit if the jobpack comes from someone you trust",
        reason="too_large",
        limit=limit,
        **details,
    )
