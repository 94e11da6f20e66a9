"""Instants, durations and money: exact in both directions, or refused."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core import instants
from wrkr_core.errors import InvalidInputError
from wrkr_core.instants import (
    DAY,
    EARLIEST,
    HOUR,
    LARGEST,
    LATEST,
    MILLISECOND,
    MINUTE,
    SECOND,
    about_text,
    duration_text,
    from_text,
    money_text,
    parse_duration,
    parse_money,
    to_text,
)

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NO_INTEGERS = [True, 1.0, Decimal(2), "3", None]
NO_TEXTS = [True, 1, 1.5, b"2", None]


@given(st.integers(EARLIEST, LATEST))
def test_an_instant_comes_back_from_its_text(at: int) -> None:
    assert from_text(to_text(at)) == at


@given(st.integers(EARLIEST, LATEST))
def test_the_calendar_is_that_of_the_standard_library(at: int) -> None:
    moment = EPOCH + dt.timedelta(microseconds=at)

    assert to_text(at)[:19] == moment.isoformat()[:19]
    assert dt.datetime.fromisoformat(to_text(at)) == moment


def test_every_year_has_the_right_days() -> None:
    for year in range(1, 10_000):
        for day in (dt.date(year, 1, 1), dt.date(year, 3, 1), dt.date(year, 12, 31)):
            at = (day.toordinal() - dt.date(1970, 1, 1).toordinal()) * DAY
            assert to_text(at) == f"{day.isoformat()}T00:00:00Z"
            assert from_text(f"{day.isoformat()}T00:00:00Z") == at
        last = (dt.date(year, 3, 1) - dt.timedelta(days=1)).isoformat()
        assert to_text(from_text(f"{year:04d}-03-01T00:00:00Z") - 1)[:10] == last


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_with_an_offset_is_the_same_instant_in_utc(moment: dt.datetime) -> None:
    offset = moment.utcoffset()
    at = (moment - EPOCH) // dt.timedelta(microseconds=1)
    if offset is None or offset % dt.timedelta(minutes=1) or not EARLIEST <= at <= LATEST:
        return  # RFC 3339 has no seconds in an offset

    assert from_text(moment.isoformat()) == at


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (EARLIEST, "0001-01-01T00:00:00Z"),
        (LATEST, "9999-12-31T23:59:59.999999Z"),
        (951_782_400 * SECOND + 120_000, "2000-02-29T00:00:00.12Z"),
        (1_709_208_000 * SECOND + 1, "2024-02-29T12:00:00.000001Z"),
    ],
)
def test_known_instants_have_known_texts(at: int, text: str) -> None:
    assert to_text(at) == text
    assert from_text(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-29T12:00:00.500Z",
        "2024-02-29T12:00:00.500000000Z",
        "2024-02-29T14:30:00.5+02:30",
        "2024-02-28T23:00:00.5-13:00",
    ],
)
def test_one_instant_has_several_readable_texts(text: str) -> None:
    assert to_text(from_text(text)) == "2024-02-29T12:00:00.5Z"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "form"),
        ("2024-02-29", "form"),
        ("2024-02-29T12:00:00", "form"),
        ("2024-02-29 12:00:00Z", "form"),
        ("2024-02-29t12:00:00z", "form"),
        ("2024-02-29T12:00Z", "form"),
        ("2024-02-29T12:00:00.Z", "form"),
        ("2024-02-29T12:00:00.0000000000Z", "form"),
        ("2024-02-29T12:00:00Z\n", "form"),
        ("\u0662024-02-29T12:00:00Z", "form"),
        ("2024-02-29T12:00:00.0000001Z", "finer than a microsecond"),
        ("2023-02-29T12:00:00Z", "date"),
        ("1900-02-29T12:00:00Z", "date"),
        ("2024-04-31T12:00:00Z", "date"),
        ("2024-13-01T12:00:00Z", "date"),
        ("2024-00-01T12:00:00Z", "date"),
        ("2024-01-00T12:00:00Z", "date"),
        ("0000-01-01T12:00:00Z", "date"),
        ("2024-02-29T24:00:00Z", "time of day"),
        ("2024-02-29T12:60:00Z", "time of day"),
        ("2016-12-31T23:59:60Z", "time of day"),
        ("2024-02-29T12:00:00+24:00", "offset"),
        ("2024-02-29T12:00:00+01:60", "offset"),
        ("0001-01-01T00:00:00+00:01", "outside the years"),
        ("9999-12-31T23:59:59-00:01", "outside the years"),
    ],
)
def test_another_form_of_time_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why) as caught:
        from_text(text)

    assert repr(text) in caught.value.message
    assert "2024-02-29T12:00:00Z" in caught.value.hint


@given(st.integers(0, LARGEST))
def test_a_duration_comes_back_from_its_text(duration: int) -> None:
    assert parse_duration(duration_text(duration)) == duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("2h", 2 * HOUR),
        ("1h30m", 90 * MINUTE),
        ("500ms", 500 * MILLISECOND),
        ("90", 90 * SECOND),
        ("0.25", SECOND // 4),
        ("1.5h", 90 * MINUTE),
        ("2d", 2 * DAY),
        ("1d2h3m4s5ms6us", DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + 5 * MILLISECOND + 6),
        ("1h0.5s", HOUR + SECOND // 2),
        ("0", 0),
        ("0s", 0),
        ("90m", 90 * MINUTE),
    ],
)
def test_people_write_durations_in_many_ways(text: str, duration: int) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("duration", "text"),
    [(0, "0s"), (90 * MINUTE, "1h30m"), (DAY, "1d"), (500 * MILLISECOND, "500ms"), (1, "1us")],
)
def test_a_duration_has_one_text(duration: int, text: str) -> None:
    assert duration_text(duration) == text


WRONG_DURATIONS = [
    "-2h",
    "+2h",
    "2H",
    "2w",
    "h",
    ".5h",
    "5.h",
    "1e3",
    "30m1h",
    "1h1h",
    "1.5h30m",
    "1h30",
    "nan",
    "inf",
    "0x5",
    "1_000",
    "1,5h",
    "2hours",
]


@pytest.mark.parametrize(
    "text", ["", " 2h", "2h ", "\u0662h", "2 h", "2h\n", "9" * 5000, *WRONG_DURATIONS]
)
def test_another_form_of_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a duration") as caught:
        parse_duration(text)

    assert "1h30m" in caught.value.hint


@pytest.mark.parametrize("text", ["0.5us", "0.0000001", "1h0.0001ms"])
def test_a_duration_finer_than_a_microsecond_is_refused_not_rounded(text: str) -> None:
    with pytest.raises(InvalidInputError, match="finer than a microsecond"):
        parse_duration(text)


def test_a_duration_that_json_cannot_hold_is_refused() -> None:
    assert parse_duration(f"{LARGEST}us") == LARGEST

    with pytest.raises(InvalidInputError, match="too long"):
        parse_duration(f"{LARGEST + 1}us")


@given(st.decimals(0, 10**6, places=9), st.sampled_from(["d", "h", "m", "s", "ms", "us"]))
def test_a_fraction_is_exact_or_refused(number: Decimal, unit: str) -> None:
    exact = number * instants._UNITS[unit]
    try:
        assert parse_duration(f"{number:f}{unit}") == exact
    except InvalidInputError:
        assert exact % 1 or exact > LARGEST


@given(st.integers(0, LARGEST))
def test_money_comes_back_from_its_text(amount: int) -> None:
    assert parse_money(money_text(amount)) == amount
    assert Decimal(money_text(amount)) * 1_000_000 == amount


@pytest.mark.parametrize(
    ("text", "amount", "shown"),
    [
        ("0.012", 12_000, "0.012"),
        ("5", 5_000_000, "5"),
        ("5.00", 5_000_000, "5"),
        ("0", 0, "0"),
        ("0.000001", 1, "0.000001"),
        ("9007199254.740991", LARGEST, "9007199254.740991"),
    ],
)
def test_money_is_dollars_in_and_dollars_out(text: str, amount: int, shown: str) -> None:
    assert parse_money(text) == amount
    assert money_text(amount) == shown


WRONG_MONEY = [
    "-1",
    "+1",
    "1e3",
    ".5",
    "5.",
    "0.0000001",
    "1.0000000",
    "$5",
    "1,5",
    "1_000",
    "9007199254.740992",
    "99999999999",
    "NaN",
]


@pytest.mark.parametrize("text", ["", "5 ", " 5", "\u0665", "5\n", *WRONG_MONEY])
def test_another_form_of_money_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(InvalidInputError, match="at most six decimals") as caught:
        parse_money(text)

    assert repr(text) in caught.value.message


@pytest.mark.parametrize("convert", [to_text, duration_text, money_text])
@pytest.mark.parametrize("value", NO_INTEGERS)
def test_only_an_integer_is_an_amount(convert: Callable[[object], object], value: object) -> None:
    with pytest.raises(InvalidInputError, match="whole numbers") as caught:
        convert(value)

    assert repr(value) in caught.value.message


@pytest.mark.parametrize("convert", [from_text, parse_duration, parse_money])
@pytest.mark.parametrize("value", NO_TEXTS)
def test_only_text_is_parsed(convert: Callable[[object], object], value: object) -> None:
    with pytest.raises(InvalidInputError, match="must be text") as caught:
        convert(value)

    assert repr(value) in caught.value.message


@pytest.mark.parametrize(
    ("convert", "value"),
    [
        (to_text, EARLIEST - 1),
        (to_text, LATEST + 1),
        (duration_text, -1),
        (duration_text, LARGEST + 1),
        (money_text, -1),
        (money_text, LARGEST + 1),
    ],
)
def test_an_amount_beyond_its_range_is_refused(
    convert: Callable[[object], object], value: int
) -> None:
    with pytest.raises(InvalidInputError, match=str(value)):
        convert(value)


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (0, "0s"),
        (999, "999us"),
        (1_001, "1ms"),
        (20_968, "20ms"),
        (1_169_579, "1s160ms"),
        (61_999_999, "1m1s"),
        (3_661_000_000, "1h1m"),
        (90_061_000_000, "1d1h1m"),
    ],
)
def test_a_duration_is_as_fine_as_is_of_use(duration: int, said: str) -> None:
    assert about_text(duration) == said


@given(st.integers(0, 2**53 - 1))
def test_what_is_left_out_is_less_than_a_fiftieth(duration: int) -> None:
    shown = parse_duration(about_text(duration))

    assert 0 <= duration - shown <= duration / 50 or duration < 50_000
    assert shown <= duration
