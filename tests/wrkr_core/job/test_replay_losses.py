"""Replaying what was interrupted: how often workers were lost in it, and what was asked about it."""

from __future__ import annotations

import pytest

from tests.histories import EDIT, Journal, answered, asked, begun, failed, released, started
from tests.strategies import NOON
from wrkr_core import events as e
from wrkr_core.job.replay import Replay


def replay_of(journal: Journal) -> Replay:
    replay = Replay()
    replay.feed(journal.records)
    return replay


def test_an_attempt_without_an_outcome_takes_no_retry() -> None:
    journal = begun()
    journal.append(started(1), e.JobPaused(reason="lunch"), released())
    journal.append(e.JobResumed(reason="back"))
    journal.take("bob")
    journal.append(started(2, epoch=2))

    past = replay_of(journal).visit(EDIT)

    assert past is not None
    assert (past.attempts, past.failures, past.is_open) == (2, 0, True)


@pytest.mark.parametrize(("took_over", "losses"), [("expired", 1), ("holder_gone", 1), (None, 0)])
def test_a_worker_is_lost_when_its_lease_was_taken_from_it(
    took_over: str | None, losses: int
) -> None:
    journal = begun()
    journal.append(started(1))
    journal.take("bob", took_over=took_over)
    replay = replay_of(journal)

    past = replay.visit(EDIT)

    assert past is not None
    assert replay.losses(past) == losses
    journal.append(started(2, epoch=2))
    replay.feed(journal.records)
    assert replay.losses(past) == losses
    journal.take("cyd", took_over="expired")
    replay.feed(journal.records)
    assert replay.losses(past) == losses + 1


@pytest.mark.parametrize(
    "end",
    [
        failed(2, epoch=2, retry_at=NOON),
        e.JobBlocked(status="blocked_error", summary="no", reason_codes=(), step=EDIT),
    ],
)
def test_an_outcome_or_a_person_ends_the_count_of_lost_workers(end: e.Event) -> None:
    journal = begun()
    journal.append(started(1))
    journal.take("bob", took_over="expired")
    if isinstance(end, e.StepFailed):
        journal.append(started(2, epoch=2))
    journal.append(end)
    replay = replay_of(journal)

    past = replay.visit(EDIT)

    assert past is not None
    assert past.losses == 0


def test_the_question_of_a_checkpoint_is_found_with_all_it_takes_to_ask_it_again() -> None:
    journal = begun()
    opened = asked(journal)

    past = replay_of(journal).question_of(opened.checkpoint_id)

    assert past is not None
    assert (past.question, past.action, past.data) == ("merge?", opened.required_action, e.NULL)
    assert replay_of(journal).question_of("cp_1") is None


def test_an_approval_is_not_kept_good_by_a_step_that_does_not_rest_on_it() -> None:
    """Hard case 12: another task may have begun that one."""
    journal = begun()
    opened = asked(journal)
    answered(journal, expires_at=NOON + 100)
    journal.append(started(approval=None), at=NOON + 50)
    replay = replay_of(journal)
    past = replay.question_of(opened.checkpoint_id)

    assert past is not None
    assert replay.is_usable(past, NOON + 99)
    assert not replay.is_usable(past, NOON + 100)
