"""The checks know where their limits and their packages are written."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from devtools import checks
from devtools.checks import CHECK_NEEDS, DOCS_NEEDS, TEST_NEEDS, settings
from devtools.commands import ROOT
from devtools.environment import Environment
from devtools.lock import requirements

if TYPE_CHECKING:
    from devtools.environment import Needs


def test_the_least_coverage_is_written_for_all_and_for_the_heart() -> None:
    least = settings()["coverage"]

    assert least["*"] == 95
    assert {least[name] for name in least if name != "*"} == {100}
    assert [name for name in least if not list(ROOT.glob(name))] == []


@pytest.mark.parametrize(
    ("needs", "package"),
    [(TEST_NEEDS, "pytest"), (CHECK_NEEDS, "mypy"), (CHECK_NEEDS, "pytest"), (DOCS_NEEDS, "furo")],
)
def test_each_check_finds_its_tool_in_the_lock(needs: Needs, package: str) -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))

    lines = requirements(lock, extras=needs.extras, groups=needs.groups)

    assert package in {line.split("==")[0] for line in lines}


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that a task would run; each of them fails with code 3."""
    ran: list[list[str]] = []

    def note(command: list[str], **_options: object) -> int:
        ran.append(command)
        return 3

    monkeypatch.setattr(checks, "run", note)
    monkeypatch.setattr(Environment, "prepare", lambda _self, _needs: None)
    return ran


def test_what_is_not_measured_is_run_all_the_same(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRKR_COVERAGE", "1")
    unmeasured = settings()["unmeasured"]["tests"]

    assert checks.test([]) == 3

    _erase, measured, other = commands
    assert [each.removeprefix("--ignore=") for each in measured[-len(unmeasured) :]] == unmeasured
    assert "coverage" in measured
    assert other[-len(unmeasured) :] == unmeasured
    assert "coverage" not in other
    assert [each for each in unmeasured if not (ROOT / each).exists()] == []


def test_the_tests_that_are_asked_for_are_run_once(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRKR_COVERAGE", "0")

    assert checks.test(["tests/golden"]) == 3

    assert [each[1:] for each in commands] == [["-m", "pytest", "tests/golden"]]
