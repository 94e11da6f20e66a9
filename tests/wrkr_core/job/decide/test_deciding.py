"""Checkpoints, questions to a person, and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.histories import ASKED, EDIT, Journal, begun
from tests.signers import BEA, signature_of
from tests.strategies import NOON, state_in
from wrkr_core import events as e
from wrkr_core.budget import Amount
from wrkr_core.checkpoint import KINDS, ArtifactChanges
from wrkr_core.errors import (
    ApprovalRequiredError,
    InvalidInputError,
    MoveNotAllowedError,
    NotFoundError,
)
from wrkr_core.job.decide.deciding import (
    answer_claim,
    decide_approve,
    decide_ask,
    decide_block_on_decisions,
    decide_checkpoint,
    decide_refuse,
)
from wrkr_core.job.decide.lifecycle import decide_complete, decide_resume
from wrkr_core.job.decide.working import decide_start
from wrkr_core.job.state import STATUSES, JobState, Status
from wrkr_core.signing.claims import ApprovalClaim

if TYPE_CHECKING:
    from wrkr_core.approval import Decision

OPEN = ("queued", "running", "paused", "blocked_decision", "blocked_budget", "blocked_error")
YES_OR_NO = replace(ASKED, choices=())


def record(state: JobState, **given_fields: Any) -> tuple[e.Event, ...]:  # noqa: ANN401
    fields = {"kind": "progress", "summary": "half", "artifacts": ArtifactChanges()}
    return decide_checkpoint(state, **{**fields, "data": e.NULL, "epoch": 3, **given_fields})


def ask(state: JobState, **given_fields: Any) -> tuple[e.Event, ...]:  # noqa: ANN401
    fields = {"question": "merge?", "action": YES_OR_NO, "data": e.NULL, "epoch": 3}
    return decide_ask(state, **{**fields, **given_fields})


def approve(state: JobState, **given_fields: Any) -> tuple[e.Event, ...]:  # noqa: ANN401
    fields = {"checkpoint_id": "cp_3", "reason": "looked", "choice": None, "expires_at": None}
    return decide_approve(state, **{**fields, "now": NOON, **given_fields})


def asking(*questions: str, **action: Any) -> tuple[Journal, list[Decision]]:  # noqa: ANN401
    """Return the log of a job whose worker, and then others, asked these questions."""
    journal = begun()
    for number, question in enumerate(questions):
        wanted = replace(YES_OR_NO, key=f"k{number}", **action)
        epoch = 1 if number == 0 else None
        journal.append(*ask(journal.now, question=question, action=wanted, epoch=epoch))
    return journal, list(journal.now.decisions)


@pytest.mark.parametrize("kind", ["plan", "progress"])
@pytest.mark.parametrize("status", OPEN)
def test_a_checkpoint_says_where_the_job_stands(kind: str, status: Status) -> None:
    changes = ArtifactChanges(added=("a",))

    (recorded,) = record(state_in(status), kind=kind, artifacts=changes, mark="m")

    assert recorded == e.CheckpointRecorded(
        checkpoint_id="cp_10",
        kind=kind,  # type: ignore[arg-type]  # one of the two
        summary="half",
        budget=(Amount(meter="tokens", amount=10),),
        artifacts=changes,
        mark="m",
    )


@pytest.mark.parametrize("kind", sorted({*KINDS, "done", "", "Plan"} - {"plan", "progress"}))
def test_other_kinds_are_not_recorded_by_hand(kind: str) -> None:
    said = "are not recorded by hand" if kind in KINDS else "is no kind of checkpoint; known: plan"

    with pytest.raises(InvalidInputError, match=said):
        record(state_in("running"), kind=kind)


@pytest.mark.parametrize("make", [record, ask])
@pytest.mark.parametrize(
    ("summary", "said"),
    [("x" * 2001, "the summary has 2001 characters"), ("", "is empty"), ("\n", "is empty")],
)
def test_a_summary_out_of_bounds_is_refused_not_dropped(
    make: Any,  # noqa: ANN401  # one of two functions
    summary: str,
    said: str,
) -> None:
    """Hard case 12: a question too long to record must stop the job's code, not be skipped."""
    name = "question" if make is ask else "summary"

    with pytest.raises(InvalidInputError, match=said):
        make(state_in("running", decisions=()), **{name: summary})


