"""What each event changes, and what makes it illegal although the table allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.histories import (
    ASKED,
    EDIT,
    Journal,
    begun,
    checkpoint,
    failed,
    finished,
    released,
    started,
)
from tests.strategies import HOLDER, NOON
from wrkr_core import events as e
from wrkr_core.budget import Amount, Overrun, Reservation
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.job.effects import EFFECTS, NAMES
from wrkr_core.job.state import StepCounts
from wrkr_core.lease import Lease

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState

TOKENS = (Amount(meter="tokens", amount=7),)
WALL = (Amount(meter="wall", amount=9),)


def changed(before: JobState, after: JobState) -> dict[str, Any]:
    """Return what differs apart from the place of the record."""
    return {
        name: getattr(after, name)
        for name in after.__struct_fields__
        if name not in {"seq", "hash", "at"} and getattr(before, name) != getattr(after, name)
    }


def test_there_is_an_effect_for_every_event_but_the_first() -> None:
    known = set(get_args(e.KnownEvent))

    assert set(EFFECTS) == known - {e.JobSubmitted}
    assert set(NAMES) == known
    assert all(name == NAMES[cls] for cls, (name, _) in EFFECTS.items())


def test_a_claim_makes_its_worker_the_holder() -> None:
    journal = Journal()
    before = journal.submit()

    journal.append(
        e.LeaseTaken(worker="ada", epoch=1, ttl=5, holder=HOLDER, usage=WALL), at=NOON + 77
    )

    assert changed(before, journal.now) == {
        "status": "running",
        "epoch": 1,
        "lease": Lease(worker="ada", epoch=1, ttl=5, holder=HOLDER, taken_at=NOON + 77),
        "summary": "worked on by ada",
        "spent": WALL,
    }


@given(st.integers(-3, 5))
def test_epochs_count_up_one_by_one(epoch: int) -> None:
    """Invariant I2."""
    journal = begun()

    if epoch == 2:
        journal.append(e.LeaseTaken(worker="bob", epoch=epoch, ttl=5, holder=HOLDER))
    else:
        with pytest.raises(MoveNotAllowedError, match=f"epoch {epoch} cannot follow epoch 1"):
            journal.append(e.LeaseTaken(worker="bob", epoch=epoch, ttl=5, holder=HOLDER))


@pytest.mark.parametrize(
    "event",
    [
        started(epoch=1),
        finished(epoch=1),
        failed(epoch=1),
        released(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_no_event_is_legal_under_a_lost_epoch(event: e.Event) -> None:
    """Invariant I2, hard case 11."""
    journal = begun()
    journal.append(started())
    journal.take("bob")

    with pytest.raises(MoveNotAllowedError, match="under epoch 1, which does not hold the job"):
        journal.append(event)


@pytest.mark.parametrize(
    "event",
    [started(epoch=1), released()],
    ids=lambda event: type(event).__name__,
)
def test_no_event_is_legal_under_a_lease_that_was_let_go(event: e.Event) -> None:
    """Invariant I2."""
    journal = begun()
    journal.append(released())

    with pytest.raises(MoveNotAllowedError):
        journal.append(event)


def test_letting_go_leaves_the_job_waiting_with_its_epoch() -> None:
    journal = begun()
    before = journal.now

    journal.append(e.LeaseReleased(worker="ada", epoch=1, reason="left", heartbeats=3, usage=WALL))

    assert changed(before, journal.now) == {
        "status": "queued",
        "lease": None,
        "summary": "waiting for a worker (left)",
        "spent": WALL,
    }


def test_letting_go_of_a_paused_job_leaves_why_it_is_paused() -> None:
    journal = begun()
    journal.append(e.JobPaused(reason="lunch"), by="ann")

    journal.append(e.LeaseReleased(worker="ada", epoch=1, reason="paused", heartbeats=3))

    assert journal.now.summary == "paused by ann: lunch"
    assert (journal.now.status, journal.now.lease) == ("paused", None)


def test_a_first_attempt_counts_as_a_step_and_a_further_one_as_a_retry() -> None:
    """Hard case 13: retries are counted."""
    journal = begun()

    journal.append(started(1), failed(1, retry_at=NOON), started(2), failed(2), started(3))

    assert journal.now.spent_by_meter() == {"steps": 1, "retries": 2}
    assert journal.now.steps == StepCounts(begun=1, done=0, failed_attempts=2)
    assert [(each.step, each.attempt) for each in journal.now.open_steps] == [(EDIT, 3)]


def test_an_attempt_after_one_without_an_outcome_is_no_retry() -> None:
    journal = begun()

    journal.append(started(1), started(2), started(3), failed(3, retry_at=NOON), started(4))

    assert journal.now.spent_by_meter() == {"steps": 1, "retries": 1}
    assert journal.now.steps == StepCounts(begun=1, done=0, failed_attempts=1)


def test_an_attempt_is_open_until_it_ends_and_its_usage_is_spent() -> None:
    journal = begun()
    journal.append(started(at_most_once=True))
    opened = journal.now.open_steps[0]

    journal.append(finished(usage=WALL))

    assert (opened.at_most_once, opened.epoch, opened.seq) == (True, 1, 3)
    assert journal.now.open_steps == ()
    assert journal.now.steps == StepCounts(begun=1, done=1)
    assert journal.now.spent_by_meter() == {"steps": 1, "wall": 9}


def test_a_failure_says_when_the_next_attempt_may_begin_until_it_does() -> None:
    journal = begun()
    seen = []
    for event in (started(1), failed(1, retry_at=NOON + 5), started(2), failed(2)):
        journal.append(event)
        seen.append(journal.now.retry_at)

    assert seen == [None, NOON + 5, None, None]


@pytest.mark.parametrize("event", [finished(1), failed(1), finished(3), failed(3)])
def test_only_the_open_attempt_can_end(event: e.Event) -> None:
    journal = begun()
    journal.append(started(1), failed(1, retry_at=NOON), started(2))

    with pytest.raises(MoveNotAllowedError, match="step edit ends an attempt that is not open"):
        journal.append(event)


@pytest.mark.parametrize("event", [finished(), failed()])
def test_a_step_ends_once_and_only_after_it_was_started(event: e.Event) -> None:
    journal = begun()
    with pytest.raises(MoveNotAllowedError, match="not open"):
        journal.append(event)

    journal.append(started(), finished())
    with pytest.raises(MoveNotAllowedError, match="not open"):
        journal.append(event)


def test_artifacts_are_counted_wherever_they_come_from() -> None:
    from wrkr_core.artifact import Artifact

    one = Artifact(path="a", sha256="0" * 64, size=0)
    journal = begun()

    journal.append(e.ArtifactRecorded(artifact=one), started(), finished(artifacts=(one, one)))
    journal.append(e.ArtifactRecorded(artifact=one))

    assert journal.now.artifacts == 4


def test_a_charge_is_spent_and_changes_nothing_else() -> None:
    journal = begun()
    before = journal.now

    journal.append(e.Charged(amounts=TOKENS))
    journal.append(e.Charged(amounts=TOKENS))

    assert changed(before, journal.now) == {"spent": (Amount(meter="tokens", amount=14),)}


def test_acceptance_changes_nothing() -> None:
    journal = begun()
    before = journal.now

    journal.append(
        e.AcceptanceRecorded(checks_run=1, passed=1, failures=(), config_digest="0" * 64)
    )

    assert changed(before, journal.now) == {}


def test_what_is_reserved_is_set_aside_until_it_is_settled() -> None:
    journal = begun()
    aside = Reservation(id="r1", amounts=TOKENS)

    journal.append(e.BudgetReserved(reservation=aside))
    set_aside = journal.now
    assert (set_aside.reservations, set_aside.spent) == ((aside,), ())

    journal.append(e.BudgetSettled(reservation="r1", amounts=(Amount(meter="tokens", amount=3),)))
    assert journal.now.reservations == ()
    assert journal.now.spent_by_meter() == {"tokens": 3}


def test_a_reservation_is_made_once_and_settled_once() -> None:
    journal = begun()
    reserve = e.BudgetReserved(reservation=Reservation(id="r1", amounts=TOKENS))
    settle = e.BudgetSettled(reservation="r1", amounts=())

    with pytest.raises(MoveNotAllowedError, match="reservation r1 is not open"):
        journal.append(settle)
    journal.append(reserve)
    with pytest.raises(MoveNotAllowedError, match="reservation r1 exists"):
        journal.append(reserve)
    journal.append(settle)
    with pytest.raises(MoveNotAllowedError, match="reservation r1 is not open"):
        journal.append(settle)


def test_an_exceeded_budget_is_said_and_a_raised_one_is_the_limit() -> None:
    journal = begun()
    over = Overrun(meter="steps", used=2, wanted=1, limit=2)

    journal.append(e.BudgetExceeded(meters=(over,)))
    assert journal.now.summary == "budget exceeded: steps: 2 used, 1 more wanted, limit 2"

    journal.append(e.BudgetRaised(limits=TOKENS, reason="more"))
    assert journal.now.limits == TOKENS


def test_a_checkpoint_is_named_after_its_record() -> None:
    journal = begun()
    wrong = replace(checkpoint(journal), checkpoint_id="cp_2")

    with pytest.raises(MoveNotAllowedError, match="cp_2 is not the checkpoint of record 3"):
        journal.append(wrong)


def test_checkpoints_are_counted_and_say_where_the_job_stands() -> None:
    journal = begun()

    journal.append(checkpoint(journal, "progress", summary="half", reason_codes=("E_X",)))
    journal.append(checkpoint(journal, "plan"))
    journal.append(checkpoint(journal, "progress", summary="more"), at=NOON + 50)

    found = [(each.kind, each.count, each.last_at) for each in journal.now.checkpoints]
    assert found == [("plan", 1, NOON + 3), ("progress", 2, NOON + 50)]
    assert (journal.now.summary, journal.now.reason_codes) == ("more", ())
    assert journal.now.decisions == ()


def test_a_question_opens_a_decision_bound_to_the_event_that_asked() -> None:
    """Invariant I5."""
    journal = begun()

    journal.append(checkpoint(journal, "decision-needed", summary="merge?", required_action=ASKED))

    (decision,) = journal.now.decisions
    assert (decision.checkpoint_id, decision.question) == ("cp_3", "merge?")
    assert (decision.choices, decision.key, decision.kind) == (
        ("a", "b"),
        "ask@start/1",
        "approval",
    )
    assert decision.subject == journal.records[2].hash


def test_an_answer_closes_its_own_decision_only() -> None:
    """Hard case 12."""
    journal = begun()
    for _ in range(2):
        journal.append(checkpoint(journal, "decision-needed", required_action=ASKED))
    first, second = journal.now.decisions

    journal.append(
        e.ApprovalGiven(checkpoint_id=second.checkpoint_id, subject=second.subject, reason="x")
    )

    assert journal.now.decisions == (first,)


@pytest.mark.parametrize("answer", [e.ApprovalGiven, e.ApprovalRefused])
@pytest.mark.parametrize(
    "wrong", [{"checkpoint_id": "cp_4"}, {"subject": "0" * 64}, {"checkpoint_id": "cp_1"}]
)
def test_an_answer_to_something_else_is_illegal(answer: Any, wrong: dict[str, str]) -> None:  # noqa: ANN401
    """Invariant I5, hard case 12: neither a decoy nor another content."""
    journal = begun()
    journal.append(checkpoint(journal, "decision-needed", required_action=ASKED))
    (decision,) = journal.now.decisions
    right = {
        "checkpoint_id": decision.checkpoint_id,
        "subject": decision.subject,
        "reason": "looked",
    }

    with pytest.raises(MoveNotAllowedError, match="is not an open decision with that content"):
        journal.append(answer(**{**right, **wrong}))
    journal.append(answer(**right))
    with pytest.raises(MoveNotAllowedError, match="is not an open decision"):
        journal.append(answer(**right))


def test_a_job_says_why_it_stands_where_it_stands() -> None:
    journal = begun()
    blocked = e.JobBlocked(status="blocked_error", summary="no", reason_codes=("E_X",))
    seen = []
    for event in (
        e.JobPaused(reason="lunch"),
        e.JobResumed(reason="back"),
        blocked,
        e.JobResumed(reason="fixed"),
        e.JobCanceled(reason="enough", reason_codes=("E_Y",)),
    ):
        journal.append(event, by="ann")
        seen.append((journal.now.status, journal.now.summary, journal.now.reason_codes))

    assert seen == [
        ("paused", "paused by ann: lunch", ()),
        ("queued", "resumed by ann: back", ()),
        ("blocked_error", "no", ("E_X",)),
        ("queued", "resumed by ann: fixed", ()),
        ("canceled", "canceled by ann: enough", ("E_Y",)),
    ]


def test_a_completed_job_says_what_came_of_it() -> None:
    journal = begun()
    journal.append(checkpoint(journal, reason_codes=("E_X",)))

    journal.append(e.JobCompleted(summary="merged"))

    assert (journal.now.status, journal.now.summary) == ("completed", "merged")
    assert journal.now.reason_codes == ()


def test_an_environment_is_kept_until_another_is_accepted() -> None:
    journal = begun()
    first = fingerprint([Observation(rule="os", value="linux")])
    second = fingerprint([Observation(rule="os", value="darwin")])

    journal.append(e.EnvironmentCaptured(fingerprint=first))
    assert journal.now.fingerprint == first

    journal.append(e.EnvironmentAccepted(expected=first.digest, fingerprint=second, reason="moved"))
    assert journal.now.fingerprint == second
