"""11: a worker that was stopped for longer than its lease does nothing its successor has done."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import (
    STAYS,
    effects,
    is_claimable,
    step,
    stop_outside_of_a_write,
    submit,
    worker_process,
)
from tests.worlds import World
from wrkr_core.errors import LeaseConflictError
from wrkr_core.lease import DEFAULT_TTL
from wrkr_run.foreground import work_on
from wrkr_run.supervision import JobGuard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.hard_cases.jobs import Until
    from tests.hard_cases.places import Place
    from wrkr_core.work.job import Job


def test_11_a_worker_stopped_past_its_lease_goes_on_with_nothing_its_successor_has_done(
    on_disk: Place, workspace: Path, until: Until
) -> None:
    ledger = on_disk.ledger()
    submit(ledger, workspace, step("one"), step("two", STAYS), step("three"))
    worker = worker_process(on_disk.url, "--ttl", "500ms", "--beat", "50ms")
    until((workspace / "pids").exists)

    stop_outside_of_a_write(worker, on_disk.open("?busy=0.1"))
    until(lambda: is_claimable(ledger))
    result = work_on(ledger, "j")
    worker.send_signal(signal.SIGCONT)
    said, _ = worker.communicate()

    assert result.status == "completed"
    assert effects(workspace) == ["one 1", "two 1", "two 2", "three 1"]
    assert not (workspace / "two-at-once").exists()
    assert worker.returncode == 1
    assert "E_LEASE_CONFLICT" in said


def test_11_a_worker_stopped_just_before_its_command_starts_never_starts_it(
    place: Place, workspace: Path, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one"), step("two"))
    stopped, goes_on = threading.Event(), threading.Event()
    begin, outcomes = JobGuard.begin, list[str]()

    def begin_late(guard: JobGuard, pid: int) -> None:
        if not stopped.is_set():
            guard._supervisor.job.holding._pulse.stop()
            stopped.set()
            goes_on.wait()
        begin(guard, pid)

    def work_slowly() -> None:
        try:
            work_on(ledger, "j", ttl=30_000, beat=10_000)
        except LeaseConflictError as error:
            outcomes.append(error.code)

    monkeypatch.setattr(JobGuard, "begin", begin_late)
    slow = threading.Thread(target=work_slowly)
    slow.start()
    stopped.wait()
    until(lambda: is_claimable(ledger))

    result = work_on(place.ledger(), "j")
    goes_on.set()
    slow.join()

    assert (result.status, outcomes) == ("completed", ["E_LEASE_CONFLICT"])
    assert effects(workspace) == ["one 2", "two 1"]


ACTS: dict[str, Callable[[Job], object]] = {
    "step": lambda job: job.step("late", pytest.fail),
    "charge": lambda job: job.charge(tokens=1),
    "checkpoint": lambda job: job.checkpoint("progress", "late"),
    "ask": lambda job: job.ask("Late?"),
    "complete": lambda job: job.complete(),
}


@pytest.mark.parametrize("act", ACTS)
def test_11_a_program_that_was_taken_over_runs_and_records_nothing_more(
    place: Place, act: str
) -> None:
    world = World(place.open())
    job_id = world.submit()
    job = world.take(world.process(), job_id, worker="slept")
    job.step("edit", abs, -1, key="a")
    job.holding._pulse.stop()
    world.clocks.advance(2 * DEFAULT_TTL)

    with world.process(place.open()).work(job_id, worker="successor") as other:
        other.step("edit", abs, -1, key="b")
        before = world.state(job_id)
        for _ in range(2):
            with pytest.raises(LeaseConflictError, match="was taken over") as caught:
                ACTS[act](job)
            assert caught.value.code == "E_LEASE_CONFLICT"

        assert world.state(job_id) == before
        assert before.lease is not None
        assert (before.lease.worker, before.lease.epoch) == ("successor", 2)


def test_11_what_a_step_did_under_a_lost_lease_is_not_recorded_over_its_successors_work(
    place: Place,
) -> None:
    world = World(place.open())
    job_id = world.submit()
    ran: list[str] = []

    def act(name: str) -> str:
        ran.append(name)
        return name

    def slow() -> str:
        job.holding._pulse.stop()
        world.clocks.advance(2 * DEFAULT_TTL)
        with world.process(place.open()).work(job_id, worker="successor") as other:
            assert other.step("edit", act, "successor") == "successor"
            other.complete("by the successor")
        return "too late"

    with (
        pytest.raises(LeaseConflictError),
        world.process().work(job_id, worker="slept") as job,
    ):
        job.step("edit", slow, retries=5)

    assert ran == ["successor"]
    state = world.state(job_id)
    assert (state.status, state.summary) == ("completed", "by the successor")
    assert "too late" not in str(world.events(job_id))


def test_11_of_two_processes_that_resume_at_once_one_works(on_disk: Place, workspace: Path) -> None:
    submit(on_disk.ledger(), workspace, step("one"), step("two", "sleep 0.2"))

    workers = [worker_process(on_disk.url, "--resume") for _ in range(2)]
    said = [worker.communicate()[0] for worker in workers]

    assert sorted(worker.returncode for worker in workers) == [0, 1], said
    assert effects(workspace) == ["one 1", "two 1"]
