"""A log that cannot be one is refused with the record at which it stops being one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from msgspec.structs import replace

from tests.histories import Journal, answered, asked, begun, checkpoint, failed, finished, started
from tests.strategies import HOLDER
from wrkr_core import events as e
from wrkr_core.budget import Amount, Reservation
from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.job.fold import fold

if TYPE_CHECKING:
    from collections.abc import Callable

RESERVED: Final = e.BudgetReserved(
    reservation=Reservation(id="r1", amounts=(Amount(meter="tokens", amount=1),))
)


def reserved_before(journal: Journal) -> e.Event:
    journal.append(RESERVED)
    return RESERVED


def answered_before(journal: Journal) -> e.Event:
    asked(journal)
    answered(journal)
    return journal.events[-1]


ILLEGAL: Final[dict[str, tuple[Callable[[Journal], e.Event], str]]] = {
    "a lease epoch that does not follow": (
        lambda _: e.LeaseTaken(worker="bob", epoch=7, ttl=5, holder=HOLDER),
        "job j-1: lease epoch 7 cannot follow epoch 1",
    ),
    "a lost epoch": (
        lambda _: started(epoch=2),
        "job j-1: record 3 was written under epoch 2, which does not hold the job",
    ),
    "the end of what was not begun": (
        lambda _: finished(),
        "job j-1: step edit ends an attempt that is not open",
    ),
    "the failure of what was not begun": (
        lambda _: failed(),
        "job j-1: step edit ends an attempt that is not open",
    ),
    "a reservation made twice": (reserved_before, "job j-1: reservation r1 exists"),
    "a reservation that is not open": (
        lambda _: e.BudgetSettled(reservation="r9", amounts=()),
        "job j-1: reservation r9 is not open",
    ),
    "a checkpoint under another number": (
        lambda journal: replace(checkpoint(journal), checkpoint_id="cp_9"),
        "job j-1: cp_9 is not the checkpoint of record 3",
    ),
    "an answer given twice": (
        answered_before,
        "job j-1: cp_3 is not an open decision with that content",
    ),
}


@pytest.mark.parametrize("name", ILLEGAL)
def test_an_event_that_cannot_follow_is_refused_with_the_number_of_its_record(name: str) -> None:
    make, said = ILLEGAL[name]
    journal = begun()
    event = make(journal)
    number = journal.now.seq + 1

    with pytest.raises(MoveNotAllowedError) as caught:
        journal.append(event)

    assert caught.value.message == said
    assert caught.value.details == {"seq": number}


MOST: Final = e.Charged(amounts=(Amount(meter="tokens", amount=2**53 - 1),))


def test_a_sum_that_cannot_be_counted_is_refused_with_the_number_of_its_record() -> None:
    journal = begun()
    journal.append(MOST)

    with pytest.raises(MoveNotAllowedError, match=r"^job j-1: ") as caught:
        journal.append(MOST)

    assert isinstance(caught.value.__cause__, ValueError)
    assert str(caught.value.__cause__) in caught.value.message
    assert caught.value.details == {"seq": 4}


OUT_OF_PLACE: Final[dict[str, tuple[int, str, dict[str, object]]]] = {
    "a gap": (5, "job j-1: record 5 cannot follow record 2", {"seq": 5}),
    "a second beginning": (3, "job j-1: record 3 submits a job that exists", {"seq": 3}),
}


@pytest.mark.parametrize("name", OUT_OF_PLACE)
def test_a_record_out_of_its_place_is_refused_with_its_number(name: str) -> None:
    seq, said, details = OUT_OF_PLACE[name]
    journal = begun()
    again = replace(journal.records[0], seq=seq)

    with pytest.raises(MoveNotAllowedError) as caught:
        fold(journal.now, again)

    assert (caught.value.message, caught.value.details) == (said, details)


@pytest.mark.parametrize("place", [0, 1])
def test_a_log_that_does_not_begin_with_its_job_is_refused(place: int) -> None:
    first = replace(begun().records[place], seq=2 - place)

    with pytest.raises(MoveNotAllowedError) as caught:
        fold(None, first, "j-1")

    assert caught.value.message == "job j-1 does not begin with job_submitted"
    assert caught.value.details == {"job_id": "j-1", "seq": 2 - place}
