"""A state: small, frozen, and answering by name."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import AMOUNTS, state_in
from wrkr_core.budget import Amount, Reservation
from wrkr_core.job.state import FINAL, STATUSES, CheckpointCount, Status


def test_the_statuses_are_the_contracts() -> None:
    assert get_args(Status) == STATUSES
    assert " ".join(STATUSES) == (
        "queued running paused blocked_decision blocked_budget blocked_error completed canceled"
    )
    assert sorted(FINAL) == ["canceled", "completed"]


@pytest.mark.parametrize("status", STATUSES)
def test_a_state_is_final_when_nothing_can_change_its_status(status: Status) -> None:
    assert state_in(status).is_final == (status in ("completed", "canceled"))


def test_a_state_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        state_in("running").status = "completed"  # type: ignore[misc]


@given(AMOUNTS, AMOUNTS)
def test_what_was_spent_and_the_limits_are_found_by_meter(
    spent: tuple[Amount, ...], limits: tuple[Amount, ...]
) -> None:
    state = state_in("running", spent=spent, limits=limits)

    assert state.spent_by_meter() == {each.meter: each.amount for each in spent}
    assert state.limit_by_meter() == {each.meter: each.amount for each in limits}


@given(st.lists(AMOUNTS, max_size=4))
def test_what_is_set_aside_is_summed_over_all_reservations(
    open_amounts: list[tuple[Amount, ...]],
) -> None:
    state = state_in(
        "running",
        reservations=tuple(
            Reservation(id=str(number), amounts=each) for number, each in enumerate(open_amounts)
        ),
    )

    wanted: dict[str, int] = {}
    for each in open_amounts:
        for amount in each:
            wanted[amount.meter] = wanted.get(amount.meter, 0) + amount.amount
    assert state.reserved_by_meter() == wanted


def test_a_decision_is_found_by_its_checkpoint_while_it_is_open() -> None:
    state = state_in("blocked_decision")

    assert state.decision("cp_3") is state.decisions[0]
    assert state.decision("cp_4") is None


def test_checkpoints_are_counted_by_kind() -> None:
    state = state_in("running")

    assert state.checkpoint_count("plan") == CheckpointCount(kind="plan", count=1, last_at=state.at)
    assert state.checkpoint_count("progress") is None
