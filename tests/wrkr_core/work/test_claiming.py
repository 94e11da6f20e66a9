"""Claiming a job: exactly one holds it, and what becomes of it when the code that works ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import FakeMachine
from tests.worlds import HOUR, SECOND, Intercepted, World
from wrkr_core import events as e
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.errors import (
    ApprovalRequiredError,
    EnvironmentMismatchError,
    InvalidInputError,
    LeaseConflictError,
    MoveNotAllowedError,
    StoreError,
    StoreUnavailable,
)
from wrkr_core.lease import DEFAULT_TTL
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec
from wrkr_core.store import StoreInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.environment import Fingerprint
    from wrkr_core.store import NewEvent

HERE = fingerprint([Observation(rule="os", value="linux")])
THERE = fingerprint([Observation(rule="os", value="plan9")])


@pytest.fixture
def world() -> World:
    return World()


def taken(world: World, job_id: str) -> list[e.LeaseTaken]:
    return [each for each in world.events(job_id) if isinstance(each, e.LeaseTaken)]


def released(world: World, job_id: str) -> list[str]:
    return [each.reason for each in world.events(job_id) if isinstance(each, e.LeaseReleased)]


def test_working_takes_the_lease_and_lets_go_at_the_end(world: World) -> None:
    job_id = world.submit()

    with world.process().work(job_id, worker="ada") as job:
        state = world.state(job_id)
        assert state.status == "running"
        assert state.lease is not None
        assert (state.lease.worker, state.lease.epoch) == ("ada", 1)
        assert world.heartbeats() == [job_id]
        assert (job.id, job.spec) == (job_id, world.operator.spec(job_id))

    assert world.state(job_id).lease is None
    assert world.state(job_id).status == "queued"
    assert released(world, job_id) == ["left"]
    assert world.heartbeats() == []


def test_a_worker_without_a_name_is_called_by_host_and_process(world: World) -> None:
    job_id = world.submit()
    process = world.process()
    holder = process.machine.holder()

    with process.work(job_id):
        pass

    assert taken(world, job_id)[0].worker == f"{holder.host}-{holder.pid}"
    with pytest.raises(InvalidInputError), process.work(job_id, worker=""):
        pass


@pytest.mark.parametrize(("ttl", "beat"), [(SECOND, SECOND), (SECOND, 0), (0, 0), (1, 2)])
def test_a_heartbeat_that_does_not_keep_the_lease_is_refused(
    world: World, ttl: int, beat: int
) -> None:
    job_id = world.submit()

    with (
        pytest.raises(InvalidInputError, match="does not keep"),
        world.process().work(job_id, ttl=ttl, beat=beat),
    ):
        pass
    assert taken(world, job_id) == []


def test_a_job_that_is_held_cannot_be_taken(world: World) -> None:
    job_id = world.submit()
    first = world.process()
    with first.work(job_id, worker="ada"):
        for ledger in (world.process(), first):
            with pytest.raises(LeaseConflictError, match="held by ada"), ledger.work(job_id):
                pass

        assert len(taken(world, job_id)) == 1


def test_a_holder_that_is_gone_is_followed_at_once(world: World) -> None:
    job_id = world.submit()
    first = world.process()
    world.take(first, job_id, worker="ada").holding._pulse.stop()
    world.bury(first)

    with world.process().work(job_id, worker="bob"):
        pass

    last = taken(world, job_id)[-1]
    assert (last.took_over, last.took_over_from, last.epoch) == ("holder_gone", "ada", 2)


def test_a_holder_that_stopped_beating_is_followed_when_its_lease_is_over(world: World) -> None:
    job_id = world.submit()
    world.take(world.process(), job_id, worker="ada").holding._pulse.stop()
    world.clocks.advance(DEFAULT_TTL - SECOND)
    with pytest.raises(LeaseConflictError), world.process().work(job_id):
        pass
    world.clocks.advance(2 * SECOND)

    with world.process().work(job_id, worker="bob"):
        pass

    assert taken(world, job_id)[-1].took_over == "expired"


def test_a_wall_clock_that_jumps_ends_no_lease(world: World) -> None:
    job_id = world.submit()
    job = world.take(world.process(), job_id)
    while job.holding._pulse.beats == 0:
        pass  # until the first beat is written
    world.clocks.at += HOUR

    with pytest.raises(LeaseConflictError), world.process().work(job_id):
        pass


class Remote(MemoryStore):
    """A store whose users share no clock."""

    @property
    def info(self) -> StoreInfo:
        return StoreInfo(name="remote", version="0", durability="none")


def test_where_clocks_may_differ_a_heartbeat_must_stand_still_for_one_ttl() -> None:
    store = Remote()
    here = FakeMachine()
    ledger = Ledger(store, machine=here, actor="ann")
    job_id = ledger.submit(JobSpec(name="far"))
    working = ledger.work(job_id)
    working.__enter__().holding._pulse.stop()
    there = here.elsewhere("host-b")
    there.advance(24 * HOUR)  # its clock is a day ahead
    other = Ledger(store, machine=there, actor="bob")

    with pytest.raises(LeaseConflictError), other.work(job_id):
        pass
    there.advance(DEFAULT_TTL - 1)
    with pytest.raises(LeaseConflictError), other.work(job_id):
        pass
    there.advance(1)
    with other.work(job_id, worker="bob") as job:
        assert job.state.epoch == 2
    del working


def race(world: World, job_id: str, winner: Ledger, loser: Ledger, **options: Any) -> None:  # noqa: ANN401  # of Ledger.work
    """Have ``winner`` take the job just before the claim of ``loser`` is written."""
    store = loser.store
    assert isinstance(store, Intercepted)

    def first(_stream: str, _events: Sequence[NewEvent]) -> None:
        store.before_append = None
        world.take(winner, job_id, worker="winner")

    store.before_append = first
    with loser.work(job_id, worker="loser", **options):
        pass


@pytest.mark.parametrize("before", ["never held", "gone", "expired"])
def test_of_two_that_claim_at_once_exactly_one_holds_the_job(world: World, before: str) -> None:
    job_id = world.submit()
    if before != "never held":
        dead = world.process()
        world.take(dead, job_id, worker="dead").holding._pulse.stop()
        if before == "gone":
            world.bury(dead)
        else:
            world.clocks.advance(2 * DEFAULT_TTL)
    loser = world.process(Intercepted(world.store))

    with pytest.raises(LeaseConflictError, match="held by winner"):
        race(world, job_id, world.process(), loser)

    assert taken(world, job_id)[-1].worker == "winner"
    assert world.state(job_id).lease is not None


def test_waiting_for_one_heartbeat_says_nothing_about_the_next_holder() -> None:
    world = World(Remote())
    job_id = world.submit()
    world.take(world.process(), job_id, worker="dead").holding._pulse.stop()
    loser = world.process(Intercepted(world.store))
    winner = world.process()
    for ledger in (winner, loser):
        with pytest.raises(LeaseConflictError), ledger.work(job_id):
            pass
    world.clocks.advance(2 * DEFAULT_TTL)

    with pytest.raises(LeaseConflictError, match="held by winner"):
        race(world, job_id, winner, loser)


def test_a_mismatch_never_blocks_a_job_that_was_taken_meanwhile(world: World) -> None:
    job_id = world.submit()
    dead = world.process()
    world.take(dead, job_id, worker="dead", probe=lambda _state: HERE).holding._pulse.stop()
    world.bury(dead)
    store = Intercepted(world.store)

    with pytest.raises((LeaseConflictError, EnvironmentMismatchError)):
        race(world, job_id, world.process(), world.process(store), probe=lambda _state: THERE)

    state = world.state(job_id)
    assert (state.status, state.lease and state.lease.worker) == ("running", "winner")


def work_in(world: World, job_id: str, found: Fingerprint, **options: Any) -> None:  # noqa: ANN401  # of Ledger.work
    with world.process().work(job_id, probe=lambda _state: found, **options):
        pass


def test_the_first_environment_is_captured_and_the_same_one_is_welcome(world: World) -> None:
    job_id = world.submit()

    work_in(world, job_id, HERE)
    work_in(world, job_id, HERE)

    assert world.state(job_id).fingerprint == HERE
    assert world.names(job_id).count("EnvironmentCaptured") == 1


def test_another_environment_blocks_a_job_nobody_holds_and_shows_what_differs(
    world: World,
) -> None:
    job_id = world.submit()
    work_in(world, job_id, HERE)

    with pytest.raises(EnvironmentMismatchError) as caught:
        work_in(world, job_id, THERE)

    assert caught.value.details["differences"] == [
        {"rule": "os", "expected": "linux", "actual": "plan9"}
    ]
    state = world.state(job_id)
    assert (state.status, state.reason_codes) == ("blocked_error", ("E_ENV_FINGERPRINT_MISMATCH",))


def test_another_environment_is_only_refused_when_that_is_wanted(world: World) -> None:
    job_id = world.submit()
    work_in(world, job_id, HERE)
    before = world.state(job_id)

    with pytest.raises(EnvironmentMismatchError):
        work_in(world, job_id, THERE, block_on_mismatch=False)

    assert world.state(job_id) == before


def test_another_environment_never_disturbs_a_job_that_runs(world: World) -> None:
    job_id = world.submit()
    ran: list[int] = []
    with world.process().work(job_id, probe=lambda _state: HERE) as job:
        for number in range(3):
            job.step("edit", ran.append, number)
            with pytest.raises(LeaseConflictError):
                work_in(world, job_id, THERE)
        job.complete()

    assert ran == [0, 1, 2]
    assert world.state(job_id).status == "completed"
    assert "JobBlocked" not in world.names(job_id)


def test_an_accepted_environment_is_recorded_with_its_reason(world: World) -> None:
    job_id = world.submit()
    work_in(world, job_id, HERE)

    work_in(world, job_id, THERE, accept_because="moved house", worker="ada")
    work_in(world, job_id, THERE, accept_because="again")

    accepted = [each for each in world.events(job_id) if isinstance(each, e.EnvironmentAccepted)]
    assert [(each.expected, each.fingerprint, each.reason) for each in accepted] == [
        (HERE.digest, THERE, "moved house")
    ]
    assert world.state(job_id).fingerprint == THERE


def test_a_job_that_waits_or_is_over_cannot_be_claimed(world: World) -> None:
    asking, paused, over, asleep = (world.submit() for _ in range(4))
    world.operator.emit(asking, "decision-needed", "Merge?")
    world.operator.pause(paused, reason="lunch")
    world.operator.cancel(over, reason="moot")
    with world.process().work(asleep) as job:
        job.sleep("1h")

    for job_id, error in (
        (asking, ApprovalRequiredError),
        (paused, MoveNotAllowedError),
        (over, MoveNotAllowedError),
        (asleep, MoveNotAllowedError),
    ):
        with pytest.raises(error), world.process().work(job_id):
            pass
        assert world.state(job_id).lease is None
    assert world.heartbeats() == []


def test_a_store_that_fails_while_claiming_leaves_nothing_running(world: World) -> None:
    job_id = world.submit()
    for failing in (1, 2, 3):
        store = Intercepted(world.store)
        count = [0]

        def fail(*_args: object, count: list[int] = count, failing: int = failing) -> None:
            count[0] += 1
            if count[0] == failing:
                raise StoreUnavailable("disk full")

        store.before_append = fail
        try:
            with world.process(store).work(job_id) as job:
                job.step("edit", abs, -1, key=str(failing))
        except StoreError:
            world.clocks.advance(2 * DEFAULT_TTL)

        assert world.heartbeats() == []
    with world.process().work(job_id) as job:
        job.complete()
    assert world.state(job_id).status == "completed"
