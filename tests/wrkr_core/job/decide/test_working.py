"""Beginning and ending attempts of steps, and sleeping."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.histories import EDIT, Journal, begun, failed, finished, keyed, started
from tests.strategies import NOON, state_in
from wrkr_core import events as e
from wrkr_core.approval import Answer
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Reservation
from wrkr_core.canonical import is_canonical
from wrkr_core.errors import ApprovalRequiredError, InvalidInputError, MoveNotAllowedError
from wrkr_core.job.decide.working import (
    LONGEST_MESSAGE,
    MORE_FAILED,
    decide_acceptance,
    decide_artifact,
    decide_fail,
    decide_finish,
    decide_sleep,
    decide_start,
    miscounted,
    reserved_inside,
    settle_leftovers,
)
from wrkr_core.job.fold import fold
from wrkr_core.job.state import STATUSES, JobState, Status

YES = Answer(checkpoint_id="cp_3", approved=True, by="ann", reason="looked", choice=None, at=NOON)


def start(state: JobState, **given_fields: Any) -> tuple[e.Event, ...]:  # noqa: ANN401
    fields = {"step": EDIT, "attempt": 1, "input_digest": "d", "at_most_once": True, "epoch": 3}
    return decide_start(replace(state, decisions=()), **{**fields, **given_fields})


def of(**amounts: int) -> tuple[Amount, ...]:
    return tuple(Amount(meter=meter, amount=amounts[meter]) for meter in sorted(amounts))


@pytest.mark.parametrize("status", STATUSES)
def test_a_step_begins_only_in_a_running_job(status: Status) -> None:
    """Hard case 10: after a pause or cancel not one more step begins."""
    if status == "running":
        assert start(state_in(status)) == (
            e.StepStarted(step=EDIT, attempt=1, epoch=3, input_digest="d", at_most_once=True),
        )
    else:
        with pytest.raises(MoveNotAllowedError):
            start(state_in(status))


def test_a_guarded_step_names_the_checkpoint_that_allowed_it() -> None:
    """Invariant I5."""
    (started,) = start(state_in("running"), gate=YES)

    assert isinstance(started, e.StepStarted)
    assert started.approval == "cp_3"


def test_a_step_whose_gate_was_refused_does_not_begin() -> None:
    """Invariant I5, hard case 12."""
    with pytest.raises(ApprovalRequiredError) as caught:
        start(state_in("running"), gate=replace(YES, approved=False))

    assert caught.value.message == "step edit of job j_7 was refused by ann: looked"
    assert caught.value.details == {"job_id": "j_7", "checkpoint_id": "cp_3"}


def run_steps(limit: int) -> tuple[Journal, int]:
    """Run steps until the budget stops it; return the log and how many began."""
    journal = begun(budget=_budget(steps=limit))
    count = 0
    while journal.now.status == "running":
        step = keyed(f"file-{count}")
        events = decide_start(
            journal.now, epoch=1, step=step, attempt=1, input_digest=None, at_most_once=False
        )
        journal.append(*events)
        if isinstance(events[-1], e.StepStarted):
            journal.append(finished(step=step))
            count += 1
    return journal, count


def _budget(**limits: int) -> Any:  # noqa: ANN401  # a Budget
    from wrkr_core.budget import Budget

    return Budget.of(of(**limits))


@given(st.integers(0, 6))
def test_a_budget_of_n_steps_runs_n(limit: int) -> None:
    """Hard case 13: a budget of 2 runs 2."""
    journal, count = run_steps(limit)

    assert count == limit
    assert journal.now.status == "blocked_budget"
    assert journal.now.summary == (
        f"budget exceeded: steps: {limit} used, 1 more wanted, limit {limit}"
    )
    assert journal.now.reason_codes == ("E_BUDGET_EXCEEDED",)
    assert journal.now.spent_by_meter().get("steps", 0) == limit


@pytest.mark.parametrize("attempt", [1, 2, 3])
@pytest.mark.parametrize("is_open", [True, False])
def test_what_an_attempt_is_refused_for_is_what_its_record_would_count(
    attempt: int,
    is_open: bool,  # noqa: FBT001
) -> None:
    journal = begun(budget=_budget(steps=1, retries=0))
    journal.append(started())
    if not is_open:
        journal.append(failed(retry_at=NOON))
    again = started(attempt)
    counted = fold(
        journal.now,
        msgspec.structs.replace(journal.records[-1], seq=journal.now.seq + 1, event=again),
    )

    events = decide_start(
        journal.now, epoch=1, step=EDIT, attempt=attempt, input_digest=None, at_most_once=False
    )

    assert isinstance(events[0], e.StepStarted) == (counted.spent == journal.now.spent)


@pytest.mark.parametrize(("limit", "attempts"), [(0, 1), (1, 2), (2, 3)])
def test_further_attempts_count_as_retries_against_their_own_limit(
    limit: int, attempts: int
) -> None:
    """Hard case 13: retries are counted."""
    journal = begun(budget=_budget(retries=limit))
    begun_attempts = 0
    for attempt in range(1, 10):
        events = decide_start(
            journal.now, epoch=1, step=EDIT, attempt=attempt, input_digest=None, at_most_once=False
        )
        journal.append(*events)
        if journal.now.status != "running":
            break
        begun_attempts += 1
        journal.append(failed(attempt, retry_at=NOON))

    assert begun_attempts == attempts
    assert journal.now.status == "blocked_budget"


def test_an_attempt_after_an_interrupted_one_is_no_retry() -> None:
    journal = begun(budget=_budget(steps=1, retries=0))
    for attempt in range(1, 10):
        events = decide_start(
            journal.now, epoch=1, step=EDIT, attempt=attempt, input_digest=None, at_most_once=False
        )
        journal.append(*events)

    assert journal.now.status == "running"
    assert journal.now.spent_by_meter() == {"steps": 1}


@pytest.mark.parametrize(("running", "blocked"), [(0, False), (9, False), (10, True), (11, True)])
def test_running_time_that_no_record_knows_of_yet_counts_before_a_step(
    running: int,
    blocked: bool,  # noqa: FBT001
) -> None:
    """Hard case 13."""
    state = state_in("running", limits=of(wall=30), spent=of(wall=20), reservations=())

    events = start(state, running=running)

    assert isinstance(events[-1], e.JobBlocked) == blocked
    assert isinstance(events[-1], e.StepStarted) != blocked


def test_a_job_that_is_over_any_limit_begins_no_step() -> None:
    state = state_in("running", limits=of(tokens=9), spent=of(tokens=10), reservations=())

    exceeded, recorded, blocked = start(state)

    assert isinstance(exceeded, e.BudgetExceeded)
    assert isinstance(recorded, e.CheckpointRecorded)
    assert isinstance(blocked, e.JobBlocked)
    assert recorded.checkpoint_id == "cp_11"
    assert recorded.kind == "blocked"


def test_what_an_interrupted_attempt_had_reserved_counts_in_full() -> None:
    """Invariant I4: a crash must not let a job spend more than its limit."""
    inside = Reservation(id=f"{reserved_inside(EDIT)}1", amounts=of(tokens=5))
    other = Reservation(id=f"{reserved_inside(keyed('b'))}1", amounts=of(tokens=6))
    outside = Reservation(id="reserve@start/1", amounts=of(tokens=7))
    state = state_in("running", reservations=(inside, other, outside))

    events = start(state, attempt=2)

    assert events[0] == e.BudgetSettled(reservation=inside.id, amounts=inside.amounts)
    assert [type(event) for event in events] == [e.BudgetSettled, e.StepStarted]


@pytest.mark.parametrize(
    "other", [keyed("a]!b"), e.StepRef(name="edit[a]!b", occurrence=1), keyed("ab")]
)
def test_what_another_step_has_reserved_is_not_settled(other: e.StepRef) -> None:
    """A step whose name begins like another's keeps what it set aside."""
    held = Reservation(id=f"{reserved_inside(other)}1", amounts=of(tokens=5))

    assert settle_leftovers(state_in("running", reservations=(held,)), keyed("a")) == ()


