"""Names of jobs, checkpoints and actors: what they may look like.

A wrong name is refused, never repaired: two names that a repair makes equal would be one job. All
generated names are pure functions of the instant and the random bytes handed in.
"""

from __future__ import annotations

import re
from typing import Final

from wrkr_core.errors import InvalidInputError

JOB_ID: Final = r"[a-z0-9][a-z0-9._-]{0,126}"
"""What a job id matches in whole; besides, it holds no ``..``."""
NAME: Final = r"[a-z0-9][a-z0-9._-]{0,99}"
"""What a job's name matches in whole; besides, it holds no ``..``."""
TIME_SORTABLE: Final = r"[0-7][0-9a-hjkmnp-tv-z]{25}"
"""What ``time_sortable`` makes."""
ENTROPY_BYTES: Final = 10
"""How many random bytes make one time-sortable id unique."""
LONGEST_ACTOR: Final = 200

_CHECKPOINT_ID: Final = r"cp_([1-9][0-9]{0,15})"
_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LARGEST_SEQ: Final = 2**53 - 1
_MILLISECOND: Final = 1_000
# Listed, not asked of the Unicode database: what is printable must not depend on the Python that
# looks. Controls, line ends, lone surrogates, and marks that hide or reorder the text around them.
_UNPRINTABLE: Final = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def check_job_id(text: str) -> str:
    """Return ``text`` unchanged if it is a job id.

    Raises:
        InvalidInputError: It does not match ``JOB_ID``, or holds ``..``.

    """
    return _matching("job id", text, JOB_ID, 127)


def check_name(text: str) -> str:
    """Return ``text`` unchanged if it is a job's name, the part a generated job id begins with.

    Raises:
        InvalidInputError: It does not match ``NAME``, or holds ``..``.

    """
    return _matching("job name", text, NAME, 100)


def time_sortable(at: int, entropy: bytes) -> str:
    """Return 26 characters that sort by time: 48 bits of milliseconds, then 80 bits of ``entropy``.

    A ULID in lower case (Crockford's base32, without i, l, o and u). ``at`` is microseconds since
    1970; two calls differ unless millisecond and entropy are both equal.

    Raises:
        InvalidInputError: An instant before 1970 or after the year 10889, or not ten bytes.

    """
    if type(at) is not int or not 0 <= at // _MILLISECOND < 2**48:
        raise InvalidInputError(
            f"{at!r} cannot be the time of an id;"
            " allowed are whole microseconds since 1970, up to the year 10889",
            value=repr(at),
        )
    if type(entropy) is not bytes or len(entropy) != ENTROPY_BYTES:
        raise InvalidInputError(f"an id takes exactly {ENTROPY_BYTES} random bytes")
    number = (at // _MILLISECOND) << 80 | int.from_bytes(entropy, "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def job_id_for(name: str, suffix: str) -> str:
    """Return the generated job id ``<name>-<suffix>``; ``suffix`` is what ``time_sortable`` made.

    Raises:
        InvalidInputError: Not a job name, or not a time-sortable id.

    """
    if not _is_text(suffix) or not re.fullmatch(TIME_SORTABLE, suffix):
        raise InvalidInputError(
            f"{suffix!r} is not a time-sortable id of 26 characters", value=repr(suffix)
        )
    return f"{check_name(name)}-{suffix}"


def checkpoint_id(seq: int) -> str:
    """Return the id of the checkpoint that the event ``seq`` of a job recorded: ``cp_<seq>``.

    Raises:
        InvalidInputError: Not an integer from 1 to 2^53-1.

    """
    if type(seq) is not int or not 1 <= seq <= _LARGEST_SEQ:
        raise InvalidInputError(
            f"{seq!r} is not the seq of an event; allowed are whole numbers from 1",
            value=repr(seq),
        )
    return f"cp_{seq}"


def check_checkpoint_id(text: str) -> str:
    """Return ``text`` unchanged if it is a checkpoint id.

    Raises:
        InvalidInputError: It is not ``cp_`` and the number of an event, without leading zeros.

    """
    match = re.fullmatch(_CHECKPOINT_ID, text) if _is_text(text) else None
    if match is None or int(match[1]) > _LARGEST_SEQ:
        raise InvalidInputError(
            f"{text!r} is not a checkpoint id",
            hint="write cp_ and a number, like cp_11; `wrkr checkpoint list` shows them",
            value=repr(text),
        )
    return text


def check_actor(text: str) -> str:
    """Return ``text`` unchanged if it can name who did something, a person or a program.

    1 to 200 characters on one line; no control characters, no marks that hide or reorder text.

    Raises:
        InvalidInputError: Empty, blank, longer, or with such a character.

    """
    if not _is_text(text):
        problem = "it is not text"
    elif not text.strip():
        problem = "it is empty"
    elif len(text) > LONGEST_ACTOR:
        problem = f"it has {len(text)} characters, {LONGEST_ACTOR} are allowed"
    elif bad := re.search(_UNPRINTABLE, text):
        problem = f"character {bad.start() + 1} is U+{ord(bad[0]):04X}, which cannot be seen"
    else:
        return text
    raise InvalidInputError(
        f"{text!r} cannot name who did it: {problem}",
        hint="give a name of 1 to 200 visible characters, like ann@example.com",
        value=repr(text),
    )


def _is_text(value: object) -> bool:
    # Ids come from files and other programs too, where no type checker has looked.
    return isinstance(value, str)


def _matching(what: str, text: str, pattern: str, longest: int) -> str:
    if _is_text(text) and re.fullmatch(pattern, text) and ".." not in text:
        return text
    raise InvalidInputError(
        f"{text!r} is not a {what}: it must match {pattern} and hold no '..'",
        hint=f"use 1 to {longest} of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
        value=repr(text),
    )
