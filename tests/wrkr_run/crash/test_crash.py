"""Workers killed at any moment and at every write lose nothing and repeat nothing (I1, I2, I5).

Two workers at a time work on a growing pile of jobs whose steps write to files. Again and again one
of them is killed, half of the time by itself around its Nth write, half of the time from outside.
In the end what the store acknowledged, what the log says and what is on disk must agree. The moments
come from a seed; ``WRKR_CRASH_SEED`` sets another.
"""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from wrkr_core import events as e
from wrkr_core.finding import open_store
from wrkr_core.jobpack.verify import verify_job
from wrkr_core.ledger import Ledger
from wrkr_core.spec import Command, JobSpec, StepSpec

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[2]
SEED: Final = os.environ.get("WRKR_CRASH_SEED", "1")
PATIENCE: Final = 120_000_000  # µs
STEPS: Final = ("one", "two", "merge", "four")
LINE: Final = (
    'echo "$WRKR_STEP $WRKR_ATTEMPT begin" >> "effects-$WRKR_JOB_ID"; sleep 0.02; '
    'echo "$WRKR_STEP $WRKR_ATTEMPT end" >> "effects-$WRKR_JOB_ID"'
)


def drawn(what: str, most: int) -> int:
    """Return a number from 0 to ``most`` that the seed and ``what`` determine."""
    return int.from_bytes(sha256(f"{SEED}:{what}".encode()).digest()[:8]) % (most + 1)


