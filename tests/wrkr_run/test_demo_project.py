"""The demo's repository has a real mistake in it, and a real test that finds it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_core.errors import NotSupportedHereError, StepFailedError
from wrkr_run import demo_project
from wrkr_run.demo_project import QUESTION, make_project, make_spec, require_git

if TYPE_CHECKING:
    from pathlib import Path


def test_the_test_fails_before_and_passes_after_the_edit(tmp_path: Path) -> None:
    repository = make_project(tmp_path)
    command = [sys.executable, "-m", "unittest", "-q"]

    before = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    source = repository / "slugs.py"
    source.write_text(source.read_text().replace('"_"', '"-"'))
    after = subprocess.run(command, cwd=repository, capture_output=True, check=False)

    assert (before.returncode, after.returncode) == (1, 0)


def test_the_merge_is_guarded(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, tmp_path / "repository")

    assert [(step.id, step.gate) for step in spec.steps] == [
        ("plan", ""),
        ("edit", ""),
        ("test", ""),
        ("merge", QUESTION),
    ]


def test_git_that_does_not_work_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_project, "require_git", lambda: "/bin/false")

    with pytest.raises(StepFailedError, match="git init failed"):
        make_project(tmp_path)


def test_git_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert require_git().endswith("git")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotSupportedHereError):
        require_git()
