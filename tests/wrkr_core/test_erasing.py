"""Erasing an erasable job: recorded first, then the key; interrupted anywhere it can be finished."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wrkr_core as wrkr
from tests.fakes import FakeMachine
from tests.sealed_jobs import JOB, canceled, everything_said, ledger_on, said, spec, work
from tests.worlds import Intercepted
from wrkr_core import events as e
from wrkr_core import open_store
from wrkr_core.erasing import is_unfinished, payloads_text, unfinished
from wrkr_core.errors import (
    ErasureUnfinishedError,
    LeaseConflictError,
    MoveNotAllowedError,
    NotFoundError,
    PayloadsSealedError,
    StoreUnavailable,
)
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.verify import verify_job
from wrkr_core.memory import MemoryStore
from wrkr_core.payloads.key import find_key, key_name
from wrkr_core.store import NewEvent
from wrkr_core.upkeep import check_jobs, prune

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState

ROOT = Path(__file__).resolve().parents[2]


def over(store: MemoryStore | Intercepted | None = None) -> wrkr.Ledger:
    ledger = ledger_on(store if store is not None else MemoryStore())
    canceled(ledger, JOB)
    return ledger


def test_an_erasure_is_recorded_once_and_the_key_is_gone() -> None:
    ledger = over()

    state = ledger.erase(JOB, reason="asked for", by="bea")

    *_, last = ledger.events(JOB)
    assert (last.event, last.by) == (e.PayloadsErased(reason="asked for"), "bea")
    assert (state.payloads, state.status) == ("erased", "canceled")
    assert find_key(ledger.store, JOB) is None
    assert ledger.erase(JOB, reason="again") == state


def test_what_cannot_be_erased_keeps_its_key() -> None:
    ledger = ledger_on(MemoryStore())
    ledger.submit(spec(), job_id=JOB)
    ledger.submit(wrkr.JobSpec(name="plain"), job_id="plain")

    for job_id, said_of_it in ((JOB, "is queued; it cannot be erased"), ("plain", "not erasable")):
        with pytest.raises(MoveNotAllowedError, match=said_of_it):
            ledger.erase(job_id, reason="asked for")
    with pytest.raises(NotFoundError):
        ledger.erase("nobody", reason="asked for")
    assert ledger.spec(JOB) == spec()
    assert find_key(ledger.store, "nobody") is None


class FullDisk(Intercepted):
    """A store that can remove nothing."""

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        if data is None:
            raise StoreUnavailable("disk full")
        return super().put(key, data, expected, durable=durable)


def test_an_erasure_that_stopped_halfway_is_seen_everywhere_and_finished_by_asking_again() -> None:
    inner = MemoryStore()
    ledger = over(inner)
    with pytest.raises(ErasureUnfinishedError):
        ledger_on(FullDisk(inner)).erase(JOB, reason="asked for")

    state = ledger.state(JOB)
    assert (state.payloads, is_unfinished(inner, state)) == ("erased", True)
    assert set(everything_said(ledger, JOB).split("\n")) == {"[erased]"}  # though there is a key
    assert [(each.job_id, each.code) for each in check_jobs(ledger)] == [
        (JOB, ErasureUnfinishedError.code)
    ]
    assert list(unfinished(inner, FakeMachine())) == [state]
    assert "is still in the store" in payloads_verified(inner)

    again = ledger.erase(JOB, reason="another")

    assert again == state
    assert find_key(inner, JOB) is None
    assert list(check_jobs(ledger)) == []
    assert list(unfinished(inner, FakeMachine())) == []
    assert payloads_verified(inner) == "erased"


def payloads_verified(store: MemoryStore) -> str:
    checks = {each.stage: each.said for each in verify_job(store, JOB).checks}
    return checks["payloads"]


def test_a_damaged_job_and_one_without_a_stream_do_not_hide_an_unfinished_erasure() -> None:
    inner = MemoryStore()
    over(inner)
    inner.put(key_name("a-damaged"), b"k" * 32, 0)
    inner.append("a-damaged", 0, [NewEvent("x", "job_submitted/1", 1, b"{}")])
    inner.put(key_name("gone"), b"k" * 32, 0)
    inner.append("gone", 0, [NewEvent("x", "job_submitted/1", 1, b"{}")])
    inner.delete("gone")
    inner.put(key_name("never"), b"k" * 32, 0)
    with pytest.raises(ErasureUnfinishedError):
        ledger_on(FullDisk(inner)).erase(JOB, reason="asked for")

    assert [each.job_id for each in unfinished(inner, FakeMachine())] == [JOB]


DYING = """
import os, sys
import wrkr_core as wrkr
from wrkr_core import erasing

