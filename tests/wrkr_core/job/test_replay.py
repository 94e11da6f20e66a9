"""Replaying: what code that is run again has asked for before, told by the log alone."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.histories import (
    ASKED,
    EDIT,
    Journal,
    answered,
    asked,
    begun,
    checkpoint,
    failed,
    finished,
    having_done,
    keyed,
    released,
    started,
)
from tests.strategies import NOON, STEPS
from tests.trying import HISTORIES
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Reservation
from wrkr_core.errors import NonDeterminismError
from wrkr_core.job.replay import KEPT_RESULT, PastQuestion, Replay, identity
from wrkr_core.record import open_lines

PLAN = e.StepRef(name="plan", occurrence=1)
TOKENS = (Amount(meter="tokens", amount=1),)


def replay_of(journal: Journal) -> Replay:
    replay = Replay()
    replay.feed(journal.records)
    return replay


def question(replay: Replay, key: str = "ask@start/1") -> PastQuestion:
    found = replay.question(key)
    assert found is not None
    return found


def test_the_log_alone_says_where_to_go_on() -> None:
    """Hard case 5: lines on a disk are enough, no cursor is kept beside them."""
    journal = having_done(PLAN)
    journal.append(started(step=EDIT))
    again = Replay()
    again.feed(open_lines("j-1", journal.lines))

    done, under_way = again.visit(PLAN), again.visit(EDIT)

    assert done is not None
    assert under_way is not None
    assert (done.finished, done.is_open, done.attempts) == (4, False, 1)
    assert (under_way.finished, under_way.is_open, under_way.attempts) == (None, True, 1)
    assert again.seq == 5


@settings(max_examples=60)
@given(HISTORIES, st.data())
def test_feeding_in_parts_or_twice_changes_nothing(journal: Journal, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(journal.records)))
    parts = Replay()

    parts.feed(journal.records[:cut])
    parts.feed(journal.records)
    parts.feed(journal.records[:cut])

    assert vars(parts) == vars(replay_of(journal))


@settings(max_examples=60)
@given(HISTORIES)
def test_a_replay_agrees_with_the_state(journal: Journal) -> None:
    replay = replay_of(journal)

    assert replay.seq == journal.now.seq
    assert len(replay.finished_steps()) == journal.now.steps.done
    open_now = {identity(each.step) for each in journal.now.open_steps}
    assert open_now == {key for key, past in replay._steps.items() if past.is_open}
    assert len(journal.now.decisions) == sum(
        past.answer is None for past in replay._by_checkpoint.values()
    )


def test_a_recorded_step_is_found_with_its_result() -> None:
    journal = begun()
    outcome = finished(step=PLAN, result=msgspec.Raw(b'["a"]'))
    journal.append(started(step=PLAN), outcome)

    past = replay_of(journal).visit(PLAN)

    assert past is not None
    assert (past.result, past.finished) == (outcome, 4)


@pytest.mark.parametrize(("length", "kept"), [(KEPT_RESULT, True), (KEPT_RESULT + 1, False)])
def test_of_a_large_result_only_the_record_is_kept(length: int, kept: bool) -> None:  # noqa: FBT001
    journal = begun()
    journal.append(
        started(step=PLAN),
        finished(step=PLAN, result=msgspec.Raw(b'"' + b"x" * (length - 2) + b'"')),
    )

    past = replay_of(journal).visit(PLAN)

    assert past is not None
    assert past.finished == 4
    assert (past.result is not None) == kept


def test_a_step_that_was_never_recorded_is_new_behind_all_that_were() -> None:
    replay = replay_of(having_done(PLAN))
    replay.visit(PLAN)

    assert replay.visit(EDIT) is None


def test_another_step_than_the_recorded_one_is_refused_showing_both() -> None:
    replay = replay_of(having_done(PLAN, EDIT))
    replay.visit(PLAN)

    with pytest.raises(NonDeterminismError) as caught:
        replay.visit(e.StepRef(name="test", occurrence=1))

    assert caught.value.message == (
        "the code asks for step test, but step edit is recorded at this place"
    )
    assert caught.value.details == {"asked": "test", "recorded": "edit"}
    assert caught.value.hint == (
        "run the code the job was started with, or fork the job at an earlier checkpoint"
    )


def test_a_second_occurrence_is_another_step() -> None:
    replay = replay_of(having_done(EDIT, PLAN))
    replay.visit(EDIT)

    with pytest.raises(NonDeterminismError, match="asks for step edit#2, but step plan is"):
        replay.visit(e.StepRef(name="edit", occurrence=2))


@given(st.permutations([keyed("a"), keyed("b"), keyed("c"), keyed("d"), keyed("e")]))
def test_a_keyed_fan_out_may_come_in_another_order_and_hold_more(order: list[e.StepRef]) -> None:
    replay = replay_of(having_done(keyed("a"), keyed("b"), keyed("c")))

    known = [step.key for step in order if replay.visit(step) is not None]

    assert sorted(known, key=str) == ["a", "b", "c"]


def test_a_step_behind_a_fan_out_that_is_not_through_is_refused() -> None:
    replay = replay_of(having_done(keyed("a"), keyed("b")))
    replay.visit(keyed("a"))

    with pytest.raises(NonDeterminismError, match=r"but step edit\[b\] is recorded"):
        replay.visit(PLAN)
    with pytest.raises(NonDeterminismError):
        replay.visit(keyed("c", name="other"))
    with pytest.raises(NonDeterminismError):
        replay.visit(e.StepRef(name="edit", occurrence=1))


def test_a_keyed_step_is_no_fan_out_of_a_step_without_key() -> None:
    """The log says ``edit``, the code now asks for ``edit[a]``: that is another step."""
    replay = replay_of(having_done(EDIT))

    with pytest.raises(NonDeterminismError):
        replay.visit(keyed("a"))


def test_a_step_that_was_just_started_is_known_when_it_is_visited() -> None:
    journal = begun()
    replay = replay_of(journal)
    assert replay.visit(PLAN) is None

    journal.append(started(step=PLAN))
    replay.feed(journal.records)

    past = replay.visit(PLAN)
    assert past is not None
    assert past.is_open


def test_a_step_that_was_new_when_it_was_asked_for_is_not_asked_for_again() -> None:
    """What the code has begun since is behind it: the next new step is no other than expected."""
    journal = begun()
    replay = replay_of(journal)
    replay.visit(PLAN)
    journal.append(started(step=PLAN), finished(step=PLAN))
    replay.feed(journal.records)

    assert replay.visit(EDIT) is None


def test_a_replay_stands_before_the_first_record_until_it_is_fed() -> None:
    assert Replay().seq == 0


def test_a_record_that_is_fed_twice_counts_once() -> None:
    journal = begun()
    journal.append(started(1), failed(1, retry_at=NOON))
    replay = replay_of(journal)

    replay.feed(journal.records[-1:])

    past = replay.visit(EDIT)
    assert past is not None
    assert past.failures == 1


def test_failures_count_against_the_retries_until_the_last() -> None:
    journal = begun()
    journal.append(started(1), failed(1, retry_at=NOON + 5))
    first = replay_of(journal).visit(EDIT)
    journal.append(started(2), failed(2))
    second = replay_of(journal).visit(EDIT)

    assert first is not None
    assert second is not None
    assert (first.attempts, first.failures, first.gave_up) == (1, 1, False)
    assert not first.is_open
    assert (second.attempts, second.failures, second.gave_up) == (2, 2, True)
    assert second.failure is not None
    assert second.failure.attempt == 2


def test_after_a_block_a_persons_resume_begins_the_retries_anew() -> None:
    """Hard case 13: the attempts are counted on, the step may be tried again."""
    journal = begun()
    journal.append(started(1), failed(1, retry_at=NOON), started(2), failed(2))
    blocked = e.JobBlocked(status="blocked_error", summary="no", reason_codes=(), step=EDIT)
    journal.append(blocked)
    journal.append(e.JobResumed(reason="fixed"))

    past = replay_of(journal).visit(EDIT)

    assert past is not None
    assert (past.attempts, past.failures, past.gave_up) == (2, 0, False)


def test_an_interrupted_attempt_is_open_and_says_whether_it_may_run_twice() -> None:
    journal = begun()
    journal.append(started(1, at_most_once=True))
    journal.take("bob")

    past = replay_of(journal).visit(EDIT)

    assert past is not None
    assert (past.is_open, past.at_most_once, past.attempts) == (True, True, 1)


@pytest.mark.parametrize("yes", [True, False])
def test_an_answer_is_found_by_the_key_of_its_question(yes: bool) -> None:  # noqa: FBT001
    journal = begun()
    opened = asked(journal)
    unanswered = question(replay_of(journal))
    answered(journal, yes=yes)

    past = question(replay_of(journal))

    assert unanswered.answer is None
    assert not Replay().is_usable(unanswered, NOON)
    assert (past.checkpoint_id, past.question, past.action.kind) == (
        opened.checkpoint_id,
        "merge?",
        "approval",
    )
    assert past.answer is not None
    assert past.answer.checkpoint_id == opened.checkpoint_id
    assert (past.answer.approved, past.answer.by, past.answer.choice) == (yes, "ann", "a")
    assert (past.answer.reason, past.answer.at) == ("looked", journal.now.at)
    assert replay_of(journal).is_usable(past, NOON + 10**12)


def test_a_question_asked_again_counts_by_its_newest_answer() -> None:
    """Hard case 12: an answer to one question is none to another, even under the same key."""
    journal = begun()
    asked(journal)
    answered(journal, yes=True)
    asked(journal)

    assert question(replay_of(journal)).answer is None

    answered(journal, yes=False)
    past = question(replay_of(journal))
    assert past.answer is not None
    assert not past.answer.approved


def test_approving_a_decoy_answers_nothing_else() -> None:
    """Hard case 12."""
    journal = begun()
    asked(journal, key="external:3")
    asked(journal)

    answered(journal)

    assert question(replay_of(journal), "external:3").answer is not None
    assert question(replay_of(journal)).answer is None


def test_checkpoints_that_ask_nothing_are_no_questions() -> None:
    journal = begun()
    journal.append(checkpoint(journal, "plan", required_action=ASKED))
    journal.append(checkpoint(journal, "decision-needed"))

    assert replay_of(journal).question("ask@start/1") is None
    assert Replay().question("ask@start/1") is None


@pytest.mark.parametrize(("now", "usable"), [(NOON + 99, True), (NOON + 100, False)])
def test_an_approval_may_be_used_until_the_instant_it_expires(now: int, usable: bool) -> None:  # noqa: FBT001
    journal = begun()
    asked(journal)
    answered(journal, expires_at=NOON + 100)
    replay = replay_of(journal)

    assert replay.is_usable(question(replay), now) == usable


def test_an_approval_that_was_acted_upon_in_time_stays_usable() -> None:
    journal = begun()
    asked(journal)
    answered(journal, expires_at=NOON + 100)
    journal.append(started(step=PLAN, approval="cp_3"), at=NOON + 99)
    replay = replay_of(journal)

    assert replay.is_usable(question(replay), NOON + 10**9)


def test_a_sleep_is_found_by_its_key() -> None:
    journal = begun()
    journal.append(e.TimerSet(key="sleep@start/1", wake_at=NOON + 7))

    replay = replay_of(journal)

    assert replay.timer("sleep@start/1") == NOON + 7
    assert replay.timer("sleep@start/2") is None


def test_what_the_code_recorded_at_a_place_is_known_by_its_mark() -> None:
    artifact = Artifact(path="a", sha256="0" * 64, size=0)
    journal = begun()
    journal.append(
        e.Charged(amounts=TOKENS, mark="charge@start/1"),
        e.Charged(amounts=TOKENS),
        e.ArtifactRecorded(artifact=artifact, mark="artifact@start/1"),
        e.BudgetReserved(reservation=Reservation(id="reserve@start/1", amounts=TOKENS)),
    )
    journal.append(checkpoint(journal, mark="checkpoint@start/1"))

    replay = replay_of(journal)

    for kind in ("charge", "artifact", "reserve", "checkpoint"):
        assert replay.has_mark(f"{kind}@start/1")
        assert not replay.has_mark(f"{kind}@start/2")


def test_no_mark_is_never_known() -> None:
    """Inside a running step there is no mark: each attempt charges again."""
    journal = begun()
    journal.append(e.Charged(amounts=TOKENS))

    assert not replay_of(journal).has_mark("")


def test_finished_steps_come_in_the_order_they_were_begun() -> None:
    journal = begun()
    journal.append(started(step=PLAN), started(step=EDIT), finished(step=EDIT), finished(step=PLAN))
    journal.append(started(step=keyed("a")), failed(step=keyed("a")), released())

    assert [past.step for past in replay_of(journal).finished_steps()] == [PLAN, EDIT]


@given(STEPS, STEPS)
def test_two_steps_are_the_same_exactly_when_their_identity_is(
    one: e.StepRef, other: e.StepRef
) -> None:
    same = (one.name, one.key) == (other.name, other.key) and (
        one.key is not None or one.occurrence == other.occurrence
    )

    assert (identity(one) == identity(other)) == same
