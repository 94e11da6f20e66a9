"""What an approval allows, and what it does not: each test is a log that stretches one too far."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.forging import first, follow, forged, records, refusal, refused_telling, started, working
from tests.stories import FETCH, MERGE, QUESTION, Story, small_story, whole_story
from wrkr_core import events as e
from wrkr_core.checkpoint import CONFIRM_RERUN, RequiredAction
from wrkr_core.jobpack import illegal
from wrkr_core.spec import Command, StepSpec

TAG = e.StepRef(name="tag", occurrence=1)
COMMAND = Command(argv=("git",))
FAILED = e.StepFailed(step=FETCH, attempt=1, epoch=1, code="E", error_type="E", message="x")


def asked_to_run_again(story: Story, key: str) -> tuple[str, str]:
    action = RequiredAction(kind=CONFIRM_RERUN, instructions="look", key=key)
    opened = story.checkpoint("decision-needed", "Again?", required_action=action)
    return opened.checkpoint_id, story.tell(opened)


def interrupted() -> Story:
    """Return a job whose worker was lost in a step that may run only once."""
    story = working()
    story.tell(started(at_most_once=True))
    story.take(2, took_over="expired", took_over_from="host-1")
    return story


@pytest.mark.parametrize("later", [0, 1])
def test_nothing_rests_on_an_approval_that_is_over(later: int) -> None:
    log = records(whole_story())
    begun = next(
        each
        for each in log
        if isinstance(each.event, e.StepStarted) and each.event.approval is not None
    )
    given = first(log, e.ApprovalGiven)
    follow(forged(log, given, expires_at=begun.at + 1))

    over = forged(log, given, expires_at=begun.at - later)

    assert "whose approval was over at" in refusal(over)


def test_one_approval_allows_one_guarded_step_also_of_two_that_ask_the_same() -> None:
    """Hard case 12: an approval used twice."""
    steps = tuple(StepSpec(id=name, command=COMMAND, gate=QUESTION) for name in ("merge", "tag"))
    story = working(steps=steps)
    checkpoint_id, subject = story.ask(QUESTION, key="ask:gate:merge")
    yes = e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="read it")
    story.tell(yes, e.JobResumed(reason="approved"), by="ann")
    story.take(2)
    begun = e.StepStarted(step=MERGE, attempt=1, epoch=2, approval=checkpoint_id)
    failed = replace(FAILED, step=MERGE, epoch=2)
    story.tell(begun, failed, replace(begun, attempt=2))
    follow(records(story))

    other = replace(begun, step=TAG)

    assert f"step tag rests on {checkpoint_id}, which allowed step merge" in refused_telling(
        story, other
    )


@pytest.mark.parametrize(
    ("question", "key", "is_asked"),
    [
        ("Use [REDACTED:x:00000000] here?", "ask:gate:merge", True),
        ("Use [REDACTED:x:00000000] here?", "ask/1", False),
        ("Use [REDACTED:x:00000000] here?", "merge", False),
        ("Use [REDACTED:x:00000000] there?", "ask:gate:merge", False),
    ],
)
def test_a_question_is_known_also_by_its_masked_form_and_the_key_of_its_step(
    question: str,
    key: str,
    is_asked: bool,  # noqa: FBT001  # a row of the table
) -> None:
    story = working(steps=(StepSpec(id="merge", command=COMMAND, gate="Use a secret here?"),))
    checkpoint_id, subject = story.ask(question, key=key)
    yes = e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="read it")
    story.tell(yes, e.JobResumed(reason="approved"), by="ann")
    story.take(2)
    story.tell(e.StepStarted(step=MERGE, attempt=1, epoch=2, approval=checkpoint_id))

    if is_asked:
        follow(records(story))
    else:
        assert "asked something else" in refusal(records(story))


def test_a_step_that_may_run_only_once_runs_again_only_where_a_person_allowed_it() -> None:
    again = started(2, at_most_once=True, epoch=2)
    story = interrupted()

    assert "may run only once, may have run" in refused_telling(story, again)


@pytest.mark.parametrize(
    ("key", "is_allowed"),
    [("rerun:fetch:1", True), ("rerun:fetch:2", False), ("rerun:other:1", False)],
)
def test_an_approval_of_another_run_is_of_one_attempt_of_one_step(
    key: str,
    is_allowed: bool,  # noqa: FBT001  # a row of the table
) -> None:
    story = interrupted()
    checkpoint_id, subject = asked_to_run_again(story, key)
    story.tell(e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="it did not"))
    story.tell(started(2, at_most_once=True, epoch=2))

    if not is_allowed:
        assert "may run only once" in refusal(records(story))
        return
    follow(records(story))
    story.take(3, took_over="expired", took_over_from="host-1")
    assert "may run only once" in refused_telling(story, started(3, epoch=3))


def test_a_person_who_says_no_allows_no_other_run() -> None:
    story = interrupted()
    checkpoint_id, subject = asked_to_run_again(story, "rerun:fetch:1")
    no = e.ApprovalRefused(checkpoint_id=checkpoint_id, subject=subject, reason="it did")
    story.tell(no)

    assert "may run only once" in refused_telling(story, started(2, epoch=2))


def test_a_step_that_failed_may_run_again_although_it_may_only_once_when_unsure() -> None:
    story = working()
    story.tell(started(at_most_once=True), FAILED, started(2, at_most_once=True))

    follow(records(story))


def test_a_log_cannot_allow_runs_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(illegal, "MOST_OPEN", 2)
    story = working()
    for number in range(3):
        checkpoint_id, subject = asked_to_run_again(story, f"rerun:{number}")
        story.tell(e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="x"))

    assert "3 approvals of another run" in refusal(records(story))


def test_the_honest_stories_rest_on_what_they_may() -> None:
    for story in (small_story(), whole_story()):
        follow(records(story))
