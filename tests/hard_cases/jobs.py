"""Jobs of commands that leave traces, and workers that are processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from wrkr_core import events as e
from wrkr_core.errors import Busy
from wrkr_core.job_log import JobLog
from wrkr_core.machine import ThisMachine
from wrkr_core.spec import Command, JobSpec, StepSpec
from wrkr_run.claimable import Claimable
from wrkr_run.processes import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.ledger import Ledger
    from wrkr_core.store import Store

    Until = Callable[[Callable[[], object]], None]

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 60_000_000  # µs, far beyond what anything here takes
_launched: Final[list[subprocess.Popen[str]]] = []
A_NOTE: Final = msgspec.Raw(b'"%s"' % (b"x" * 300))
NOTE: Final = "echo $WRKR_STEP $WRKR_ATTEMPT >> effects; "
# The first attempt leaves a child behind, says which processes they are, and stays. A later one
# looks whether any of them is still there.
STAYS: Final = (
    "test $WRKR_ATTEMPT -gt 1 || { sleep 600 & echo $$ $! > pids.part; mv pids.part pids; wait; }; "
    "for pid in $(cat pids); do grep -q '^State:.[^ZX]' /proc/$pid/status && touch two-at-once; done; "
    "true"
)


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait until it is; fail when it never is."""
    machine = ThisMachine()
    began = machine.uptime()
    while not is_so():
        assert machine.uptime() - began < PATIENCE, "it never came true"
        machine.sleep(5_000)


def step(name: str, line: str = "true", **given: Any) -> StepSpec:  # noqa: ANN401  # as StepSpec
    """Return a step that notes in the file ``effects`` that it ran, before anything else."""
    timeout = given.pop("timeout", None)
    command = Command(argv=("/bin/sh", "-c", NOTE + line), timeout=timeout)
    return StepSpec(id=name, command=command, **given)


def submit(ledger: Ledger, workspace: Path, *steps: StepSpec, **given: Any) -> str:  # noqa: ANN401  # as JobSpec
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, steps=steps, **given)
    return ledger.submit(spec, job_id="j")


def effects(workspace: Path) -> list[str]:
    """Return which attempts ran, in order."""
    file = workspace / "effects"
    return file.read_text().splitlines() if file.exists() else []


def events_of(ledger: Ledger, wanted: type, job_id: str = "j") -> list[Any]:
    return [each.event for each in ledger.events(job_id) if isinstance(each.event, wanted)]


def grow(ledger: Ledger, records: int) -> None:
    """Bring the log of the job to so many records."""
    log = JobLog(ledger.store, ledger.machine, "j")
    state = log.load()
    assert state is not None
    seq, spent = state.seq, state.spent
    while seq < records:
        many = tuple(
            e.CheckpointRecorded(
                checkpoint_id=f"cp_{number}",
                kind="progress",
                summary="so far",
                data=A_NOTE,
                budget=spent,
            )
            for number in range(seq + 1, min(records, seq + 1000) + 1)
        )
        seq = log.decide(lambda _state, _at: many, by="ann", durable=False)[-1].seq  # noqa: B023  # called at once


def worker_process(url: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a worker on the job ``j`` in a process of its own."""
    return any_worker(url, "--job", "j", *arguments)


def any_worker(url: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a worker in a process of its own."""
    return launch("wrkr_run.worker_process", url, *arguments)


def launch(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a module of this project in a process of its own, which does not outlive the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    _launched.append(process)
    return process


def end_what_was_launched() -> None:
    """End what a test that failed has left running."""
    while _launched:
        process = _launched.pop()
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def stop_outside_of_a_write(worker: subprocess.Popen[str], store: Store) -> None:
    """Stop a worker (SIGSTOP) at a moment at which it does not hold the lock on the store.

    One that is stopped inside of a write keeps everybody else from writing, as long as it lives.
    """
    while True:
        worker.send_signal(signal.SIGSTOP)
        try:
            cell = store.get("probe")
            store.put("probe", b"1", cell.version if cell is not None else 0)
        except Busy:
            worker.send_signal(signal.SIGCONT)
        else:
            return


def is_claimable(ledger: Ledger, job_id: str = "j") -> bool:
    """Tell whether a worker would take the job."""
    claimable = Claimable(ledger)
    claimable.refresh()
    return job_id in claimable.due()


def pids_in(workspace: Path) -> list[int]:
    """Return the processes that ``STAYS`` has told of."""
    return [int(pid) for pid in (workspace / "pids").read_text().split()]


def all_gone(pids: list[int]) -> bool:
    return all(process(pid) is None for pid in pids)


class Guarded:
    """A program that asks and then does what it asked about, if it may."""

    def __init__(self, ledger: Ledger, question: str = "Merge?") -> None:
        self.ledger, self.question = ledger, question
        self.did: list[str] = []
        ledger.submit(JobSpec(name="j"), job_id="j")

    def run(self) -> str:
        with self.ledger.work("j") as job:
            answer = job.ask(self.question)
            if answer.approved:
                job.step("merge", self.did.append, "merged", gate=answer)
            job.complete()
        return self.ledger.state("j").status
