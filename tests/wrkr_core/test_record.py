"""Records: the line is the truth, the store's columns are an index that must agree with it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.histories import Journal
from tests.strategies import KNOWN_EVENTS, UNKNOWN_EVENTS
from wrkr_core import chain
from wrkr_core import events as e
from wrkr_core.errors import Corrupt, InvalidInputError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.record import LONGEST_LINE, open_all, open_lines, read_line, seal_all
from wrkr_core.store import Event as StoredEvent

if TYPE_CHECKING:
    from wrkr_core.store import NewEvent

EVENTS = st.lists(KNOWN_EVENTS | UNKNOWN_EVENTS, min_size=1, max_size=5)


def sealed(
    events: list[e.Event], *, after: int = 0, prev: str = chain.GENESIS
) -> tuple[list[NewEvent], list[e.RecordedEvent]]:
    ids = (f"id.{number}" for number in itertools.count(1))
    return seal_all("j-1", after=after, prev=prev, events=events, at=7, by="ann", ids=ids)


def as_stored(new: list[NewEvent], after: int = 0) -> list[StoredEvent]:
    return [
        StoredEvent(
            stream="j-1", seq=seq, pos=seq + 100, id=one.id, type=one.type, at=one.at, data=one.data
        )
        for seq, one in enumerate(new, after + 1)
    ]


@given(EVENTS, st.integers(0, 1000))
def test_what_was_sealed_is_what_is_opened(events: list[e.Event], after: int) -> None:
    prev = chain.GENESIS if after == 0 else "a" * 64

    new, recorded = sealed(events, after=after, prev=prev)

    assert [each.event for each in recorded] == events
    assert [each.seq for each in recorded] == list(range(after + 1, after + 1 + len(events)))
    assert open_all("j-1", as_stored(new, after), prev=prev) == recorded
    assert open_all("j-1", as_stored(new, after), prev=None) == recorded
    if after == 0:
        assert list(open_lines("j-1", [one.data for one in new])) == recorded


@given(EVENTS)
def test_sealing_in_two_batches_gives_the_same_lines_as_in_one(events: list[e.Event]) -> None:
    ids = (f"id.{number}" for number in itertools.count(1))
    whole, _ = sealed(events)

    first, recorded = seal_all(
        "j-1", after=0, prev=chain.GENESIS, events=events[:1], at=7, by="ann", ids=ids
    )
    rest, _ = seal_all(
        "j-1", after=1, prev=recorded[0].hash, events=events[1:], at=7, by="ann", ids=ids
    )

    assert [*first, *rest] == whole


def test_a_line_names_the_fields_of_its_record() -> None:
    new, recorded = sealed([e.JobPaused(reason="x")])

    line = read_line(new[0].data)

    assert (line.job, line.seq, line.id, line.type) == ("j-1", 1, "id.1", "job_paused/1")
    assert (line.at, line.by, line.prev) == (7, "ann", chain.GENESIS)
    assert line.hash == recorded[0].hash
    assert bytes(line.payload) == b'{"reason":"x"}'


@pytest.mark.parametrize(
    ("column", "value"), [("seq", 2), ("id", "id.2"), ("type", "job_resumed/1"), ("at", 8)]
)
def test_a_column_that_disagrees_with_the_line_is_corrupt(column: str, value: object) -> None:
    """Hard case 7."""
    new, _ = sealed([e.JobPaused(reason="x")])
    record = msgspec.structs.replace(as_stored(new)[0], **{column: value})

    with pytest.raises(Corrupt, match="columns and the record's own line disagree") as caught:
        open_all("j-1", [record], prev=None)

    assert caught.value.details["seq"] == record.seq
    assert caught.value.details["job_id"] == "j-1"


def test_a_record_of_another_job_is_corrupt() -> None:
    new, _ = sealed([e.JobPaused(reason="x")])

    with pytest.raises(Corrupt, match="job j-2, record 1: the store's columns"):
        open_all("j-2", as_stored(new), prev=None)
    with pytest.raises(Corrupt, match="line 1 is record 1 of job j-1"):
        list(open_lines("j-2", [new[0].data]))


def test_a_damaged_record_is_named_by_job_and_seq_with_a_hint() -> None:
    journal = Journal()
    journal.submit()
    journal.append(e.JobPaused(reason="x"))
    records = as_stored(journal.stored)
    records[1] = msgspec.structs.replace(records[1], data=records[1].data.replace(b"x", b"y"))

    with pytest.raises(Corrupt, match="job j-1, record 2: a record's bytes do not have") as caught:
        open_all("j-1", records, prev=chain.GENESIS)

    assert caught.value.details["seq"] == 2
    assert "wrkr store check" in caught.value.hint


def test_a_payload_that_is_not_its_types_own_is_named_by_job_and_seq() -> None:
    _, line = chain.seal(
        prev=chain.GENESIS,
        at=7,
        by="ann",
        id="id.1",
        job="j-1",
        payload=b"{}",
        seq=1,
        type="job_paused/1",
    )
    record = StoredEvent(
        stream="j-1", seq=1, pos=1, id="id.1", type="job_paused/1", at=7, data=line
    )

    with pytest.raises(Corrupt, match="job j-1, record 1: a job_paused/1 event cannot be read"):
        open_all("j-1", [record], prev=None)


def test_lines_count_from_1_without_a_gap() -> None:
    new, recorded = sealed([e.JobPaused(reason="x")], after=1)
    first, _ = sealed([e.JobPaused(reason="x")])
    _, later = chain.seal(
        prev=chain.stated(first[0].data)[0],
        at=7,
        by="ann",
        id="id.3",
        job="j-1",
        payload=b'{"reason":"x"}',
        seq=3,
        type="job_paused/1",
    )

    with pytest.raises(Corrupt, match="line 1 is record 2 of job j-1"):
        list(open_lines("j-1", [new[0].data]))
    with pytest.raises(Corrupt, match="line 2 is record 3 of job j-1") as caught:
        list(open_lines("j-1", [first[0].data, later]))
    assert caught.value.details["seq"] == 2
    assert recorded[0].seq == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"_hash":1}',
        b'{"payload":' + b"[" * 100_000,
        b'{"_hash":"","_prev":"","at":1,"by":"\xff","id":"","job":"","payload":1,"seq":1,"type":""}',
    ],
)
def test_what_is_no_log_line_is_corrupt(data: bytes) -> None:
    with pytest.raises(Corrupt, match="a record is not a log line"):
        read_line(data)


def test_a_text_that_cannot_be_written_stops_the_whole_batch() -> None:
    with pytest.raises(InvalidInputError):
        sealed([e.JobPaused(reason="x"), e.JobPaused(reason="\ud800")])


@given(st.lists(UNKNOWN_EVENTS, min_size=1, max_size=3))
def test_an_unknown_event_is_written_again_byte_for_byte(events: list[e.Event]) -> None:
    """Hard case 6: a log that is copied keeps what this release does not understand."""
    new, _ = sealed(events)

    read = [each.event for each in open_lines("j-1", [one.data for one in new])]

    assert sealed(read)[0] == new


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (1, False)])
def test_a_line_longer_than_a_jobpack_may_hold_is_never_recorded(spare: int, fits: bool) -> None:  # noqa: FBT001
    """What is recorded can be exported, and what is exported verifies by the defaults."""
    (empty, *_), _ = sealed([e.JobPaused(reason="")])
    pause = e.JobPaused(reason="x" * (LONGEST_LINE - len(empty.data) + spare))

    if fits:
        (longest,), _ = sealed([pause])
        assert len(longest.data) == LONGEST_LINE == Limits().document_bytes
    else:
        with pytest.raises(
            InvalidInputError, match="job_paused/1 event of 1048577 bytes"
        ) as caught:
            sealed([e.JobPaused(reason="ok"), pause])
        assert caught.value.details["limit"] == LONGEST_LINE
