"""Looking for secrets looks into sealed content where the key is, and says where it could not."""

from __future__ import annotations

from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from tests.sealed_jobs import CANARY, JOB, all_places, canceled, ledger_on, said, spec, work
from wrkr_core import scanning
from wrkr_core.finding import open_store
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.export import export_pack
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.payloads.key import key_name
from wrkr_core.scanning import Scan
from wrkr_core.spec import Command, JobSpec, StepSpec, Variable
from wrkr_run.known_secrets import KnownSecrets

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = KnownSecrets({"API_PASSWORD": CANARY})
RULE = "env-API_PASSWORD"


@pytest.fixture
def store() -> MemoryStore:
    """A store in which an erasable job said the canary in every way there is."""
    found = MemoryStore()
    ledger = ledger_on(found)
    work(ledger)
    canceled(ledger, "canceled")
    return found


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_every_place_that_holds_sealed_content_is_looked_into(store: MemoryStore) -> None:
    scan = Scan(KNOWN)

    found = list(scan.store(store))

    pointers = {f"{each.type} {each.pointer}" for each in found}
    for wanted in (
        "job_submitted/1 /payload/spec/inputs/deep/0/er",
        "job_submitted/1 /payload/spec/steps/0/command/argv/1",
        "job_submitted/1 /payload/spec/steps/1/gate",
        "step_finished/1 /payload/result/echo",
        "step_failed/1 /payload/message",
        "checkpoint_recorded/1 /payload/data/0",
        "checkpoint_recorded/1 /payload/required_action/instructions",
        "approval_given/2 /payload/reason",
        "acceptance_recorded/1 /payload/failures/0/message",
        "job_canceled/1 /payload/reason",
    ):
        assert wanted in pointers
    assert {each.rule for each in found} == {RULE}
    assert scan.closed == {}


def test_as_much_is_found_as_in_the_same_job_unsealed(store: MemoryStore) -> None:
    plain = MemoryStore()
    ledger = ledger_on(plain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.sealed_jobs.spec", lambda: spec(erasable=False))
        work(ledger)
        canceled(ledger, "canceled")

    def places(of: MemoryStore) -> set[str]:
        return {
            each.text
            for each in Scan(KNOWN).store(of)
            if not each.where.startswith(("blob/", "snapshot/"))
        }

    assert places(store) == places(plain)
    assert len(all_places()) <= len(places(store))


def test_a_large_result_is_opened_with_the_record_that_refers_to_it(store: MemoryStore) -> None:
    (blob,) = store.keys(prefix="blob/")
    whole, one = Scan(KNOWN), Scan(KNOWN)

    assert [each.text for each in whole.store(store) if each.where == blob] == [f"{blob} : {RULE}"]
    assert [each.text for each in one.job(store, JOB) if each.where == blob] == [f"{blob} : {RULE}"]


def test_looking_writes_nothing(tmp_path: Path) -> None:
    with closing(open_store(f"files:///{tmp_path}")) as kept:
        canceled(ledger_on(kept), "canceled")
    before = bytes_below(tmp_path)
    with closing(open_store(f"files:///{tmp_path}")) as kept:
        assert list(Scan(KNOWN).store(kept))

    assert bytes_below(tmp_path) == before
    assert CANARY.encode() not in b"".join(before.values())


def test_an_erased_job_is_said_not_to_be_looked_into(store: MemoryStore) -> None:
    ledger_on(store).erase(JOB, reason="asked for")
    ledger_on(store).erase("canceled", reason="asked for")
    scan = Scan(KNOWN)

    assert list(scan.store(store)) == []
    assert scan.closed == {JOB: "erased", "canceled": "erased"}


def test_a_job_whose_key_is_elsewhere_is_said_not_to_be_looked_into(store: MemoryStore) -> None:
    cell = store.get(key_name(JOB))
    assert cell is not None
    store.put(key_name(JOB), None, cell.version)
    scan = Scan(KNOWN)

    assert list(scan.job(store, JOB)) == []
    assert scan.closed == {JOB: "sealed"}


def test_a_job_under_another_key_is_said_not_to_open(store: MemoryStore) -> None:
    cell = store.get(key_name(JOB))
    assert cell is not None
    store.put(key_name(JOB), bytes(32), cell.version)
    scan = Scan(KNOWN)

    assert list(scan.job(store, JOB)) == []
    assert scan.closed == {JOB: "damaged"}


@pytest.mark.parametrize("is_erased", [False, True])
def test_a_jobpack_holds_no_key_and_says_so(store: MemoryStore, *, is_erased: bool) -> None:
    if is_erased:
        ledger_on(store).erase(JOB, reason="asked for")
    pack, scan = BytesIO(), Scan(KNOWN)
    export_pack(store, JOB, pack)

    assert list(scan.pack(pack, Limits())) == []
    assert scan.closed == {JOB: "erased" if is_erased else "sealed"}


def test_variables_of_a_sealed_spec_are_looked_at_by_name() -> None:
    store = MemoryStore()
    env = (Variable(name="API_KEY", value="hunter2hunter2"),)
    steps = [StepSpec(id="a", command=Command(argv=("x",), env=env))]
    Ledger(store).submit(JobSpec(name="j", steps=steps, erasable=True), job_id="j")

    assert [each.text for each in Scan(KnownSecrets({})).store(store)] == [
        "j record 1 job_submitted/1 /payload/spec/steps/0/command/env/0/value: env-API_KEY"
    ]


def test_what_only_looks_sealed_in_a_job_that_is_not_is_left_as_it_is() -> None:
    store, scan = MemoryStore(), Scan(KNOWN)
    ledger = Ledger(store)
    ledger.submit(JobSpec(name="j"), job_id="j")
    ledger.pause("j", reason="sealed:1:id:/reason:" + "A" * 60)

    assert list(scan.store(store)) == []
    assert scan.closed == {}


def test_jobs_beyond_those_named_are_counted(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "MOST_CLOSED", 1)
    ledger_on(store).erase(JOB, reason="asked for")
    ledger_on(store).erase("canceled", reason=said("reason")[:6])
    scan = Scan(KNOWN)

    assert list(scan.store(store)) == []
    assert (len(scan.closed), scan.more_closed) == (1, 1)
