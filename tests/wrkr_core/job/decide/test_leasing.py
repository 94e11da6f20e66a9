"""Claiming a job, letting it go, and judging the environment it is claimed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import FakeMachine
from tests.strategies import HOLDER, NOON, state_in
from wrkr_core import events as e
from wrkr_core.budget import Amount
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.errors import (
    ApprovalRequiredError,
    EnvironmentMismatchError,
    LeaseConflictError,
    MoveNotAllowedError,
)
from wrkr_core.job.decide.leasing import (
    decide_accept_environment,
    decide_block_on_environment,
    decide_release,
    decide_retake,
    decide_take,
    require_environment,
    require_free,
    running_time,
)
from wrkr_core.job.state import STATUSES, Status
from wrkr_core.job_log import JobLog
from wrkr_core.lease import Heartbeat, Observer
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec
from wrkr_core.work.claiming import ClaimOptions, Claims

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState
    from wrkr_core.work.holding import Holding

TTL = 30_000_000
LINUX = fingerprint([Observation(rule="os", value="linux")])
DARWIN = fingerprint([Observation(rule="os", value="darwin")])
HERE = Observer(
    now=NOON, uptime=5, boot_id="boot-a", holder_is_gone=False, unchanged_for=0, same_clock=True
)
GONE = replace(HERE, holder_is_gone=True)
BEAT = Heartbeat(
    epoch=3, beats=4, unrecorded=77, expires_at=NOON + TTL, boot_id="boot-a", expires_uptime=5 + TTL
)
FREE: dict[str, Any] = {"lease": None, "decisions": ()}


def take(state: JobState, **given_fields: Any) -> tuple[e.Event, ...]:  # noqa: ANN401
    fields = {"worker": "bob", "holder": HOLDER, "ttl": TTL, "beat": None, "observer": HERE}
    return decide_take(state, **{**fields, **given_fields})


def test_a_job_nobody_holds_is_taken_under_the_next_epoch() -> None:
    assert take(state_in("queued", **FREE)) == (
        e.LeaseTaken(worker="bob", epoch=4, ttl=TTL, holder=HOLDER),
    )


@pytest.mark.parametrize("status", STATUSES)
def test_only_a_job_that_waits_or_was_left_can_be_taken(status: Status) -> None:
    if status in ("queued", "running"):
        assert take(state_in(status, **FREE))
    else:
        with pytest.raises(MoveNotAllowedError, match="it cannot be worked on"):
            take(state_in(status, **FREE))


def test_a_live_holder_keeps_the_job_and_the_taker_learns_who_it_is() -> None:
    with pytest.raises(LeaseConflictError) as caught:
        take(state_in("running"), beat=BEAT)

    assert caught.value.message == "job j_7 is held by ada"
    assert caught.value.details == {
        "job_id": "j_7",
        "holder": "ada",
        "epoch": 3,
        "expires_at": BEAT.expires_at,
    }
    with pytest.raises(LeaseConflictError) as caught:
        take(state_in("running"))
    assert caught.value.details["expires_at"] == NOON + TTL


@pytest.mark.parametrize(
    ("observer", "why"),
    [(GONE, "holder_gone"), (replace(HERE, uptime=5 + TTL), "expired")],
)
def test_a_takeover_says_why_and_accounts_for_what_was_not_recorded(
    observer: Observer, why: str
) -> None:
    """Hard case 3: nobody waits for a holder that is gone."""
    (taken,) = take(state_in("running", decisions=()), beat=BEAT, observer=observer)

    assert taken == e.LeaseTaken(
        worker="bob",
        epoch=4,
        ttl=TTL,
        holder=HOLDER,
        took_over=why,
        took_over_from="ada",
        heartbeats=4,
        usage=(Amount(meter="wall", amount=77),),
    )


@pytest.mark.parametrize("beat", [None, replace(BEAT, epoch=2)])
def test_a_heartbeat_of_another_epoch_accounts_for_nothing(beat: Heartbeat | None) -> None:
    (taken,) = take(state_in("running"), beat=beat, observer=GONE)

    assert isinstance(taken, e.LeaseTaken)
    assert (taken.heartbeats, taken.usage, taken.took_over) == (0, (), "holder_gone")


def test_a_job_that_waits_for_a_person_says_so_to_a_worker() -> None:
    with pytest.raises(ApprovalRequiredError):
        take(state_in("blocked_decision"))


def test_a_fork_that_is_being_made_is_not_worked_on() -> None:
    """Whoever makes it holds it under epoch 1; after that it is a job like any other."""
    half = state_in("running", forked_from=e.ForkPoint(job="j_1", seq=2, hash="a" * 64), epoch=1)
    lease = half.lease
    assert lease is not None
    made = replace(half, lease=replace(lease, worker="fork", epoch=1))

    with pytest.raises(MoveNotAllowedError, match="job j_7 is a fork that is not complete"):
        take(made, observer=GONE)
    assert take(half, observer=GONE)
    assert take(replace(made, status="queued", lease=None))


@pytest.mark.parametrize(("now", "awake"), [(NOON + 99, False), (NOON + 100, True)])
def test_a_sleeping_job_is_not_woken_before_its_time(now: int, awake: bool) -> None:  # noqa: FBT001
    state = state_in("queued", wake_at=NOON + 100, **FREE)
    observer = replace(HERE, now=now)

    if awake:
        assert take(state, observer=observer)
    else:
        with pytest.raises(MoveNotAllowedError, match="job j_7 sleeps until 2023-11-14T22:13:20"):
            take(state, observer=observer)


def test_the_first_environment_is_captured_with_the_claim() -> None:
    events = take(state_in("queued", **FREE), actual=LINUX)

    assert [type(event) for event in events] == [e.LeaseTaken, e.EnvironmentCaptured]
    assert events[1] == e.EnvironmentCaptured(fingerprint=LINUX)
    assert len(take(state_in("queued", fingerprint=LINUX, **FREE), actual=LINUX)) == 1


def test_another_environment_is_refused_with_every_difference() -> None:
    with pytest.raises(EnvironmentMismatchError) as caught:
        take(state_in("queued", fingerprint=LINUX, **FREE), actual=DARWIN)

    assert caught.value.message == (
        "job j_7 was started in another environment (os: was linux, is darwin)"
    )
    assert caught.value.details["differences"] == [
        {"rule": "os", "expected": "linux", "actual": "darwin"}
    ]
    assert "--accept-environment" in caught.value.hint


def test_a_rule_that_came_or_went_is_absent_not_none() -> None:
    with pytest.raises(EnvironmentMismatchError, match=r"\(os: was linux, is absent\)"):
        require_environment(state_in("queued", fingerprint=LINUX), fingerprint([]))


def test_another_environment_is_taken_for_a_reason_given() -> None:
    events = take(
        state_in("queued", fingerprint=LINUX, **FREE), actual=DARWIN, accept_because="moved"
    )

    assert events[0] == e.EnvironmentAccepted(
        expected=LINUX.digest, fingerprint=DARWIN, reason="moved"
    )
    assert isinstance(events[1], e.LeaseTaken)
    same = take(state_in("queued", fingerprint=LINUX, **FREE), actual=LINUX, accept_because="x")
    assert [type(event) for event in same] == [e.LeaseTaken]
    first = take(state_in("queued", **FREE), actual=LINUX, accept_because="x")
    assert [type(event) for event in first] == [e.LeaseTaken, e.EnvironmentCaptured]


@pytest.mark.parametrize("accept_because", [None, "moved"])
def test_a_mismatch_elsewhere_never_disturbs_a_job_that_is_held(accept_because: str | None) -> None:
    """Hard case 14."""
    state = state_in("running", fingerprint=LINUX)

    with pytest.raises(LeaseConflictError):
        take(state, beat=BEAT, actual=DARWIN, accept_because=accept_because)
    with pytest.raises(LeaseConflictError):
        decide_block_on_environment(state, beat=BEAT, observer=HERE, actual=DARWIN)


def test_a_mismatch_blocks_a_job_nobody_holds_with_the_code() -> None:
    events = decide_block_on_environment(
        state_in("queued", fingerprint=LINUX, **FREE), beat=None, observer=HERE, actual=DARWIN
    )

    assert [type(event) for event in events] == [e.CheckpointRecorded, e.JobBlocked]
    blocked = cast("e.JobBlocked", events[1])
    assert blocked.status == "blocked_error"
    assert blocked.reason_codes == ("E_ENV_FINGERPRINT_MISMATCH",)
    assert "was linux, is darwin" in blocked.summary


@pytest.mark.parametrize("recorded", [None, LINUX])
def test_no_mismatch_blocks_nothing(recorded: Any) -> None:  # noqa: ANN401
    state = state_in("queued", fingerprint=recorded, **FREE)

    assert decide_block_on_environment(state, beat=None, observer=HERE, actual=LINUX) == ()


def test_an_environment_is_accepted_only_when_it_is_another() -> None:
    state = state_in("blocked_error", fingerprint=LINUX)

    assert decide_accept_environment(state, actual=LINUX, reason="x") == ()
    assert decide_accept_environment(state_in("queued"), actual=LINUX, reason="x") == ()
    (accepted,) = decide_accept_environment(state, actual=DARWIN, reason="x")
    assert isinstance(accepted, e.EnvironmentAccepted)


@pytest.mark.parametrize("status", STATUSES)
def test_the_holder_goes_on_under_a_new_epoch_after_a_pause_that_was_taken_back(
    status: Status,
) -> None:
    fields: dict[str, Any] = {"epoch": 3, "worker": "ada", "holder": HOLDER, "ttl": TTL}

    if status in ("queued", "running"):
        (taken,) = decide_retake(state_in(status), **fields)
        assert taken == e.LeaseTaken(worker="ada", epoch=4, ttl=TTL, holder=HOLDER)
    else:
        with pytest.raises(MoveNotAllowedError):
            decide_retake(state_in(status), **fields)


@pytest.mark.parametrize("status", STATUSES)
def test_a_lease_can_be_let_go_whatever_became_of_the_job(status: Status) -> None:
    assert decide_release(state_in(status), epoch=3, reason="left", heartbeats=5, ran=9) == (
        e.LeaseReleased(
            worker="ada",
            epoch=3,
            reason="left",
            heartbeats=5,
            usage=(Amount(meter="wall", amount=9),),
        ),
    )


@given(st.integers(-5, 5))
def test_running_time_is_charged_when_there_was_some(ran: int) -> None:
    assert running_time(ran) == ((Amount(meter="wall", amount=ran),) if ran > 0 else ())


def test_what_a_lease_is_worth_is_told_unless_it_is_live() -> None:
    assert require_free(state_in("queued", lease=None), None, HERE) == "released"
    assert require_free(state_in("running"), BEAT, GONE) == "holder_gone"
    with pytest.raises(LeaseConflictError):
        require_free(state_in("running"), BEAT, HERE)


def claim(store: MemoryStore, machine: FakeMachine, worker: str) -> Holding:
    """Claim the job and stop the heartbeat, so that nothing happens by itself."""
    log = JobLog(store, machine, "j-1")
    log.load()
    holding = Claims(store, machine).claim(log, ClaimOptions(worker=worker))
    holding._pulse.stop()
    return holding


def test_of_two_who_find_a_holder_gone_only_one_gets_the_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Hard case 11: what was seen of the holder before says nothing of the one that came since."""
    store, dead = MemoryStore(), FakeMachine()
    quick, slow = dead.twin(pid=101), dead.twin(pid=102)
    quick.gone.add(dead.holder())
    slow.gone.add(dead.holder())
    Ledger(store, machine=dead, actor="ann").submit(JobSpec(name="a"), job_id="j-1")
    claim(store, dead, "dead")
    observe = Claims._observe

    def observe_and_be_overtaken(self: Claims, job_id: str, state: JobState) -> object:
        seen = observe(self, job_id, state)
        if self._machine is slow and state.epoch == 1:
            claim(store, quick, "quick")
        return seen

    monkeypatch.setattr(Claims, "_observe", observe_and_be_overtaken)

    with pytest.raises(LeaseConflictError, match="is held by quick"):
        claim(store, slow, "slow")