def test_a_question_of_the_holder_blocks_the_job_with_it_in_one_batch() -> None:
    """Hard case 12: there is no instant between question and block for a command to run in."""
    opened, blocked = ask(state_in("running", decisions=()))

    assert opened == e.CheckpointRecorded(
        checkpoint_id="cp_10",
        kind="decision-needed",
        summary="merge?",
        budget=(Amount(meter="tokens", amount=10),),
        required_action=YES_OR_NO,
        reason_codes=("E_CHECKPOINT_APPROVAL_REQUIRED",),
    )
    assert blocked == e.JobBlocked(
        status="blocked_decision",
        summary="merge?",
        reason_codes=("E_CHECKPOINT_APPROVAL_REQUIRED",),
    )


@pytest.mark.parametrize("status", OPEN)
@pytest.mark.parametrize("held", [True, False])
def test_a_question_from_outside_blocks_at_once_only_what_nobody_works_on(
    status: Status,
    held: bool,  # noqa: FBT001
) -> None:
    if status == "running" and not held:
        return  # a running job is held by someone
    state = state_in(status) if held else state_in(status, lease=None)

    events = ask(state, epoch=None)

    assert isinstance(events[0], e.CheckpointRecorded)
    assert (len(events) == 2) == (status == "queued" and not held)


@pytest.mark.parametrize("status", ["completed", "canceled"])
def test_nothing_is_asked_of_or_said_by_a_job_that_is_over(status: Status) -> None:
    for epoch in (3, None):
        with pytest.raises(MoveNotAllowedError):
            ask(state_in(status), epoch=epoch)
        with pytest.raises(MoveNotAllowedError):
            record(state_in(status), epoch=epoch)


@pytest.mark.parametrize("status", STATUSES)
def test_the_holder_stops_for_a_question_that_came_from_outside(status: Status) -> None:
    events = decide_block_on_decisions(state_in(status), epoch=3)

    if status == "running":
        (blocked,) = events
        assert isinstance(blocked, e.JobBlocked)
        assert (blocked.status, blocked.summary) == ("blocked_decision", "merge?")
    else:
        assert events == ()
    assert decide_block_on_decisions(state_in(status, decisions=()), epoch=3) == ()


def test_an_approval_is_bound_to_what_asked_and_frees_the_job() -> None:
    """Invariant I5."""
    journal, (decision,) = asking("merge?")

    events = approve(journal.now, checkpoint_id=decision.checkpoint_id, expires_at=NOON + 1)

    assert events == (
        e.ApprovalGiven(
            checkpoint_id="cp_3",
            subject=journal.records[2].hash,
            reason="looked",
            expires_at=NOON + 1,
        ),
        e.JobResumed(reason="cp_3 was approved"),
    )
    assert journal.append(*events).status == "queued"


def test_a_refusal_is_an_answer_too() -> None:
    journal, (decision,) = asking("merge?", choices=("a", "b"))

    events = decide_refuse(
        journal.now, checkpoint_id=decision.checkpoint_id, reason="not yet", choice="b"
    )

    assert events == (
        e.ApprovalRefused(
            checkpoint_id="cp_3", subject=decision.subject, reason="not yet", choice="b"
        ),
        e.JobResumed(reason="cp_3 was refused"),
    )


