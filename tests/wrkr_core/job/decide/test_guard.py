"""What every decision asks first: is the log understood, is the move legal, who holds the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.histories import EDIT
from tests.strategies import HOLDER, NOON, state_in
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Reservation
from wrkr_core.checkpoint import ArtifactChanges, RequiredAction
from wrkr_core.environment import fingerprint
from wrkr_core.errors import (
    InvalidInputError,
    LeaseConflictError,
    MoveNotAllowedError,
    UnknownEventError,
    WrkrError,
)
from wrkr_core.job.decide import deciding, guard, leasing, lifecycle, spending, working
from wrkr_core.job.decide.guard import require_holder, require_known, require_move, require_room
from wrkr_core.job.state import MOST_OPEN
from wrkr_core.jobpack import illegal
from wrkr_core.lease import Observer

if TYPE_CHECKING:
    from collections.abc import Callable

TOKENS = (Amount(meter="tokens", amount=1),)
ACTION = RequiredAction(kind="approval", instructions="look", key="k")
HERE = Observer(
    now=NOON, uptime=0, boot_id="boot-a", holder_is_gone=True, unchanged_for=0, same_clock=True
)
ELSEWHERE = fingerprint([])
ARTIFACT = Artifact(path="a", sha256="0" * 64, size=0)
ATTEMPT: dict[str, Any] = {"step": EDIT, "attempt": 1}
# Every command that a state may be asked for, as a holder under epoch 3 where it needs one.
COMMANDS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "pause": (lifecycle.decide_pause, {"reason": "x"}),
    "cancel": (lifecycle.decide_cancel, {"reason": "x"}),
    "erase": (lifecycle.decide_erase, {"reason": "x"}),
    "resume": (lifecycle.decide_resume, {"reason": "x"}),
    "complete": (lifecycle.decide_complete, {"epoch": 3, "summary": "x"}),
    "block_on_error": (
        lifecycle.decide_block_on_error,
        {"epoch": 3, "summary": "x", "reason_codes": ()},
    ),
    "take": (
        leasing.decide_take,
        {"worker": "b", "holder": HOLDER, "ttl": 1, "beat": None, "observer": HERE},
    ),
    "retake": (leasing.decide_retake, {"epoch": 3, "worker": "a", "holder": HOLDER, "ttl": 1}),
    "release": (
        leasing.decide_release,
        {"epoch": 3, "reason": "left", "heartbeats": 0, "ran": 0},
    ),
    "block_on_environment": (
        leasing.decide_block_on_environment,
        {"beat": None, "observer": HERE, "actual": ELSEWHERE},
    ),
    "accept_environment": (
        leasing.decide_accept_environment,
        {"actual": ELSEWHERE, "reason": "x"},
    ),
    "start": (
        working.decide_start,
        {**ATTEMPT, "epoch": 3, "input_digest": None, "at_most_once": False},
    ),
    "finish": (
        working.decide_finish,
        {
            **ATTEMPT,
            "epoch": 3,
            "outcome": e.StepFinished(step=EDIT, attempt=1, epoch=3),
            "ran": 0,
        },
    ),
    "fail": (
        working.decide_fail,
        {
            **ATTEMPT,
            "epoch": 3,
            "code": "E_X",
            "error_type": "X",
            "message": "x",
            "retry_at": None,
            "ran": 0,
        },
    ),
    "sleep": (working.decide_sleep, {"epoch": 3, "key": "k", "wake_at": NOON}),
    "artifact": (working.decide_artifact, {"epoch": 3, "artifact": ARTIFACT}),
    "acceptance": (
        working.decide_acceptance,
        {
            "epoch": 3,
            "outcome": e.AcceptanceRecorded(checks_run=0, passed=0, failures=(), config_digest=""),
        },
    ),
    "charge": (spending.decide_charge, {"epoch": 3, "amounts": TOKENS}),
    "reserve": (
        spending.decide_reserve,
        {"epoch": 3, "reservation": Reservation(id="r2", amounts=TOKENS)},
    ),
    "settle": (spending.decide_settle, {"epoch": 3, "reservation_id": "r1", "amounts": TOKENS}),
    "check_budget": (spending.decide_budget_check, {"epoch": 3, "running": 0}),
    "raise": (
        spending.decide_raise,
        {"limits": (Amount(meter="tokens", amount=50),), "reason": "x"},
    ),
    "checkpoint": (
        deciding.decide_checkpoint,
        {
            "kind": "plan",
            "summary": "x",
            "artifacts": ArtifactChanges(),
            "data": e.NULL,
            "epoch": 3,
        },
    ),
    "ask": (
        deciding.decide_ask,
        {"question": "x?", "action": ACTION, "data": e.NULL, "epoch": 3},
    ),
    "block_on_decisions": (deciding.decide_block_on_decisions, {"epoch": 3}),
    "approve": (
        deciding.decide_approve,
        {
            "checkpoint_id": "cp_3",
            "reason": "x",
            "choice": None,
            "expires_at": None,
            "now": NOON,
        },
    ),
    "refuse": (deciding.decide_refuse, {"checkpoint_id": "cp_3", "reason": "x"}),
}
HELD = sorted(name for name, (_, given) in COMMANDS.items() if given.get("epoch") == 3)


def test_every_command_is_listed_here() -> None:
    decides = {
        name.removeprefix("decide_")
        for module in (lifecycle, leasing, working, spending, deciding)
        for name in vars(module)
        if name.startswith("decide_")
    }

    renamed = {"check_budget": "budget_check"}
    assert decides - {"submit"} == {renamed.get(name, name) for name in COMMANDS}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_nothing_is_decided_about_a_log_that_is_not_understood(name: str) -> None:
    """Hard case 6: it is shown, not acted upon; the lease may be another's by now."""
    decide, given = COMMANDS[name]

    with pytest.raises(UnknownEventError):
        decide(state_in("running", unknown=("lease_taken/2",)), **given)


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("epoch", [1, 2, 4, 0, -1])
def test_nothing_is_decided_for_a_worker_under_another_epoch(name: str, epoch: int) -> None:
    """Invariant I2, hard case 11."""
    decide, given = COMMANDS[name]

    with pytest.raises(LeaseConflictError) as caught:
        decide(state_in("running"), **{**given, "epoch": epoch})

    assert caught.value.message == (
        f"job j_7 was taken over: epoch {epoch} is over, ada holds it (epoch 3)"
    )
    assert caught.value.details == {
        "job_id": "j_7",
        "epoch": epoch,
        "holder": "ada",
        "current_epoch": 3,
    }


