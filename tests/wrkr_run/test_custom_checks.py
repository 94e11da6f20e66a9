"""A custom check passes only by an empty list; whatever else it does, it failed, and says why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_run.checkers import install
from wrkr_core.acceptance.config import AcceptanceConfig
from wrkr_core.acceptance.custom import CustomCheck
from wrkr_core.artifact import Artifact
from wrkr_core.errors import InvalidInputError
from wrkr_core.machine import ThisMachine
from wrkr_run.custom_checks import installed, require_installed, run_custom
from wrkr_run.interruption import Interruption
from wrkr_run.judged_job import JudgedJob
from wrkr_run.known_secrets import KnownSecrets, throwaway_mask

if TYPE_CHECKING:
    from wrkr_core.acceptance.judging import CheckResult


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, with the checks installed beside it."""
    install(tmp_path, monkeypatch, broken="no_such_module_at_all:check", gone="checks_of_ours:gone")
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "here.txt").touch()
    return folder


def check(custom: str, *, timeout: int = 60_000_000, **settings: object) -> CustomCheck:
    return CustomCheck(name="one", custom=custom, settings=settings, timeout=timeout)


def ran(
    workspace: Path, custom: str, *, timeout: int = 60_000_000, **settings: object
) -> CheckResult:
    asked = check(custom, timeout=timeout, **settings)
    job = JudgedJob(
        job_id="j1",
        status="completed",
        summary="done",
        workspace=workspace,
        artifacts=(Artifact(path="a.txt", sha256="ab" * 32, size=1),),
        spent={"wall": 5},
        settings=asked.settings,
    )
    return run_custom(
        asked,
        job,
        variables={"WRKR_STEP": "acceptance:one"},
        machine=ThisMachine(),
        interruption=Interruption(),
        mask=lambda environment: throwaway_mask(KnownSecrets(environment)),
    )


def test_an_empty_list_is_a_pass_and_what_was_printed_is_kept(workspace: Path) -> None:
    found = ran(workspace, "says", depth=[1, {"a": None}])

    assert (found.name, found.code, found.message) == ("check:one", "", "")
    assert found.output == "looked at j1 ['a.txt'] {'depth': [1, {'a': None}]}\n"


def test_each_problem_is_a_reason(workspace: Path) -> None:
    found = ran(workspace, "says", problems=["no licence\nin a.py", "b.py is empty"])

    assert found.code == "E_ACCEPT_TEST_FAIL"
    assert found.message == "no licence in a.py; b.py is empty"


def test_it_runs_in_the_workspace_and_is_told_of_the_job(workspace: Path) -> None:
    assert ran(workspace, "knows").message == "j1 completed done ['wall'] acceptance:one"


@pytest.mark.parametrize(
    ("custom", "said"),
    [
        ("nothing", "exit code 1: it returned None, not a list of sentences"),
        ("number", "exit code 1: it returned a int, not a list of sentences"),
        ("text", "exit code 1: it returned a str, not a list of sentences"),
        ("mixed", "exit code 1: it returned a list with a int in it, not of sentences alone"),
        ("raises", "exit code 1: it raised ValueError: no such thing (checks_of_ours.py:17)"),
        ("leaves", "it ended without an answer"),
        ("forges", "it ended without an answer"),
        ("exits", "exit code 1: had enough"),
        ("dies", "ended by SIGKILL"),
        ("odd", "half ? of it"),
    ],
)
def test_what_is_no_answer_is_a_failure_with_its_reason(
    workspace: Path, custom: str, said: str
) -> None:
    found = ran(workspace, custom)

    assert (found.code, found.message) == ("E_ACCEPT_TEST_FAIL", said)
    assert "Traceback" not in found.output


@pytest.mark.parametrize("custom", ["broken", "gone"])
def test_one_that_cannot_be_loaded_is_a_failure_that_names_it(workspace: Path, custom: str) -> None:
    found = ran(workspace, custom)

    assert found.code == "E_ACCEPT_TEST_FAIL"
    assert "it raised ModuleNotFoundError" in found.message or "AttributeError" in found.message
    assert {"broken": "no_such_module_at_all", "gone": "gone"}[custom] in found.message


def test_with_debugging_on_the_whole_traceback_is_in_its_output(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRKR_DEBUG", "1")

    found = ran(workspace, "raises")

    assert "Traceback (most recent call last)" in found.output
    assert found.message == "exit code 1: such thing"


def test_at_its_timeout_it_ends_with_all_it_started(workspace: Path) -> None:
    found = ran(workspace, "hangs", timeout=1_500_000)

    assert found.message == "it did not end within 1s500ms"
    status = Path("/proc", (workspace / "child").read_text(), "status")
    if status.exists():  # dead, and not yet taken away
        assert re.search(r"^State:\s+[ZX]", status.read_text(), re.MULTILINE)


def test_what_it_prints_and_says_is_bounded(workspace: Path) -> None:
    assert len(ran(workspace, "floods").output) < 70_000
    many = ran(workspace, "many").message
    assert many.endswith("; and 990 more")
    assert len(many) < 5_000


def test_a_secret_in_a_problem_is_masked(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", "canary-1234567890")

    found = ran(workspace, "tells")

    assert re.fullmatch(r"\[REDACTED:env-DEPLOY_TOKEN:[0-9a-f]{8}\]", found.message)
    assert "canary" not in found.output


def test_modules_in_the_workspace_are_not_taken_for_those_of_the_check(workspace: Path) -> None:
    (workspace / "json.py").write_text("raise SystemExit('shadowed')", "utf-8")
    (workspace / "wrkr_run.py").write_text("raise SystemExit('shadowed')", "utf-8")

    assert ran(workspace, "says").has_passed


def test_a_workspace_that_is_gone_is_a_failure(workspace: Path) -> None:
    found = ran(workspace / "gone", "says")

    assert "does not exist" in found.message


def test_what_is_not_installed_is_refused_with_what_is(workspace: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        require_installed(AcceptanceConfig(checks=(check("no-such"),)))

    assert "wants the custom check 'no-such', which is not installed" in caught.value.message
    assert "broken, dies" in caught.value.message
    assert "wrkr.checks" in caught.value.hint
    require_installed(AcceptanceConfig(checks=(check("says"),)))
    require_installed(AcceptanceConfig())


def test_one_that_two_packages_offer_is_refused_with_both(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "checks_of_others")

    with pytest.raises(InvalidInputError) as caught:
        require_installed(AcceptanceConfig(checks=(check("says"),)))

    assert "by checks_of_others:says and checks_of_ours:says" in caught.value.message
    assert len(installed()["says"]) == 2
