"""3: after kill -9 nobody waits, no job runs with nobody, and nothing finished is done again."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import (
    STAYS,
    all_gone,
    effects,
    events_of,
    is_claimable,
    pids_in,
    step,
    submit,
    worker_process,
)
from tests.hard_cases.places import HOLDER
from tests.worlds import Died, Mortal, World
from tests.wrkr_store_sqlite.samples import program
from wrkr_core import events as e
from wrkr_core.errors import LeaseConflictError
from wrkr_core.spec import JobSpec
from wrkr_run.foreground import work_on

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hard_cases.jobs import Until
    from tests.hard_cases.places import Place
    from wrkr_core.ledger import Ledger


def test_03_a_lock_held_by_a_killed_writer_blocks_nobody(on_disk: Place) -> None:
    ledger = on_disk.ledger("?busy=0")
    ledger.submit(JobSpec(name="j"), job_id="j")
    with program(HOLDER, on_disk.url) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        holder.kill()
        holder.wait()

        assert ledger.pause("j", reason="at once").status == "paused"
        assert on_disk.ledger("?busy=0").resume("j", reason="here too").status == "queued"


def test_03_after_kill_9_the_job_goes_on_at_once_and_nothing_finished_runs_again(
    on_disk: Place, workspace: Path, until: Until
) -> None:
    ledger = on_disk.ledger()
    submit(ledger, workspace, step("one"), step("two", STAYS), step("three"))
    worker = worker_process(on_disk.url, "--ttl", "1h")
    until((workspace / "pids").exists)
    with pytest.raises(LeaseConflictError):
        work_on(ledger, "j")

    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    assert is_claimable(ledger)
    result = work_on(ledger, "j")

    assert result.status == "completed"
    assert effects(workspace) == ["one 1", "two 1", "two 2", "three 1"]
    assert not (workspace / "two-at-once").exists()
    assert all_gone(pids_in(workspace))
    assert [each.took_over for each in events_of(ledger, e.LeaseTaken)] == [None, "holder_gone"]
    said = [each.summary for each in events_of(ledger, e.CheckpointRecorded)]
    assert len(said) == len(set(said)) == 5  # a plan, progress three times, completed


class Program:
    """Three steps with checkpoints, and which of their functions came to their end."""

    def __init__(self) -> None:
        self.ended: Counter[str] = Counter()

    def run(self, ledger: Ledger, job_id: str) -> None:
        with ledger.work(job_id) as job:
            job.checkpoint("plan", "three steps")
            for name in ("a", "b", "c"):
                job.step("edit", self.ended.update, [name], key=name)
                job.checkpoint("progress", f"{name} is done")
            job.complete()


@pytest.mark.parametrize("written", [False, True])
def test_03_killed_at_any_write_nothing_finished_runs_again_and_no_checkpoint_is_doubled(
    in_memory: Place, *, written: bool
) -> None:
    deaths = 0
    for dies_at in range(1, 30):
        world, job = World(in_memory.open()), Program()
        job_id = world.submit()
        mortal = world.process(Mortal(world.store, dies_at=dies_at, written=written))
        try:
            job.run(mortal, job_id)
        except Died:
            deaths += 1
            world.bury(mortal)
            if not world.state(job_id).is_final:
                job.run(world.process(), job_id)

        assert_nothing_twice(world, job_id, job)
    assert deaths == 12  # three times a start, an end, a checkpoint; plan, completion, letting go


def test_03_killed_again_and_again_nothing_finished_runs_again_on_disk_either(
    on_disk: Place,
) -> None:
    world, job = World(on_disk.open()), Program()
    job_id = world.submit()
    for dies_at in (1, 2, 3, 2, 1, 3):
        mortal = world.process(Mortal(world.store, dies_at=dies_at, written=dies_at != 2))
        with pytest.raises(Died):
            job.run(mortal, job_id)
        world.bury(mortal)
    job.run(world.process(), job_id)

    assert_nothing_twice(world, job_id, job)


def assert_nothing_twice(world: World, job_id: str, job: Program) -> None:
    state = world.state(job_id)
    events = world.events(job_id)
    assert state.status == "completed"
    finished = Counter(each.step.key for each in events if isinstance(each, e.StepFinished))
    assert finished == {"a": 1, "b": 1, "c": 1}
    started = Counter(each.step.key for each in events if isinstance(each, e.StepStarted))
    assert all(job.ended[name] <= started[name] for name in "abc")
    done: set[str | None] = set()
    for each in events:
        if isinstance(each, e.StepStarted):
            assert each.step.key not in done
        elif isinstance(each, e.StepFinished):
            done.add(each.step.key)
    assert {each.kind: each.count for each in state.checkpoints} == {
        "plan": 1,
        "progress": 3,
        "completed": 1,
    }
