"""An erasable job where its key is not, is another, or cannot be used."""

from __future__ import annotations

import io
import sys

import pytest

import wrkr_core as wrkr
from tests.fakes import FakeMachine
from tests.sealed_jobs import JOB, ledger_on, spec
from wrkr_core.errors import (
    Corrupt,
    Deleted,
    JobExistsError,
    NotSupportedHereError,
    PayloadsSealedError,
)
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.payloads.key import find_key, key_name
from wrkr_core.store import NewEvent


def test_without_the_key_nothing_is_done_that_would_need_it() -> None:
    elsewhere = MemoryStore()
    out = io.BytesIO()
    ledger = ledger_on(MemoryStore())
    ledger.submit(spec(), job_id=JOB)
    export_pack(ledger.store, JOB, out)
    import_pack(out, elsewhere)
    stranger = ledger_on(elsewhere)

    assert stranger.state(JOB).payloads == "sealed"
    for act in (
        lambda: stranger.cancel(JOB, reason="x"),
        lambda: stranger.emit(JOB, "progress", "x"),
        lambda: stranger.work(JOB).__enter__(),
    ):
        with pytest.raises(PayloadsSealedError, match="its key is not in this store") as caught:
            act()
        assert caught.value.hint.startswith("go on in the store where the job was submitted")
    with pytest.raises(JobExistsError, match="whether it has the same spec cannot be told"):
        stranger.submit(spec(), job_id=JOB)
    assert [record.seq for record in elsewhere.read(JOB)] == [1]
    assert find_key(elsewhere, JOB) is None  # or another key would be in its place


def test_content_under_another_key_is_damage_and_a_state_says_that_it_is_sealed() -> None:
    store = MemoryStore()
    ledger = ledger_on(store)
    ledger.submit(spec(), job_id=JOB)
    cell = store.get(key_name(JOB))
    assert cell is not None
    store.put(key_name(JOB), b"q" * 32, cell.version)

    assert ledger.state(JOB).objective == "[sealed]"
    with pytest.raises(Corrupt, match="does not open under the job's key in this store"):
        ledger.spec(JOB)


def test_what_a_damaged_job_was_asked_can_still_be_read() -> None:
    store = MemoryStore()
    ledger = ledger_on(store)
    ledger.submit(spec(), job_id=JOB)
    store.append(JOB, 1, [NewEvent("x", "job_paused/1", 1, b"{}")])

    assert ledger.spec(JOB) == spec()
    with pytest.raises(Corrupt):
        ledger.state(JOB)


def test_without_pynacl_a_job_is_shown_sealed_and_who_has_to_seal_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = ledger_on(MemoryStore())
    ledger.submit(spec(), job_id=JOB)
    ledger.submit(wrkr.JobSpec(name="plain"), job_id="plain")
    monkeypatch.setitem(sys.modules, "nacl.bindings", None)

    assert [each.objective for each in ledger.jobs()] == ["", "[sealed]"]
    assert ledger.spec(JOB).objective == "[sealed]"
    with pytest.raises(NotSupportedHereError):
        ledger.cancel(JOB, reason="enough")
    with pytest.raises(NotSupportedHereError):
        ledger.submit(spec(), job_id="another")


def test_a_ledger_that_opens_nothing_forks_and_works_on_nothing() -> None:
    store = MemoryStore()
    ledger_on(store).submit(spec(), job_id=JOB)
    closed = wrkr.Ledger(store, machine=FakeMachine(pid=3), actor="ann", opens=False)

    for act in (lambda: closed.fork(JOB, at=1), lambda: closed.work(JOB).__enter__()):
        with pytest.raises(PayloadsSealedError):
            act()
    assert store.streams()[0].head == 1


def test_the_id_of_a_deleted_job_gets_no_key_again() -> None:
    store = MemoryStore()
    ledger = ledger_on(store)
    ledger.submit(spec(), job_id=JOB)
    store.delete(JOB)
    cell = store.get(key_name(JOB))
    assert cell is not None
    store.put(key_name(JOB), None, cell.version)

    with pytest.raises(Deleted):
        ledger.submit(spec(), job_id=JOB)
    assert find_key(store, JOB) is None