@pytest.mark.parametrize("status", STATUSES)
def test_an_attempt_may_end_whatever_people_did_meanwhile_unless_the_job_is_completed(
    status: Status,
) -> None:
    outcome = e.StepFinished(
        step=keyed("other"),
        attempt=9,
        epoch=9,
        result=msgspec.Raw(b"7"),
        result_blob="b",
        result_type="t",
        artifacts=(Artifact(path="a", sha256="0" * 64, size=0),),
    )
    fields: dict[str, Any] = {"epoch": 3, "step": EDIT, "attempt": 1, "outcome": outcome, "ran": 5}

    if status == "completed":
        with pytest.raises(MoveNotAllowedError):
            decide_finish(state_in(status), **fields)
    else:
        assert decide_finish(state_in(status), **fields) == (
            replace(outcome, step=EDIT, attempt=1, epoch=3, usage=of(wall=5)),
        )


def fail(state: JobState, **given_fields: Any) -> e.StepFailed:  # noqa: ANN401
    fields = {
        "epoch": 3,
        "step": EDIT,
        "attempt": 1,
        "code": "E_ADAPTER_FAIL",
        "error_type": "OSError",
        "message": "no",
        "retry_at": NOON,
        "ran": 0,
    }
    (event,) = decide_fail(state, **{**fields, **given_fields})
    assert isinstance(event, e.StepFailed)
    return event


