"""At most one command of a job runs, whoever held the job when it was started."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from wrkr_core.errors import Busy, LeaseConflictError, StepFailedError, Unknown
from wrkr_core.machine import ThisMachine
from wrkr_core.memory import MemoryStore
from wrkr_run import exclusion
from wrkr_run.exclusion import Exclusion, process_key
from wrkr_run.processes import process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.lease import Holder

MACHINE = ThisMachine()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    yield started
    started.kill()
    started.wait()


def holder_of(pid: int) -> Holder:
    found = process(pid)
    assert found is not None
    return replace(MACHINE.holder(), pid=pid, started_at=found.started_at)


def held(store: MemoryStore, epoch: int) -> Exclusion:
    return Exclusion(store, MACHINE, "j", lambda: epoch)


def test_the_first_holder_writes_nothing_before_it_runs_something(store: MemoryStore) -> None:
    held(store, 1).take_over()

    assert store.get(process_key("j")) is None


def test_who_takes_over_kills_what_the_holder_before_left_running(
    store: MemoryStore, sleeper: subprocess.Popen[bytes]
) -> None:
    before = held(store, 1)
    before.take_over()
    before.begin("edit", 1, holder_of(sleeper.pid))

    held(store, 2).take_over()

    assert process(sleeper.pid) is None


def test_what_was_noted_as_ended_is_not_looked_for(
    store: MemoryStore, sleeper: subprocess.Popen[bytes]
) -> None:
    before = held(store, 1)
    before.begin("edit", 1, holder_of(sleeper.pid))
    before.end()

    held(store, 2).take_over()

    assert process(sleeper.pid) is not None


def test_a_holder_that_was_overtaken_may_not_begin_anything(
    store: MemoryStore, sleeper: subprocess.Popen[bytes]
) -> None:
    before, after = held(store, 1), held(store, 2)
    before.take_over()
    after.take_over()

    with pytest.raises(LeaseConflictError, match="epoch 1 is over"):
        before.begin("edit", 1, holder_of(sleeper.pid))
    with pytest.raises(LeaseConflictError):
        before.take_over()


def test_a_holder_that_begins_while_it_is_overtaken_is_killed_or_refused(
    store: MemoryStore, sleeper: subprocess.Popen[bytes]
) -> None:
    before, after = held(store, 1), held(store, 2)
    before.take_over()
    assert after._read() is None  # the taker has looked, and found nobody
    before.begin("edit", 1, holder_of(sleeper.pid))

    after.take_over()

    assert process(sleeper.pid) is None


def test_processes_of_another_machine_are_left_to_it(
    store: MemoryStore, sleeper: subprocess.Popen[bytes]
) -> None:
    elsewhere = replace(holder_of(sleeper.pid), host="elsewhere")
    held(store, 1).begin("edit", 1, elsewhere)

    held(store, 2).take_over()

    assert process(sleeper.pid) is not None


def test_a_process_that_cannot_be_killed_keeps_the_job_from_going_on(
    store: MemoryStore, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exclusion, "end_leftover", lambda *_, **__: False)
    held(store, 1).begin("edit", 1, holder_of(sleeper.pid))

    with pytest.raises(StepFailedError, match=f"process {sleeper.pid}, left over"):
        held(store, 2).take_over()


def test_a_write_whose_outcome_is_unknown_is_found_out(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = held(store, 1)
    put = store.put

    def put_and_lose_the_answer(*args: object, **kwargs: object) -> int:
        put(*args, **kwargs)  # type: ignore[arg-type]  # as it was called
        raise Unknown("the answer was lost")

    monkeypatch.setattr(store, "put", put_and_lose_the_answer)
    first.begin("edit", 1, MACHINE.holder())
    monkeypatch.setattr(store, "put", put)
    first.end()

    with pytest.raises(LeaseConflictError):
        held(store, 0).begin("edit", 1, MACHINE.holder())


def test_a_busy_store_does_not_spoil_what_has_ended(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = held(store, 1)
    first.begin("edit", 1, MACHINE.holder())

    def refuse(*_args: object, **_kwargs: object) -> int:
        raise Busy("locked")

    monkeypatch.setattr(store, "put", refuse)

    first.end()


def test_a_damaged_note_is_written_anew(store: MemoryStore) -> None:
    store.put(process_key("j"), b"\xff", 0)

    held(store, 2).take_over()

    with pytest.raises(LeaseConflictError):
        held(store, 1).take_over()
