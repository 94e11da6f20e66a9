"""The table of moves: total over the events, closed over the statuses, and said in words."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.events import BlockedStatus
from wrkr_core.job.effects import NAMES
from wrkr_core.job.moves import MOVES, move, not_allowed
from wrkr_core.job.state import FINAL, STATUSES, Status

BLOCKING = {f"job_blocked:{status}" for status in get_args(BlockedStatus)}
# Golden, one letter a status in the order of the contract; small for "stays".
LETTERS = dict(zip(STATUSES, "QRPDBECX", strict=True))
TABLE = """
    acceptance_recorded         Q>Q R>R P>P D>D B>B E>E C>C
    approval_given              Q>Q R>R P>P D>D B>B E>E
    approval_refused            Q>Q R>R P>P D>D B>B E>E
    artifact_recorded           Q>Q R>R P>P D>D B>B E>E
    budget_exceeded             Q>Q R>R P>P
    budget_raised               Q>Q R>R P>P D>D B>B E>E
    budget_reserved             R>R
    budget_settled              Q>Q R>R P>P D>D B>B E>E X>X
    charged                     Q>Q R>R P>P D>D B>B E>E X>X
    checkpoint_recorded         Q>Q R>R P>P D>D B>B E>E
    environment_accepted        Q>Q R>R P>P D>D B>B E>E
    environment_captured        R>R
    job_blocked:blocked_budget  Q>B R>B
    job_blocked:blocked_decision Q>D R>D
    job_blocked:blocked_error   Q>E R>E
    job_canceled                Q>X R>X P>X D>X B>X E>X
    job_completed               R>C
    job_paused                  Q>P R>P
    job_resumed                 P>Q D>Q B>Q E>Q
    lease_released              Q>Q R>Q P>P D>D B>B E>E C>C X>X
    lease_taken                 Q>R R>R
    payloads_erased             C>C X>X
    step_failed                 Q>Q R>R P>P D>D B>B E>E X>X
    step_finished               Q>Q R>R P>P D>D B>B E>E X>X
    step_started                R>R
    timer_set                   R>R
"""


def test_the_table_stays_what_it_is() -> None:
    found = [
        f"{event} "
        + " ".join(
            f"{LETTERS[s]}>{LETTERS[MOVES[event][s]]}" for s in STATUSES if s in MOVES[event]
        )
        for event in sorted(MOVES)
    ]

    assert found == [" ".join(line.split()) for line in TABLE.strip().split("\n")]


def test_every_event_has_its_row_and_no_row_is_of_something_else() -> None:
    names = set(NAMES.values())

    assert set(MOVES) == (names - {"job_submitted", "job_blocked"}) | BLOCKING


def test_every_row_leads_from_a_status_to_a_status() -> None:
    assert all(row for row in MOVES.values())
    assert {status for row in MOVES.values() for status in (*row, *row.values())} == set(STATUSES)


def test_job_blocked_leads_where_it_says() -> None:
    for event in BLOCKING:
        assert set(MOVES[event].values()) == {event.partition(":")[2]}


@pytest.mark.parametrize("status", sorted(FINAL))
def test_nothing_leads_out_of_a_final_status(status: Status) -> None:
    assert {row[status] for row in MOVES.values() if status in row} == {status}


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_final_job_starts_nothing_charges_no_new_act_and_is_not_approved(status: Status) -> None:
    """Hard case 10, and approvals on closed jobs."""
    refused = {
        "lease_taken",
        "step_started",
        "budget_reserved",
        "approval_given",
        "approval_refused",
        "checkpoint_recorded",
        "budget_raised",
        "job_resumed",
        "job_paused",
        "job_canceled",
        "job_completed",
        *BLOCKING,
    }

    assert not [event for event in refused if status in MOVES[event]]


def test_a_step_starts_only_in_a_running_job() -> None:
    """Hard case 10."""
    assert set(MOVES["step_started"]) == {"running"}


def test_every_status_but_the_final_ones_can_be_left_for_work() -> None:
    reached = {"running"}
    while True:
        more = {
            before for row in MOVES.values() for before, after in row.items() if after in reached
        }
        if more <= reached:
            break
        reached |= more

    assert reached == set(STATUSES) - FINAL


@given(st.sampled_from(STATUSES), st.sampled_from(sorted(MOVES)))
def test_a_move_is_made_as_the_table_says_or_refused_with_the_facts(
    status: Status, event: str
) -> None:
    if status in MOVES[event]:
        assert move("j_7", status, event) == MOVES[event][status]
        return

    with pytest.raises(MoveNotAllowedError) as caught:
        move("j_7", status, event)

    assert caught.value.message.startswith(f"job j_7 is {status}; ")
    assert caught.value.details == {"job_id": "j_7", "status": status, "event": event}
    assert all(allowed in caught.value.hint for allowed in MOVES[event])


@pytest.mark.parametrize(
    ("status", "event", "said"),
    [
        ("paused", "job_paused", "job j_7 is paused; it cannot be paused again"),
        ("canceled", "job_canceled", "job j_7 is canceled; it cannot be canceled again"),
        ("completed", "job_completed", "job j_7 is completed; it cannot be completed again"),
        ("completed", "job_paused", "job j_7 is completed; it cannot be paused"),
        ("queued", "job_resumed", "job j_7 is queued; it cannot be resumed"),
        ("paused", "lease_taken", "job j_7 is paused; it cannot be worked on"),
        ("completed", "approval_given", "job j_7 is completed; it cannot be approved"),
        ("canceled", "approval_refused", "job j_7 is canceled; it cannot be refused"),
        ("canceled", "budget_raised", "job j_7 is canceled; it cannot be given another budget"),
        (
            "canceled",
            "environment_accepted",
            "job j_7 is canceled; it cannot be moved to another environment",
        ),
        ("paused", "step_started", "job j_7 is paused; step_started cannot happen in it"),
    ],
)
def test_a_refusal_says_it_in_words(status: Status, event: str, said: str) -> None:
    assert not_allowed("j_7", status, event).message == said


def test_the_hint_says_when_it_is_possible() -> None:
    error = not_allowed("j_7", "completed", "job_paused")

    assert error.hint == "that is possible when a job is queued, running"
