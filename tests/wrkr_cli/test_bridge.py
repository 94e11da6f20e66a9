"""``wrkr bridge work-item``: a decision becomes an item that somebody can file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr


@pytest.fixture
def asked(wrkr_command: Wrkr) -> str:
    """Run a job until it asks; return the checkpoint."""
    run = wrkr_command("run", "job.yaml", "--job-id", "j1", "--json")
    checkpoint = run.json["checkpoint"]
    return str(checkpoint["checkpoint_id"] if isinstance(checkpoint, dict) else checkpoint)


@pytest.mark.parametrize(("template", "ending"), [("github", "md"), ("jira", "txt")])
def test_an_item_is_written_as_a_document_and_as_json(
    template: str, ending: str, wrkr_command: Wrkr, asked: str
) -> None:
    said = wrkr_command("bridge", "work-item", "j1", "--checkpoint", asked, "--template", template)

    stem = f"wrkr-out/integrations/{template}/work_item_j1_{asked}"
    assert said.out.splitlines() == [f"wrote {stem}.{ending}", f"wrote {stem}.json"]
    item = json.loads(Path(f"{stem}.json").read_bytes())
    assert item["title"] == "[report] Publish the count?"
    assert Path(f"{stem}.{ending}").read_text("utf-8").endswith(item["body"])


def test_a_dry_run_prints_it_and_writes_nothing(wrkr_command: Wrkr, asked: str) -> None:
    said = wrkr_command("bridge", "work-item", "j1", "--checkpoint", asked, "--dry-run")
    view = wrkr_command("bridge", "work-item", "j1", "--checkpoint", asked, "--dry-run", "--json")

    assert said.code == 0
    assert f'wrkr approve j1 {asked} --reason "..."' in said.out.splitlines()
    assert view.json["body"] in said.out
    assert not Path("wrkr-out").exists()


def test_the_command_in_the_item_answers_the_decision(wrkr_command: Wrkr, asked: str) -> None:
    item = wrkr_command("bridge", "work-item", "j1", "--checkpoint", asked, "--dry-run", "--json")
    assert item.json["is_open"]
    (line,) = [each for each in item.json["body"].splitlines() if each.startswith("wrkr approve")]

    assert wrkr_command(*line.replace('"', "").split()[1:]).code == 0

    again = wrkr_command("bridge", "work-item", "j1", "--checkpoint", asked, "--dry-run", "--json")
    assert not again.json["is_open"]


@pytest.mark.parametrize(
    ("checkpoint", "code"),
    [("cp_1", "E_NOT_FOUND"), ("cp_999", "E_NOT_FOUND"), ("7", "E_INVALID_INPUT_SCHEMA")],
)
def test_what_is_no_checkpoint_of_the_job_is_refused(
    checkpoint: str, code: str, wrkr_command: Wrkr, asked: str
) -> None:
    said = wrkr_command("bridge", "work-item", "j1", "--checkpoint", checkpoint, "--json")

    assert said.envelope["code"] == code
    assert not Path("wrkr-out").exists()


def test_a_checkpoint_that_waits_for_nobody_is_refused(wrkr_command: Wrkr, asked: str) -> None:
    emitted = wrkr_command("checkpoint", "emit", "j1", "progress", "half way", "--json").json

    said = wrkr_command("bridge", "work-item", "j1", "--checkpoint", emitted["checkpoint_id"])

    assert said.code == 6
    assert "is a progress checkpoint" in said.err


def test_an_unknown_job_is_not_found(wrkr_command: Wrkr) -> None:
    said = wrkr_command("bridge", "work-item", "nothing", "--checkpoint", "cp_1", "--json")

    assert said.envelope["code"] == "E_NOT_FOUND"


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_it_explains_itself(more: tuple[str, ...], wrkr_command: Wrkr) -> None:
    said = wrkr_command("bridge", "work-item", "j1", "--checkpoint", "cp_1", "--explain", *more)

    assert "would make a github item of cp_1 of j1" in said.out
    assert ("print it" in said.out) == bool(more)
