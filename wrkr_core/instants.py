"""Times, durations and money as whole numbers, and the texts people read and write for them.

An instant is an integer of microseconds since 1970-01-01 UTC, a duration an integer of
microseconds, an amount of money an integer of micro-USD. Texts are for the edges only. Every
conversion is exact: it either gives back the same number or refuses. Nothing here reads a clock.

The calendar is integer arithmetic (Hinnant, "chrono-compatible low-level date algorithms"), because
importing ``datetime`` costs more than all of this module.
"""

from __future__ import annotations

import re
from typing import Final

from wrkr_core.errors import InvalidInputError

MICROSECOND: Final = 1
MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
USD: Final = 1_000_000

EARLIEST: Final = -62_135_596_800 * SECOND
"""0001-01-01T00:00:00Z, the first instant that has a text."""
LATEST: Final = 253_402_300_800 * SECOND - 1
"""9999-12-31T23:59:59.999999Z, the last instant that has a text."""
LARGEST: Final = 2**53 - 1
"""The largest amount: JSON holds no larger integer exactly (RFC 8785, section 3.2.2.3)."""

_UNITS: Final = {
    "d": DAY,
    "h": HOUR,
    "m": MINUTE,
    "s": SECOND,
    "ms": MILLISECOND,
    "us": MICROSECOND,
}
# From so many µs on, what is finer than the second figure means nothing to people.
_GRAINS: Final = ((HOUR, MINUTE), (MINUTE, SECOND), (SECOND, 10 * MILLISECOND))
# Texts, not patterns made of them: ``re`` makes those when they are first asked for.
_INSTANT: Final = (
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"T(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?"
    r"(?:Z|(?P<sign>[+-])(?P<ahead_hours>\d\d):(?P<ahead_minutes>\d\d))"
)
_DURATION: Final = "".join(
    rf"(?:(?P<{unit}>\d{{1,16}}(?:\.\d{{1,16}})?){unit})?" for unit in _UNITS
)
_SECONDS: Final = r"\d{1,16}(?:\.\d{1,16})?"
_MONEY: Final = r"(?P<whole>\d{1,10})(?:\.(?P<fraction>\d{1,6}))?"
_DAYS_TO_1970: Final = 719_468
_DAYS_IN_400_YEARS: Final = 146_097


def to_text(at: int) -> str:
    """Return the instant as RFC 3339 UTC: ``2024-02-29T12:00:00.5Z``, no trailing zeros.

    Raises:
        InvalidInputError: Not an integer, or outside the years 1 to 9999.

    """
    _check_whole("an instant", at, EARLIEST, LATEST, "microseconds since 1970 in years 1 to 9999")
    days, of_day = divmod(at, DAY)
    year, month, day = _civil(days)
    hour, of_hour = divmod(of_day, HOUR)
    minute, of_minute = divmod(of_hour, MINUTE)
    second, fraction = divmod(of_minute, SECOND)
    date = f"{year:04d}-{month:02d}-{day:02d}"
    return f"{date}T{hour:02d}:{minute:02d}:{second:02d}{_fraction(fraction)}Z"


