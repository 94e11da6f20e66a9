"""One job's stream: every write is decided on the newest state, and nothing is believed unchecked."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.worlds import HOUR, Intercepted, World, damage, drop
from wrkr_core import events as e
from wrkr_core import snapshot
from wrkr_core.chain import GENESIS
from wrkr_core.errors import (
    Busy,
    Corrupt,
    InvalidInputError,
    MoveNotAllowedError,
    NotFoundError,
    StoreError,
    StoreUnavailable,
    Unknown,
    UnknownEventError,
)
from wrkr_core.job.decide.lifecycle import decide_pause, decide_resume
from wrkr_core.job.fold import VERSION, fold_all
from wrkr_core.job_log import TRIES, JobLog
from wrkr_core.memory import MemoryStore
from wrkr_core.record import seal_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.job.state import JobState
    from wrkr_core.store import NewEvent

NOTE = msgspec.Raw(b'"note"')


class Fresh:
    """A world with a memory store, one job, and a loaded log of it."""

    def __init__(self) -> None:
        self.memory = MemoryStore()
        self.world = World(self.memory)
        self.store = Intercepted(self.memory)
        self.job_id = self.world.submit()
        self.log = JobLog(self.store, self.world.clocks, self.job_id)
        self.log.load()

    @property
    def seq(self) -> int:
        info = self.memory.stream(self.job_id)
        return info.head if info is not None else 0

    def grow(self, records: int) -> None:
        """Append so many records."""
        for number in range(records):
            mark = str(number)
            self.log.decide(lambda _state, _at: (e.Charged(amounts=(), mark=mark),), by="ann")  # noqa: B023  # called at once


@pytest.fixture
def fresh() -> Fresh:
    return Fresh()


def pause(state: JobState | None, _at: int) -> tuple[e.Event, ...]:
    assert state is not None
    return decide_pause(state, reason="lunch")


def resume(state: JobState | None, _at: int) -> tuple[e.Event, ...]:
    assert state is not None
    return decide_resume(state, reason="back")


def test_what_is_decided_is_appended_in_one_batch_and_folded(fresh: Fresh) -> None:
    recorded = fresh.log.decide(
        lambda _state, _at: (e.JobPaused(reason="a"), e.JobResumed(reason="b")), by="ann"
    )

    assert [each.seq for each in recorded] == [2, 3]
    assert len(fresh.store.appended) == 1
    assert fresh.log.state == fresh.world.state(fresh.job_id)


def test_deciding_nothing_writes_nothing(fresh: Fresh) -> None:
    assert fresh.log.decide(lambda _state, _at: (), by="ann") == []
    assert fresh.store.appended == []


def test_after_a_conflict_the_command_decides_on_the_newest_state(fresh: Fresh) -> None:
    fresh.world.operator.pause(fresh.job_id, reason="first")
    seen: list[str] = []

    def command(state: JobState | None, _at: int) -> tuple[e.Event, ...]:
        assert state is not None
        seen.append(state.status)
        return (e.JobResumed(reason="go"),) if state.status == "paused" else pause(state, _at)

    fresh.log.decide(command, by="ann")

    assert seen == ["queued", "paused"]
    assert fresh.world.names(fresh.job_id) == ["JobSubmitted", "JobPaused", "JobResumed"]


def test_a_command_that_refuses_the_old_state_is_asked_again_on_the_new(fresh: Fresh) -> None:
    fresh.world.operator.pause(fresh.job_id, reason="first")

    def command(state: JobState | None, at: int) -> tuple[e.Event, ...]:
        if state is None or state.status != "paused":
            raise InvalidInputError("not yet")
        return resume(state, at)

    assert len(fresh.log.decide(command, by="ann")) == 1
    with pytest.raises(InvalidInputError, match="not yet"):
        fresh.log.decide(command, by="ann")


@pytest.mark.parametrize("is_written", [True, False])
def test_an_append_of_unknown_outcome_is_repeated_as_it_was(
    fresh: Fresh, *, is_written: bool
) -> None:
    ids: list[list[str]] = []

    def fail_twice(_stream: str, events: Sequence[NewEvent]) -> None:
        ids.append([event.id for event in events])
        if len(ids) < 3:
            raise Unknown("no answer")

    if is_written:
        fresh.store.after_append = fail_twice
    else:
        fresh.store.before_append = fail_twice

    fresh.log.decide(pause, by="ann")

    assert len(ids) == 3
    assert ids[0] == ids[1] == ids[2]
    assert fresh.world.names(fresh.job_id) == ["JobSubmitted", "JobPaused"]


def test_an_outcome_that_stays_unknown_is_said_and_the_log_stays_usable(fresh: Fresh) -> None:
    def fail(_stream: str, _events: Sequence[NewEvent]) -> None:
        raise Unknown("no answer")

    fresh.store.after_append = fail
    with pytest.raises(Unknown, match="stayed unknown"):
        fresh.log.decide(pause, by="ann")
    fresh.store.after_append = None

    fresh.log.decide(resume, by="ann")

    assert fresh.world.names(fresh.job_id) == ["JobSubmitted", "JobPaused", "JobResumed"]


@pytest.mark.parametrize("error", [Busy("locked"), StoreUnavailable("disk full")])
def test_a_refused_append_writes_nothing_and_the_log_stays_usable(
    fresh: Fresh, error: StoreError
) -> None:
    def fail(_stream: str, _events: Sequence[NewEvent]) -> None:
        raise error

    fresh.store.before_append = fail
    with pytest.raises(type(error)):
        fresh.log.decide(pause, by="ann")
    fresh.store.before_append = None
    assert fresh.seq == 1

    fresh.log.decide(pause, by="ann")

    assert fresh.world.state(fresh.job_id).status == "paused"


def test_a_log_that_others_write_all_the_time_is_busy_in_the_end(fresh: Fresh) -> None:
    def write(_stream: str, _events: Sequence[NewEvent]) -> None:
        fresh.world.operator.emit(fresh.job_id, "progress", "me first")

    fresh.store.before_append = write

    with pytest.raises(Busy, match=f"gave up after {TRIES} tries"):
        fresh.log.decide(pause, by="ann")
    assert "JobPaused" not in fresh.world.names(fresh.job_id)


def test_what_others_write_while_it_waits_is_read_before_it_decides_again(fresh: Fresh) -> None:
    tries = 0

    def meanwhile(*_args: object) -> None:
        fresh.world.operator.emit(fresh.job_id, "progress", "me first")

    def write_at_first(stream: str, events: Sequence[NewEvent]) -> None:
        nonlocal tries
        tries += 1
        if tries <= 2:
            meanwhile()

    fresh.store.before_append = write_at_first
    setattr(fresh.world.clocks, "sleep", meanwhile)  # noqa: B010  # a busy worker goes on

    fresh.log.decide(pause, by="ann")

    assert tries == 3
    assert fresh.world.state(fresh.job_id).status == "paused"


def test_nothing_illegal_is_ever_appended(fresh: Fresh) -> None:
    with pytest.raises(MoveNotAllowedError):
        fresh.log.decide(lambda _state, _at: (e.JobCompleted(summary="done"),), by="ann")

    assert fresh.seq == 1
    fresh.log.decide(pause, by="ann")
    assert fresh.world.state(fresh.job_id).status == "paused"


def test_instants_never_go_back_when_the_clock_does(fresh: Fresh) -> None:
    before = fresh.log.decide(pause, by="ann")[0].at
    fresh.world.clocks.at -= HOUR

    assert fresh.log.decide(resume, by="ann")[0].at == before


def test_who_watches_sees_every_record_once_whoever_wrote_it(fresh: Fresh) -> None:
    seen: list[int] = []
    fresh.log.watch(lambda records: seen.extend(each.seq for each in records))

    fresh.log.decide(pause, by="ann")
    fresh.world.operator.resume(fresh.job_id, reason="back")
    assert fresh.log.refresh()
    assert not fresh.log.refresh()

    assert seen == [2, 3]


def test_logs_of_many_threads_lose_no_write() -> None:
    fresh = Fresh()
    logs = [JobLog(fresh.memory, fresh.world.clocks, fresh.job_id) for _ in range(4)]

    def write(number: int) -> None:
        for turn in range(10):
            charged = (e.Charged(amounts=(), mark=f"{number}.{turn}"),)
            logs[number].decide(lambda _state, _at: charged, by="ann")  # noqa: B023  # called at once

    for log in logs:
        log.load()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    marks = [each.mark for each in fresh.world.events(fresh.job_id) if isinstance(each, e.Charged)]
    assert sorted(marks) == sorted(f"{number}.{turn}" for number in range(4) for turn in range(10))


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7), seq=st.integers(1, 4))
def test_a_record_changed_anywhere_is_corrupt(place: int, bit: int, seq: int) -> None:
    fresh = Fresh()
    fresh.grow(3)

    def flip(data: bytes) -> bytes:
        at = place % len(data)
        return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]

    damage(fresh.memory, fresh.job_id, seq, flip)

    with pytest.raises(Corrupt):
        fresh.world.operator.state(fresh.job_id)
    with pytest.raises(Corrupt):
        list(fresh.world.operator.events(fresh.job_id))


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_record_taken_out_before_the_last_is_corrupt(fresh: Fresh, seq: int) -> None:
    fresh.grow(3)
    drop(fresh.memory, fresh.job_id, seq)

    with pytest.raises(Corrupt):
        fresh.world.state(fresh.job_id)
    with pytest.raises(Corrupt):
        fresh.world.events(fresh.job_id)


def test_a_history_that_is_chained_well_but_not_legal_is_corrupt(fresh: Fresh) -> None:
    append_raw(fresh, e.JobCompleted(summary="done"))

    with pytest.raises(Corrupt, match="not a legal history"):
        fresh.world.state(fresh.job_id)


def append_raw(fresh: Fresh, event: e.Event) -> None:
    """Append an event that no rule has decided."""
    state = fresh.log.state
    new, _ = seal_all(
        fresh.job_id,
        after=state.seq if state else 0,
        prev=state.hash if state else GENESIS,
        events=[event],
        at=state.at if state else 0,
        by="mallory",
        ids=iter(["forged.1"]),
    )
    fresh.memory.append(fresh.job_id, fresh.seq, new)


def test_an_event_this_release_does_not_know_is_shown_and_nothing_is_decided(fresh: Fresh) -> None:
    append_raw(fresh, e.UnknownEvent(type="job_archived/1", payload=NOTE))

    state = fresh.world.state(fresh.job_id)

    assert (state.status, state.unknown) == ("queued", ("job_archived/1",))
    assert fresh.world.names(fresh.job_id) == ["JobSubmitted", "UnknownEvent"]
    with pytest.raises(UnknownEventError, match="job_archived/1"):
        fresh.world.operator.pause(fresh.job_id, reason="x")
    with pytest.raises(UnknownEventError), fresh.world.process().work(fresh.job_id):
        pass
    assert fresh.seq == 2


def forge(fresh: Fresh, kind: str) -> bytes:
    """Return a snapshot that lies about the job in one way."""
    state = fresh.world.state(fresh.job_id)
    lie = replace(state, status="completed")
    truth = snapshot.write_snapshot(state)
    return {
        "edited": truth.replace(b'"queued"', b'"paused"'),
        "garbage": b"\xff{",
        "another job's": snapshot.write_snapshot(replace(lie, job_id="other")),
        "another hash": snapshot.write_snapshot(replace(lie, hash="0" * 64)),
        "from the future": snapshot.write_snapshot(replace(lie, seq=state.seq + 5)),
        "another fold": snapshot.write_snapshot(lie).replace(
            f'"fold":{VERSION}'.encode(), f'"fold":{VERSION + 1}'.encode()
        ),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    ["edited", "garbage", "another job's", "another hash", "from the future", "another fold"],
)
def test_a_snapshot_that_lies_is_dropped(fresh: Fresh, kind: str) -> None:
    fresh.grow(3)
    truth = fresh.world.state(fresh.job_id)
    fresh.memory.put(snapshot.snapshot_key(fresh.job_id), forge(fresh, kind), 0)

    assert fresh.world.state(fresh.job_id) == truth
    fresh.world.operator.pause(fresh.job_id, reason="x")
    assert fresh.world.state(fresh.job_id) == fold_all(
        None, fresh.world.operator.events(fresh.job_id), fresh.job_id
    )


def test_a_state_from_a_snapshot_is_the_state_of_all_records(fresh: Fresh) -> None:
    fresh.grow(2 * snapshot.EVERY + 5)
    assert fresh.memory.get(snapshot.snapshot_key(fresh.job_id)) is not None

    folded = fold_all(None, fresh.world.operator.events(fresh.job_id), fresh.job_id)

    assert fresh.world.state(fresh.job_id) == folded


@pytest.mark.parametrize("error", [Busy("locked"), Unknown("?"), StoreUnavailable("disk full")])
def test_a_snapshot_that_cannot_be_kept_does_not_make_a_written_command_fail(
    fresh: Fresh, error: StoreError
) -> None:
    fresh.grow(snapshot.EVERY - 2)

    def fail(key: str) -> None:
        if key == snapshot.snapshot_key(fresh.job_id):
            raise error

    fresh.store.before_put = fail
    fresh.log.refresh()

    for command in (pause, resume, pause):
        fresh.log.decide(command, by="ann")

    assert fresh.world.state(fresh.job_id).status == "paused"


def test_a_deleted_job_is_not_found(fresh: Fresh) -> None:
    fresh.memory.delete(fresh.job_id)

    with pytest.raises(NotFoundError, match="was deleted"):
        fresh.log.load()
