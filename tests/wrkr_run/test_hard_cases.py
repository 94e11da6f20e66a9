"""What comparable systems get wrong with real processes, and this one must not."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wrkr_core import events as e
from wrkr_core.errors import LeaseConflictError
from wrkr_core.spec import Command, JobSpec, StepSpec
from wrkr_run.foreground import work_on
from wrkr_run.processes import process
from wrkr_run.supervision import JobGuard

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.ledger import Ledger

    Until = Callable[[Callable[[], object]], None]

ROOT = Path(__file__).resolve().parents[2]
NOTE = "echo $WRKR_STEP $WRKR_ATTEMPT >> effects; "
# The first attempt leaves a child behind, says which processes they are, and stays.
STAYS = (
    "test $WRKR_ATTEMPT -gt 1 || { sleep 600 & echo $$ $! > pids.part; mv pids.part pids; wait; }; "
    "for pid in $(cat pids); do grep -q '^State:.[^ZX]' /proc/$pid/status && touch two-at-once; done; "
    "true"
)


def step(name: str, line: str = "true") -> StepSpec:
    return StepSpec(id=name, command=Command(argv=("/bin/sh", "-c", NOTE + line)))


def submit(ledger: Ledger, workspace: Path, *steps: StepSpec) -> None:
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, steps=steps)
    ledger.submit(spec, job_id="j")


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "wrkr_run.worker_process", url, "--job", "j", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def effects(workspace: Path) -> list[str]:
    return (workspace / "effects").read_text().splitlines()


def test_hard_case_3_after_kill_9_the_job_goes_on_at_once_and_nothing_finished_runs_again(
    shared: Ledger, store_url: str, workspace: Path, until: Until
) -> None:
    submit(shared, workspace, step("one"), step("two", STAYS), step("three"))
    worker = start(store_url, "--ttl", "1h")
    until((workspace / "pids").exists)

    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    result = work_on(shared, "j")

    assert result.status == "completed"
    assert effects(workspace) == ["one 1", "two 1", "two 2", "three 1"]
    assert not (workspace / "two-at-once").exists()
    assert all(process(int(pid)) is None for pid in (workspace / "pids").read_text().split())
    taken = [each.event for each in shared.events("j") if isinstance(each.event, e.LeaseTaken)]
    assert [each.took_over for each in taken] == [None, "holder_gone"]


def test_hard_case_11_a_worker_stopped_past_its_lease_does_nothing_its_successor_has_done(
    shared: Ledger, store_url: str, workspace: Path, until: Until
) -> None:
    submit(shared, workspace, step("one"), step("two", STAYS), step("three"))
    worker = start(store_url, "--ttl", "500ms", "--beat", "50ms")
    until((workspace / "pids").exists)

    worker.send_signal(signal.SIGSTOP)
    until(lambda: is_claimable(shared))
    result = work_on(shared, "j")
    worker.send_signal(signal.SIGCONT)
    said, _ = worker.communicate()

    assert result.status == "completed"
    assert effects(workspace) == ["one 1", "two 1", "two 2", "three 1"]
    assert not (workspace / "two-at-once").exists()
    assert worker.returncode == 1
    assert "E_LEASE_CONFLICT" in said


def is_claimable(ledger: Ledger) -> bool:
    from wrkr_run.claimable import Claimable

    claimable = Claimable(ledger)
    claimable.refresh()
    return claimable.due() == ["j"]


def test_hard_case_11_a_worker_stopped_just_before_its_command_starts_never_starts_it(
    ledger: Ledger, workspace: Path, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    submit(ledger, workspace, step("one"), step("two"))
    stopped, goes_on = threading.Event(), threading.Event()
    begin, outcomes = JobGuard.begin, list[str]()

    def begin_late(guard: JobGuard, pid: int) -> None:
        if not stopped.is_set():
            guard._supervisor.job.holding._pulse.stop()
            stopped.set()
            goes_on.wait()
        begin(guard, pid)

    def work_slowly() -> None:
        try:
            work_on(ledger, "j", ttl=30_000, beat=10_000)
        except LeaseConflictError as error:
            outcomes.append(error.code)

    monkeypatch.setattr(JobGuard, "begin", begin_late)
    slow = threading.Thread(target=work_slowly)
    slow.start()
    stopped.wait()
    until(lambda: is_claimable(ledger))

    result = work_on(ledger, "j")
    goes_on.set()
    slow.join()

    assert (result.status, outcomes) == ("completed", ["E_LEASE_CONFLICT"])
    assert effects(workspace) == ["one 2", "two 1"]


def test_of_two_processes_that_resume_at_once_one_works(
    shared: Ledger, store_url: str, workspace: Path
) -> None:
    submit(shared, workspace, step("one"), step("two"))

    workers = [start(store_url, "--resume") for _ in range(2)]
    for worker in workers:
        worker.communicate()

    assert sorted(worker.returncode for worker in workers) == [0, 1]
    assert effects(workspace) == ["one 1", "two 1"]


def test_hard_case_10_an_operators_cancel_from_another_process_stops_the_command(
    shared: Ledger, store_url: str, workspace: Path, until: Until
) -> None:
    submit(shared, workspace, step("one"), step("two", STAYS), step("three"))
    worker = start(store_url, "--grace", "100ms")
    until((workspace / "pids").exists)

    shared.cancel("j", reason="enough")
    worker.communicate()

    assert worker.returncode == 0
    assert effects(workspace) == ["one 1", "two 1"]
    pids = [int(pid) for pid in (workspace / "pids").read_text().split()]
    until(lambda: all(process(pid) is None for pid in pids))


def test_what_a_step_left_running_on_purpose_outlives_the_job(
    shared: Ledger, workspace: Path
) -> None:
    submit(shared, workspace, step("serve", "sleep 600 > log 2>&1 & echo $! > pid"), step("use"))

    assert work_on(shared, "j").status == "completed"

    server = int((workspace / "pid").read_text())
    assert process(server) is not None
    subprocess.run(["/bin/kill", "-9", str(server)], check=True)


@pytest.mark.parametrize("given", ["sqlite", "files"])
def test_a_command_finds_the_store_of_its_job(given: str, tmp_path: Path, workspace: Path) -> None:
    from wrkr_core.finding import open_store
    from wrkr_core.ledger import Ledger

    url = f"{given}:///{tmp_path}/store"
    store = open_store(url)
    ledger = Ledger(store, actor="ann")
    emit = (
        "import os; from wrkr_core.finding import open_store; from wrkr_core.ledger import Ledger; "
        "store = open_store(os.environ['WRKR_STORE']); "
        "Ledger(store).emit(os.environ['WRKR_JOB_ID'], 'progress', 'from inside')"
    )
    command = Command(argv=(sys.executable, "-c", emit))
    inputs = {"workspace": str(ROOT)}
    spec = JobSpec(name="j", inputs=inputs, steps=[StepSpec(id="one", command=command)])
    ledger.submit(spec, job_id="j")

    worker = start(url)
    worker.communicate()

    assert ledger.state("j").status == "completed"
    summaries = [
        each.event.summary
        for each in ledger.events("j")
        if isinstance(each.event, e.CheckpointRecorded)
    ]
    assert "from inside" in summaries
    store.close()
