"""Meters, limits, and the arithmetic that decides what still fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import LARGEST, METERS
from wrkr_core.budget import (
    BUILT_IN_METERS,
    Amount,
    Budget,
    Overrun,
    amount_text,
    amounts,
    check_meter,
    duration,
    overrun_text,
    overruns,
    refused,
    spent_text,
)
from wrkr_core.errors import InvalidInputError

BY_METER = st.dictionaries(st.sampled_from(METERS), st.integers(0, 100))


def of(**given: int) -> tuple[Amount, ...]:
    return tuple(Amount(meter=meter, amount=given[meter]) for meter in sorted(given))


def test_amounts_are_in_the_meters_unit_by_name() -> None:
    found = amounts(wall="2h", cost="0.012", tool_calls=3, tokens=0, pages_read=7)

    assert found == of(cost=12_000, pages_read=7, tokens=0, tool_calls=3, wall=7_200_000_000)


def test_whole_numbers_are_seconds_of_time_and_dollars_of_money() -> None:
    assert amounts(wall=90, cost=5) == of(cost=5_000_000, wall=90_000_000)
    assert duration(90) == duration("90") == duration("1m30s") == 90_000_000


def test_a_meter_given_as_none_is_not_named() -> None:
    assert amounts(wall=None, cost=None, tokens=None) == ()


@pytest.mark.parametrize(
    ("given_amounts", "said"),
    [
        ({"tokens": -1}, "tokens is -1; it must be a whole number from 0 up"),
        ({"tokens": 1.0}, "tokens is 1.0; it must be a whole number"),
        ({"tokens": True}, "tokens is True; it must be a whole number"),
        ({"tokens": "7"}, "tokens is '7'; it must be a whole number"),
        ({"tokens": LARGEST + 1}, "tokens is 9007199254740992; it must be"),
        ({"cost": 0.012}, "cost is 0.012; write it as text"),
        ({"cost": True}, "cost is True; write it as text"),
        ({"cost": "-1"}, "'-1'"),
        ({"cost": "0.0000001"}, "'0.0000001'"),
        ({"cost": "1e3"}, "'1e3'"),
        ({"wall": 1.5}, "a duration is 1.5; write it as text"),
        ({"wall": -1}, "'-1' is not a duration"),
        ({"wall": "soon"}, "'soon' is not a duration"),
        ({"Tokens": 1}, "'Tokens' cannot name a meter"),
        ({"_x": 1}, "'_x' cannot name a meter"),
        ({"a" * 33: 1}, "cannot name a meter"),
        ({"tokens ": 1}, "cannot name a meter"),
        ({"": 1}, "cannot name a meter"),
    ],
)
def test_what_is_no_amount_is_refused_with_the_value(
    given_amounts: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        amounts(**given_amounts)  # type: ignore[arg-type]

    assert said in caught.value.message


def test_a_meters_name_is_at_most_32_characters_of_an_identifier() -> None:
    assert check_meter("a" * 32) == "a" * 32
    assert all(check_meter(meter) == meter for meter in BUILT_IN_METERS)


@pytest.mark.parametrize("amount", [-1, LARGEST + 1, float("nan")])
def test_an_amount_beyond_its_range_cannot_be(amount: int) -> None:
    with pytest.raises(ValueError, match="an amount of tokens is"):
        Amount(meter="tokens", amount=amount)


@pytest.mark.parametrize("amount", [0.5, 1.0, True])
def test_an_amount_is_a_whole_number(amount: int) -> None:
    """A float in an event makes its job unreadable: it is written and never read back."""
    with pytest.raises((ValueError, TypeError)):
        Amount(meter="cost", amount=amount)


def test_a_budget_is_its_limits_by_meter() -> None:
    budget = Budget(cost="5", tool_calls=200, wall="2h", pages_read=3)

    assert budget.limits == of(cost=5_000_000, pages_read=3, tool_calls=200, wall=7_200_000_000)
    assert Budget().limits == ()
    assert Budget.of(reversed(budget.limits)) == budget
    assert Budget.of(reversed(budget.limits)) is not budget
    assert hash(Budget.of(budget.limits)) == hash(budget)


def test_a_wrong_limit_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        Budget(tokens=-1)
    with pytest.raises(InvalidInputError):
        Budget(wall="forever")


@given(BY_METER, BY_METER, BY_METER, BY_METER)
def test_what_is_not_refused_fits_and_what_is_does_not(
    limits: dict[str, int], spent: dict[str, int], reserved: dict[str, int], wanted: dict[str, int]
) -> None:
    """Invariant I4: spent + open + wanted <= limit, or it is refused."""
    over = {each.meter: each for each in refused(limits, spent, reserved, of(**wanted))}

    for meter, amount in wanted.items():
        used = spent.get(meter, 0) + reserved.get(meter, 0)
        fits = meter not in limits or used + amount <= limits[meter]
        assert fits == (meter not in over)
        if not fits:
            assert over[meter] == Overrun(
                meter=meter, used=used, wanted=amount, limit=limits[meter]
            )
    assert set(over) <= set(wanted)


def test_a_meter_named_twice_is_refused_by_its_sum() -> None:
    """Invariant I4: two halves of one reservation must not each be measured alone."""
    halves = (Amount(meter="tokens", amount=6), Amount(meter="tokens", amount=6))

    assert refused({"tokens": 10}, {}, {}, halves) != ()


@given(BY_METER, BY_METER, BY_METER)
def test_a_meter_is_over_once_more_than_its_limit_is_used_and_time_once_it_is_used_up(
    limits: dict[str, int], spent: dict[str, int], reserved: dict[str, int]
) -> None:
    over = [each.meter for each in overruns(limits, spent, reserved)]

    used = {meter: spent.get(meter, 0) + reserved.get(meter, 0) for meter in limits}
    assert over == sorted(
        meter
        for meter, limit in limits.items()
        if used[meter] > limit or (meter == "wall" and used[meter] == limit)
    )


def test_a_meter_without_a_limit_is_never_over() -> None:
    assert overruns({}, {"tokens": LARGEST}, {"tokens": LARGEST}) == ()
    assert refused({}, {"tokens": LARGEST}, {}, of(tokens=LARGEST)) == ()


def test_overruns_read_like_a_sentence() -> None:
    over = (
        Overrun(meter="steps", used=2, wanted=1, limit=2),
        Overrun(meter="cost", used=12_500, wanted=0, limit=10_000),
        Overrun(meter="wall", used=5_400_000_000, wanted=0, limit=3_600_000_000),
    )

    assert overrun_text(over) == (
        "steps: 2 used, 1 more wanted, limit 2; "
        "cost: 0.0125 USD used, limit 0.01 USD; "
        "wall: 1h30m used, limit 1h"
    )
    assert overrun_text(()) == ""
    assert amount_text("tokens", 7) == "7"


def test_only_running_time_is_rounded() -> None:
    assert spent_text("wall", 1_445_886) == "1s440ms"
    assert spent_text("tokens", 1_445_886) == "1445886"
    assert spent_text("cost", 12_000) == "0.012 USD"