def test_a_signature_over_exactly_this_answer_is_recorded_with_it() -> None:
    journal, (decision,) = asking("merge?", choices=("a", "b"))
    claim = ApprovalClaim(
        subject=decision.subject,
        job_id=journal.job_id,
        checkpoint_id="cp_3",
        decision="approved",
        reason="looked",
        choice="a",
        not_after=NOON + 1,
    )
    no = attrs.evolve(claim, decision="refused", not_after=None)
    signed, signed_no = (bytes(signature_of(each, BEA)) for each in (claim, no))
    yes = {"checkpoint_id": "cp_3", "choice": "a", "expires_at": NOON + 1}

    given_, _ = approve(journal.now, **yes, signature=signed)
    refused, _ = decide_refuse(
        journal.now, checkpoint_id="cp_3", reason="looked", choice="a", signature=signed_no
    )

    assert isinstance(given_, e.ApprovalGiven)
    assert isinstance(refused, e.ApprovalRefused)
    assert bytes(given_.signature) == signed
    assert bytes(refused.signature) == signed_no
    assert answer_claim(journal.job_id, given_) == claim
    assert answer_claim(journal.job_id, refused) == no
    for wrong in ({**yes, "choice": "b"}, {**yes, "expires_at": None}, {**yes, "reason": "no"}):
        with pytest.raises(InvalidInputError, match="made for another answer"):
            approve(journal.now, **wrong, signature=signed)
    with pytest.raises(InvalidInputError, match="is not a signature"):
        approve(journal.now, **yes, signature=b"{}")


@given(st.permutations(range(4)), st.lists(st.booleans(), min_size=4, max_size=4))
def test_every_open_decision_needs_its_own_answer(order: list[int], answers: list[bool]) -> None:
    """Hard case 12: approving a decoy frees nothing."""
    journal, decisions = asking("merge?", "deploy?", "tell?", "pay?")

    for number, yes in zip(order, answers, strict=True):
        assert journal.now.status == "blocked_decision"
        with pytest.raises(ApprovalRequiredError):
            decide_resume(journal.now, reason="x")
        checkpoint_id = decisions[number].checkpoint_id
        decide: Any = approve if yes else decide_refuse
        journal.append(*decide(journal.now, checkpoint_id=checkpoint_id, reason="looked"))

    assert journal.now.status == "queued"
    assert journal.now.decisions == ()


@pytest.mark.parametrize("checkpoint_id", ["cp_1", "cp_4", "cp_03", "", "3", "merge?"])
@pytest.mark.parametrize("decide", [approve, decide_refuse])
def test_what_is_not_an_open_decision_cannot_be_answered(decide: Any, checkpoint_id: str) -> None:  # noqa: ANN401
    """Hard case 12."""
    journal, _ = asking("merge?", "deploy?")
    wanted = {"checkpoint_id": checkpoint_id, "reason": "looked"}
    if checkpoint_id == "cp_4":
        journal, _ = asking("merge?")  # cp_3 asks; record 4 blocks

    with pytest.raises(NotFoundError) as caught:
        decide(journal.now, **wanted)

    assert caught.value.hint.startswith("open: cp_3")
    assert caught.value.details["checkpoint_id"] == checkpoint_id


def test_a_decision_is_answered_once() -> None:
    journal, (decision,) = asking("merge?")
    journal.append(*approve(journal.now, checkpoint_id=decision.checkpoint_id))

    with pytest.raises(NotFoundError, match="cp_3 is not an open decision") as caught:
        decide_refuse(journal.now, checkpoint_id=decision.checkpoint_id, reason="no")

    assert caught.value.hint == "no decision of this job is open"


@pytest.mark.parametrize("decide", [approve, decide_refuse])
def test_what_was_not_shown_is_not_answered(decide: Any) -> None:  # noqa: ANN401
    """Invariant I5."""
    state = state_in("blocked_decision")
    answer = {"checkpoint_id": "cp_3", "reason": "looked"}

    assert decide(state, **answer, subject="5" * 64)
    with pytest.raises(
        MoveNotAllowedError, match="cp_3 of job j_7 is not what was shown"
    ) as caught:
        decide(state, **answer, subject="6" * 64)
    assert caught.value.details == {"expected": "5" * 64, "given": "6" * 64}


