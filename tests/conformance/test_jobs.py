"""The jobs leave the same records by either ledger and on every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wrkr_conformance.jobs import DONE, WAITING, do_jobs, do_jobs_awaiting, do_many_jobs, pack_of
from wrkr_core.errors import Corrupt
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, NewEvent


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


class FailsAtTheThirdJob(MemoryStore):
    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if stream == "many-3":
            raise Corrupt("torn")
        return super().append(stream, expected, events)


def test_what_one_of_many_jobs_raises_is_raised_when_all_have_ended() -> None:
    store = FailsAtTheThirdJob()

    with pytest.raises(Corrupt, match="torn"):
        do_many_jobs(store, 6)

    assert {state.status for state in Ledger(store).jobs()} == {"completed"}
    assert len(Ledger(store).jobs()) == 5
