"""Private keys in the clear: blocks of many lines, found whole, and found when they are cut.

``detect-secrets`` knows their first line; what has to be masked are all the others. A key whose end
was cut off reaches as far as there is something that a key may hold, and so does one whose beginning
was. Everything is looked at a fixed number of times, however the text is made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN: Final = re.compile(
    rb"(?:-{4,5} ?)?BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?(?: ?-{4,5})?"
    rb"|PuTTY-User-Key-File-[23]"
)
_END: Final = re.compile(
    rb"(?:-{4,5} ?)?END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?(?: ?-{4,5})?"
    rb"|Private-MAC: [0-9a-f]+"
)
KEY_HINTS: Final = (b"PRIVATE KEY", b"PuTTY-User-Key-File-", b"Private-MAC: ")
"""Texts of which one is in every key, whole or cut."""
LONGEST: Final = 64 * 1024  # bytes between the first line of a key and its last
# Base64 and what divides its lines, also where the lines are part of a JSON or Python text.
_BODY: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n\t \\\"',\0"
_LINE: Final = re.compile(rb"[A-Za-z0-9+/=]{16}")
_RUN: Final = re.compile(
    rb"""(?:
        (?:[\r\n\t \"',\0]|\\[nrt])*+
        (?:[A-Za-z0-9-]{2,30}:\ [^\r\n\\\"]{0,200}|[A-Za-z0-9+/=]{16,}+)
    )*+
    (?:(?:[\r\n\t \"',\0]|\\[nrt])*+[A-Za-z0-9+/=]*+\Z)?""",
    re.VERBOSE,
)


def private_keys(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the beginning and end of every private key in ``data``, in order."""
    if not any(hint in data for hint in KEY_HINTS):
        return
    done = 0
    begins = _spans(_BEGIN, data)
    begin = next(begins, None)
    for last in [*_spans(_END, data), (len(data) + LONGEST + 1, 0)]:
        while begin is not None and begin[0] < last[0]:
            if begin[0] >= done:
                is_near = last[0] - begin[1] <= LONGEST
                body_end = last[0] if is_near else _end_of_body(data, begin[1])
                done = max(begin[1], body_end)
                if _LINE.search(data, begin[1], body_end):
                    done = last[1] if is_near else body_end
                    yield begin[0], done
            begin = next(begins, None)
        if done <= last[0] <= len(data):
            start = _begin_of_body(data, done, last[0])
            if start < last[0]:
                yield start, last[1]
        done = max(done, last[1])


def _spans(pattern: re.Pattern[bytes], data: bytes) -> Iterator[tuple[int, int]]:
    return (found.span() for found in pattern.finditer(data))


def _end_of_body(data: bytes, start: int) -> int:
    """Return where a key that has no last line stops being one."""
    run = _RUN.match(data, start, start + LONGEST)
    return run.end() if run is not None else start


def _begin_of_body(data: bytes, after: int, end: int) -> int:
    """Return where a key of which only the end is there begins; ``end`` if nothing of it is."""
    before = data[max(after, end - LONGEST) : end]
    start = end - (len(before) - len(before.rstrip(_BODY)))
    return start if _LINE.search(data, start, end) else end