def from_text(text: str) -> int:
    """Return the instant an RFC 3339 text names, in microseconds since 1970 UTC.

    Capital ``T`` and ``Z`` or a numeric offset; up to nine digits of fraction when all after the
    sixth are zeros; no leap seconds, which this count of microseconds cannot hold.

    Raises:
        InvalidInputError: Another form, a date or time that does not exist, or one outside the
            years 1 to 9999 UTC.

    """
    match = re.fullmatch(_INSTANT, _checked_text("a time", text), re.ASCII)
    if match is None:
        raise _bad_instant(text, "it is not of the form 2024-02-29T12:00:00Z")
    year, month, day, hour, minute, second = (int(each) for each in match.group(1, 2, 3, 4, 5, 6))
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        raise _bad_instant(text, "there is no such date")
    if hour > 23 or minute > 59 or second > 59:
        raise _bad_instant(text, "there is no such time of day")
    fraction = (match["fraction"] or "").ljust(9, "0")
    if fraction[6:] != "000":
        raise _bad_instant(text, "it is finer than a microsecond")
    at = _days(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND
    at += int(fraction[:6]) - _offset(match, text)
    if not EARLIEST <= at <= LATEST:
        raise _bad_instant(text, "in UTC it is outside the years 1 to 9999")
    return at


def parse_duration(text: str) -> int:
    """Return the duration a text like ``2h``, ``1h30m``, ``500ms``, ``1.5h`` or ``90`` names.

    In microseconds. Units are d, h, m, s, ms and us, the larger first, each at most once; a plain
    number is seconds; only the last number may have a fraction.

    Raises:
        InvalidInputError: Another form, finer than a microsecond, or more than 2^53-1 microseconds.

    """
    _checked_text("a duration", text)
    if re.fullmatch(_SECONDS, text, re.ASCII):
        parts = [("s", text)]
    else:
        match = re.fullmatch(_DURATION, text, re.ASCII)
        parts = [] if match is None else [(u, n) for u, n in match.groupdict().items() if n]
    if not parts or any("." in number for _, number in parts[:-1]):
        raise InvalidInputError(
            f"{text!r} is not a duration",
            hint="write 2h, 1h30m, 1.5h, 500ms or a number of seconds; units are d h m s ms us",
            value=text,
        )
    total = sum(_scaled(text, number, _UNITS[unit]) for unit, number in parts)
    if total > LARGEST:
        raise InvalidInputError(
            f"{text!r} is too long a duration; at most {duration_text(LARGEST)} are allowed",
            value=text,
        )
    return total


def duration_text(duration: int) -> str:
    """Return a duration of microseconds as text that ``parse_duration`` reads back: ``1h30m``.

    Raises:
        InvalidInputError: Not an integer, negative, or more than 2^53-1.

    """
    _check_whole("a duration", duration, 0, LARGEST, "microseconds from 0 to 2^53-1")
    rest = duration
    parts: list[str] = []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def about_text(duration: int) -> str:
    """Return a duration in µs for people, without what is too fine for its length: ``1s440ms``."""
    grain = next((grain for least, grain in _GRAINS if duration >= least), MILLISECOND)
    return duration_text(duration - duration % grain if duration >= MILLISECOND else duration)


def parse_money(text: str) -> int:
    """Return the micro-USD of a decimal amount of dollars: ``0.012`` is 12000.

    Raises:
        InvalidInputError: Not plain decimal digits, more than six decimals, negative, or more than
            2^53-1 micro-USD.

    """
    match = re.fullmatch(_MONEY, _checked_text("an amount of money", text), re.ASCII)
    amount = -1
    if match is not None:
        amount = int(match["whole"]) * USD + int((match["fraction"] or "").ljust(6, "0"))
    if not 0 <= amount <= LARGEST:
        raise InvalidInputError(
            f"{text!r} is not an amount of money;"
            f" allowed are 0 to {money_text(LARGEST)} with at most six decimals",
            hint="write dollars as plain digits, like 5 or 0.012",
            value=text,
        )
    return amount


def money_text(amount: int) -> str:
    """Return micro-USD as decimal text that ``parse_money`` reads back: 12000 is ``0.012``.

    Raises:
        InvalidInputError: Not an integer, negative, or more than 2^53-1.

    """
    _check_whole("an amount of money", amount, 0, LARGEST, "micro-USD from 0 to 2^53-1")
    return f"{amount // USD}{_fraction(amount % USD)}"


def _fraction(millionths: int) -> str:
    return f".{millionths:06d}".rstrip("0") if millionths else ""


def _scaled(text: str, number: str, size: int) -> int:
    whole, _, decimals = number.partition(".")
    scale: int = 10 ** len(decimals)
    total, finer = divmod(int(whole + decimals) * size, scale)
    if finer:
        raise InvalidInputError(f"{text!r} is finer than a microsecond", value=text)
    return total


def _offset(match: re.Match[str], text: str) -> int:
    if match["sign"] is None:
        return 0
    hours, minutes = int(match["ahead_hours"]), int(match["ahead_minutes"])
    if hours > 23 or minutes > 59:
        raise _bad_instant(text, "there is no such offset")
    ahead = hours * HOUR + minutes * MINUTE
    return -ahead if match["sign"] == "-" else ahead


def _civil(days: int) -> tuple[int, int, int]:
    """Return year, month and day of the day ``days`` after 1970-01-01."""
    # Years are counted from March, so that the leap day is the last day of a year.
    era, of_era = divmod(days + _DAYS_TO_1970, _DAYS_IN_400_YEARS)
    years = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    months = (5 * of_year + 2) // 153
    month = months + 3 if months < 10 else months - 9
    return years + 400 * era + (month <= 2), month, of_year - (153 * months + 2) // 5 + 1


def _days(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a date; the inverse of ``_civil``."""
    era, years = divmod(year - (month <= 2), 400)
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    of_era = years * 365 + years // 4 - years // 100 + of_year
    return era * _DAYS_IN_400_YEARS + of_era - _DAYS_TO_1970


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


def _check_whole(what: str, value: object, least: int, most: int, allowed: str) -> None:
    # A bool is an int to Python, but never an amount of anything.
    if type(value) is not int or not least <= value <= most:
        raise InvalidInputError(
            f"{value!r} is not {what}; allowed are whole numbers of {allowed}", value=repr(value)
        )


def _checked_text(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(
            f"{value!r} is not {what}; it must be text, not {type(value).__name__}",
            hint="put the value in quotes",
            value=repr(value),
        )
    return value


def _bad_instant(text: str, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"{text!r} is not a time: {why}",
        hint="write RFC 3339 with Z or an offset, like 2024-02-29T12:00:00Z",
        value=text,
    )
