"""The jobs leave the same records by either ledger and on every store."""

from __future__ import annotations

from wrkr_conformance.jobs import DONE, WAITING, do_jobs, do_jobs_awaiting, do_many_jobs, pack_of
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore


def test_one_job_is_done_and_one_waits_for_a_decision() -> None:
    store = MemoryStore()

    assert do_jobs(store) == [DONE, WAITING]

    ledger = Ledger(store)
    assert ledger.state(DONE).status == "completed"
    assert ledger.state(WAITING).status == "blocked_decision"
    assert len(store.keys("blob/")) == 1


def test_both_ledgers_leave_the_same_bytes_on_any_run() -> None:
    stores = [MemoryStore(), MemoryStore(), MemoryStore()]
    do_jobs(stores[0])
    do_jobs(stores[1])
    do_jobs_awaiting(stores[2])

    for job_id in (DONE, WAITING):
        assert len({pack_of(store, job_id) for store in stores}) == 1


def test_many_jobs_at_once_all_come_to_their_end() -> None:
    assert do_many_jobs(MemoryStore(), 5) == ["completed"] * 5
