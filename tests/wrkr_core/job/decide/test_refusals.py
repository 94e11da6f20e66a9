"""What people read when a command is refused: the sentence, the way out and the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.histories import ASKED, EDIT, begun
from tests.strategies import HOLDER, NOON, state_in
from tests.wrkr_core.job.decide.test_leasing import BEAT, DARWIN, FREE, HERE, LINUX, TTL, take
from wrkr_core import events as e
from wrkr_core.approval import Answer, Decision
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Budget, Reservation, amounts
from wrkr_core.checkpoint import ArtifactChanges
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.errors import (
    ApprovalRequiredError,
    EnvironmentMismatchError,
    InvalidInputError,
    LeaseConflictError,
    MoveNotAllowedError,
    WrkrError,
)
from wrkr_core.instants import LARGEST, to_text
from wrkr_core.job.decide.deciding import decide_ask, decide_checkpoint, decide_refuse
from wrkr_core.job.decide.leasing import (
    FORK_WORKER,
    decide_block_on_environment,
    require_environment,
    require_free,
)
from wrkr_core.job.decide.lifecycle import decide_block_on_error, decide_complete, require_answers
from wrkr_core.job.decide.spending import (
    decide_budget_check,
    decide_charge,
    decide_raise,
    decide_reserve,
)
from wrkr_core.job.decide.working import decide_artifact, decide_sleep, decide_start
from wrkr_core.lease import Lease
from wrkr_core.spec import CheckpointPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

NULL = msgspec.Raw(b"null")
OPEN = Decision(
    checkpoint_id="cp_9", question="Merge?", choices=(), key="k", kind="approval",
    subject="a" * 64, opened_at=NOON,
)  # fmt: skip


def emit(**fields: Any) -> tuple[e.Event, ...]:  # noqa: ANN401  # the rule's own
    given: dict[str, Any] = {
        "kind": "progress", "summary": "half", "artifacts": ArtifactChanges(), "data": NULL,
        "epoch": None,
    }  # fmt: skip
    return decide_checkpoint(begun().now, **{**given, **fields})


def gated(expires_at: int | None, now: int) -> tuple[e.Event, ...]:
    gate = Answer(
        checkpoint_id="cp_3", approved=True, by="ann", reason="ok", choice=None, at=NOON,
        expires_at=expires_at,
    )  # fmt: skip
    return decide_start(
        begun().now, epoch=1, step=EDIT, attempt=1, input_digest=None, at_most_once=False,
        gate=gate, now=now,
    )  # fmt: skip


REFUSALS: dict[str, tuple[Callable[[], object], str, str]] = {
    "raise without a reason": (
        lambda: decide_raise(begun().now, limits=amounts(steps=1), reason=" "),
        "a new limit needs a reason",
        "--reason 'worth it'",
    ),
    "raise nothing": (
        lambda: decide_raise(begun().now, limits=(), reason="more"),
        "no limit is named",
        "for instance --cost 10 or --steps 40",
    ),
    "checkpoint of a kind there is not": (
        lambda: emit(kind="done"),
        "'done' is no kind of checkpoint; known: plan, progress, decision-needed, blocked, completed",
        "use plan or progress; ask a question to open a decision",
    ),
    "reserve nothing": (
        lambda: decide_reserve(
            begun().now, epoch=1, reservation=Reservation(id="r", amounts=amounts())
        ),
        "nothing is reserved",
        "name a meter: cost='0.10'",
    ),
    "sleep for ever": (
        lambda: decide_sleep(begun().now, epoch=1, key="k", wake_at=LARGEST + 1),
        "a sleep that ends after the year 2255 cannot be recorded",
        "",
    ),
    "complete without what the policy wants": (
        lambda: decide_complete(
            begun(checkpoints=CheckpointPolicy(required=("plan",))).now, epoch=1, summary="done"
        ),
        "plan",
        "its spec requires one under checkpoints.required",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_a_sentence_with_a_way_out(name: str) -> None:
    call, said, hint = REFUSALS[name]

    with pytest.raises(InvalidInputError) as caught:
        call()

    assert said == caught.value.message or f"{said} " in caught.value.message
    assert caught.value.hint == hint


def facts_of(call: Callable[[], object], kind: type[WrkrError]) -> WrkrError:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def test_a_live_lease_is_told_with_its_end_by_the_newest_beat() -> None:
    state = state_in("running")
    beat = replace(BEAT, epoch=state.epoch, expires_at=NOON + 77)

    error = facts_of(lambda: require_free(state, beat, HERE), LeaseConflictError)

    assert error.details["expires_at"] == NOON + 77
    assert error.hint == "wait, or stop that worker; a lease that is not renewed lapses by itself"
    assert state.lease is not None
    without = facts_of(lambda: require_free(state, None, HERE), LeaseConflictError)
    assert without.details["expires_at"] == state.lease.taken_at + state.lease.ttl


def test_a_live_beat_keeps_another_environment_from_blocking_the_job() -> None:
    state = replace(state_in("running"), fingerprint=LINUX)
    late = replace(HERE, now=NOON + 10 * TTL, boot_id="")
    beat = replace(BEAT, epoch=state.epoch, expires_at=NOON + 11 * TTL, boot_id="")

    with pytest.raises(LeaseConflictError):
        decide_block_on_environment(state, beat=beat, observer=late, actual=DARWIN)
    assert decide_block_on_environment(state, beat=None, observer=late, actual=DARWIN)


def test_an_environment_that_differs_is_told_rule_by_rule() -> None:
    state = replace(state_in("queued"), fingerprint=LINUX)
    nothing = replace(DARWIN, observations=())

    error = facts_of(lambda: require_environment(state, nothing), EnvironmentMismatchError)

    assert "os: was linux, is absent" in error.message
    assert error.details["job_id"] == state.job_id
    other = facts_of(
        lambda: require_environment(replace(state, fingerprint=nothing), LINUX),
        EnvironmentMismatchError,
    )
    assert "os: was absent, is linux" in other.message


def test_every_rule_that_differs_is_told_apart_from_the_next() -> None:
    there = fingerprint(
        [Observation(rule="arch", value="x"), Observation(rule="os", value="linux")]
    )
    here = fingerprint(
        [Observation(rule="arch", value="y"), Observation(rule="os", value="darwin")]
    )

    error = facts_of(
        lambda: require_environment(replace(state_in("queued"), fingerprint=there), here),
        EnvironmentMismatchError,
    )

    assert "(arch: was x, is y; os: was linux, is darwin)" in error.message


def test_a_job_that_sleeps_is_told_by_its_id_and_the_instant_it_wakes_at() -> None:
    state = replace(state_in("queued"), **FREE, wake_at=NOON + 100)

    error = facts_of(lambda: take(state), MoveNotAllowedError)

    assert error.details == {"job_id": state.job_id, "wake_at": NOON + 100}


def test_a_fork_that_is_not_complete_is_told_with_the_way_to_complete_it() -> None:
    maker = Lease(worker=FORK_WORKER, epoch=1, ttl=TTL, holder=HOLDER, taken_at=NOON)
    point = e.ForkPoint(job="j_1", seq=3, hash="0" * 64)
    state = replace(state_in("running"), forked_from=point, lease=maker, epoch=1, decisions=())

    error = facts_of(lambda: take(state), MoveNotAllowedError)

    assert error.hint == "fork again with the same --job-id; it goes on where it stopped"
    assert error.details == {"job_id": state.job_id}


def test_a_limit_below_what_was_used_is_told_with_the_job() -> None:
    journal = begun()
    journal.append(e.Charged(amounts=amounts(tokens=7)))

    error = facts_of(
        lambda: decide_raise(journal.now, limits=amounts(tokens=6), reason="less"),
        InvalidInputError,
    )

    assert error.details == {"job_id": journal.now.job_id}


def test_an_open_decision_is_told_by_job_and_checkpoint() -> None:
    state = replace(state_in("blocked_decision"), decisions=(OPEN,))

    error = facts_of(lambda: require_answers(state), ApprovalRequiredError)

    assert (error.details["job_id"], error.details["checkpoint_id"]) == (state.job_id, "cp_9")


def test_a_job_that_is_held_is_told_by_its_id() -> None:
    state = replace(state_in("paused"), **FREE)

    assert facts_of(lambda: take(state), WrkrError).details["job_id"] == state.job_id


def test_an_approval_counts_until_its_last_instant_and_says_when_it_was_over() -> None:
    assert gated(NOON + 5, NOON + 4)
    assert gated(None, NOON + 10**9)

    error = facts_of(lambda: gated(NOON + 5, NOON + 5), ApprovalRequiredError)
    assert f"was approved by ann until {to_text(NOON + 5)}, which is over" in error.message


def test_a_caller_that_gives_neither_running_time_nor_instant_means_none() -> None:
    """Both are 0 then: no running time is used up, and no answer is over."""
    state = begun(budget=Budget.of(amounts(wall="1us"))).now
    gate = Answer(
        checkpoint_id="cp_3", approved=True, by="ann", reason="ok", choice=None, at=0, expires_at=1
    )

    (started,) = decide_start(
        state, epoch=1, step=EDIT, attempt=1, input_digest=None, at_most_once=False, gate=gate
    )

    assert isinstance(started, e.StepStarted)


@pytest.mark.parametrize("wake_at", [0, LARGEST])
def test_the_first_and_the_last_instant_can_be_slept_until(wake_at: int) -> None:
    assert decide_sleep(begun().now, epoch=1, key="k", wake_at=wake_at)


def test_no_is_said_without_a_choice_where_yes_wants_one() -> None:
    state = replace(state_in("blocked_decision"), decisions=(replace(OPEN, choices=("a", "b")),))

    (refused, _resumed) = decide_refuse(state, checkpoint_id="cp_9", reason="neither")

    assert isinstance(refused, e.ApprovalRefused)
    assert refused.choice is None


def test_a_question_keeps_its_data() -> None:
    asked = decide_ask(
        begun().now, question="merge?", action=ASKED, data=msgspec.Raw(b'{"a":1}'), epoch=None
    )

    assert isinstance(asked[0], e.CheckpointRecorded)
    assert bytes(asked[0].data) == b'{"a":1}'


def test_a_checkpoint_keeps_its_data_and_has_no_mark_of_its_own() -> None:
    (recorded,) = emit(data=msgspec.Raw(b'{"a":1}'))

    assert isinstance(recorded, e.CheckpointRecorded)
    assert (bytes(recorded.data), recorded.mark) == (b'{"a":1}', "")
    (kept,) = decide_artifact(
        begun().now, epoch=1, artifact=Artifact(path="a", sha256="0" * 64, size=1)
    )
    assert isinstance(kept, e.ArtifactRecorded)
    assert kept.mark == ""
    (charged,) = decide_charge(begun().now, epoch=1, amounts=amounts(tokens=1))
    assert isinstance(charged, e.Charged)
    assert (charged.mark, charged.step) == ("", None)


def test_a_job_that_cannot_go_on_records_why_and_what_was_spent() -> None:
    journal = begun()
    journal.append(e.Charged(amounts=amounts(tokens=7)))

    checkpoint, blocked = decide_block_on_error(
        journal.now, epoch=1, summary=" ", reason_codes=("E_A", "E_B")
    )[:2]
    nothing, _ = decide_block_on_error(journal.now, epoch=1, summary="", reason_codes=())[:2]

    assert isinstance(checkpoint, e.CheckpointRecorded)
    assert isinstance(blocked, e.JobBlocked)
    assert (checkpoint.summary, checkpoint.reason_codes) == ("E_A E_B", ("E_A", "E_B"))
    assert checkpoint.budget == journal.now.spent
    assert isinstance(nothing, e.CheckpointRecorded)
    assert nothing.summary == "it cannot go on"


def test_running_time_is_used_up_at_its_last_microsecond_also_when_none_was_recorded() -> None:
    state = begun(budget=Budget.of(amounts(wall="10us"))).now
    assert "wall" not in state.spent_by_meter()

    for running, is_over in ((9, False), (10, True)):
        assert bool(decide_budget_check(state, epoch=1, running=running)) is is_over
        started, *_rest = decide_start(
            state, epoch=1, step=EDIT, attempt=1, input_digest=None, at_most_once=False,
            running=running,
        )  # fmt: skip
        assert isinstance(started, e.StepStarted) is not is_over