def test_a_failure_is_recorded_with_its_code_and_when_the_next_may_begin() -> None:
    assert fail(state_in("running"), ran=5) == e.StepFailed(
        step=EDIT,
        attempt=1,
        epoch=3,
        code="E_ADAPTER_FAIL",
        error_type="OSError",
        message="no",
        retry_at=NOON,
        usage=of(wall=5),
    )


@given(st.integers(0, 2 * LONGEST_MESSAGE))
def test_an_error_text_of_any_length_is_recorded_up_to_4000_characters(length: int) -> None:
    said = fail(state_in("running"), message="x" * length).message

    assert len(said) == min(length, LONGEST_MESSAGE)
    assert said.endswith("…") == (length > LONGEST_MESSAGE)


def test_only_a_running_job_falls_asleep() -> None:
    assert decide_sleep(state_in("running"), epoch=3, key="k", wake_at=NOON) == (
        e.TimerSet(key="k", wake_at=NOON),
    )
    with pytest.raises(MoveNotAllowedError):
        decide_sleep(state_in("paused"), epoch=3, key="k", wake_at=NOON)


@pytest.mark.parametrize("wake_at", [2**53, NOON + 2**53 - 1])
def test_a_sleep_beyond_every_calendar_is_refused(wake_at: int) -> None:
    """Hard case 23: its line would not be canonical, and no pack of the job would verify."""
    try:
        events = decide_sleep(state_in("running"), epoch=3, key="k", wake_at=wake_at)
    except InvalidInputError:
        return

    journal = begun()
    journal.append(*events)
    assert is_canonical(journal.lines[-1])


@pytest.mark.parametrize("status", STATUSES)
def test_a_file_is_recorded_while_the_job_is_not_over(status: Status) -> None:
    one = Artifact(path="a", sha256="0" * 64, size=0)

    if status in ("completed", "canceled"):
        with pytest.raises(MoveNotAllowedError):
            decide_artifact(state_in(status), epoch=3, artifact=one)
    else:
        assert decide_artifact(state_in(status), epoch=3, artifact=one, mark="m") == (
            e.ArtifactRecorded(artifact=one, mark="m"),
        )


@pytest.mark.parametrize("status", STATUSES)
def test_acceptance_is_recorded_except_on_a_canceled_job(status: Status) -> None:
    outcome = e.AcceptanceRecorded(checks_run=1, passed=1, failures=(), config_digest="d")

    if status == "canceled":
        with pytest.raises(MoveNotAllowedError):
            decide_acceptance(state_in(status), epoch=3, outcome=outcome)
    else:
        assert decide_acceptance(state_in(status), epoch=3, outcome=outcome) == (outcome,)


@pytest.mark.parametrize(
    ("run", "passed", "failures"),
    [
        (1, 2, ()),
        (1, -1, ()),
        (1, 0, ()),
        (1, 1, ("a",)),
        (3, 0, ("a", "b")),
        (2, 0, ("a", "b", "c")),
    ],
)
def test_an_outcome_that_does_not_add_up_is_not_recorded(
    run: int, passed: int, failures: tuple[str, ...]
) -> None:
    told = tuple(e.AcceptanceFailure(check=each, code="E", message="no") for each in failures)
    outcome = e.AcceptanceRecorded(checks_run=run, passed=passed, failures=told, config_digest="d")

    with pytest.raises(InvalidInputError, match="cannot be: "):
        decide_acceptance(state_in("running"), epoch=3, outcome=outcome)


def test_a_last_failure_may_stand_for_all_that_no_record_holds() -> None:
    told = tuple(
        e.AcceptanceFailure(check=each, code="E", message="no") for each in ("a", MORE_FAILED)
    )
    outcome = e.AcceptanceRecorded(checks_run=9, passed=1, failures=told, config_digest="d")

    assert miscounted(outcome) == ""
