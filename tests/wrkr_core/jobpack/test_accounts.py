"""The second book of a budget says what the first one says, and what was not allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core import events as e
from wrkr_core.budget import Amount, Reservation, amounts
from wrkr_core.jobpack.accounts import Accounts

STEP = e.StepRef(name="edit", occurrence=1)


def started(attempt: int = 1) -> e.StepStarted:
    return e.StepStarted(step=STEP, attempt=attempt, epoch=1)


def reserved(name: str, **used: int) -> e.BudgetReserved:
    return e.BudgetReserved(reservation=Reservation(id=name, amounts=amounts(**used)))


def finished(wall: str) -> e.StepFinished:
    return e.StepFinished(step=STEP, attempt=1, epoch=1, usage=amounts(wall=wall))


FAILED = e.StepFailed(
    step=STEP, attempt=2, epoch=1, code="E_ADAPTER_FAIL", error_type="OSError", message="no"
)


def test_everything_that_uses_something_is_counted() -> None:
    accounts = Accounts(())

    for event in (
        started(1),
        started(2),
        FAILED,
        started(3),
        finished("2s"),
        e.Charged(amounts=amounts(tokens=5)),
        reserved("a", tokens=7),
        e.BudgetSettled(reservation="a", amounts=amounts(tokens=6)),
        e.LeaseReleased(worker="w", epoch=1, reason="left", heartbeats=0, usage=amounts(wall="1s")),
        e.JobPaused(reason="lunch"),
    ):
        accounts.take_in(event)

    assert accounts.spent() == amounts(steps=1, retries=1, tokens=11, wall="3s")


@pytest.mark.parametrize(("limit", "is_refused"), [(2, True), (3, False)])
def test_a_reservation_must_fit_beside_what_is_spent_and_reserved(
    limit: int,
    is_refused: bool,  # noqa: FBT001  # a row of the table
) -> None:
    accounts = Accounts(amounts(tokens=limit))
    accounts.take_in(e.Charged(amounts=amounts(tokens=1)))
    accounts.take_in(reserved("a", tokens=1))

    assert bool(accounts.refusal(reserved("b", tokens=1))) is is_refused


@pytest.mark.parametrize(("limit", "is_refused"), [(0, True), (1, False)])
def test_a_retry_needs_a_retry_and_a_first_attempt_a_step(
    limit: int,
    is_refused: bool,  # noqa: FBT001  # a row of the table
) -> None:
    for meter, attempt in (("steps", 1), ("retries", 2)):
        accounts = Accounts((Amount(meter=meter, amount=limit),))
        accounts.take_in(FAILED)

        assert bool(accounts.refusal(started(attempt))) is is_refused


def test_an_attempt_after_one_without_an_outcome_is_no_retry() -> None:
    accounts = Accounts(amounts(steps=1, retries=0))
    accounts.take_in(started(1))

    assert accounts.refusal(started(2)) == ()
    accounts.take_in(started(2))
    assert accounts.spent() == amounts(steps=1)


def test_nothing_begins_when_the_running_time_is_used_up() -> None:
    accounts = Accounts(amounts(wall="2s"))
    accounts.take_in(finished("2s"))

    assert [each.meter for each in accounts.refusal(started())] == ["wall"]


def test_a_raised_limit_counts_from_then_on() -> None:
    accounts = Accounts(amounts(steps=0))
    accounts.take_in(e.BudgetRaised(limits=amounts(steps=1), reason="go"))

    assert accounts.refusal(started()) == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=30))
def test_spent_and_reserved_never_exceed_a_limit_that_was_obeyed(
    wishes: list[tuple[str, int]],
) -> None:
    accounts = Accounts(amounts(tokens=9))
    reservations: dict[str, int] = {}
    for name, amount in wishes:
        wish = reserved(name, tokens=amount)
        if name in reservations:
            used = amounts(tokens=min(amount, reservations.pop(name)))
            accounts.take_in(e.BudgetSettled(reservation=name, amounts=used))
        elif not accounts.refusal(wish):
            accounts.take_in(wish)
            reservations[name] = amount

        used_up = sum(each.amount for each in accounts.spent()) + sum(reservations.values())
        assert used_up <= 9
