"""Looking for secrets finds what is recorded, tells the place and the rule, and never the value."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from tests.canaries import DECLARED, GITHUB, NOTHING, PASSWORD, private_key
from wrkr_core import scanning
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.export import export_pack
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.scanning import PAGE, Scan
from wrkr_core.spec import Command, JobSpec, StepSpec, Variable
from wrkr_run.known_secrets import KnownSecrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_core.scanning import Finding

KNOWN = KnownSecrets({"API_PASSWORD": PASSWORD, "MOTTO": DECLARED})


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def ledger(store: MemoryStore) -> Ledger:
    """One that nobody told what a secret is."""
    return Ledger(store, actor="ann")


def said(findings: Iterable[Finding]) -> list[str]:
    return [each.text for each in findings]


def test_a_clean_store_is_clean_and_all_of_it_was_looked_at(
    store: MemoryStore, ledger: Ledger
) -> None:
    for number in range(3):
        ledger.submit(JobSpec(name="j"), job_id=f"j{number}")
        ledger.pause(f"j{number}", reason="lunch")
    store.put("a/cell", b"{}", 0)
    scan = Scan(KNOWN)

    assert said(scan.store(store)) == []
    assert (scan.records, scan.documents) == (6, 1)


def test_what_slipped_into_records_is_found_with_its_place_and_rule(
    store: MemoryStore, ledger: Ledger
) -> None:
    ledger.submit(JobSpec(name="j", secrets=["MOTTO"]), job_id="j")
    ledger.submit(JobSpec(name="j"), job_id="other")
    ledger.pause("j", reason=f"with {GITHUB}")
    ledger.emit("j", "progress", DECLARED, data={"a/b": [1, {"~": PASSWORD}], GITHUB: 1})
    ledger.emit("other", "progress", DECLARED)  # it declares nothing

    found = list(Scan(KNOWN).store(store))

    assert said(found) == [
        "j record 2 job_paused/1 /payload/reason: github-token",
        "j record 3 checkpoint_recorded/1 /payload/data/a~1b/1/~0: env-API_PASSWORD",
        "j record 3 checkpoint_recorded/1 /payload/data/(github-token): github-token",
        "j record 3 checkpoint_recorded/1 /payload/summary: env-MOTTO",
    ]
    assert GITHUB not in repr(found)


def test_a_spec_is_looked_at_by_the_names_of_its_variables_too(
    store: MemoryStore, ledger: Ledger
) -> None:
    env = tuple(
        Variable(name=name, value=value)
        for name, value in [("WORD", "a plain word"), ("API_KEY", "hunter2hunter2"), ("KEY", "no")]
    )
    spec = JobSpec(
        name="j",
        inputs={"env": [{"name": "KEY", "value": "in inputs anything goes"}]},
        steps=[StepSpec(id="a", command=Command(argv=("x",), env=env))],
    )
    ledger.submit(spec, job_id="j")

    assert said(Scan(NOTHING).job(store, "j")) == [
        "j record 1 job_submitted/1 /payload/spec/steps/0/command/env/1/value: env-API_KEY"
    ]


def test_results_too_large_for_the_log_and_other_cells_are_looked_at(
    store: MemoryStore, ledger: Ledger
) -> None:
    ledger.submit(JobSpec(name="j"), job_id="j")
    with ledger.work("j") as job:
        job.step("read", lambda: ["x" * 70_000, PASSWORD])
        job.complete()
    ledger.submit(JobSpec(name="j"), job_id="empty")
    store.put("process/j", b"\xff " + GITHUB.encode(), 0)
    store.put("process/empty", b"{}", 0)
    store.put("key/j", b"AccountKey=" + b"k" * 88, 0)
    blob = store.keys(prefix="blob/")[0]

    wanted = [f"{blob} /1: env-API_PASSWORD", "process/j @2: github-token"]
    assert said(Scan(KNOWN).job(store, "j")) == wanted
    assert said(Scan(KNOWN).store(store)) == wanted
    assert said(Scan(KNOWN).job(store, "empty")) == []


def test_each_text_is_told_once_for_each_rule(store: MemoryStore, ledger: Ledger) -> None:
    ledger.submit(JobSpec(name="j"), job_id="j")
    ledger.emit("j", "progress", f"{GITHUB} {GITHUB} {PASSWORD}")

    assert [each.rule for each in Scan(KNOWN).store(store)] == ["github-token", "env-API_PASSWORD"]


def test_every_page_of_a_long_log_is_looked_at(store: MemoryStore, ledger: Ledger) -> None:
    ledger.submit(JobSpec(name="j"), job_id="j")
    for number in range(PAGE + 5):
        ledger.emit("j", "progress", PASSWORD if number == PAGE + 2 else "fine")

    assert [each.seq for each in Scan(KNOWN).store(store)] == [PAGE + 4]


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "LARGEST_DOCUMENT", 20_000)
    monkeypatch.setattr(scanning, "PIECE", 5_000)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("shift", [-60, -20, -1, 0, 30])
def test_what_is_too_large_to_be_taken_apart_is_looked_at_in_pieces_without_a_gap(
    store: MemoryStore, shift: int
) -> None:
    data = bytearray(b"." * 25_000)
    places = [at + shift for at in (5_000, 15_000, 20_000)]
    for at in places:
        data[at : at + len(GITHUB)] = GITHUB.encode()
    store.put("a/cell", bytes(data), 0)

    found = said(Scan(KNOWN).store(store))

    assert found == [f"a/cell @{at}: github-token" for at in places]


@pytest.mark.usefixtures("small_pieces")
def test_a_large_result_in_a_jobpack_is_looked_at_in_pieces(
    store: MemoryStore, ledger: Ledger
) -> None:
    ledger.submit(JobSpec(name="j"), job_id="j")
    with ledger.work("j") as job:
        job.step("read", lambda: ["x" * 70_000 + GITHUB])
        job.complete()
    pack = BytesIO()
    export_pack(store, "j", pack)

    (found,) = Scan(NOTHING).pack(pack, Limits())

    assert (found.where[:6], found.pointer) == ("blobs/", "@70002")


def test_a_jobpack_is_looked_at_entry_by_entry(store: MemoryStore, ledger: Ledger) -> None:
    ledger.submit(JobSpec(name="j", secrets=["MOTTO"]), job_id="j")
    with ledger.work("j") as job:
        job.step("read", lambda: ["x" * 70_000, *private_key(lines=2).split("\n")])
        job.complete(DECLARED)
    pack = BytesIO()
    export_pack(store, "j", pack)
    scan = Scan(KNOWN)

    found = list(scan.pack(pack, Limits()))

    places = {(each.where.split("/")[0], each.rule) for each in found}
    assert places == {
        ("events.jsonl", "env-MOTTO"),
        ("checkpoints.jsonl", "env-MOTTO"),
        ("job.json", "env-MOTTO"),
        ("blobs", "private-key"),
    }
    assert [each.pointer for each in found if each.rule == "private-key"] == [
        "/1",
        "/2",
        "/3",
        "/4",
    ]
    assert scan.records > 5


def test_what_is_no_jobpack_is_refused() -> None:
    with pytest.raises(VerifyError):
        list(Scan(KNOWN).pack(BytesIO(b"no archive"), Limits()))
