"""Reading the JSON of a v1 jobpack, which need not be canonical.

v1 takes any JSON text for a value, white space and key order included; of equal keys it takes the
last. A text that says two things is no evidence of either, so equal keys are reported.
"""

from __future__ import annotations

import re
from typing import Any, Final, cast

import msgspec

from wrkr_core.canonical import MAX_DEPTH
from wrkr_core.errors import VerifyMalformedError
from wrkr_core.jobpack.v1.failures import UnexpectedShapeError, printable

_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_sorted: Final = msgspec.json.Encoder(order="sorted").encode


def value_of(data: bytes) -> Any:  # noqa: ANN401 (JSON is any value)
    """Return the value of a JSON text.

    Raises:
        UnexpectedShapeError: It is not JSON.
        VerifyMalformedError: It is not UTF-8, or nested more than 64 deep.

    """
    try:
        value = msgspec.json.decode(data)
        if data.count(b"{") + data.count(b"[") > MAX_DEPTH:  # else it cannot be too deep
            _count_keys(value, MAX_DEPTH)
    except UnicodeDecodeError as error:
        raise VerifyMalformedError(f"it is not UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise VerifyMalformedError(f"it is nested more than {MAX_DEPTH} deep") from error
    except msgspec.MsgspecError as error:
        raise UnexpectedShapeError(f"it is not JSON: {printable(error)}") from error
    return value


def has_equal_keys(data: bytes, value: object) -> bool:
    """Tell whether an object in ``data``, whose value is ``value``, has the same key twice."""
    if _sorted(value) == data:  # as nearly every text is; an object of equal keys cannot be
        return False
    return _STRING.sub(b"", data).count(b":") != _count_keys(value, MAX_DEPTH)


def _count_keys(value: object, depth: int) -> int:
    """Return how many keys all objects in ``value`` have together.

    Raises: RecursionError: it is nested more than ``depth`` deep.
    """
    if isinstance(value, dict):
        members = list(cast("dict[str, object]", value).values())
        count = len(members)
    elif isinstance(value, list):
        members, count = cast("list[object]", value), 0
    else:
        return 0
    if depth == 0:
        raise RecursionError
    return count + sum(_count_keys(each, depth - 1) for each in members)
