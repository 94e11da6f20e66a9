"""The demo does what it says: kills, resumes, asks, exports, verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wrkr_core import events as e
from wrkr_core.errors import InvalidInputError, NotSupportedHereError, StepFailedError
from wrkr_core.finding import open_store
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.ledger import Ledger
from wrkr_run import demo
from wrkr_run.demo import run_demo

if TYPE_CHECKING:
    from pathlib import Path


def no_questions(_question: str) -> bool:
    pytest.fail("it asked")


def test_the_demo_kills_two_workers_and_repeats_no_finished_step(tmp_path: Path) -> None:
    said: list[str] = []

    result = run_demo(tmp_path, approve=True, report=said.append, confirm=no_questions)

    assert (result.kills, result.steps_run, result.steps_repeated) == (2, 6, 0)
    assert result.verified
    assert tuple(said) == result.lines
    assert any(line.endswith(": demo --yes") for line in said)
    with result.jobpack.open("rb") as file:
        assert verify_pack(file, expect_receipt=result.receipt).status == "completed"
    head = tmp_path / "repository" / ".git" / "logs" / "HEAD"
    assert (
        head.read_text().splitlines()[-1].endswith("merge fix: Merge made by the 'ort' strategy.")
    )
    effects = (tmp_path / "effects.log").read_text().split("\n")
    assert effects[:4] == ["plan 1 began", "plan 1 ended", "edit 1 began", "edit 2 began"]


def test_refused_the_merge_does_not_happen_and_the_pack_says_so(tmp_path: Path) -> None:
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    result = run_demo(tmp_path, approve=False, report=lambda _line: None, confirm=refuse)

    assert len(asked) == 1
    with result.jobpack.open("rb") as file:
        assert verify_pack(file).status == "canceled"
    assert "merge" not in (tmp_path / "effects.log").read_text()
    assert any("canceled: " in line for line in result.lines)


def test_approved_by_a_person_it_is_recorded_so(tmp_path: Path) -> None:
    result = run_demo(
        tmp_path, approve=False, report=lambda _line: None, confirm=lambda _question: True
    )

    store = open_store(f"sqlite:///{tmp_path}/wrkr.db")
    reasons = [
        recorded.event.reason
        for recorded in Ledger(store).events(result.job_id)
        if isinstance(recorded.event, e.ApprovalGiven)
    ]
    store.close()
    assert reasons == ["approved in the demo"]


def test_somebody_must_be_there_to_approve(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="nobody can approve"):
        run_demo(tmp_path, approve=False, report=print)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()

    with pytest.raises(InvalidInputError, match="is not empty"):
        run_demo(tmp_path, approve=True, report=print)


def test_without_git_the_demo_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotSupportedHereError, match="needs git") as caught:
        run_demo(tmp_path, approve=True, report=print)

    assert caught.value.hint == "install git, then run it again"


def test_a_worker_that_gets_nowhere_is_told_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises(StepFailedError, match="the demo's worker got nowhere, its job is queued"):
        run_demo(tmp_path, approve=True, report=lambda _line: None)


def test_without_the_sqlite_store_files_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(url: str) -> None:
        raise NotSupportedHereError(url)

    monkeypatch.setattr(demo, "open_store", refuse)

    assert demo.store_url(tmp_path) == f"files:///{tmp_path}/store"
