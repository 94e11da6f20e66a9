"""Times as v1 writes them: RFC 3339 in UTC, down to nanoseconds, which ``instants`` does not hold."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from wrkr_core.errors import InvalidInputError
from wrkr_core.instants import from_text

_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.([0-9]{1,9}))?"
    r"(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


def is_time(text: str) -> bool:
    """Tell whether ``text`` is a time in UTC that exists."""
    written = rewritten(text)
    return written is not None and written.endswith("Z")


def rewritten(text: str) -> str | None:
    """Return a time as v1 writes it again after reading it; None if v1 cannot read it.

    Zeros at the end of the fraction go, and an offset of zero becomes ``Z``. v1 computes the digest
    of a manifest over this form, whatever stands in the file.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    date, of_day, fraction, zone = match.groups()
    if not _is_date(date):
        return None
    digits = (fraction or "").rstrip("0")
    zone = "Z" if zone in ("+00:00", "-00:00") else zone
    return f"{date}{of_day}{'.' if digits else ''}{digits}{zone}"


@lru_cache(maxsize=64)  # most times of a job are of the same few days
def _is_date(text: str) -> bool:
    try:
        from_text(f"{text}T00:00:00Z")
    except InvalidInputError:
        return False
    return True
