"""Folding: a pure function of the records, refusing exactly what is no legal history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.histories import ASKED, Journal, begun, checkpoint, finished, released, started
from tests.strategies import EVENTS, HOLDER, KNOWN_EVENTS, NOON, UNKNOWN_EVENTS, state_in
from tests.trying import HISTORIES
from wrkr_core import events as e
from wrkr_core.budget import Amount
from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.job.decide.guard import require_known
from wrkr_core.job.effects import NAMES
from wrkr_core.job.fold import Folding, apply, fold, fold_all
from wrkr_core.job.moves import MOVES
from wrkr_core.job.state import STATUSES, Status
from wrkr_core.snapshot import read_snapshot, write_snapshot

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState

FITTING = settings(max_examples=60)
# Legal in the state that ``state_in`` gives, wherever the table has the move.
RIGHT: dict[str, dict[str, Any]] = {
    "lease_taken": {"epoch": 4, "ttl": 5, "usage": ()},
    "lease_released": {"epoch": 3, "usage": ()},
    "step_started": {"epoch": 3},
    "step_finished": {"epoch": 3, "step": e.StepRef(name="edit", occurrence=1), "attempt": 1},
    "step_failed": {"epoch": 3, "step": e.StepRef(name="edit", occurrence=1), "attempt": 1},
    "budget_settled": {"reservation": "r1"},
    "checkpoint_recorded": {"checkpoint_id": "cp_10"},
    "approval_given": {"checkpoint_id": "cp_3", "subject": "5" * 64},
    "approval_refused": {"checkpoint_id": "cp_3", "subject": "5" * 64},
}
FURTHER = [cls for cls in EVENTS if cls is not e.JobSubmitted]
MOST = Amount(meter="tokens", amount=2**53 - 1)


def record(event: e.Event, seq: int = 10) -> e.RecordedEvent:
    return e.RecordedEvent(seq=seq, at=NOON, by="ann", id="x", hash="a" * 64, event=event)


def move_of(event: e.Event) -> str:
    name = NAMES[type(event)]
    return f"{name}:{event.status}" if isinstance(event, e.JobBlocked) else name


@pytest.mark.parametrize("cls", FURTHER, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_fold_refuses_exactly_what_the_table_refuses(cls: type, data: st.DataObject) -> None:
    event = replace(data.draw(EVENTS[cls]), **RIGHT.get(NAMES[cls], {}))
    if isinstance(event, e.BudgetReserved):
        event = e.BudgetReserved(reservation=replace(event.reservation, id="r2"))
    status: Status = data.draw(st.sampled_from(STATUSES))
    payloads: Any = "sealed" if cls is e.PayloadsErased else msgspec.UNSET
    state = state_in(status, spent=(), payloads=payloads)
    after = MOVES[move_of(event)].get(status)

    if after is None:
        with pytest.raises(MoveNotAllowedError, match=f"job j_7 is {status}; ") as caught:
            fold(state, record(event))
        assert caught.value.details["status"] == status
    else:
        assert fold(state, record(event)).status == after


@given(KNOWN_EVENTS, st.sampled_from(STATUSES))
@example(e.LeaseTaken(worker="a", epoch=4, ttl=0, holder=HOLDER), "queued")
@example(e.Charged(amounts=(MOST,)), "running")
@example(e.LeaseTaken(worker="a", epoch=4, ttl=1, holder=HOLDER, usage=(MOST,)), "running")
def test_any_event_is_folded_or_refused_and_nothing_else_goes_wrong(
    event: e.KnownEvent, status: Status
) -> None:
    """A hostile log must be told from a broken program: one class says that it is not legal."""
    try:
        fold(state_in(status), record(event))
    except MoveNotAllowedError as error:
        assert error.message.startswith("job j_7")  # noqa: PT017  # both ways are right


@FITTING
@given(HISTORIES, st.data())
def test_folding_in_two_parts_is_folding_at_once(journal: Journal, data: st.DataObject) -> None:
    """Invariant I3."""
    cut = data.draw(st.integers(0, len(journal.records)))
    first, rest = journal.records[:cut], journal.records[cut:]

    assert fold_all(fold_all(None, first, "j-1"), rest, "j-1") == journal.now


@FITTING
@given(HISTORIES)
def test_folding_one_by_one_or_going_on_is_folding_at_once(journal: Journal) -> None:
    """Invariant I3."""
    state: JobState | None = None
    folding = Folding("j-1")
    seen = []
    for recorded in journal.records:
        state = fold(state, recorded, "j-1")
        assert folding.add([recorded]) == state
        seen.append(state)

    assert state == journal.now == fold_all(None, iter(journal.records), "j-1")
    assert [each.seq for each in seen] == list(range(1, len(seen) + 1))
    assert Folding("j-1", seen[0]).add(journal.records[1:]) == state


@FITTING
@given(HISTORIES)
def test_a_state_that_went_through_a_snapshot_folds_on_to_the_same(journal: Journal) -> None:
    """Invariant I3."""
    half = len(journal.records) // 2 + 1
    state = fold_all(None, journal.records[:half], "j-1")
    assert state is not None

    again = read_snapshot(write_snapshot(state), "j-1")

    assert again == state
    assert fold_all(again, journal.records[half:], "j-1") == journal.now
    assert write_snapshot(journal.now) == write_snapshot(
        fold_all(None, journal.records, "j-1") or state
    )


@FITTING
@given(HISTORIES, st.data())
def test_a_record_out_of_place_is_refused(journal: Journal, data: st.DataObject) -> None:
    """Hard case 7."""
    at = data.draw(st.integers(0, len(journal.records) - 1))
    records = journal.records

    for wrong in (
        [*records[: at + 1], *records[at:]],
        records[1:],
        [records[0], *records[2:]] if len(records) > 2 else records[1:],
    ):
        if wrong:
            with pytest.raises(MoveNotAllowedError):
                fold_all(None, wrong, "j-1")


def test_what_was_given_to_fold_is_not_changed() -> None:
    journal = begun()
    before = journal.now
    kept = replace(before)

    fold(before, record(started(), before.seq + 1))

    assert before == kept


def test_a_job_folded_without_an_id_has_none() -> None:
    first = begun().records[0]

    folded = fold_all(None, [first])
    assert fold(None, first) == folded
    assert folded is not None
    assert folded.job_id == ""
    assert fold(None, first, "j-1").job_id == "j-1"


def test_nothing_folds_to_nothing() -> None:
    assert fold_all(None, [], "j-1") is None
    assert Folding("j-1").add([]) is None
    state = state_in("running")
    assert fold_all(state, []) == state


@given(KNOWN_EVENTS | UNKNOWN_EVENTS, st.integers(0, 3))
def test_a_log_begins_with_its_submission_at_1(event: e.Event, seq: int) -> None:
    if isinstance(event, e.JobSubmitted) and seq == 1:
        assert fold(None, record(event, 1), "j-1").status == "queued"
        return

    with pytest.raises(MoveNotAllowedError, match="job j-1 does not begin with job_submitted"):
        fold(None, record(event, seq), "j-1")


@pytest.mark.parametrize("status", STATUSES)
def test_an_id_used_twice_does_not_begin_a_job_again(status: Status) -> None:
    """Hard case 8: a second submission in one log is no legal history."""
    submitted = Journal()
    submitted.submit()

    with pytest.raises(MoveNotAllowedError):
        fold(state_in(status), record(submitted.events[0]))


@pytest.mark.parametrize("seq", [0, 9, 11, -1])
def test_records_follow_one_another_without_a_gap(seq: int) -> None:
    with pytest.raises(MoveNotAllowedError, match=f"record {seq} cannot follow record 9") as caught:
        fold(state_in("running"), record(e.JobPaused(reason="x"), seq))

    assert caught.value.details["seq"] == seq


@given(UNKNOWN_EVENTS, st.sampled_from(STATUSES))
def test_an_unknown_event_is_shown_and_changes_nothing_else(
    event: e.UnknownEvent, status: Status
) -> None:
    """Hard case 6."""
    before = state_in(status)

    after = fold(before, record(event))

    assert after == replace(before, seq=10, hash="a" * 64, at=NOON, unknown=(event.type,))


def test_unknown_types_are_listed_once_each_in_the_order_they_came() -> None:
    """Hard case 6."""
    journal = begun()
    for kind in ("b/1", "a/1", "b/1"):
        journal.append(e.UnknownEvent(type=kind, payload=e.NULL))

    assert journal.now.unknown == ("b/1", "a/1")


@pytest.mark.parametrize(
    ("unknown", "after"),
    [
        ("lease_taken/2", started(epoch=2)),
        ("lease_taken/2", released(epoch=2)),
        ("step_started/2", finished()),
        ("job_reopened/1", e.JobPaused(reason="x")),
        ("lease_released/2", e.LeaseTaken(worker="b", epoch=3, ttl=5, holder=HOLDER)),
    ],
)
def test_what_follows_an_unknown_event_does_not_make_a_job_unreadable(
    unknown: str, after: e.Event
) -> None:
    """Hard case 6: the unknown event may be what made the next one legal; both are shown."""
    journal = begun()
    if unknown == "job_reopened/1":
        journal.append(e.JobCompleted(summary="done"))
    journal.append(e.UnknownEvent(type=unknown, payload=e.NULL))

    state = journal.append(after)

    assert state.unknown == (unknown,)
    assert state.seq == len(journal.records)
    with pytest.raises(Exception, match="events this release does not know"):
        require_known(state)


def test_opening_a_job_costs_the_same_however_much_it_has_done() -> None:
    """Invariant I8, hard case 26: a state does not grow with what is finished."""
    journal = begun()
    sizes = []
    for number in range(1, 201):
        step = e.StepRef(name="edit", occurrence=1, key=f"file-{number}")
        journal.append(
            started(step=step),
            finished(step=step, result=msgspec.Raw(b'"%s"' % (b"x" * 500))),
            e.Charged(amounts=(Amount(meter="tokens", amount=10),)),
        )
        journal.append(checkpoint(journal, "decision-needed", required_action=ASKED))
        (decision,) = journal.now.decisions
        journal.append(
            e.ApprovalGiven(
                checkpoint_id=decision.checkpoint_id, subject=decision.subject, reason="x"
            )
        )
        sizes.append(len(write_snapshot(journal.now)))

    digits = 3 * 12  # of numbers that are counted up
    assert sizes[-1] - sizes[0] < digits


def test_applying_to_a_draft_is_what_folding_does() -> None:
    from wrkr_core.job.draft import Draft

    state = state_in("running")
    draft = Draft.of(state)

    apply(draft, record(e.JobPaused(reason="x")))

    assert draft.freeze() == fold(state, record(e.JobPaused(reason="x")))
