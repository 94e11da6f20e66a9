"""Submitting, pausing, resuming, canceling, completing, and being blocked by an error."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.histories import EDIT, Journal, begun, checkpoint
from tests.strategies import SPECS, state_in
from wrkr_core import events as e
from wrkr_core.budget import Amount
from wrkr_core.checkpoint import LONGEST_SUMMARY
from wrkr_core.errors import (
    ApprovalRequiredError,
    BudgetExceededError,
    InvalidInputError,
    JobExistsError,
    MoveNotAllowedError,
)
from wrkr_core.job.decide.lifecycle import (
    decide_block_on_error,
    decide_cancel,
    decide_complete,
    decide_pause,
    decide_resume,
    decide_submit,
    require_open,
)
from wrkr_core.job.state import STATUSES, JobState, Status
from wrkr_core.spec import CheckpointPolicy, JobSpec, spec_digest

SPEC = JobSpec(name="refactor")
FORK = e.ForkPoint(job="j-0", seq=3, hash="a" * 64)


def waiting(status: Status, **changes: Any) -> JobState:  # noqa: ANN401  # any field
    """Return a state with no decision open."""
    return state_in(status, **{"decisions": (), **changes})


def test_a_new_job_is_recorded_whole() -> None:
    assert decide_submit(None, job_id="j_7", spec=SPEC, engine="0.1", forked_from=FORK) == (
        e.JobSubmitted(spec=SPEC, spec_digest=spec_digest(SPEC), engine="0.1", forked_from=FORK),
    )


@pytest.mark.parametrize("status", STATUSES)
def test_submitting_the_same_again_changes_nothing_however_far_the_job_is(status: Status) -> None:
    """Hard case 8."""
    state = state_in(status, spec_digest=spec_digest(SPEC))

    assert decide_submit(state, job_id="j_7", spec=SPEC, engine="0.2") == ()


@given(SPECS, SPECS)
def test_an_id_that_is_taken_by_another_spec_is_refused(one: JobSpec, other: JobSpec) -> None:
    """Hard case 8."""
    state = state_in("completed", spec_digest=spec_digest(one))

    if one == other:
        assert decide_submit(state, job_id="j_7", spec=other, engine="") == ()
        return
    with pytest.raises(JobExistsError, match="job j_7 exists already, with another spec") as caught:
        decide_submit(state, job_id="j_7", spec=other, engine="")
    assert caught.value.details == {"job_id": "j_7", "spec_digest": spec_digest(one)}


def test_an_id_that_is_taken_by_another_fork_is_refused() -> None:
    """Hard case 8."""
    state = state_in("queued", spec_digest=spec_digest(SPEC), forked_from=FORK)
    other = replace(FORK, seq=4)

    assert decide_submit(state, job_id="j", spec=SPEC, engine="", forked_from=FORK) == ()
    for forked_from in (None, other):
        with pytest.raises(JobExistsError):
            decide_submit(state, job_id="j", spec=SPEC, engine="", forked_from=forked_from)


def test_a_spec_that_cannot_be_written_is_refused_as_input() -> None:
    """Hard case 23."""
    with pytest.raises(InvalidInputError):
        decide_submit(None, job_id="j", spec=JobSpec(name="a", objective="\ud800"), engine="")


@pytest.mark.parametrize("status", STATUSES)
def test_only_a_job_that_works_or_waits_for_a_worker_can_be_paused(status: Status) -> None:
    if status in ("queued", "running"):
        assert decide_pause(state_in(status), reason="x") == (e.JobPaused(reason="x"),)
    else:
        with pytest.raises(MoveNotAllowedError, match=f"job j_7 is {status}; it cannot be paused"):
            decide_pause(state_in(status), reason="x")


@pytest.mark.parametrize("status", STATUSES)
def test_any_job_that_is_not_over_can_be_canceled(status: Status) -> None:
    if status in ("completed", "canceled"):
        with pytest.raises(MoveNotAllowedError):
            decide_cancel(state_in(status), reason="x")
    else:
        assert decide_cancel(state_in(status), reason="x") == (e.JobCanceled(reason="x"),)


@pytest.mark.parametrize("status", STATUSES)
def test_a_paused_or_blocked_job_that_waits_for_nothing_can_be_resumed(status: Status) -> None:
    if status == "paused" or status.startswith("blocked"):
        assert decide_resume(waiting(status), reason="x") == (e.JobResumed(reason="x"),)
    else:
        with pytest.raises(MoveNotAllowedError):
            decide_resume(waiting(status), reason="x")


def test_a_job_that_waits_for_a_person_is_not_resumed_past_the_decision() -> None:
    """Hard case 12."""
    first = state_in("blocked_decision").decisions[0]
    second = replace(first, checkpoint_id="cp_5", question="deploy?")
    state = state_in("blocked_decision", decisions=(first, second))

    with pytest.raises(ApprovalRequiredError) as caught:
        decide_resume(state, reason="x")

    assert caught.value.message == "job j_7 waits for a decision on cp_3 (and 1 more): merge?"
    assert caught.value.hint == "wrkr approve j_7 cp_3 --reason …"
    assert caught.value.details["open_decisions"] == ["cp_3", "cp_5"]


def test_a_job_over_its_budget_is_not_resumed_past_it() -> None:
    over = (Amount(meter="tokens", amount=101),)

    with pytest.raises(BudgetExceededError) as caught:
        decide_resume(waiting("blocked_budget", spent=over, reservations=()), reason="x")

    assert caught.value.message == "job j_7 is over its budget: tokens: 101 used, limit 100"
    assert caught.value.hint == "wrkr budget raise j_7 --tokens …"


@pytest.mark.parametrize(("used", "may_go_on"), [(1, True), (2, False), (3, False)])
def test_a_job_without_a_step_left_is_not_resumed_to_be_blocked_again(
    used: int,
    may_go_on: bool,  # noqa: FBT001  # a row of the table
) -> None:
    """Hard case 13."""
    limits, spent = (Amount(meter="steps", amount=2),), (Amount(meter="steps", amount=used),)
    state = waiting("blocked_budget", limits=limits, spent=spent, reservations=())

    if may_go_on:
        assert decide_resume(state, reason="x") == (e.JobResumed(reason="x"),)
    else:
        with pytest.raises(BudgetExceededError, match=f"steps: {used} used") as caught:
            decide_resume(state, reason="x")
        assert caught.value.hint == "wrkr budget raise j_7 --steps …"


def test_what_is_set_aside_counts_when_a_job_is_resumed() -> None:
    nearly = (Amount(meter="tokens", amount=96),)

    with pytest.raises(BudgetExceededError):
        decide_resume(waiting("blocked_budget", spent=nearly), reason="x")


def test_a_job_is_completed_with_a_checkpoint_in_one_batch() -> None:
    events = decide_complete(waiting("running"), epoch=3, summary="merged")

    assert events == (
        e.CheckpointRecorded(
            checkpoint_id="cp_10",
            kind="completed",
            summary="merged",
            budget=(Amount(meter="tokens", amount=10),),
        ),
        e.JobCompleted(summary="merged"),
    )


@pytest.mark.parametrize("status", ["queued", "paused", "blocked_budget", "blocked_error"])
def test_only_a_running_job_completes(status: Status) -> None:
    """Hard case 18: nothing passes on a blocked job."""
    with pytest.raises(MoveNotAllowedError):
        decide_complete(waiting(status), epoch=3, summary="merged")


def test_a_job_does_not_complete_past_an_open_decision() -> None:
    """Invariant I5, hard case 12."""
    with pytest.raises(ApprovalRequiredError, match="waits for a decision on cp_3: merge"):
        decide_complete(state_in("running"), epoch=3, summary="merged")


@pytest.mark.parametrize(
    ("summary", "said"), [("x" * 2001, "has 2001 characters"), ("", "is empty"), (" ", "is empty")]
)
def test_a_summary_out_of_bounds_does_not_complete_a_job(summary: str, said: str) -> None:
    """Hard case 12."""
    with pytest.raises(InvalidInputError, match=said):
        decide_complete(waiting("running"), epoch=3, summary=summary)


def test_a_checkpoint_the_policy_requires_comes_before_completion() -> None:
    policy = CheckpointPolicy(required=("plan", "progress", "completed"))
    state = waiting("running", checkpoint_policy=policy)

    with pytest.raises(InvalidInputError, match="may not complete without a progress") as caught:
        decide_complete(state, epoch=3, summary="merged")

    assert caught.value.details == {"job_id": "j_7", "kind": "progress"}
    journal = begun(checkpoints=policy)
    for kind in ("plan", "progress"):
        journal.append(checkpoint(journal, kind))
    assert journal.append(*decide_complete(journal.now, epoch=1, summary="x")).is_final


@pytest.mark.parametrize("epoch", [3, None])
def test_a_job_that_cannot_go_on_says_so_in_a_checkpoint(epoch: int | None) -> None:
    events = decide_block_on_error(
        waiting("running"), epoch=epoch, summary="no disk", reason_codes=("E_X",), step=EDIT
    )

    assert [type(event) for event in events] == [e.CheckpointRecorded, e.JobBlocked]
    assert msgspec.structs.asdict(events[1]) == {
        "status": "blocked_error",
        "summary": "no disk",
        "reason_codes": ("E_X",),
        "step": EDIT,
    }


@given(st.integers(1, LONGEST_SUMMARY * 2))
def test_why_a_job_is_blocked_is_cut_rather_than_lost(length: int) -> None:
    """The one text of this kind that another program wrote: refusing it would lose the reason."""
    recorded, blocked = decide_block_on_error(
        waiting("running"), epoch=3, summary="x" * length, reason_codes=()
    )

    assert isinstance(recorded, e.CheckpointRecorded)
    assert isinstance(blocked, e.JobBlocked)
    assert recorded.summary == blocked.summary
    assert len(blocked.summary) == min(length, LONGEST_SUMMARY)
    assert blocked.summary.endswith("…") == (length > LONGEST_SUMMARY)


@pytest.mark.parametrize("summary", ["", " ", "\n"])
def test_an_error_without_words_is_recorded_by_its_code(summary: str) -> None:
    recorded, blocked = decide_block_on_error(
        waiting("running"), epoch=3, summary=summary, reason_codes=("E_ADAPTER_FAIL",)
    )

    assert isinstance(recorded, e.CheckpointRecorded)
    assert isinstance(blocked, e.JobBlocked)
    assert recorded.summary == blocked.summary == "E_ADAPTER_FAIL"


def test_an_error_without_words_and_code_is_recorded_all_the_same() -> None:
    events = decide_block_on_error(waiting("running"), epoch=3, summary=" ", reason_codes=())

    assert all(
        event.summary.strip()
        for event in events
        if isinstance(event, e.CheckpointRecorded | e.JobBlocked)
    )


def test_a_job_that_a_person_stopped_meanwhile_is_not_blocked() -> None:
    for status in ("paused", "canceled", "completed", "blocked_decision"):
        with pytest.raises(MoveNotAllowedError):
            decide_block_on_error(state_in(status), epoch=3, summary="x", reason_codes=())


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_over_is_not_open(status: Status) -> None:
    if status in ("completed", "canceled"):
        with pytest.raises(MoveNotAllowedError, match="it cannot be approved"):
            require_open(state_in(status), "approval_given")
    else:
        require_open(state_in(status), "approval_given")


def test_two_commands_on_one_head_the_loser_decides_again() -> None:
    """Hard case 2: a pause is never lost to a step that was decided on the same state."""
    from wrkr_core.job.decide.working import decide_start

    journal = begun()
    head = journal.now
    start = decide_start(head, epoch=1, step=EDIT, attempt=1, input_digest=None, at_most_once=False)
    journal.append(*decide_pause(head, reason="lunch"))

    with pytest.raises(MoveNotAllowedError):
        journal.append(*start)
    with pytest.raises(MoveNotAllowedError, match="job j-1 is paused; step_started cannot"):
        decide_start(
            journal.now, epoch=1, step=EDIT, attempt=1, input_digest=None, at_most_once=False
        )


def test_two_people_who_submit_at_once_make_one_job() -> None:
    """Hard case 2 and 8: the second one's append conflicts, it decides again and finds the job."""
    journal = Journal()
    first = decide_submit(None, job_id="j-1", spec=SPEC, engine="0")
    second = decide_submit(None, job_id="j-1", spec=SPEC, engine="0")
    journal.append(*first)

    assert first == second
    assert decide_submit(journal.now, job_id="j-1", spec=SPEC, engine="0") == ()
