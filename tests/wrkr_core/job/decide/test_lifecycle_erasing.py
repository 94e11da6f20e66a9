"""Deciding that the payloads of a job are erased, and what a state makes of it."""

from __future__ import annotations

import pytest

from tests.histories import Journal
from tests.strategies import state_in
from wrkr_core import events as e
from wrkr_core.errors import InvalidInputError, MoveNotAllowedError
from wrkr_core.job.decide.lifecycle import decide_erase
from wrkr_core.job.state import FINAL, STATUSES, Status


@pytest.mark.parametrize("status", STATUSES)
def test_only_an_erasable_job_that_is_over_is_erased(status: Status) -> None:
    state = state_in(status, payloads="sealed")

    if status in FINAL:
        assert decide_erase(state, reason="asked") == (e.PayloadsErased(reason="asked"),)
        return
    with pytest.raises(MoveNotAllowedError) as caught:
        decide_erase(state, reason="asked")
    assert caught.value.message == f"job j_7 is {status}; it cannot be erased"
    assert caught.value.hint == "wait until it is over, or end it: wrkr cancel j_7"


@pytest.mark.parametrize("status", STATUSES)
def test_of_a_job_that_is_not_erasable_it_is_said_what_would_remain(status: Status) -> None:
    with pytest.raises(MoveNotAllowedError) as caught:
        decide_erase(state_in(status), reason="asked")

    assert caught.value.message == (
        "job j_7 is not erasable: its inputs, results and messages are recorded as they are, under "
        "no key, and would all remain"
    )
    assert "erasable: true" in caught.value.hint


def test_what_was_erased_is_not_erased_again() -> None:
    assert decide_erase(state_in("completed", payloads="erased"), reason="") == ()


def test_an_erasure_has_a_reason() -> None:
    with pytest.raises(InvalidInputError):
        decide_erase(state_in("completed", payloads="sealed"), reason=" ")


def test_a_state_says_how_the_payloads_stand_and_is_else_as_it_was() -> None:
    journal = Journal()
    journal.submit(erasable=True)
    assert journal.now.payloads == "sealed"
    over = journal.append(e.JobCanceled(reason="enough"))

    after = journal.append(e.PayloadsErased(reason="asked"))

    assert (after.payloads, after.status, after.summary) == ("erased", "canceled", over.summary)
    with pytest.raises(
        MoveNotAllowedError, match="record 4 erases payloads that were erased before"
    ):
        journal.append(e.PayloadsErased(reason="asked"))


def test_what_is_not_sealed_cannot_be_erased_in_a_log_either() -> None:
    journal = Journal()
    journal.submit()
    journal.append(e.JobCanceled(reason="enough"))

    with pytest.raises(MoveNotAllowedError, match="record 3 erases payloads that are not sealed"):
        journal.append(e.PayloadsErased(reason="asked"))
