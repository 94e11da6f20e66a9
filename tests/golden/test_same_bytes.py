"""The same job gives the same pack: in every store, on every Python, each time it is exported.

The job is worked on by the real engine on a machine that stands still, and its pack is held to one
digest for ever. ``dev.py versions`` runs this on every supported Python.
"""

from __future__ import annotations

import io
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.fakes import FakeMachine
from wrkr_core import submitting
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Budget
from wrkr_core.finding import open_store
from wrkr_core.jobpack import export
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.results import Outcome
from wrkr_core.spec import CheckpointPolicy, JobSpec

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.store import Store
    from wrkr_core.work.job import Job

FROZEN: Final = "bd3a393d08d058c7047edf29df7d926a82e677b0b2ebd191185e87e4ba8c0dae"
RELEASE: Final = "0.1.0"  # besides the log the one thing a pack depends on
SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
URLS: Final = {"sqlite": "sqlite:///{}/same.db", "files": "files:///{}/same", "memory": "memory://"}


class Tools:
    """What the steps of the job do; the second file fails once."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.tried: set[str] = set()

    def edit(self, path: str) -> Outcome:
        self.machine.advance(3 * SECOND)
        if path == "b.py" and path not in self.tried:
            self.tried.add(path)
            raise OSError("no route to the model \u2028 try again")
        artifact = Artifact(path=path, sha256=sha256(path.encode()).hexdigest(), size=len(path))
        return Outcome(
            value={"path": path, "ratio": 0.25, "\u20ac": [None, True, -7]}, artifacts=(artifact,)
        )


def program(job: Job, tools: Tools) -> None:
    """Work as code that uses the library does: every part of a pack gets something to hold."""
    job.checkpoint("plan", "edit two files, then merge", added=["PLAN.md"], data={"files": 2})
    files: list[str] = job.step("plan", lambda: ["a.py", "b.py"])
    job.step("collect", lambda: "a result too large for the log \u2029 " * 3000)
    for path in files:
        job.step("edit", tools.edit, path, key=path, retries=1)
        job.charge(tool_calls=1, tokens=1234, cost="0.012")
    with job.reserve(cost="0.10") as spending:
        spending.settle(cost="0.08")
    job.artifact(Artifact(path="README.md", sha256="12" * 32, size=7))
    answer = job.ask("Merge 2 files?", choices=("main", "branch"), data={"diff": "+1 -1"})
    job.sleep("1h")
    job.checkpoint("progress", f"merging into {answer.choice}", changed=files)
    job.complete("merged")


def worked(store: Store) -> str:
    """Work on the job until it is done, with a person in between, and return its id."""
    machine = FakeMachine()
    ledger, tools = Ledger(store, machine=machine, actor="ann"), Tools(machine)
    spec = JobSpec(
        name="port-utils",
        objective="Port utils to pathlib \u2028 with tests",
        inputs={"workspace": ".", "weights": [0.5, 1, None]},
        budget=Budget(cost="0.15", tool_calls=50, wall="2h"),
        checkpoints=CheckpointPolicy(required=("plan",)),
    )
    job_id = ledger.submit(spec, job_id="port-utils")

    def work() -> None:
        machine.advance(SECOND)
        with ledger.work(job_id, worker="host-1", ttl=30 * HOUR, beat=10 * HOUR) as job:
            program(job, tools)

    work()
    (asked,) = ledger.state(job_id).decisions
    ledger.approve(job_id, asked.checkpoint_id, reason="read it \u00fc", choice="main", by="bea")
    work()
    machine.advance(HOUR)
    ledger.raise_budget(job_id, Budget(cost="2").limits, reason="worth it")
    work()
    assert ledger.state(job_id).status == "completed"
    return job_id


def packed(store: Store, job_id: str) -> bytes:
    out = io.BytesIO()
    export_pack(store, job_id, out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _release(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (submitting, export):
        monkeypatch.setattr(module, "__version__", RELEASE)


@pytest.mark.parametrize("kind", URLS)
def test_a_job_gives_its_frozen_pack_in_every_store(kind: str, tmp_path: Path) -> None:
    """I7; hard case 19."""
    packs: list[bytes] = []
    for turn in ("first", "second"):
        folder = tmp_path / turn
        folder.mkdir()
        store = open_store(URLS[kind].format(folder))
        job_id = worked(store)
        packs += [packed(store, job_id), packed(store, job_id)]
        store.close()

    assert {sha256(pack).hexdigest() for pack in packs} == {FROZEN}


def test_the_pack_is_frozen_whole_and_verifies() -> None:
    store = MemoryStore()
    pack = packed(store, worked(store))

    found: Any = verify_pack(io.BytesIO(pack)).view()
    again = MemoryStore()
    job_id, is_new = import_pack(io.BytesIO(pack), again)

    assert (found["status"], is_new) == ("completed", True)
    assert packed(again, job_id) == pack
