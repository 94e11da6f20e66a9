"""Charging, reserving, settling and raising a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.histories import EDIT, begun, failed, finished, started
from tests.strategies import state_in
from wrkr_core import events as e
from wrkr_core.budget import Amount, Budget, Overrun, Reservation
from wrkr_core.canonical import is_canonical
from wrkr_core.errors import InvalidInputError, MoveNotAllowedError
from wrkr_core.job.decide.spending import (
    block_on_budget,
    decide_budget_check,
    decide_charge,
    decide_raise,
    decide_reserve,
    decide_settle,
)
from wrkr_core.job.state import STATUSES, JobState, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 2**53 - 1
COUNTS = st.integers(0, 40)


def of(**amounts: int) -> tuple[Amount, ...]:
    return tuple(Amount(meter=meter, amount=amounts[meter]) for meter in sorted(amounts))


def having(
    status: Status = "running",
    *,
    limit: int = 20,
    spent: int = 0,
    aside: int = 0,
    **more: Any,  # noqa: ANN401
) -> JobState:
    """Return a state with one limited meter, of which one reservation r1 is open."""
    held = (Reservation(id="r1", amounts=of(tokens=aside)),) if aside else ()
    fields = {"limits": of(tokens=limit), "spent": of(tokens=spent), "reservations": held}
    return state_in(status, **{**fields, **more})


def blocks(events: Sequence[e.Event]) -> bool:
    """Tell whether the last three events block the job on its budget, whole and in order."""
    kinds = [type(event) for event in events[-3:]]
    return kinds == [e.BudgetExceeded, e.CheckpointRecorded, e.JobBlocked]


def test_exceeding_a_budget_is_said_in_three_events_that_agree() -> None:
    over = (Overrun(meter="tokens", used=21, wanted=0, limit=20),)

    exceeded, recorded, blocked = block_on_budget(having(spent=21), over)

    said = "budget exceeded: tokens: 21 used, limit 20"
    assert exceeded == e.BudgetExceeded(meters=over)
    assert recorded == e.CheckpointRecorded(
        checkpoint_id="cp_11",
        kind="blocked",
        summary=said,
        budget=of(tokens=21),
        reason_codes=("E_BUDGET_EXCEEDED",),
    )
    assert blocked == e.JobBlocked(
        status="blocked_budget", summary=said, reason_codes=("E_BUDGET_EXCEEDED",)
    )


def test_a_summary_of_many_meters_stays_within_its_bounds() -> None:
    """A checkpoint has 1 to 2000 characters, also one nobody wrote by hand."""
    meters = [f"meter_of_a_rather_long_name_{number:03}" for number in range(60)]
    limits = tuple(Amount(meter=meter, amount=1) for meter in meters)
    amounts = tuple(Amount(meter=meter, amount=1_000_000) for meter in meters)

    events = decide_charge(state_in("running", limits=limits), epoch=3, amounts=amounts)

    assert all(
        len(event.summary) <= 2000
        for event in events
        if isinstance(event, e.CheckpointRecorded | e.JobBlocked)
    )


@given(COUNTS, COUNTS, COUNTS, st.sampled_from(STATUSES))
def test_a_charge_is_recorded_and_blocks_a_running_job_that_is_then_over(
    spent: int, aside: int, amount: int, status: Status
) -> None:
    """Invariant I4: an overrun is always followed by the block, in the same batch."""
    state = having(status, spent=spent, aside=aside)
    if status == "completed":
        with pytest.raises(MoveNotAllowedError):
            decide_charge(state, epoch=3, amounts=of(tokens=amount))
        return

    events = decide_charge(state, epoch=3, amounts=of(tokens=amount), step=EDIT, mark="m")

    assert events[0] == e.Charged(amounts=of(tokens=amount), step=EDIT, mark="m")
    over = spent + aside + amount > 20 and status == "running"
    assert blocks(events) == over == (len(events) == 4)
    if over:
        recorded = events[2]
        assert isinstance(recorded, e.CheckpointRecorded)
        assert recorded.checkpoint_id == f"cp_{state.seq + 3}"
        assert recorded.budget == of(tokens=spent + amount)


@pytest.mark.parametrize("meter", ["pages", "cost"])
def test_a_meter_without_a_limit_is_counted_and_never_refused(meter: str) -> None:
    amount = (Amount(meter=meter, amount=10**12),)

    assert len(decide_charge(having(), epoch=3, amounts=amount)) == 1


def test_nothing_is_no_charge_and_no_reservation() -> None:
    with pytest.raises(InvalidInputError, match="nothing is charged"):
        decide_charge(having(), epoch=3, amounts=())
    with pytest.raises(InvalidInputError, match="nothing is reserved"):
        decide_reserve(having(), epoch=3, reservation=Reservation(id="r2", amounts=()))


@pytest.mark.parametrize("limits", [(), of(tokens=20)])
def test_more_than_can_be_counted_is_refused_as_input(limits: tuple[Amount, ...]) -> None:
    """Neither written, where it would not be canonical, nor an error nobody expects."""
    journal = begun(budget=Budget.of(limits))
    journal.append(e.Charged(amounts=of(tokens=10)))

    with pytest.raises(InvalidInputError):
        journal.append(*decide_charge(journal.now, epoch=1, amounts=of(tokens=LARGEST)))


def test_the_most_that_can_be_counted_is_counted() -> None:
    state = having(spent=0, limits=(), reservations=())

    assert len(decide_charge(state, epoch=3, amounts=of(tokens=LARGEST))) == 1


def test_what_was_never_used_before_counts_from_nothing() -> None:
    state = replace(having(limit=20), spent=())

    assert not blocks(decide_charge(state, epoch=3, amounts=of(tokens=20)))
    assert blocks(decide_charge(state, epoch=3, amounts=of(tokens=21)))


def test_what_is_over_together_with_what_is_set_aside_is_still_a_number_json_holds() -> None:
    journal = begun(budget=Budget.of(of(tokens=20)))
    journal.append(
        *decide_reserve(
            journal.now, epoch=1, reservation=Reservation(id="r1", amounts=of(tokens=20))
        )
    )

    try:
        journal.append(*decide_charge(journal.now, epoch=1, amounts=of(tokens=LARGEST)))
    except InvalidInputError:
        return
    assert all(is_canonical(line) for line in journal.lines)


@given(COUNTS, COUNTS, COUNTS)
def test_what_does_not_fit_is_not_reserved_and_blocks_the_job(
    spent: int, aside: int, amount: int
) -> None:
    """Invariant I4."""
    state = having(spent=spent, aside=aside)
    wanted = Reservation(id="r2", amounts=of(tokens=amount))

    events = decide_reserve(state, epoch=3, reservation=wanted)

    if spent + aside + amount > 20:
        assert blocks(events)
        assert len(events) == 3
    else:
        assert events == (e.BudgetReserved(reservation=wanted),)


def test_a_reservation_in_two_halves_is_measured_whole() -> None:
    """Invariant I4."""
    halves = (Amount(meter="tokens", amount=11), Amount(meter="tokens", amount=11))

    assert blocks(
        decide_reserve(having(), epoch=3, reservation=Reservation(id="r2", amounts=halves))
    )


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "running"])
def test_only_a_running_job_reserves(status: Status) -> None:
    with pytest.raises(MoveNotAllowedError):
        decide_reserve(
            having(status), epoch=3, reservation=Reservation(id="r2", amounts=of(tokens=1))
        )


@given(COUNTS, st.integers(1, 20), COUNTS)
def test_settling_frees_what_was_set_aside_and_counts_what_was_used(
    spent: int, aside: int, actual: int
) -> None:
    """Invariant I4: within the reservation no overrun; above it, the block comes with it."""
    state = having(spent=spent, aside=aside)

    events = decide_settle(state, epoch=3, reservation_id="r1", amounts=of(tokens=actual))

    assert events[0] == e.BudgetSettled(reservation="r1", amounts=of(tokens=actual))
    assert blocks(events) == (spent + actual > 20)
    if spent + aside <= 20 and actual <= aside:
        assert len(events) == 1


def test_other_reservations_stay_set_aside_while_one_is_settled() -> None:
    held = (
        Reservation(id="r1", amounts=of(tokens=10)),
        Reservation(id="r2", amounts=of(tokens=10)),
    )

    def settle(actual: int) -> tuple[e.Event, ...]:
        return decide_settle(
            having(reservations=held), epoch=3, reservation_id="r1", amounts=of(tokens=actual)
        )

    assert not blocks(settle(10))
    assert blocks(settle(11))


def test_all_other_reservations_of_a_meter_are_counted_together() -> None:
    held = tuple(Reservation(id=f"r{number}", amounts=of(tokens=5)) for number in (1, 2, 3))

    def settle(actual: int) -> tuple[e.Event, ...]:
        return decide_settle(
            having(reservations=held), epoch=3, reservation_id="r1", amounts=of(tokens=actual)
        )

    assert not blocks(settle(10))
    assert blocks(settle(11))


def test_a_reservation_that_is_not_open_cannot_be_settled() -> None:
    with pytest.raises(InvalidInputError, match="reservation r9 of job j_7 is not open"):
        decide_settle(having(aside=1), epoch=3, reservation_id="r9", amounts=())


@pytest.mark.parametrize("status", ["paused", "canceled", "blocked_budget"])
def test_what_a_stopped_job_really_used_is_still_recorded(status: Status) -> None:
    events = decide_settle(
        having(status, aside=5), epoch=3, reservation_id="r1", amounts=of(tokens=99)
    )

    assert [type(event) for event in events] == [e.BudgetSettled]


@pytest.mark.parametrize(("running", "over"), [(0, False), (9, False), (10, True), (11, True)])
def test_running_time_is_over_once_it_is_used_up(running: int, over: bool) -> None:  # noqa: FBT001
    """Hard case 13: a long step does not ignore the wall limit."""
    state = state_in("running", limits=of(wall=30), spent=of(wall=20), reservations=())

    assert blocks(decide_budget_check(state, epoch=3, running=running)) == over
    assert len(decide_budget_check(state, epoch=3, running=running)) == (3 if over else 0)


@pytest.mark.parametrize("status", STATUSES)
def test_a_check_blocks_only_a_running_job_that_is_over(status: Status) -> None:
    events = decide_budget_check(having(status, spent=21), epoch=3, running=0)

    assert blocks(events) == (status == "running")
    assert decide_budget_check(having(status, spent=20), epoch=3, running=0) == ()
    assert decide_budget_check(having(status, spent=21, limits=()), epoch=3, running=0) == ()


@given(COUNTS, COUNTS, COUNTS, st.sampled_from(STATUSES))
def test_a_limit_is_raised_to_what_was_used_or_above(
    spent: int, aside: int, limit: int, status: Status
) -> None:
    """Invariant I4: a limit is never below what is spent and set aside."""
    state = having(status, spent=spent, aside=aside)
    raised = e.BudgetRaised(limits=of(tokens=limit), reason="more")

    if status in ("completed", "canceled"):
        with pytest.raises(MoveNotAllowedError, match="it cannot be given another budget"):
            decide_raise(state, limits=of(tokens=limit), reason="more")
    elif limit < spent + aside:
        with pytest.raises(InvalidInputError, match="the new limit is not above what was used"):
            decide_raise(state, limits=of(tokens=limit), reason="more")
    else:
        resumed = (e.JobResumed(reason="budget raised: more"),)
        freed = resumed if status == "blocked_budget" else ()
        assert decide_raise(state, limits=of(tokens=limit), reason="more") == (raised, *freed)


def test_a_job_over_two_limits_stays_blocked_until_both_are_raised() -> None:
    state = state_in(
        "blocked_budget",
        limits=of(cost=5, tokens=20),
        spent=of(cost=9, tokens=21),
        reservations=(),
    )

    first = decide_raise(state, limits=of(tokens=30), reason="x")
    both = decide_raise(state, limits=of(cost=9, tokens=30), reason="x")

    assert [type(event) for event in first] == [e.BudgetRaised]
    assert [type(event) for event in both] == [e.BudgetRaised, e.JobResumed]


def test_a_budget_is_raised_by_something() -> None:
    with pytest.raises(InvalidInputError, match="no limit is named"):
        decide_raise(having(), limits=(), reason="x")


@pytest.mark.parametrize("reason", ["", " "])
def test_a_budget_is_raised_for_a_reason_as_an_approval_is(reason: str) -> None:
    with pytest.raises(InvalidInputError):
        decide_raise(having(), limits=of(tokens=30), reason=reason)


@pytest.mark.parametrize("end", [finished(2), failed(2)])
def test_raising_a_limit_re_runs_nothing(end: e.Event) -> None:
    """Hard case 13: steps, attempts and what they used stay as they were."""
    journal = begun(budget=Budget.of(of(tokens=1)))
    journal.append(started(1), failed(1, retry_at=0), started(2), end)
    journal.append(*decide_charge(journal.now, epoch=1, amounts=of(tokens=2)))
    before = journal.now

    journal.append(*decide_raise(journal.now, limits=of(tokens=5), reason="more"))

    after = journal.now
    assert (before.status, after.status) == ("blocked_budget", "queued")
    assert (after.steps, after.open_steps, after.spent) == (
        before.steps,
        before.open_steps,
        before.spent,
    )
    assert not any(isinstance(event, e.StepStarted) for event in journal.events[before.seq :])