@pytest.mark.parametrize("name", HELD)
def test_nothing_is_decided_for_a_worker_that_let_go(name: str) -> None:
    """Invariant I2."""
    decide, given = COMMANDS[name]

    with pytest.raises(LeaseConflictError, match=r"epoch 3 is over, nobody holds it \(epoch 3\)"):
        decide(state_in("running", lease=None), **given)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"release", "check_budget", "erase"}))
@pytest.mark.parametrize("status", ["completed", "canceled"])
def test_a_job_that_is_over_is_left_alone(name: str, status: Any) -> None:  # noqa: ANN401
    """Loose ends may be recorded; nothing else, and the status stays what it is."""
    decide, given = COMMANDS[name]
    loose_ends = {
        "completed": {"acceptance", "block_on_decisions", "block_on_environment"},
        "canceled": {"finish", "fail", "charge", "settle", "block_on_decisions"}
        | {"block_on_environment"},
    }
    if name in loose_ends[status]:
        events = decide(state_in(status), **given)
        assert not any(isinstance(event, e.JobBlocked) for event in events)
        return

    with pytest.raises(MoveNotAllowedError, match=f"job j_7 is {status}; "):
        decide(state_in(status), **given)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_deciding_changes_nothing_by_itself(name: str) -> None:
    decide, given = COMMANDS[name]
    state = state_in("running")
    kept = replace(state)

    try:
        first, second = decide(state, **given), decide(state, **given)
    except WrkrError:
        first = second = ()

    assert first == second
    assert state == kept


def test_what_is_not_understood_is_named_with_a_way_out() -> None:
    with pytest.raises(UnknownEventError) as caught:
        require_known(state_in("running", unknown=("a/2", "b/1")))

    assert caught.value.message == "job j_7 holds events this release does not know: a/2, b/1"
    assert "newer" in caught.value.hint
    assert caught.value.details == {"job_id": "j_7", "types": ["a/2", "b/1"]}
    require_known(state_in("running"))


def test_a_move_is_asked_of_the_table_after_the_log_is_understood() -> None:
    require_move(state_in("running"), "job_paused")
    with pytest.raises(MoveNotAllowedError):
        require_move(state_in("paused"), "job_paused")
    with pytest.raises(UnknownEventError):
        require_move(state_in("paused", unknown=("a/2",)), "job_paused")


def test_the_holder_under_its_epoch_passes() -> None:
    require_holder(state_in("canceled"), 3)


@pytest.mark.parametrize("kind", ["ask", "reserve"])
def test_no_job_opens_more_than_its_verification_follows(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(guard, "MOST_OPEN", 3)
    decide, given = COMMANDS[kind]
    state = state_in("running")
    two = {
        "decisions": (state_in("blocked_decision").decisions[0],) * 2,
        "reservations": (Reservation(id="r1", amounts=TOKENS),) * 2,
    }
    three = {name: (*of_a_kind, of_a_kind[0]) for name, of_a_kind in two.items()}
    what = "decisions" if kind == "ask" else "reservations"

    assert decide(replace(state, **two), **given)
    with pytest.raises(InvalidInputError) as caught:
        decide(replace(state, **three), **given)

    said = f"job j_7 has 3 open {what}; no more than 3 may be open at once"
    assert caught.value.message == said
    assert ("wrkr checkpoint list j_7" if kind == "ask" else "settle") in caught.value.hint
    assert caught.value.details == {"job_id": "j_7", "open": 3, "most": 3}


def test_what_a_job_may_open_is_what_verification_follows() -> None:
    assert vars(guard)["MOST_OPEN"] == vars(illegal)["MOST_OPEN"] == MOST_OPEN == 10_000
    require_room(state_in("running"), MOST_OPEN - 1, "decisions", hint="")
