"""The rules of history, one by one: each test forges a legal log into one that breaks just one rule."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.forging import (
    first,
    follow,
    forged,
    records,
    refusal,
    refused_telling,
    started,
    working,
)
from tests.stories import (
    DARWIN,
    FETCH,
    LINUX,
    MERGE,
    QUESTION,
    Story,
    small_story,
    submitted,
    whole_story,
)
from wrkr_core import events as e
from wrkr_core.budget import Budget, Reservation, amounts
from wrkr_core.checkpoint import RequiredAction
from wrkr_core.jobpack import illegal
from wrkr_core.spec import CheckpointPolicy, Command, JobSpec, StepSpec

FINISHED = e.StepFinished(step=FETCH, attempt=1, epoch=1)
FAILED = e.StepFailed(
    step=FETCH, attempt=1, epoch=1, code="E_ADAPTER_FAIL", error_type="E", message="x"
)


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ([], 2),
        ([started()], 1),
        ([started()], 3),
        ([started(), FAILED], 3),
        ([started(), FAILED], 1),
    ],
)
def test_attempts_count_up_from_one(before: list[e.Event], then: int) -> None:
    story = working()
    if before:
        story.tell(*before)

    assert f"attempt {then} of step fetch cannot follow" in refused_telling(story, started(then))


def test_a_finished_step_never_begins_again() -> None:
    story = working()
    story.tell(started(), FINISHED)

    assert "step fetch was finished before" in refused_telling(story, started(2))


def test_a_finished_step_never_finishes_again() -> None:
    log = records(small_story())
    again = replace(log[8], seq=10)

    assert "step merge was finished before" in refusal([*log[:9], again])


def test_steps_are_told_apart_by_key_or_occurrence() -> None:
    story = working()
    for step in (
        FETCH,
        e.StepRef(name="fetch", occurrence=2),
        e.StepRef(name="fetch", occurrence=1, key="a"),
        e.StepRef(name="fetch", occurrence=1, key="b"),
    ):
        story.tell(started(step=step), replace(FINISHED, step=step))

    follow(records(story))


@pytest.mark.parametrize("approval", [None, "cp_1", "cp_99"])
def test_a_guarded_step_never_begins_without_its_approval(approval: str | None) -> None:
    """I5."""
    log = records(small_story())

    assert "nobody had approved" in refusal(
        forged(log, first(log, e.StepStarted), approval=approval)
    )


def test_an_approval_that_comes_after_the_step_does_not_allow_it() -> None:
    """I5."""
    story = working()
    story.tell(started(approval="cp_4"))
    checkpoint_id, subject = story.ask("May I?", key="ask/1")
    story.tell(e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="late"))

    assert checkpoint_id == "cp_4"
    assert "record 3: step fetch rests on cp_4" in refusal(records(story))


def test_a_refused_decision_allows_no_step() -> None:
    log = records(small_story())
    at = first(log, e.ApprovalGiven) - 1
    given = log[at].event
    assert isinstance(given, e.ApprovalGiven)
    no = e.ApprovalRefused(
        checkpoint_id=given.checkpoint_id, subject=given.subject, reason=given.reason
    )

    log = [*log[:at], replace(log[at], event=no), *log[at + 1 :]]

    assert "cp_3, which nobody had approved" in refusal(log)


def test_approving_a_decoy_does_not_open_a_gate() -> None:
    """Hard case 12: the step rests on an approval, but of another question."""
    step = StepSpec(id="merge", command=Command(argv=("git",)), gate=QUESTION)
    story = working(steps=(step,))
    checkpoint_id, subject = story.ask("Shall I go on?", key="ask/1")
    story.tell(
        e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="sure"),
        e.JobResumed(reason="approved"),
    )
    story.take(2)

    begun = e.StepStarted(step=MERGE, attempt=1, epoch=2, approval=checkpoint_id)

    assert "asked something else" in refused_telling(story, begun)


@pytest.mark.parametrize(
    "wrong", [{"job": "../x"}, {"job": "\x1b[2J"}, {"seq": 0}, {"hash": "AB" * 32}]
)
def test_a_fork_is_of_a_record_that_can_be(wrong: dict[str, Any]) -> None:
    origin = replace(e.ForkPoint(job="origin", seq=9, hash="ab" * 32), **wrong)
    story = Story()
    story.tell(submitted(JobSpec(name="j"), origin), by="ann")

    assert "record 1: " in refusal(records(story))


def test_a_fork_takes_over_guarded_steps_only_under_the_lease_it_is_built_under() -> None:
    step = StepSpec(id="merge", command=Command(argv=("git",)), gate=QUESTION)
    spec = JobSpec(name="port-utils", steps=(step,), budget=Budget(steps=0))
    origin = e.ForkPoint(job="origin", seq=9, hash="ab" * 32)
    story = Story()
    story.tell(submitted(spec, origin), by="ann")
    story.take(1, "fork")
    story.tell(
        e.StepStarted(step=MERGE, attempt=1, epoch=1),
        e.StepFinished(step=MERGE, attempt=1, epoch=1),
    )
    story.release(1, "fork")
    follow(records(story))
    story.take(2, "fork")
    again = e.StepRef(name="merge", occurrence=2)

    story.tell(e.StepStarted(step=again, attempt=1, epoch=2), by="fork")

    assert "is guarded" in refusal(records(story))


def test_an_approval_is_of_what_was_shown() -> None:
    log = records(small_story())

    assert "cp_3 is not an open decision" in refusal(
        forged(log, first(log, e.ApprovalGiven), subject="ab" * 32)
    )


@pytest.mark.parametrize("kind", [e.ApprovalGiven, e.ApprovalRefused])
def test_only_open_decisions_are_answered(kind: Any) -> None:  # noqa: ANN401  # an event class
    log = records(small_story())
    answer = replace(
        log[8], seq=9, event=kind(checkpoint_id="cp_3", subject=log[2].hash, reason="again")
    )

    assert "cp_3 is not an open decision" in refusal([*log[:8], answer])


@pytest.mark.parametrize("choice", [None, "v3"])
def test_a_choice_is_one_of_those_offered(choice: str | None) -> None:
    story = working()
    checkpoint_id, subject = story.ask("Which?", key="ask/1", choices=("v1", "v2"))
    given = e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="x", choice=choice)

    assert "choice that was not offered" in refused_telling(story, given)


def test_a_yes_or_no_question_has_no_choice() -> None:
    log = records(small_story())

    assert "not offered" in refusal(forged(log, first(log, e.ApprovalGiven), choice="v1"))


def test_an_offered_choice_is_taken() -> None:
    story = working()
    for choice in ("v1", None):
        checkpoint_id, subject = story.ask("Which?", key="ask/1", choices=("v1", "v2"))
        answer: e.Event = e.ApprovalRefused(
            checkpoint_id=checkpoint_id, subject=subject, reason="x", choice=choice
        )
        if choice:
            answer = e.ApprovalGiven(
                checkpoint_id=checkpoint_id, subject=subject, reason="x", choice=choice
            )
        story.tell(answer, e.JobResumed(reason="answered"))
        story.take(story.log.state.epoch + 1)  # type: ignore[union-attr]  # it was told

    follow(records(story))


def test_a_refusal_chooses_nothing_that_was_not_offered() -> None:
    log = records(whole_story())

    assert "not offered" in refusal(forged(log, first(log, e.ApprovalRefused), choice="v3"))


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_a_decision_has_a_reason(reason: str) -> None:
    log = records(small_story())

    assert "the summary" in refusal(forged(log, first(log, e.ApprovalGiven), reason=reason))


def test_no_approval_is_given_that_is_over_already() -> None:
    log = records(whole_story())
    seq = first(log, e.ApprovalGiven)

    assert "had expired" in refusal(forged(log, seq, expires_at=log[seq - 1].at))


def test_a_job_does_not_go_on_while_it_waits_for_a_decision() -> None:
    story = working()
    story.ask("May I?", key="ask/1")

    assert "waited for a decision" in refused_telling(story, e.JobResumed(reason="never mind"))


def test_a_paused_job_goes_on_although_a_decision_is_open() -> None:
    story = working()
    action = RequiredAction(kind="approval", instructions="x", key="external:3")
    story.tell(story.checkpoint("decision-needed", "May I?", required_action=action))
    story.tell(e.JobPaused(reason="lunch"), e.JobResumed(reason="back"))

    follow(records(story))


def test_a_job_is_not_completed_while_a_decision_is_open() -> None:
    story = working()
    action = RequiredAction(kind="approval", instructions="x", key="external:3")
    story.tell(story.checkpoint("decision-needed", "May I?", required_action=action))

    assert "completed while cp_3" in refused_telling(story, e.JobCompleted(summary="done"))


def test_a_job_is_not_completed_without_the_checkpoints_its_spec_requires() -> None:
    story = working(checkpoints=CheckpointPolicy(required=("plan", "progress", "completed")))
    story.tell(story.checkpoint("plan", "first this"))

    assert "requires: progress" in refused_telling(story, e.JobCompleted(summary="done"))


@pytest.mark.parametrize("budget", [(), amounts(steps=2), amounts(steps=1, tokens=0)])
def test_a_checkpoint_states_the_sums_of_its_moment(budget: tuple[Any, ...]) -> None:
    log = records(small_story())

    assert "cp_10 states other sums" in refusal(forged(log, 10, budget=budget))


@pytest.mark.parametrize("summary", ["", " ", "x" * 2001])
def test_a_summary_has_one_to_two_thousand_characters(summary: str) -> None:
    assert "the summary" in refusal(forged(records(small_story()), 10, summary=summary))


def test_only_a_decision_asks_for_something_and_it_always_does() -> None:
    log = records(small_story())
    action = RequiredAction(kind="approval", instructions="x", key="ask/1")

    assert "must ask for something" in refusal(forged(log, 3, required_action=None))
    assert "must not ask for something" in refusal(forged(log, 10, required_action=action))


def test_an_environment_is_captured_once_and_replaced_by_name() -> None:
    story = working()
    story.tell(e.EnvironmentCaptured(fingerprint=LINUX))
    log = records(story)
    again = replace(log[2], seq=4)
    swap = e.EnvironmentAccepted(expected=DARWIN.digest, fingerprint=LINUX, reason="x")

    assert "captured before" in refusal([*log, again])
    assert "was not there" in refused_telling(story, swap)


def test_an_environment_has_the_digest_of_its_observations() -> None:
    story = working()
    forgery = replace(LINUX, digest=DARWIN.digest)

    assert "digest of the environment" in refused_telling(
        story, e.EnvironmentCaptured(fingerprint=forgery)
    )


@pytest.mark.parametrize("passed", [-1, 3])
def test_no_more_checks_pass_than_were_run(passed: int) -> None:
    log = records(whole_story())

    assert "cannot have passed" in refusal(
        forged(log, first(log, e.AcceptanceRecorded), passed=passed)
    )


@pytest.mark.parametrize(
    ("passed", "failures"), [(1, ()), (0, ("lint",)), (2, ("lint",)), (1, ("more", "lint", "x"))]
)
def test_every_check_passed_or_is_told_of_as_a_failure(
    passed: int, failures: tuple[str, ...]
) -> None:
    log = records(whole_story())
    told = tuple(e.AcceptanceFailure(check=each, code="E", message="no") for each in failures)

    assert "failures are told of" in refusal(
        forged(log, first(log, e.AcceptanceRecorded), passed=passed, failures=told)
    )


def test_a_step_that_is_finished_has_one_result() -> None:
    log = records(whole_story())
    seq = first(log, e.StepFinished)

    assert "step fetch has two results" in refusal(forged(log, seq, result=msgspec.Raw(b"1")))


def test_work_is_recorded_by_whoever_holds_the_job() -> None:
    log = records(small_story())
    seq = first(log, e.StepFinished)
    log[seq - 1] = replace(log[seq - 1], by="eve")

    assert "eve recorded what host-1 did" in refusal(log)


def test_a_job_that_is_blocked_by_a_decision_waits_for_one() -> None:
    blocked = e.JobBlocked(status="blocked_decision", summary="x", reason_codes=())

    assert "none is open" in refused_telling(working(), blocked)


def test_no_step_begins_while_a_decision_is_open() -> None:
    story = working()
    action = RequiredAction(kind="approval", instructions="x", key="external:3")
    story.tell(story.checkpoint("decision-needed", "May I?", required_action=action))

    assert "step fetch began while cp_3 waited" in refused_telling(story, started())


def test_a_log_cannot_open_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is open is in the state, so a log of a million open questions would never be read."""
    monkeypatch.setattr(illegal, "MOST_OPEN", 2)
    asking, reserving = working(), working()
    action = RequiredAction(kind="approval", instructions="look", key="k")

    def ask() -> None:
        asking.tell(asking.checkpoint("decision-needed", "sure?", required_action=action))

    for number in (1, 2):
        ask()
        reserving.tell(e.BudgetReserved(reservation=Reservation(id=f"r{number}", amounts=())))
    follow(records(asking))
    follow(records(reserving))
    ask()
    reserving.tell(e.BudgetReserved(reservation=Reservation(id="r3", amounts=())))

    assert "it makes 3 open decisions; more than 2 are not followed" in refusal(records(asking))
    assert "3 open reservations" in refusal(records(reserving))


def test_a_log_cannot_hold_unknown_types_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(illegal, "MOST_OPEN", 2)
    story = working()
    for number in (1, 1, 2):
        story.tell(e.UnknownEvent(type=f"later_{number}/1", payload=e.NULL))
    follow(records(story))

    story.tell(e.UnknownEvent(type="later_3/1", payload=e.NULL))

    assert "3 types of events this release does not know" in refusal(records(story))
