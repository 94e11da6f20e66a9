"""`dev.py` names its tasks, refuses others and tells failures without a traceback."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from devtools import tasks
from devtools.commands import ROOT
from devtools.errors import SetupError

if TYPE_CHECKING:
    import pytest


def test_the_help_names_every_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert tasks.main(["help"]) == 0

    first_words = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert set(tasks.TASKS) <= set(first_words)


def test_no_task_means_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert tasks.main([]) == 0
    assert capsys.readouterr().out == tasks.USAGE


def test_an_unknown_task_is_invalid_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert tasks.main(["tset"]) == 6
    assert capsys.readouterr().err.startswith("dev.py has no task 'tset'\n")


def test_a_failed_setup_is_told_in_two_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_arguments: object) -> int:
        raise SetupError("no space left", hint="make room")

    monkeypatch.setitem(tasks.TASKS, "docs", fail)

    assert tasks.main(["docs"]) == 1
    assert capsys.readouterr().err == "dev.py docs: no space left\nhint: make room\n"


def test_every_step_of_ci_is_a_task() -> None:
    assert set(tasks.STEPS) == set(tasks.TASKS) - {"all", "fuzz", "lock", "mutants"}


def test_one_failed_step_fails_all_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tasks, "STEPS", ("nonsense", "help"))

    assert tasks.everything([]) == 1

    output = capfd.readouterr().out
    assert "FAILED (6)" in output
    assert output.endswith("\nsteps: 1 passed, 1 failed\n")


def test_the_command_works_from_any_folder(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev.py"), "help"],
        cwd=str(tmp_path),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, tasks.USAGE)
