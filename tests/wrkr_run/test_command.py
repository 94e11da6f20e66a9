"""A command runs to its end, or until something stops it, whatever it and its children do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from wrkr_core.errors import Blocked, InvalidInputError, LeaseConflictError, StepFailedError
from wrkr_core.machine import ThisMachine
from wrkr_core.redaction.mask import Mask
from wrkr_core.spec import Command, Variable
from wrkr_run.command import CommandOutcome, NoGuard, arguments, run_command
from wrkr_run.interruption import Interruption
from wrkr_run.known_secrets import KnownSecrets
from wrkr_run.launching import Launched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Until = Callable[[Callable[[], object]], None]

MILLISECOND = 1_000


def run(command: Command, workspace: Path, **given: Any) -> CommandOutcome:  # noqa: ANN401  # as run_command
    arguments = {
        "variables": {},
        "machine": ThisMachine(),
        "interruption": Interruption(),
        "grace": 100 * MILLISECOND,
    }
    return run_command(command, workspace=workspace, **{**arguments, **given})


def shell(line: str, **given: Any) -> Command:  # noqa: ANN401  # as Command
    return Command(shell=line, **given)


class Recorder(NoGuard):
    """Notes what happens to the process, and raises where it is told to."""

    def __init__(
        self, workspace: Path, *, when: str = "", error: BaseException | None = None
    ) -> None:
        self.happened: list[str] = []
        self.marker = workspace / "started"
        self.when = when
        self.error = error

    def _note(self, what: str) -> None:
        self.happened.append(what)
        if what == self.when and self.error is not None:
            raise self.error

    def begin(self, pid: int) -> None:
        assert not self.marker.exists()
        self._note("begin")

    def pause(self) -> int:
        return MILLISECOND

    def look(self) -> None:
        if self.marker.exists():  # the command is under way
            self._note("look")

    def end(self) -> None:
        self._note("end")


def test_the_outcome_tells_exit_code_output_and_last_line(workspace: Path) -> None:
    outcome = run(shell("echo out; echo one >&2; echo two >&2; exit 3"), workspace)

    assert (outcome.exit_code, outcome.signal, outcome.timed_out) == (3, None, False)
    assert (outcome.stdout.text, outcome.stderr.text) == ("out\n", "one\ntwo\n")
    assert (outcome.summary, outcome.succeeded) == ("exit code 3: two", False)
    assert outcome.duration > 0


def test_a_command_that_a_signal_ended_has_no_exit_code(workspace: Path) -> None:
    outcome = run(shell("kill -9 $$"), workspace)

    assert (outcome.exit_code, outcome.signal) == (None, "SIGKILL")
    assert outcome.summary == "ended by SIGKILL"


def test_a_command_runs_in_its_folder_of_the_workspace(workspace: Path) -> None:
    (workspace / "sub").mkdir()

    outcome = run(Command(argv=("pwd",), cwd="sub"), workspace)

    assert outcome.stdout.text == f"{workspace}/sub\n"
    assert outcome.succeeded


def test_variables_of_the_step_come_over_those_of_the_spec_over_the_workers(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("A", "B", "C"):
        monkeypatch.setenv(name, "worker")
    spec = (Variable(name="B", value="spec"), Variable(name="C", value="spec"))

    outcome = run(shell("echo $A $B $C", env=spec), workspace, variables={"C": "step"})

    assert outcome.stdout.text == "worker spec step\n"


def test_hard_case_21_secrets_of_the_environment_do_not_get_into_the_outcome(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", "canary-5f3a91")

    outcome = run(
        shell("echo $DEPLOY_TOKEN; echo failed with $DEPLOY_TOKEN >&2; exit 1"), workspace
    )

    assert "canary-5f3a91" not in str(outcome)
    assert outcome.summary.startswith("exit code 1: failed with [REDACTED:env-DEPLOY_TOKEN:")
    assert outcome.redacted == {"env-DEPLOY_TOKEN": 2}


def test_the_output_is_masked_by_what_is_given_for_the_environment_of_the_command(
    workspace: Path,
) -> None:
    def mask(environment: Mapping[str, str]) -> Mask:
        return Mask(KnownSecrets({"ONLY": environment["WORD"]}, declared=["ONLY"]), lambda: b"key")

    outcome = run(shell("echo $WORD"), workspace, variables={"WORD": "abracadabra"}, mask=mask)

    assert outcome.stdout.text.startswith("[REDACTED:env-ONLY:")


def test_200_megabytes_of_output_are_read_counted_and_not_kept(workspace: Path) -> None:
    outcome = run(shell("head -c 200000000 /dev/zero; echo end"), workspace)

    assert outcome.succeeded
    assert outcome.stdout.size == 200_000_004
    assert len(outcome.stdout.text) < 70_000
    assert outcome.stdout.text.endswith("\0end\n")


def test_a_command_that_reads_its_input_finds_none(workspace: Path) -> None:
    assert run(Command(argv=("cat",)), workspace).succeeded


def test_at_its_timeout_a_command_may_end_in_order(workspace: Path) -> None:
    line = "trap 'echo tidied up; exit 7' TERM; while :; do sleep 0.01; done"

    outcome = run(shell(line, timeout=1500 * MILLISECOND), workspace, grace=60_000_000)

    assert (outcome.timed_out, outcome.exit_code) == (True, 7)
    assert outcome.stdout.text == "tidied up\n"
    assert not outcome.succeeded


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="macOS before Python 3.13 has no waitid")
def test_the_last_words_of_a_command_that_ends_as_soon_as_it_is_asked_are_kept(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminate = Launched.terminate

    def terminate_and_see_it_end(launched: Launched) -> None:
        terminate(launched)
        os.waitid(os.P_PID, launched.pid, os.WEXITED | os.WNOWAIT)

    monkeypatch.setattr(Launched, "terminate", terminate_and_see_it_end)
    line = "trap 'echo tidied up; exit 7' TERM; while :; do sleep 0.01; done"

    outcome = run(shell(line, timeout=1500 * MILLISECOND), workspace, grace=60_000_000)

    assert outcome.stdout.text == "tidied up\n"


def test_a_command_that_ignores_the_request_to_end_is_killed(workspace: Path) -> None:
    line = "trap '' TERM; while :; do sleep 0.01; done"

    outcome = run(shell(line, timeout=100 * MILLISECOND), workspace)

    assert (outcome.timed_out, outcome.signal) == (True, "SIGKILL")


def test_a_guard_that_refuses_keeps_the_command_from_doing_anything(workspace: Path) -> None:
    guard = Recorder(workspace, when="begin", error=LeaseConflictError("taken over"))

    with pytest.raises(LeaseConflictError):
        run(shell("touch started"), workspace, guard=guard)

    assert not guard.marker.exists()
    assert guard.happened == ["begin"]


@pytest.mark.parametrize(
    "error", [Blocked("j", "paused", "…"), LeaseConflictError("taken over"), RuntimeError("disk")]
)
def test_a_guard_that_objects_stops_the_command(workspace: Path, error: BaseException) -> None:
    guard = Recorder(workspace, when="look", error=error)

    with pytest.raises(type(error)):
        run(shell("touch started; sleep 600; touch ended"), workspace, guard=guard)

    assert guard.happened == ["begin", "look", "end"]
    assert not (workspace / "ended").exists()


def test_whoever_took_the_job_over_does_not_wait_for_the_grace(workspace: Path) -> None:
    guard = Recorder(workspace, when="look", error=LeaseConflictError("taken over"))
    line = "trap 'touch asked' TERM; touch started; while :; do sleep 0.01; done"

    with pytest.raises(LeaseConflictError):
        run(shell(line), workspace, guard=guard, grace=10**15)


def test_a_request_to_stop_ends_the_command_in_order(workspace: Path) -> None:
    interruption = Interruption()

    class Asking(Recorder):
        def look(self) -> None:
            if self.marker.exists():
                interruption.request()

    line = "trap 'touch tidied; exit 0' TERM; touch started; while :; do sleep 0.01; done"

    with pytest.raises(KeyboardInterrupt):
        run(
            shell(line),
            workspace,
            guard=Asking(workspace),
            interruption=interruption,
            grace=60_000_000,
        )

    assert (workspace / "tidied").exists()


def test_a_second_request_does_not_wait_for_the_grace(workspace: Path) -> None:
    interruption = Interruption()

    class Insisting(Recorder):
        def look(self) -> None:
            if self.marker.exists():
                interruption.request()
                interruption.request()

    line = "trap '' TERM; touch started; while :; do sleep 0.01; done"

    with pytest.raises(KeyboardInterrupt):
        run(
            shell(line),
            workspace,
            guard=Insisting(workspace),
            interruption=interruption,
            grace=10**15,
        )


def test_a_command_that_does_not_exist_fails_with_the_code_of_a_failed_step(
    workspace: Path,
) -> None:
    with pytest.raises(StepFailedError, match="command not found: 'no-such-program'"):
        run(Command(argv=("no-such-program",)), workspace)


def test_a_command_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        arguments(Command())
    assert arguments(shell("a | b")) == ["/bin/sh", "-c", "a | b"]
    assert arguments(Command(argv=("a", "b"))) == ["a", "b"]
