"""A worker as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wrkr_core import events as e
from wrkr_core.finding import open_store
from wrkr_core.ledger import Ledger
from wrkr_core.spec import Command, JobSpec, StepSpec
from wrkr_run.processes import process
from wrkr_run.worker_process import main

if TYPE_CHECKING:
    from collections.abc import Callable

    Until = Callable[[Callable[[], object]], None]

ROOT = Path(__file__).resolve().parents[2]


def submit(ledger: Ledger, workspace: Path, line: str) -> str:
    steps = [StepSpec(id="one", command=Command(argv=("/bin/sh", "-c", line)))]
    return ledger.submit(
        JobSpec(name="j", inputs={"workspace": str(workspace)}, steps=steps), job_id="j"
    )


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "wrkr_run.worker_process", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_it_works_on_one_job_and_says_how_it_ended(
    shared: Ledger, store_url: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(shared, workspace, "echo $WRKR_STORE > effects")

    code = main([store_url, "--job", "j"])

    assert (code, shared.state("j").status) == (0, "completed")
    assert "j is completed: the one step is done" in capsys.readouterr().out
    assert (workspace / "effects").read_text() == f"{store_url}\n"


def test_it_works_on_all_jobs_until_none_is_left(
    shared: Ledger, store_url: str, workspace: Path
) -> None:
    submit(shared, workspace, "true")

    assert main([store_url, "--drain", "--poll", "10ms"]) == 0

    assert shared.state("j").status == "completed"


def test_it_ends_with_the_exit_code_of_what_went_wrong(
    shared: Ledger, store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([store_url, "--job", "nobody"]) == 1
    assert capsys.readouterr().out == "E_NOT_FOUND: there is no job nobody\n"


def test_a_stopped_job_is_put_back_to_work_when_asked(
    shared: Ledger, store_url: str, workspace: Path
) -> None:
    submit(shared, workspace, "true")
    shared.pause("j", reason="lunch")

    assert main([store_url, "--job", "j"]) == 1
    assert main([store_url, "--job", "j", "--resume"]) == 0


@pytest.mark.parametrize("arguments", [["--job", "j"], ["--poll", "10ms"]])
def test_a_signal_ends_it_with_130_and_leaves_a_resumable_job(
    arguments: list[str], shared: Ledger, store_url: str, workspace: Path, until: Until
) -> None:
    submit(shared, workspace, "touch under-way; sleep 600")
    worker = start(store_url, *arguments)
    until((workspace / "under-way").exists)

    worker.send_signal(signal.SIGTERM)
    worker.communicate()

    assert worker.returncode == 130
    assert shared.state("j").status == "queued"


def test_what_a_step_left_running_on_purpose_outlives_the_job(
    shared: Ledger, store_url: str, workspace: Path
) -> None:
    submit(shared, workspace, "sleep 600 > log 2>&1 & echo $! > pid")

    assert main([store_url, "--job", "j"]) == 0

    server = int((workspace / "pid").read_text())
    assert process(server) is not None
    os.kill(server, signal.SIGKILL)


EMIT = """if True:
    import os
    from wrkr_core.finding import open_store
    from wrkr_core.ledger import Ledger
    store = open_store(os.environ["WRKR_STORE"])
    Ledger(store).emit(os.environ["WRKR_JOB_ID"], "progress", "from inside")
"""


@pytest.mark.parametrize("given", ["sqlite", "files"])
def test_a_command_finds_the_store_of_its_job(given: str, tmp_path: Path) -> None:
    url = f"{given}:///{tmp_path}/store"
    store = open_store(url)
    ledger = Ledger(store, actor="ann")
    steps = [StepSpec(id="one", command=Command(argv=(sys.executable, "-c", EMIT)))]
    ledger.submit(JobSpec(name="j", inputs={"workspace": str(ROOT)}, steps=steps), job_id="j")

    start(url, "--job", "j").communicate()

    assert ledger.state("j").status == "completed"
    events = [each.event for each in ledger.events("j")]
    said = [each.summary for each in events if isinstance(each, e.CheckpointRecorded)]
    assert "from inside" in said
    store.close()
