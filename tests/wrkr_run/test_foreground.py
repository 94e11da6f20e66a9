"""Working on one job here and now."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from wrkr_core.errors import (
    ApprovalRequiredError,
    InvalidInputError,
    LeaseConflictError,
    MoveNotAllowedError,
    NotFoundError,
)
from wrkr_core.spec import Command, JobSpec, StepSpec
from wrkr_run.foreground import beat_for, next_steps, work_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wrkr_core.ledger import Ledger

    Until = Callable[[Callable[[], object]], None]


def submit(ledger: Ledger, workspace: Path, line: str, environment: Sequence[str] = ()) -> str:
    steps = [StepSpec(id="one", command=Command(argv=("/bin/sh", "-c", line)))]
    inputs = {"workspace": str(workspace)}
    spec = JobSpec(name="j", inputs=inputs, steps=steps, environment=environment)
    return ledger.submit(spec, job_id="j")


def python_job(ledger: Ledger, workspace: Path, name: str, body: str) -> str:
    (workspace / f"{name}.py").write_text(f"def main(job):\n    {body}\n")
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, python=f"{name}:main")
    return ledger.submit(spec, job_id="j")


def test_a_job_is_worked_on_until_it_is_done(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, "true")

    result = work_on(ledger, "j", worker="w")

    assert (result.job_id, result.status, result.error) == ("j", "completed", None)
    assert result.next == ("wrkr export j",)
    with pytest.raises(MoveNotAllowedError):
        work_on(ledger, "j", resume=True)


def test_a_sleeping_job_is_left_asleep_and_says_until_when(ledger: Ledger, workspace: Path) -> None:
    python_job(ledger, workspace, "sleeper", "job.sleep('1h')")

    first, second = work_on(ledger, "j"), work_on(ledger, "j")

    assert (first.status, first.wake_at) == ("queued", ledger.state("j").wake_at)
    assert second == first
    assert "not before" in first.next[0]


def test_a_paused_job_goes_on_only_when_asked_to(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, "true")
    ledger.pause("j", reason="lunch")

    with pytest.raises(MoveNotAllowedError, match="job j is paused"):
        work_on(ledger, "j")

    assert work_on(ledger, "j", resume=True, reason="back").status == "completed"


def test_a_job_that_waits_for_a_decision_cannot_be_resumed(ledger: Ledger, workspace: Path) -> None:
    python_job(ledger, workspace, "asker", "job.ask('May I?')")
    waiting = work_on(ledger, "j")

    with pytest.raises(ApprovalRequiredError):
        work_on(ledger, "j", resume=True)

    assert waiting.checkpoint is not None
    assert waiting.next == (
        f"wrkr approve j {waiting.checkpoint} --reason …",
        "wrkr resume j",
    )


def test_what_goes_wrong_in_the_jobs_code_is_told_and_blocks_it(
    ledger: Ledger, workspace: Path
) -> None:
    python_job(ledger, workspace, "broken", "return 1 // 0")

    result = work_on(ledger, "j")

    assert isinstance(result.error, ZeroDivisionError)
    assert (result.status, result.next) == ("blocked_error", ("wrkr resume j",))


def test_of_two_resumes_at_once_one_works_and_the_other_is_told_so(
    ledger: Ledger, workspace: Path
) -> None:
    submit(ledger, workspace, "echo ran >> effects; until [ -f go ]; do sleep 0.01; done")
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def resume() -> None:
        together.wait()
        try:
            outcomes.append(work_on(ledger, "j", resume=True).status)
        except LeaseConflictError as error:
            outcomes.append(error.code)
            (workspace / "go").touch()

    threads = [threading.Thread(target=resume) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["E_LEASE_CONFLICT", "completed"]
    assert (workspace / "effects").read_text() == "ran\n"


def test_ctrl_c_in_a_python_function_leaves_a_resumable_job(
    ledger: Ledger, workspace: Path
) -> None:
    python_job(
        ledger, workspace, "interrupted", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    )

    result = work_on(ledger, "j")

    assert (result.status, result.interrupted) == ("queued", True)
    assert result.next == ("wrkr resume j",)


def test_sigterm_stops_a_command_in_order_and_the_job_can_be_resumed(
    ledger: Ledger, workspace: Path, until: Until
) -> None:
    line = "test $WRKR_ATTEMPT -gt 1 || { touch under-way; sleep 600; }"
    submit(ledger, workspace, line)

    def interrupt() -> None:
        until((workspace / "under-way").exists)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    result = work_on(ledger, "j")
    thread.join()

    assert (result.status, result.interrupted) == ("queued", True)
    assert work_on(ledger, "j").status == "completed"


def test_a_job_its_own_program_works_on_is_refused_and_left_as_it_is(ledger: Ledger) -> None:
    ledger.submit(JobSpec(name="j"), job_id="j")

    with pytest.raises(InvalidInputError, match="neither steps nor a command"):
        work_on(ledger, "j")

    assert ledger.state("j").seq == 1


def test_a_job_that_does_not_exist_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError):
        work_on(ledger, "nobody")


def test_a_lease_is_renewed_often_enough_however_short_it_is() -> None:
    assert beat_for(30_000_000) == 10_000_000
    assert beat_for(3_000_000) == 1_000_000
    assert beat_for(2) == 1


def test_what_to_do_next_is_said_for_every_status(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, "true")
    state = ledger.state("j")

    said = {
        status: next_steps(replace(state, status=status))
        for status in ("queued", "running", "paused", "blocked_budget", "blocked_error", "canceled")
    }

    assert said == {
        "queued": ("wrkr resume j",),
        "running": (),
        "paused": ("wrkr resume j",),
        "blocked_budget": ("wrkr budget raise j … --reason …", "wrkr resume j"),
        "blocked_error": ("wrkr resume j",),
        "canceled": (),
    }
