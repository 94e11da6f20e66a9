"""24: what is printed was computed: from the log, from the store, from what really happened."""

from __future__ import annotations

import json
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given

import wrkr_core
from tests.histories import having_done, keyed
from tests.trying import HISTORIES
from wrkr_core import events as e
from wrkr_core.errors import VerifyHashError
from wrkr_core.finding import open_store
from wrkr_core.ledger import Ledger
from wrkr_core.views import job_row, status_view
from wrkr_run import demo
from wrkr_run.demo_project import SLOW_STEPS

if TYPE_CHECKING:
    from tests.histories import Journal
    from tests.wrkr_cli.conftest import Wrkr


@example(having_done(*map(keyed, "abc")))
@given(HISTORIES)
def test_24_every_figure_of_a_status_is_what_the_log_adds_up_to(journal: Journal) -> None:
    events = journal.events
    view = status_view(journal.now)

    finished = [each.step for each in events if isinstance(each, e.StepFinished)]
    failed = [each for each in events if isinstance(each, e.StepFailed)]
    asked = [
        each.checkpoint_id
        for each in events
        if isinstance(each, e.CheckpointRecorded) and each.kind == "decision-needed"
    ]
    answered = {
        each.checkpoint_id
        for each in events
        if isinstance(each, e.ApprovalGiven | e.ApprovalRefused)
    }
    assert view["steps"]["done"] == len(finished) == len(set(finished))
    assert view["steps"]["failed_attempts"] == len(failed)
    assert [each["checkpoint_id"] for each in view["open_decisions"]] == [
        each for each in asked if each not in answered
    ]
    assert (view["head"]["seq"], view["head"]["hash"]) == (
        len(events),
        journal.records[-1].hash,
    )
    assert view["submitted"]["by"] == journal.records[0].by
    for meter, amount in charged(events).items():
        assert view["budget"][meter]["spent"] == amount
    assert job_row(journal.now)["status"] == view["status"] == journal.now.status


def charged(events: list[e.Event]) -> Counter[str]:
    """Return what was spent of the meters that are spent by charges and reservations alone."""
    found: Counter[str] = Counter()
    for each in events:
        if isinstance(each, e.Charged | e.BudgetSettled):
            found.update({one.meter: one.amount for one in each.amounts})
    return Counter({meter: found[meter] for meter in found if meter not in ("wall", "steps")})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "approved"), [(SLOW_STEPS[:1], True), ((), True), (SLOW_STEPS[:1], False)]
)
def test_24_the_demo_counts_what_it_did(
    steps: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, approved: bool
) -> None:
    monkeypatch.setattr(demo, "SLOW_STEPS", steps)
    monkeypatch.setattr("wrkr_run.demo_project.SLOW_STEPS", steps)

    result = demo.run_demo(
        tmp_path, approve=False, report=lambda _line: None, confirm=lambda _question: approved
    )

    store = open_store(f"sqlite:///{tmp_path}/wrkr.db")
    events = [each.event for each in Ledger(store, actor="ann").events(result.job_id)]
    store.close()
    began = (tmp_path / "effects.log").read_text().count(" began")
    assert result.kills == len(steps)
    assert result.steps_run == began == sum(isinstance(each, e.StepStarted) for each in events)
    assert result.steps_run == len(steps) + (4 if approved else 3)
    assert result.steps_repeated == 0
    assert any(("canceled: " in line) != approved for line in result.lines)
    assert sum("SIGKILL" in line for line in result.lines) == len(steps)


def test_24_the_demo_says_verified_only_of_what_verifies_and_counts_what_ran_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise VerifyHashError("a byte was changed")

    monkeypatch.setattr(demo, "SLOW_STEPS", ())
    monkeypatch.setattr("wrkr_run.demo_project.SLOW_STEPS", ())
    monkeypatch.setattr(demo, "verify_pack", refuse)
    monkeypatch.setattr(demo, "repeated_on_disk", lambda _path: 3)

    result = demo.run_demo(tmp_path, approve=True, report=lambda _line: None)

    assert (result.verified, result.steps_repeated) == (False, 3)
    assert "not verified: a byte was changed" in result.lines
    assert result.lines[-1].endswith(", 3 finished steps run again")


def test_24_the_command_line_counts_what_is_in_the_store(wrkr_command: Wrkr) -> None:
    for number in range(3):
        wrkr_command("submit", "job.yaml", "--job-id", f"j{number}")
        told = said_json(wrkr_command, "store", "info")
        assert told["jobs"] == number + 1
        assert told["bytes"] >= Path(told["url"].removeprefix("sqlite:///")).stat().st_size
    wrkr_command("run", "job.yaml", "--job-id", "j3")

    status = said_json(wrkr_command, "status", "j3")
    log = [json.loads(each) for each in wrkr_command("log", "j3", "--json").out.splitlines()]
    kinds = Counter(each["type"] for each in log)

    assert status["steps"] == {"done": kinds["step_finished/1"], "total": 3} | {
        "failed_attempts": 0,
        "open": [],
    }
    assert status["budget"]["steps"]["spent"] == kinds["step_started/1"] == 2
    assert status["head"] == {"seq": len(log), "hash": log[-1]["hash"]}
    exported = said_json(wrkr_command, "export", "j3")
    assert exported["events"] == len(log)
    assert exported["size"] == Path(exported["path"]).stat().st_size
    verified = said_json(wrkr_command, "verify", exported["path"])
    assert verified["events"] == len(log)
    assert verified["pack_id"] == exported["pack_id"]


def said_json(wrkr_command: Wrkr, *arguments: str) -> Any:  # noqa: ANN401  # whatever was printed
    return wrkr_command(*arguments, "--json").json


def test_24_the_version_is_that_of_what_is_installed(wrkr_command: Wrkr) -> None:
    assert wrkr_core.__version__ == version("wrkr")
    assert wrkr_command("--version").out == f"wrkr {version('wrkr')}\n"
