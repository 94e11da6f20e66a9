"""A worker knows which jobs it might claim."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import ApprovalRequiredError, MoveNotAllowedError
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import Command, JobSpec
from wrkr_run.claimable import Claimable

if TYPE_CHECKING:
    from collections.abc import Callable

SPEC = JobSpec(name="j", command=Command(argv=("true",)))


@pytest.fixture
def claimable(ledger: Ledger) -> Claimable:
    return Claimable(ledger)


def due(claimable: Claimable) -> list[str]:
    claimable.refresh()
    return claimable.due()


def test_queued_jobs_are_due_in_the_order_they_came(ledger: Ledger, claimable: Claimable) -> None:
    for job_id in ("c", "a", "b"):
        ledger.submit(SPEC, job_id=job_id)

    assert due(claimable) == ["c", "a", "b"]


def test_jobs_are_noticed_before_and_after_the_first_look(
    ledger: Ledger, claimable: Claimable
) -> None:
    ledger.submit(SPEC, job_id="early")
    assert due(claimable) == ["early"]

    ledger.submit(SPEC, job_id="late")
    assert due(claimable) == ["early", "late"]

    ledger.cancel("early", reason="no need")
    assert due(claimable) == ["late"]


def test_a_job_its_own_program_works_on_is_none_of_a_workers(
    ledger: Ledger, claimable: Claimable
) -> None:
    ledger.submit(JobSpec(name="embedded"))

    assert due(claimable) == []
    assert claimable.is_empty()


def test_a_held_job_is_not_due_but_still_under_way(ledger: Ledger, claimable: Claimable) -> None:
    ledger.submit(SPEC, job_id="j")

    with ledger.work("j", worker="w"):
        assert due(claimable) == []
        assert not claimable.is_empty()

    assert due(claimable) == ["j"]


def test_a_job_whose_lease_lapsed_is_due_although_nothing_happened_to_it(
    ledger: Ledger, claimable: Claimable
) -> None:
    ledger.submit(SPEC, job_id="j")

    with ledger.work("j", worker="w", ttl=20_000, beat=10_000) as job:
        job.holding._pulse.stop()
        claimable.refresh()
        ledger.machine.sleep(40_000)

        assert claimable.due() == ["j"]
        job.holding.abandon()


def test_a_sleeping_job_is_due_when_it_wakes(ledger: Ledger, claimable: Claimable) -> None:
    ledger.submit(SPEC, job_id="j")
    with ledger.work("j", worker="w") as job:
        job.sleep("40ms")  # and the block ends here

    assert due(claimable) == []
    assert not claimable.is_empty()
    ledger.machine.sleep(50_000)
    assert due(claimable) == ["j"]


def test_a_job_passed_over_is_due_again_when_something_happened_to_it(
    ledger: Ledger, claimable: Claimable
) -> None:
    ledger.submit(SPEC, job_id="j")
    claimable.refresh()

    claimable.pass_over("j", claimable.seen("j"))
    assert (due(claimable), claimable.is_empty()) == ([], True)

    ledger.pause("j", reason="lunch")
    ledger.resume("j", reason="back")
    assert due(claimable) == ["j"]


def test_what_happened_before_a_job_was_passed_over_is_not_missed(
    ledger: Ledger, claimable: Claimable
) -> None:
    """It was refused as it was then; by the time that is noted it may be another job."""
    ledger.submit(SPEC, job_id="j")
    claimable.refresh()
    seen = claimable.seen("j")
    ledger.pause("j", reason="lunch")
    ledger.resume("j", reason="back")

    claimable.pass_over("j", seen)

    assert due(claimable) == ["j"]
    assert claimable.seen("another") == 0


def test_a_damaged_job_is_no_hindrance(ledger: Ledger, claimable: Claimable) -> None:
    from wrkr_core.store import NewEvent

    ledger.submit(SPEC, job_id="good")
    ledger.store.append("bad", 0, [NewEvent(id="x", type="job_submitted/1", at=1, data=b"{}")])

    assert due(claimable) == ["good"]


MOVES: dict[str, Callable[[Ledger, str], object]] = {
    "pause": lambda ledger, job_id: ledger.pause(job_id, reason="r"),
    "resume": lambda ledger, job_id: ledger.resume(job_id, reason="r"),
    "cancel": lambda ledger, job_id: ledger.cancel(job_id, reason="r"),
    "ask": lambda ledger, job_id: ledger.emit(job_id, "decision-needed", "q"),
    "note": lambda ledger, job_id: ledger.emit(job_id, "progress", "p"),
}


@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["submit", *MOVES]), st.sampled_from("abc"), st.booleans()),
        max_size=25,
    )
)
def test_what_is_due_is_what_is_queued_whatever_happened(
    moves: list[tuple[str, str, bool]],
) -> None:
    ledger = Ledger(MemoryStore(), actor="ann")
    claimable = Claimable(ledger)
    existing: set[str] = set()
    for (move, job_id, looks), _number in zip(moves, itertools.count(), strict=False):
        if move == "submit" or job_id not in existing:
            ledger.submit(SPEC, job_id=job_id)
            existing.add(job_id)
        else:
            try:
                MOVES[move](ledger, job_id)
            except (MoveNotAllowedError, ApprovalRequiredError):
                continue
        if looks:
            claimable.refresh()

    queued = {state.job_id for state in ledger.jobs(status="queued")}
    assert set(due(claimable)) == queued