def die(*_args):
    os._exit(9)

erasing.remove_key = die
wrkr.Ledger(wrkr.open_store(sys.argv[1]), actor="ann").erase(sys.argv[2], reason="asked for")
"""


@pytest.mark.parametrize("kind", ["sqlite", "files"])
def test_a_process_that_dies_between_record_and_key_leaves_an_erasure_to_be_finished(
    tmp_path: Path, kind: str
) -> None:
    """A real process, ended where nothing but the record is written."""
    url = f"{kind}:///{tmp_path / 'store'}"
    store = open_store(url)
    ledger = ledger_on(store)
    canceled(ledger, JOB)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    ended = subprocess.run(
        [sys.executable, "-c", DYING, url, JOB], env=environment, check=False, timeout=60
    )

    assert ended.returncode == 9
    assert ledger.state(JOB).payloads == "erased"
    key = find_key(store, JOB)
    assert key is not None
    ledger.erase(JOB, reason="asked for")
    assert find_key(store, JOB) is None
    store.close()
    assert not any(key in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_two_who_erase_at_once_record_it_once() -> None:
    inner = MemoryStore()
    store = Intercepted(inner)
    over(inner)

    def race(_stream: str, _events: object) -> None:
        store.before_append = None
        ledger_on(inner, FakeMachine(pid=9)).erase(JOB, reason="first")

    store.before_append = race
    state = ledger_on(store, FakeMachine(pid=8)).erase(JOB, reason="second")

    erased = [
        each for each in ledger_on(inner).events(JOB) if "Erased" in type(each.event).__name__
    ]
    assert [each.event for each in erased] == [e.PayloadsErased(reason="first")]
    assert (state.seq, state.payloads) == (erased[0].seq, "erased")


def test_a_store_that_never_had_the_key_has_nothing_to_erase() -> None:
    inner = MemoryStore()
    ledger = over(inner)
    cell = inner.get(key_name(JOB))
    assert cell is not None
    inner.put(key_name(JOB), None, cell.version)

    with pytest.raises(PayloadsSealedError, match="nothing here to erase"):
        ledger.erase(JOB, reason="asked for")

    assert ledger.state(JOB).payloads == "sealed"


def test_a_worker_of_a_canceled_job_lets_go_after_the_erasure_and_records_no_result() -> None:
    """What it holds in memory when the key goes is recorded nowhere."""
    ledger = ledger_on(MemoryStore())
    ledger.submit(spec(), job_id=JOB)
    operator = ledger_on(ledger.store, FakeMachine(pid=77))

    def cancel_meanwhile() -> str:
        operator.cancel(JOB, reason=said("cancel"))
        operator.erase(JOB, reason="asked for")
        return said("late result")

    with ledger.work(JOB, worker="w") as job:
        job.step("slow", cancel_meanwhile)

    kinds = [type(each.event).__name__ for each in ledger.events(JOB)]
    assert kinds[-3:] == ["JobCanceled", "PayloadsErased", "LeaseReleased"]
    assert find_key(ledger.store, JOB) is None


def test_an_erased_job_is_neither_forked_nor_worked_on() -> None:
    ledger = ledger_on(MemoryStore())
    work(ledger)
    ledger.erase(JOB, reason="asked for")

    with pytest.raises(PayloadsSealedError, match="was erased"):
        ledger.fork(JOB, at=5, new_id="fork")
    with pytest.raises((MoveNotAllowedError, LeaseConflictError, PayloadsSealedError)):
        ledger.work(JOB, worker="w").__enter__()
    assert find_key(ledger.store, "fork") is None


def test_a_fork_is_sealed_under_a_key_of_its_own_and_outlives_the_erasure() -> None:
    ledger = ledger_on(MemoryStore())
    work(ledger)
    at = ledger.state(JOB).seq
    fork = ledger.fork(JOB, at=at, new_id="fork")

    assert ledger.fork(JOB, at=at, new_id="fork") == fork  # goes on where it stopped: nothing to do
    ledger.erase(JOB, reason="asked for")

    with ledger.work(fork, worker="w") as job:
        assert job.step("try", pytest.fail, said("argument")) == {"echo": said("argument")}
        large: str = job.step("large", pytest.fail)
        assert large.startswith(said("blob"))
    assert verify_job(ledger, fork).payloads == "sealed"
    assert find_key(ledger.store, fork) != find_key(ledger.store, JOB)


def test_a_fork_does_not_take_the_place_of_a_job_that_is_not_erasable() -> None:
    ledger = ledger_on(MemoryStore())
    work(ledger)
    ledger.submit(wrkr.JobSpec(name="plain"), job_id="plain")

    with pytest.raises(wrkr.JobExistsError):
        ledger.fork(JOB, at=5, new_id="plain")

    assert find_key(ledger.store, "plain") is None


def test_a_fork_without_a_large_result_says_which_is_missing() -> None:
    store = MemoryStore()
    ledger = ledger_on(store)
    work(ledger)
    (blob,) = store.keys(prefix="blob/")
    cell = store.get(blob)
    assert cell is not None
    store.put(blob, None, cell.version)

    with pytest.raises(wrkr.StoreError, match="is missing"):
        ledger.fork(JOB, at=ledger.state(JOB).seq, new_id="fork")


def test_pruning_an_erasable_job_takes_its_key_along() -> None:
    ledger = ledger_on(MemoryStore())
    work(ledger)

    prune(ledger, before=ledger.machine.now() + 1, dry_run=False)

    assert ledger.store.keys() == []


def test_payloads_are_told_in_a_word() -> None:
    ledger = over()
    ledger.submit(wrkr.JobSpec(name="plain"), job_id="plain")

    def told(job_id: str) -> str:
        state: JobState = ledger.state(job_id)
        return payloads_text(state)

    assert (told("plain"), told(JOB)) == ("plain", "sealed")
    ledger.erase(JOB, reason="asked for")
    assert told(JOB) == "erased"


def test_an_async_ledger_erases_too() -> None:
    store = MemoryStore()
    over(store)

    async def erase() -> JobState:
        async with wrkr.AsyncLedger(store, machine=FakeMachine(pid=5), actor="ann") as ledger:
            return await ledger.erase(JOB, reason="asked for", by="bea")

    assert asyncio.run(erase()).payloads == "erased"


def test_importing_an_erasure_where_the_key_still_is_leaves_it_to_be_finished() -> None:
    """As in a store that was restored from a backup: it learns of the erasure, and says so."""
    ledger, backup = over(), MemoryStore()
    for record in ledger.store.read(JOB):
        new = NewEvent(record.id, record.type, record.at, record.data)
        backup.append(JOB, record.seq - 1, [new])
    key = find_key(ledger.store, JOB)
    assert key is not None
    backup.put(key_name(JOB), key, 0)
    assert said("cancel") in everything_said(ledger_on(backup), JOB)
    ledger.erase(JOB, reason="asked for")
    pack = io.BytesIO()
    export_pack(ledger, JOB, pack)

    assert import_pack(pack, backup) == (JOB, True)

    restored = ledger_on(backup)
    assert set(everything_said(restored, JOB).split("\n")) == {"[erased]"}
    assert [each.code for each in check_jobs(restored)] == ["E_ERASURE_UNFINISHED"]
    restored.erase(JOB, reason="asked for")
    assert find_key(backup, JOB) is None
