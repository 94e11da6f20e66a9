"""What working on a job costs does not grow with what was done before: counted, not timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.worlds import Intercepted, World
from wrkr_core.ledger import Ledger
from wrkr_core.snapshot import EVERY, snapshot_key

if TYPE_CHECKING:
    from wrkr_core.work.job import Job

MOST_PER_STEP = 2  # appends: it begins, it ends


def step_many(job: Job, first: int, last: int) -> None:
    for number in range(first, last):
        job.step("edit", abs, -1, key=f"file-{number:05}")


def test_a_step_appends_as_many_bytes_after_three_thousand_as_at_first() -> None:
    world = World()
    store = Intercepted(world.store)
    job_id = world.submit()

    with world.process(store).work(job_id) as job:
        step_many(job, 1000, 1003)
        store.appended.clear()
        step_many(job, 1003, 1013)
        early = list(store.appended)
        step_many(job, 1013, 4000)
        store.appended.clear()
        store.records_read = 0
        step_many(job, 4000, 4010)

        assert len(early) == len(store.appended) == MOST_PER_STEP * 10
        assert store.records_read == 0
        slack = 6 * MOST_PER_STEP * 10  # seq and record id have more digits
        assert sum(early) <= sum(store.appended) <= sum(early) + slack


def test_opening_a_job_costs_the_same_after_three_hundred_steps_and_after_three_thousand() -> None:
    costs: list[tuple[int, int]] = []
    for steps in (300, 3000):
        world = World()
        job_id = world.submit()
        with world.process().work(job_id) as job:
            step_many(job, 0, steps)
            cell = world.store.get(snapshot_key(job_id))  # as it is before a last one is kept
            assert cell is not None
            store = Intercepted(world.store)
            Ledger(store, machine=world.clocks, actor="ann").state(job_id)
            costs.append((store.records_read, store.cells_read))

    (records_early, bytes_early), (records_late, bytes_late) = costs
    assert max(records_early, records_late) <= EVERY + 1
    assert bytes_late <= bytes_early + 100


def test_opening_a_job_that_was_let_go_reads_one_record() -> None:
    world = World()
    job_id = world.submit()
    with world.process().work(job_id) as job:
        step_many(job, 0, 2 * EVERY)
    store = Intercepted(world.store)

    Ledger(store, machine=world.clocks, actor="ann").state(job_id)

    assert store.records_read <= 1


def test_a_quiet_worker_writes_nothing_to_the_log() -> None:
    world = World()
    store = Intercepted(world.store)
    job_id = world.submit()
    with world.process(store).work(job_id) as job:
        before = len(store.appended)
        for _ in range(100):
            job.check()
            world.clocks.advance(60_000_000)

        assert len(store.appended) == before


def test_replaying_a_job_writes_nothing_for_what_is_recorded() -> None:
    world = World()
    job_id = world.submit()
    with world.process().work(job_id) as job:
        step_many(job, 0, 50)
    store = Intercepted(world.store)

    with world.process(store).work(job_id) as job:
        store.appended.clear()
        step_many(job, 0, 50)

        assert store.appended == []
