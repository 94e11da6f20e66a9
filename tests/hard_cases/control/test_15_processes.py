"""15: what a command has started ends with it, and the end of a command is the exit of its process."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.elsewhere import QUICK
from tests.hard_cases.jobs import (
    STAYS,
    all_gone,
    effects,
    events_of,
    pids_in,
    step,
    submit,
    worker_process,
)
from wrkr_core import events as e
from wrkr_core.machine import ThisMachine
from wrkr_core.spec import Command
from wrkr_run.command import CommandOutcome, run_command
from wrkr_run.foreground import work_on
from wrkr_run.interruption import Interruption
from wrkr_run.processes import process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hard_cases.jobs import Until
    from tests.hard_cases.places import Place

STUBBORN: Final = ["", "trap '' TERM; "]


def run(line: str, workspace: Path, **given: Any) -> CommandOutcome:  # noqa: ANN401  # as Command
    return run_command(
        Command(shell=line, **given),
        workspace=workspace,
        variables={},
        machine=ThisMachine(),
        interruption=Interruption(),
        grace=100_000,
    )


@pytest.mark.parametrize("stubborn", STUBBORN)
def test_15_children_of_a_stopped_command_end_with_it(
    stubborn: str, workspace: Path, until: Until
) -> None:
    outcome = run(f"({stubborn}exec sleep 600) & echo $!; wait", workspace, timeout=100_000)

    child = int(outcome.stdout.text)
    until(lambda: process(child) is None)
    assert outcome.timed_out


@pytest.mark.parametrize("stubborn", STUBBORN)
def test_15_grandchildren_of_a_step_that_took_too_long_end_with_it(
    stubborn: str, place: Place, workspace: Path, until: Until
) -> None:
    ledger = place.ledger()
    line = f"{stubborn}(sleep 600 & echo $! > pids.part; mv pids.part pids; wait) & wait"
    submit(ledger, workspace, step("one", line, timeout=500_000))

    assert work_on(ledger, "j", surroundings=QUICK).status == "blocked_error"

    until(lambda: all_gone(pids_in(workspace)))
    assert [each.code for each in events_of(ledger, e.StepFailed)] == ["E_STEP_TIMEOUT"]


def test_15_when_the_parent_of_a_command_is_killed_nothing_of_the_command_outlives_a_resume(
    on_disk: Place, workspace: Path, until: Until
) -> None:
    ledger = on_disk.ledger()
    submit(ledger, workspace, step("one", STAYS))
    worker = worker_process(on_disk.url)
    until((workspace / "pids").exists)
    left = pids_in(workspace)

    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    assert work_on(ledger, "j").status == "completed"

    assert all_gone(left)
    assert not (workspace / "two-at-once").exists()
    assert effects(workspace) == ["one 1", "one 2"]


def test_15_a_grandchild_that_holds_the_output_does_not_hold_the_waiter(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one", "sleep 600 & echo $! > pids; exit 0"), step("two"))

    assert work_on(ledger, "j").status == "completed"

    (grandchild,) = pids_in(workspace)
    assert process(grandchild) is not None  # it was left on purpose, and the job did not wait
    os.kill(grandchild, signal.SIGKILL)
    assert effects(workspace) == ["one 1", "two 1"]


def test_15_a_grandchild_that_goes_on_writing_does_not_hold_the_waiter(workspace: Path) -> None:
    outcome = run("yes & echo $! >&2; exit 0", workspace)

    with suppress(ProcessLookupError):  # it may have noticed that nobody reads
        os.kill(int(outcome.stderr.text), signal.SIGKILL)
    assert outcome.succeeded


def test_15_the_exit_of_its_process_is_the_end_of_a_command_whoever_still_has_its_pipe(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    line = "echo said; (sleep 600 & echo $! > pids) ; echo at the end >&2; exit 7"
    submit(ledger, workspace, step("one", line, retries=0))

    result = work_on(ledger, "j")

    (grandchild,) = pids_in(workspace)
    os.kill(grandchild, signal.SIGKILL)
    assert "exit code 7: at the end" in str(result.error)


def test_15_all_that_the_process_itself_wrote_is_read_although_a_grandchild_holds_the_pipe(
    workspace: Path,
) -> None:
    outcome = run("head -c 100000 /dev/zero | tr '\\0' x; sleep 600 & echo $! >&2", workspace)

    os.kill(int(outcome.stderr.text), signal.SIGKILL)
    assert (outcome.exit_code, outcome.stdout.size) == (0, 100_000)
