"""What is tried in an empty environment works in a full one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from devtools import packaging
from devtools.checks import settings
from devtools.commands import ROOT, run_quietly

if TYPE_CHECKING:
    import pytest


def test_the_trial_of_a_bare_installation_works_here() -> None:
    done = run_quietly([sys.executable, "-c", packaging.BARE_TRIAL], cwd=ROOT)

    assert done.returncode == 0, done.stdout
    assert "imports with" in done.stdout


def test_the_pythons_to_try_are_those_the_project_promises() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")

    for version in settings()["versions"]["pythons"]:
        assert f'"Programming Language :: Python :: {version}"' in project
    assert [name for name in settings()["versions"]["tests"] if not (ROOT / name).exists()] == []


def test_a_python_that_is_not_here_is_told_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packaging, "find_python", lambda _version: None)

    assert packaging.versions([]) == 0
    assert capsys.readouterr().out.count("not found here") == 2