class Crashing:
    """A store on which workers are killed."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.notes = folder / "acknowledged"
        self.store = open_store(url)
        self.ledger = Ledger(self.store, actor="ann")
        self.jobs: list[str] = []
        self.killed = 0
        self.workers: list[subprocess.Popen[str]] = []

    def submit(self) -> None:
        command = Command(argv=("/bin/sh", "-c", LINE))
        steps = [
            StepSpec(id=name, command=command, gate="Merge?" if name == "merge" else "")
            for name in STEPS
        ]
        spec = JobSpec(name="j", inputs={"workspace": str(self.workspace)}, steps=steps)
        self.jobs.append(self.ledger.submit(spec, job_id=f"j{len(self.jobs)}"))

    def start(self, point: str) -> subprocess.Popen[str]:
        worker = subprocess.Popen(
            [sys.executable, str(HERE / "mortal_worker.py"), self.url, str(self.notes), point],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.workers.append(worker)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        return worker

    def kill_workers(self, kills: int) -> None:
        """Let workers die, one after the other, beside one that lives a little longer."""
        steady = self.start("never")
        while self.killed < kills:
            if self.killed % 5 == 4:
                self.kill(steady)
                steady = self.start("never")
            self.see_one_die(self.killed)
        self.kill(steady)

    def close(self) -> None:
        """End whatever is left after a failure."""
        for worker in self.workers:
            worker.kill()
            worker.communicate()
        self.store.close()

    def see_one_die(self, number: int) -> None:
        """Start a worker that kills itself around a write, or is killed from outside."""
        if number % 2:
            when = "before" if drawn(f"when {number}", 1) else "after"
            self.wait_for(self.start(f"{1 + drawn(f'write {number}', 20)} {when}"))
        else:
            worker = self.start("never")
            self.ledger.machine.sleep(drawn(f"moment {number}", 300_000))
            self.kill(worker)

    def kill(self, worker: subprocess.Popen[str]) -> None:
        """Kill a worker wherever it is."""
        worker.kill()
        self.wait_for(worker)

    def wait_for(self, worker: subprocess.Popen[str], *, more: bool = True) -> None:
        """Wait until a worker has ended; answer questions and see to it that there is work."""
        machine = self.ledger.machine
        began = machine.uptime()
        while worker.poll() is None:
            self.tend(more=more)
            if machine.uptime() - began > PATIENCE:
                pytest.fail(f"a worker hangs, seed {SEED}")
            machine.sleep(50_000)
        said, _ = worker.communicate()
        self.workers.remove(worker)
        assert worker.returncode in (0, -9), said
        self.killed += worker.returncode == -9

    def tend(self, *, more: bool) -> None:
        """Approve what waits, and submit another job when few are left."""
        states = self.ledger.jobs()
        for state in states:
            if state.status == "blocked_decision":
                assert "merge" not in self.effects(state.job_id), "I5: it ran before its approval"
            for decision in state.decisions:
                self.ledger.approve(state.job_id, decision.checkpoint_id, reason="seen")
        if more and sum(not state.is_final for state in states) < 3:
            self.submit()

    def effects(self, job_id: str) -> str:
        file = self.workspace / f"effects-{job_id}"
        return file.read_text() if file.exists() else ""

    def finish(self) -> None:
        """Let one worker do what is left, undisturbed."""
        while any(not state.is_final for state in self.ledger.jobs()):
            self.wait_for(self.start("drain"), more=False)
            self.tend(more=False)


def check_nothing_acknowledged_is_lost(crashing: Crashing) -> None:
    """I1."""
    for line in crashing.notes.read_text().splitlines():
        job_id, seq, record_id = line.split()
        (record,) = crashing.store.read(job_id, int(seq) - 1, 1)
        assert record.id == record_id, line


def check_log(crashing: Crashing, job_id: str) -> None:
    """Every step was finished once, no attempt after that, and under the epoch it began in (I2)."""
    epoch, finished = 0, list[str]()
    for recorded in crashing.ledger.events(job_id):
        event = recorded.event
        if isinstance(event, e.LeaseTaken):
            assert event.epoch == epoch + 1
            epoch = event.epoch
        elif isinstance(event, e.StepStarted | e.StepFinished | e.StepFailed):
            assert event.epoch == epoch
            assert event.step.name not in finished
            if isinstance(event, e.StepFinished):
                finished.append(event.step.name)
            if isinstance(event, e.StepStarted) and event.step.name == "merge":
                assert event.approval is not None
    assert tuple(finished) == STEPS
    verify_job(crashing.store, job_id)


def check_disk(crashing: Crashing, job_id: str) -> None:
    """No attempt ran twice, none beside another or after the step was finished (I2).

    The lines of a job come in the order of its steps and attempts, strictly: a process that lived on
    beside its successor, or a step that ran again, would break the order.
    """
    started = {
        (each.event.step.name, each.event.attempt)
        for each in crashing.ledger.events(job_id)
        if isinstance(each.event, e.StepStarted)
    }
    places = []
    for line in crashing.effects(job_id).splitlines():
        name, attempt, word = line.split()
        assert (name, int(attempt)) in started, f"{job_id}: {line} is not in the log"
        places.append((STEPS.index(name), int(attempt), ("begin", "end").index(word)))
    assert places == sorted(set(places)), f"{job_id}: {crashing.effects(job_id)}"
    for number, name in enumerate(STEPS):
        last = max(place for place in places if place[0] == number)
        assert last[2] == 1, f"{job_id}: the last attempt of {name} did not end"


def survive(url: str, folder: Path, kills: int) -> None:
    crashing = Crashing(url, folder)
    try:
        crashing.kill_workers(kills)
        crashing.finish()
        check_nothing_acknowledged_is_lost(crashing)
        for job_id in crashing.jobs:
            check_log(crashing, job_id)
            check_disk(crashing, job_id)
    finally:
        crashing.close()


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "files"])
def test_15_killed_workers_lose_nothing_and_repeat_nothing(store: str, tmp_path: Path) -> None:
    survive(f"{store}:///{tmp_path}/store", tmp_path, 15)


@pytest.mark.deep
@pytest.mark.parametrize("store", ["sqlite", "files"])
def test_150_killed_workers_lose_nothing_and_repeat_nothing(store: str, tmp_path: Path) -> None:
    survive(f"{store}:///{tmp_path}/store", tmp_path, 150)
