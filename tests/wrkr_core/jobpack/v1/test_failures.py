"""v1's own codes for what v1 rejects."""

from __future__ import annotations

import pytest

from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.v1.failures import (
    UnexpectedShapeError,
    UnreadableError,
    printable,
    too_large,
)


@pytest.mark.parametrize(
    ("cls", "code", "exit_code"),
    [
        (UnreadableError, "E_GENERIC_FAILURE", 1),
        (UnexpectedShapeError, "E_INVALID_INPUT_SCHEMA", 6),
        (VerifyError, "E_VERIFY_HASH_MISMATCH", 2),
    ],
)
def test_codes_and_exit_codes_are_those_of_v1(
    cls: type[VerifyError], code: str, exit_code: int
) -> None:
    assert issubclass(cls, VerifyError)
    assert (cls.code, cls.exit_code) == (code, exit_code)


def test_what_is_too_large_says_so_with_the_limit_and_a_way_out() -> None:
    error = too_large("the file has 11 bytes", 10, entry="a")

    assert error.message == "the file has 11 bytes, more than the 10 allowed"
    assert error.hint == "raise the limit if the jobpack comes from someone you trust"
    assert error.details == {"reason": "too_large", "limit": 10, "entry": "a"}


def test_what_a_parser_quotes_can_be_printed_on_a_terminal() -> None:
    quoted = ValueError("unknown field `\x1b[31m\u202egnp.exe\u2028\n`, \u00fc")

    assert printable(quoted) == "unknown field `\\u001b[31m\\u202egnp.exe\\u2028\\u000a`, \u00fc"
    assert len(printable(ValueError("x" * 10**6))) == 300
