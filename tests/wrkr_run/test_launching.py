"""A program is started held, does nothing before it is let go, and ends with whoever started it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_core.errors import NotSupportedHereError, StepFailedError
from wrkr_run import launching
from wrkr_run.launching import Launched, find_program
from wrkr_run.processes import process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECOND = 1_000_000
ENVIRONMENT = {"PATH": os.environ["PATH"]}

PARENT = """
import os, pathlib, sys
from wrkr_run.launching import Launched
folder = pathlib.Path(sys.argv[1])
launched = Launched(["/bin/sleep", "600"], folder=folder, environment={})
if sys.argv[2] == "let go":
    launched.let_go()
print(launched.pid, flush=True)
sys.stdin.read()
"""


def run(launched: Launched) -> tuple[int, dict[str, bytes]]:
    taken = {"stdout": b"", "stderr": b""}

    def take(name: str, piece: bytes) -> None:
        taken[name] += piece

    launched.let_go()
    while not launched.wait(SECOND, take):
        pass
    return launched.returncode(), taken


def test_a_held_program_does_nothing_and_is_gone_when_it_was_not_let_go(tmp_path: Path) -> None:
    with Launched(["/usr/bin/touch", "done"], folder=tmp_path, environment=ENVIRONMENT) as held:
        assert process(held.pid) is not None

    assert process(held.pid) is None
    assert not (tmp_path / "done").exists()


def test_a_held_program_can_be_killed_by_another_before_it_is_let_go(tmp_path: Path) -> None:
    with Launched(["/usr/bin/touch", "done"], folder=tmp_path, environment=ENVIRONMENT) as held:
        os.kill(held.pid, signal.SIGKILL)
        code, _ = run(held)

    assert code == -signal.SIGKILL
    assert not (tmp_path / "done").exists()


def test_a_program_that_was_let_go_runs_with_its_arguments_environment_and_folder(
    tmp_path: Path,
) -> None:
    shown = 'printf "%s|" "$@" "$NAME" "$PWD"; cat; echo oops >&2; exit 3'
    environment = {**ENVIRONMENT, "NAME": "a value"}
    with Launched(
        ["/bin/sh", "-c", shown, "sh", "a b", "", "*"], folder=tmp_path, environment=environment
    ) as launched:
        code, taken = run(launched)

    assert code == 3
    assert taken == {"stdout": f"a b||*|a value|{tmp_path}|".encode(), "stderr": b"oops\n"}


def test_variables_that_a_shell_could_not_set_are_passed_on_too(tmp_path: Path) -> None:
    show = "import os, sys; print(os.environ['a.b-c'], sys.stdin.read() == '')"
    with Launched(
        [sys.executable, "-c", show], folder=tmp_path, environment={**ENVIRONMENT, "a.b-c": "kept"}
    ) as launched:
        code, taken = run(launched)

    assert (code, taken["stdout"]) == (0, b"kept True\n")


def test_the_process_is_the_one_that_was_held_and_leads_its_own_session(tmp_path: Path) -> None:
    show = "import os; print(os.getpid(), os.getsid(0), os.getpgid(0))"
    with Launched(
        [sys.executable, "-c", show], folder=tmp_path, environment=ENVIRONMENT
    ) as launched:
        _, taken = run(launched)

    assert taken["stdout"].split() == [str(launched.pid).encode()] * 3


@pytest.mark.parametrize("when", ["held", "let go"])
def test_a_program_dies_with_the_process_that_started_it(
    when: str, tmp_path: Path, until: Callable[[Callable[[], object]], None]
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), when],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert process(child) is not None

    parent.kill()
    parent.communicate()

    until(lambda: process(child) is None)


def test_without_a_handle_for_the_end_of_a_process_its_end_is_seen_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "_exit_handle", lambda _pid: None)

    with Launched(
        ["/bin/sh", "-c", "exec >&- 2>&-; exit 4"], folder=tmp_path, environment=ENVIRONMENT
    ) as launched:
        code, _ = run(launched)

    assert code == 4


def test_where_ids_are_taken_back_at_once_the_end_is_seen_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "waitid")
    monkeypatch.delattr(os, "pidfd_open")

    with Launched(["/bin/true"], folder=tmp_path, environment=ENVIRONMENT) as launched:
        code, _ = run(launched)

    assert code == 0


def test_a_sandbox_without_process_handles_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_pid: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "pidfd_open", refuse)

    with Launched(["/bin/true"], folder=tmp_path, environment=ENVIRONMENT) as launched:
        assert run(launched)[0] == 0


def test_no_more_than_a_pipe_can_hold_is_read_after_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Launched(["/bin/true"], folder=tmp_path, environment=ENVIRONMENT) as launched:
        run(launched)
        launched._pipes["stdout"] = io.BytesIO()
        read: list[str] = []

        def endless(name: str, _take: object) -> int:
            read.append(name)
            assert len(read) < 1000
            return 65_536

        monkeypatch.setattr(launched, "_read", endless)

        assert launched.wait(0, lambda _name, _piece: None)
        assert len(read) == 16


def test_a_program_is_found_on_the_path_of_its_own_environment(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert find_program(["tool", "x"], tmp_path, {"PATH": str(tmp_path)}) == [str(program), "x"]
    assert find_program(["./tool"], tmp_path, {}) == [str(program)]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["no-such-program"], "command not found: 'no-such-program'"),
        (["./missing"], "command not found: '.*/missing'"),
        (["./plain"], "'.*/plain' is not executable"),
        (["./folder"], "command not found: '.*/folder'"),
    ],
)
def test_a_program_that_cannot_be_run_is_refused_with_the_reason(
    argv: list[str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "plain").write_text("x")
    (tmp_path / "folder").mkdir()

    with pytest.raises(StepFailedError, match=said) as caught:
        find_program(argv, tmp_path, ENVIRONMENT)

    assert caught.value.code == "E_ADAPTER_FAIL"


def test_a_folder_that_does_not_exist_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StepFailedError, match="missing to run 'true' in does not exist"):
        find_program(["true"], tmp_path / "missing", ENVIRONMENT)


def test_what_the_system_refuses_to_start_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StepFailedError, match="'/bin/true' cannot be started"):
        Launched(["/bin/true", "x" * 3_000_000], folder=tmp_path, environment=ENVIRONMENT)
    with pytest.raises(StepFailedError, match="cannot be started: embedded null"):
        Launched(["/bin/true", "\0"], folder=tmp_path, environment=ENVIRONMENT)


def test_where_there_are_no_process_groups_commands_are_refused_with_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "IS_POSIX", False)

    with pytest.raises(NotSupportedHereError) as caught:
        Launched(["/bin/true"], folder=tmp_path, environment=ENVIRONMENT)

    assert caught.value.code == "E_NOT_SUPPORTED"
