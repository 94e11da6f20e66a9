"""The demo tells its story once, and where its job is: in a store of its own, which may be gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from wrkr_run import demo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.wrkr_cli.conftest import Wrkr


STORY = ("job j: mend it", "1 workers killed")


@pytest.fixture
def short(wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch) -> Wrkr:
    """Make every demo a short one that succeeds."""

    def run_demo(folder: Path, report: Callable[[str], None], **_given: object) -> demo.DemoResult:
        for line in STORY:
            report(line)
        return demo.DemoResult(
            job_id="j",
            jobpack=folder / "jobpack_j.zip",
            receipt="WRKR",
            kills=1,
            steps_run=2,
            steps_repeated=0,
            verified=True,
            lines=STORY,
        )

    monkeypatch.setattr(demo, "run_demo", run_demo)
    return wrkr_command


def test_a_person_is_told_each_line_once(short: Wrkr) -> None:
    said = short("demo", "--yes")

    assert said.out.splitlines() == list(STORY)
    assert said.err == ""
    assert short("demo", "--yes", "--quiet").out == "WRKR\n"


def test_a_script_gets_one_document_and_no_path_of_what_is_gone(short: Wrkr) -> None:
    said = short("demo", "--yes", "--json")

    assert (said.json["receipt"], said.json["jobpack"], said.json["kept"]) == ("WRKR", None, False)
    assert said.err.splitlines() == list(STORY)


def test_what_is_kept_is_named_with_the_command_that_shows_it(short: Wrkr, tmp_path: Path) -> None:
    said = short("demo", "--yes", "--keep", str(tmp_path), "--json")

    assert said.json["jobpack"] == str(tmp_path / "jobpack_j.zip")
    assert said.err.splitlines()[-1].endswith(f"wrkr list --store sqlite:///{tmp_path}/wrkr.db")


@pytest.fixture(params=[KeyboardInterrupt, click.Abort])
def interrupted(
    request: pytest.FixtureRequest, wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> Wrkr:
    """Make every demo end by Ctrl-C, in its work or at its question."""

    def run_demo(folder: Path, **_given: object) -> None:
        raise request.param

    monkeypatch.setattr(demo, "run_demo", run_demo)
    return wrkr_command


def test_a_demo_in_a_temporary_folder_leaves_nothing_and_says_so(interrupted: Wrkr) -> None:
    said = interrupted("demo", "--yes", "--json")

    assert (said.code, said.envelope["code"]) == (130, "E_INTERRUPTED")
    assert "its store was temporary and is gone" in said.envelope["hint"]
    assert "wrkr list" not in said.envelope["hint"]


def test_a_demo_that_is_kept_names_its_store(interrupted: Wrkr, tmp_path: Path) -> None:
    said = interrupted("demo", "--yes", "--keep", str(tmp_path / "kept"), "--json")

    assert said.code == 130
    store = said.envelope["hint"].partition("wrkr list --store ")[2].partition("'")[0]
    assert store == f"sqlite:///{tmp_path}/kept/wrkr.db"
    assert interrupted("list", "--store", store).code == 0