@pytest.mark.parametrize("decide", [approve, decide_refuse])
@pytest.mark.parametrize("reason", ["", " ", "x" * 2001])
def test_an_answer_needs_a_reason_of_a_readable_length(decide: Any, reason: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidInputError):
        decide(state_in("blocked_decision"), checkpoint_id="cp_3", reason=reason)


@pytest.mark.parametrize("expires_at", [NOON, NOON - 1, 0])
def test_an_approval_that_would_have_expired_is_refused(expires_at: int) -> None:
    with pytest.raises(InvalidInputError, match="would have expired already"):
        approve(state_in("blocked_decision"), expires_at=expires_at)


@pytest.mark.parametrize(
    ("choices", "choice", "said"),
    [
        (("a", "b"), None, "cp_3 wants one of: a, b"),
        (("a", "b"), "c", "'c' is no choice of cp_3: a, b"),
        (("a", "b"), "", "'' is no choice"),
        (("a", "b"), "A", "'A' is no choice"),
        ((), "yes", "'yes' is no choice of cp_3: no choices, only yes or no"),
        ((), "no", "'no' is no choice of cp_3"),
    ],
)
def test_yes_as_a_text_is_no_yes(choices: tuple[str, ...], choice: str | None, said: str) -> None:
    """Hard case 12: a choice is one of those offered, to the letter; yes and no are commands."""
    journal, (decision,) = asking("merge?", choices=choices)

    with pytest.raises(InvalidInputError, match=said):
        approve(journal.now, checkpoint_id=decision.checkpoint_id, choice=choice)


def test_a_choice_that_was_offered_is_kept_with_the_approval() -> None:
    journal, (decision,) = asking("which?", choices=("a", "b"))

    given_answer = approve(journal.now, checkpoint_id=decision.checkpoint_id, choice="b")[0]

    assert isinstance(given_answer, e.ApprovalGiven)
    assert given_answer.choice == "b"
    with pytest.raises(InvalidInputError, match="is no choice"):
        decide_refuse(journal.now, checkpoint_id=decision.checkpoint_id, reason="no", choice="c")


@pytest.mark.parametrize("decide", [approve, decide_refuse])
@pytest.mark.parametrize("status", ["completed", "canceled"])
def test_a_job_that_is_over_is_not_answered(decide: Any, status: Status) -> None:  # noqa: ANN401
    with pytest.raises(MoveNotAllowedError, match=f"job j_7 is {status}; it cannot be"):
        decide(state_in(status), checkpoint_id="cp_3", reason="looked")


@pytest.mark.parametrize("status", [status for status in OPEN if status != "blocked_decision"])
def test_an_answer_does_not_start_a_job_that_something_else_stopped(status: Status) -> None:
    events = approve(state_in(status))

    assert [type(event) for event in events] == [e.ApprovalGiven]


def test_a_job_asked_from_outside_while_it_ran_does_not_complete_unanswered() -> None:
    """Invariant I5, hard case 12."""
    journal = begun()
    journal.append(*ask(journal.now, epoch=None))

    assert journal.now.status == "running"
    with pytest.raises(ApprovalRequiredError):
        decide_complete(journal.now, epoch=1, summary="merged")


def test_no_step_begins_while_a_decision_from_outside_is_open() -> None:
    """Hard case 12: the holder learns of it by its next append, and that must not be a start.

    A start that is taken back at once is counted as an attempt all the same, and of a step that may
    run only once it says that it may have run.
    """
    journal = begun()
    journal.append(*ask(journal.now, epoch=None))

    try:
        events = decide_start(
            journal.now, epoch=1, step=EDIT, attempt=1, input_digest=None, at_most_once=False
        )
    except ApprovalRequiredError:
        return
    assert not any(isinstance(event, e.StepStarted) for event in events)
