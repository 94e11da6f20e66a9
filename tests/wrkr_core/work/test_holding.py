"""A job under a lease: what others do to it is noticed before anything more is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worlds import HOUR, SECOND, Intercepted, World, before_next
from wrkr_core import events as e
from wrkr_core.errors import (
    Blocked,
    Conflict,
    LeaseConflictError,
    StepFailedError,
    StoreUnavailable,
)
from wrkr_core.lease import DEFAULT_TTL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.store import NewEvent
    from wrkr_core.work.job import Job


@pytest.fixture
def world() -> World:
    return World()


ACTS: dict[str, Callable[[Job], object]] = {
    "step": lambda job: job.step("late", abs, -1),
    "charge": lambda job: job.charge(tokens=1),
    "checkpoint": lambda job: job.checkpoint("progress", "late"),
    "ask": lambda job: job.ask("Late?"),
    "sleep": lambda job: job.sleep("1h"),
    "complete": lambda job: job.complete(),
    "block": lambda job: job.block("late", reason_codes=()),
    "check": lambda job: job.check(),
    "reserve": lambda job: job.reserve(tokens=1).__enter__(),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_worker_that_was_taken_over_does_nothing_more(world: World, act: str) -> None:
    job_id = world.submit()
    first = world.process()
    ran: list[str] = []
    job = world.take(first, job_id, worker="slept")
    job.holding._pulse.stop()
    world.clocks.advance(2 * DEFAULT_TTL)  # it was stopped for longer than its lease
    with world.process().work(job_id, worker="successor") as other:
        other.step("edit", ran.append, "successor")
        before = world.state(job_id)

        for _ in range(2):
            with pytest.raises(LeaseConflictError, match="was taken over"):
                ACTS[act](job)

        assert world.state(job_id) == before
        assert not job.holding.is_held
    assert ran == ["successor"]


def test_what_a_step_did_under_a_lost_lease_is_not_recorded(world: World) -> None:
    job_id = world.submit()
    first = world.process()
    ran: list[str] = []

    def act(name: str) -> str:
        ran.append(name)
        return name

    def slow() -> str:
        job.holding._pulse.stop()
        world.clocks.advance(2 * DEFAULT_TTL)
        with world.process().work(job_id, worker="successor") as other:
            other.step("edit", act, "successor")
            other.complete("by the successor")
        return "too late"

    with pytest.raises(LeaseConflictError), first.work(job_id, worker="slept") as job:
        job.step("edit", slow, retries=5)

    results = [each.result for each in world.events(job_id) if isinstance(each, e.StepFinished)]
    assert [bytes(each) for each in results] == [b'"successor"']
    assert ran == ["successor"]
    assert world.state(job_id).summary == "by the successor"


def test_a_step_does_not_run_when_the_start_took_longer_than_the_lease(world: World) -> None:
    job_id = world.submit()
    store = Intercepted(world.store)
    successor: list[Job] = []

    def stall(_stream: str, events: Sequence[NewEvent]) -> None:
        if events[0].type.startswith("step_started"):
            store.after_append = None
            job.holding._pulse.stop()
            world.clocks.advance(2 * DEFAULT_TTL)
            successor.append(world.take(world.process(), job_id, worker="successor"))

    store.after_append = stall
    with pytest.raises(LeaseConflictError), world.process(store).work(job_id) as job:
        job.step("edit", pytest.fail)

    assert successor[0].holding.is_held


def test_the_running_time_of_a_job_is_what_its_holders_held_it(world: World) -> None:
    job_id = world.submit()
    with world.process().work(job_id) as job:
        world.clocks.advance(SECOND)
        job.step("edit", world.clocks.advance, 2 * SECOND)
        world.clocks.at -= HOUR  # nobody's uptime
        world.clocks.advance(3 * SECOND)
    world.clocks.advance(HOUR)  # nobody holds it
    with world.process().work(job_id) as job:
        job.step("edit", pytest.fail)
        job.step("test", world.clocks.advance, 4 * SECOND)
        job.complete()

    assert world.state(job_id).spent_by_meter()["wall"] == 10 * SECOND


def test_running_time_is_not_counted_twice_when_a_write_has_to_be_decided_again(
    world: World,
) -> None:
    job_id = world.submit()
    store = Intercepted(world.store)
    conflicts = 5

    def conflict(stream: str, events: Sequence[NewEvent]) -> None:
        nonlocal conflicts
        if events[0].type.startswith("step_finished") and conflicts:
            conflicts -= 1
            raise Conflict(stream, 0, 0)

    with world.process(store).work(job_id) as job:
        began = world.clocks.uptime()
        store.before_append = conflict
        job.step("edit", world.clocks.advance, SECOND)
        job.complete()
        held = world.clocks.uptime() - began

    assert conflicts == 0
    assert world.state(job_id).spent_by_meter()["wall"] == held


@pytest.mark.parametrize("act", ACTS)
def test_a_job_that_was_let_go_can_do_nothing_more(world: World, act: str) -> None:
    job_id = world.submit()
    with world.process().work(job_id) as job:
        job.step("edit", abs, -1)
    before = world.state(job_id)

    with pytest.raises((LeaseConflictError, Blocked)):
        ACTS[act](job)
    assert world.state(job_id) == before


def test_an_abandoned_holding_writes_nothing_any_more(world: World) -> None:
    job_id = world.submit()
    with pytest.raises(StoreUnavailable), world.process().work(job_id) as job:
        raise StoreUnavailable("disk full")

    assert world.names(job_id) == ["JobSubmitted", "LeaseTaken"]
    assert world.heartbeats() == []
    with pytest.raises(LeaseConflictError, match="has let go"):
        job.check()


def test_a_store_that_is_unavailable_in_the_middle_leaves_a_job_that_goes_on_later(
    world: World,
) -> None:
    job_id = world.submit()
    store = Intercepted(world.store)
    ran: list[str] = []

    def program() -> None:
        with world.process(store).work(job_id) as job:
            job.step("first", ran.append, "first")
            job.step("second", ran.append, "second")
            job.complete()

    def full() -> None:
        raise StoreUnavailable("disk full")

    before_next(store, "step_finished", lambda: before_next(store, "step_finished", full))
    with pytest.raises(StoreUnavailable):
        program()
    assert world.state(job_id).status == "running"
    world.clocks.advance(2 * DEFAULT_TTL)
    program()

    assert ran == ["first", "second", "second"]  # the second had run, and could not be recorded
    assert world.state(job_id).status == "completed"


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ValueError("no"), "blocked_error", "failed"),
        (KeyboardInterrupt(), "queued", "interrupted"),
        (SystemExit(1), "queued", "interrupted"),
        (StepFailedError("gave up"), "blocked_error", "failed"),
        (ValueError("caf\udce9.txt is empty"), "blocked_error", "failed"),
        (ValueError("x" * 10_000), "blocked_error", "failed"),
        (ValueError(""), "blocked_error", "failed"),
    ],
)
def test_an_error_lets_go_of_the_job_and_comes_through(
    world: World, error: BaseException, status: str, reason: str
) -> None:
    job_id = world.submit()

    with pytest.raises(type(error)) as caught, world.process().work(job_id):
        raise error

    assert caught.value is error
    assert world.heartbeats() == []
    state = world.state(job_id)
    assert (state.status, state.lease) == (status, None)
    released = [each for each in world.events(job_id) if isinstance(each, e.LeaseReleased)]
    assert [each.reason for each in released] == [reason]


def test_no_heartbeat_is_left_when_the_store_fails_while_an_error_is_recorded(
    world: World,
) -> None:
    job_id = world.submit()
    store = Intercepted(world.store)

    def full() -> None:
        raise StoreUnavailable("disk full")

    before_next(store, "checkpoint_recorded", full)
    with pytest.raises((StoreUnavailable, ValueError)), world.process(store).work(job_id):
        raise ValueError("no")

    assert world.heartbeats() == []


def test_blocked_is_no_exception_that_a_step_could_swallow() -> None:
    assert not issubclass(Blocked, Exception)
