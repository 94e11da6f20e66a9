"""Each command does what its help says, and each of its options makes a difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wrkr_core as wrkr

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

SLEEPY = """
name: sleepy
budget: {steps: 1}
steps:
  - {id: one, run: "echo one >> ran.txt"}
  - {id: two, run: "echo two >> ran.txt"}
"""


def test_init_writes_a_spec_that_can_be_submitted_and_touches_no_file_that_is_there(
    wrkr_command: Wrkr,
) -> None:
    assert wrkr_command("init", "new.yaml", "--quiet").out == "new.yaml\n"
    assert wrkr_command("submit", "new.yaml", "--json").json["created"] is True

    Path("new.yaml").write_text("mine")
    assert wrkr_command("init", "new.yaml").code == 8
    assert Path("new.yaml").read_text() == "mine"
    assert wrkr_command("init", "new.yaml", "--force").code == 0
    assert Path("new.yaml").read_text() != "mine"


def test_submit_is_idempotent_and_refuses_another_spec_under_the_same_id(
    wrkr_command: Wrkr,
) -> None:
    first = wrkr_command("submit", "job.yaml", "--job-id", "j1", "--by", "bob", "--json").json
    again = wrkr_command("submit", "job.yaml", "--job-id", "j1", "--json").json
    Path("other.yaml").write_text(SLEEPY)
    other = wrkr_command("submit", "other.yaml", "--job-id", "j1", "--json")

    assert (first["created"], again["created"]) == (True, False)
    assert other.envelope["code"] == "E_JOB_EXISTS"
    assert wrkr_command("status", "j1", "--json").json["submitted"]["by"] == "bob"


def test_a_worker_drains_what_can_be_worked_on(wrkr_command: Wrkr) -> None:
    for number in range(2):
        wrkr_command("submit", "job.yaml", "--job-id", f"j{number}")

    said = wrkr_command("worker", "--drain", "--name", "w7", "--ttl", "20s", "--json")

    assert (said.code, said.json["worked_on"], said.json["waiting"]) == (0, 2, 2)
    log = [json.loads(line) for line in wrkr_command("log", "j0", "--json").out.splitlines()]
    taken = next(each for each in log if each["type"] == "lease_taken/1")
    assert (taken["payload"]["worker"], taken["payload"]["ttl"]) == ("w7", 20_000_000)


def test_list_filters_pages_and_names_what_is_damaged(
    wrkr_command: Wrkr, ledger: wrkr.Ledger
) -> None:
    for number in range(3):
        wrkr_command("submit", "job.yaml", "--job-id", f"j{number}")
    wrkr_command("pause", "j1", "--reason", "a look")

    assert wrkr_command("list", "--status", "paused", "--quiet").out == "j1\n"
    page = wrkr_command("list", "--limit", "2", "--json").json
    assert [each["job_id"] for each in page["jobs"]] == ["j0", "j1"]
    rest = wrkr_command("list", "--after", page["next"], "--json").json
    assert [each["job_id"] for each in rest["jobs"]] == ["j2"]


def test_log_and_tail_print_what_is_asked_for(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    total = wrkr_command("status", "j1", "--json").json["head"]["seq"]

    assert len(wrkr_command("log", "j1", "--after", "5").out.splitlines()) == total - 5
    only = wrkr_command("log", "j1", "--type", "step_started", "--type", "step_finished", "--json")
    assert {json.loads(each)["type"] for each in only.out.splitlines()} == {
        "step_started/1",
        "step_finished/1",
    }
    assert len(wrkr_command("tail", "j1", "-n", "3").out.splitlines()) == 3
    followed = wrkr_command("tail", "j1", "-f", "-n", "2", "--timeout", "0.1")
    assert len(followed.out.splitlines()) == 2
    assert all(len(line) < 80 for line in wrkr_command("log", "j1").out.splitlines())


def test_status_at_an_earlier_record_is_what_it_was(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")

    assert wrkr_command("status", "j1", "--at", "1", "--json").json["status"] == "queued"
    assert wrkr_command("status", "j1", "--at", "999", "--json").envelope["code"] == "E_NOT_FOUND"


def test_checkpoints_are_listed_shown_and_emitted(wrkr_command: Wrkr) -> None:
    wrkr_command("submit", "job.yaml", "--job-id", "j1")
    emit = ["checkpoint", "emit", "j1", "progress", "half done", "--added", "a.txt"]

    found = wrkr_command(*emit, "--data", '{"n":1}', "--by", "bob", "--json").json
    shown = wrkr_command("checkpoint", "show", "j1", found["checkpoint_id"], "--json").json
    asked = wrkr_command(
        "checkpoint", "emit", "j1", "decision-needed", "Which?", "--choice", "a", "--choice", "b"
    )
    approved = wrkr_command("approve", "j1", "--choice", "b", "--reason", "better", "--json")

    assert (shown["summary"], shown["by"], shown["data"]) == ("half done", "bob", {"n": 1})
    assert shown["artifacts"]["added"] == ["a.txt"]
    assert asked.code == 0
    assert approved.json["status"] == "queued"
    listed = wrkr_command("checkpoint", "list", "j1", "--json").json["checkpoints"]
    assert [each["kind"] for each in listed] == ["progress", "decision-needed"]
    answer = wrkr_command("checkpoint", "show", "j1", listed[1]["checkpoint_id"], "--json").json
    assert (answer["answer"]["choice"], answer["answer"]["by"]) == ("b", "ann")


def test_a_budget_stops_the_job_and_raising_it_runs_nothing_again(wrkr_command: Wrkr) -> None:
    Path("two.yaml").write_text(SLEEPY)
    stopped = wrkr_command("run", "two.yaml", "--job-id", "j1", "--json")
    assert (stopped.code, stopped.json["reason_codes"]) == (1, ["E_BUDGET_EXCEEDED"])

    shown = wrkr_command("budget", "show", "j1", "--json").json["budget"]["steps"]
    assert (shown["spent"], shown["limit"]) == (1, 1)
    raised = wrkr_command("budget", "raise", "j1", "--steps", "2", "--reason", "ok", "--json")
    assert raised.json["status"] == "queued"
    assert wrkr_command("resume", "j1").code == 0
    assert Path("ran.txt").read_text().split() == ["one", "two"]


def test_a_meter_of_ones_own_can_be_limited(wrkr_command: Wrkr) -> None:
    wrkr_command("submit", "job.yaml", "--job-id", "j1")

    said = wrkr_command("budget", "raise", "j1", "--meter", "pages=7", "--reason", "r", "--json")

    assert said.json["budget"]["pages"]["limit"] == 7
    assert wrkr_command("budget", "raise", "j1", "--meter", "pages", "--reason", "r").code == 6


def test_wrap_runs_one_command_as_a_job(wrkr_command: Wrkr) -> None:
    line = ["wrap", "--name", "build", "--job-id", "b1", "--artifact", "*.txt", "--json", "--"]

    said = wrkr_command(*line, "sh", "-c", "echo made > out.txt")
    failed = wrkr_command("wrap", "--json", "--", "false")

    assert (said.code, said.json["job_id"], said.json["status"]) == (0, "b1", "completed")
    artifacts = wrkr_command("job", "inspect", "b1", "--json").json["artifacts"]
    assert [each["path"] for each in artifacts] == ["out.txt"]
    assert (failed.code, failed.json["reason_codes"]) == (1, ["E_ADAPTER_FAIL"])


def test_a_fork_has_done_what_its_origin_had(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    Path("ran.txt").unlink()

    forked = wrkr_command("job", "fork", "j1", "--at", "10", "--job-id", "j2", "--json").json
    resumed = wrkr_command("resume", "j2", "--json")

    assert forked["steps_done"] == 2
    assert resumed.json["status"] == "blocked_decision"
    assert not Path("ran.txt").exists()


def test_two_jobs_are_held_against_each_other_from_a_store_and_from_a_pack(
    wrkr_command: Wrkr, tmp_path: Path
) -> None:
    wrkr_command("submit", "job.yaml", "--job-id", "one")
    pack = wrkr_command("export", "one", "--out-dir", str(tmp_path / "out"), "--json").json["path"]
    wrkr_command("cancel", "one", "--reason", "enough")

    compared = wrkr_command("job", "diff", "one", pack, "--json").json
    assert (compared["relation"], compared["common"]) == ("continues", 1)
    assert {row["field"]: row["a"] for row in compared["status"]}["status"] == "canceled"
    text = wrkr_command("job", "diff", "one", pack).out
    assert "- goes on where + stands: the first 1 records are the same" in text
    assert wrkr_command("job", "diff", "one", "other", "--json").envelope["code"] == "E_NOT_FOUND"
    assert wrkr_command("job", "diff", "one", "no/pack.zip").code == 1


def test_a_pack_is_imported_into_another_store_and_goes_on_there(
    wrkr_command: Wrkr, tmp_path: Path
) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    first = wrkr_command("export", "j1", "--out-dir", "one", "--json").json
    elsewhere = f"files:///{tmp_path / 'elsewhere'}"

    taken = wrkr_command("import", first["path"], "--store", elsewhere, "--json")
    again = wrkr_command("import", first["path"], "--store", elsewhere, "--json")
    second = wrkr_command("export", "j1", "--store", elsewhere, "--out-dir", "two", "--json").json

    assert (taken.json["created"], again.json["created"]) == (True, False)
    assert second["pack_id"] == first["pack_id"]
    assert Path(second["path"]).read_bytes() == Path(first["path"]).read_bytes()
    assert wrkr_command("verify", "j1", "--store", elsewhere).code == 0


def test_a_changed_pack_ends_with_2_and_names_the_entry(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    path = Path(wrkr_command("export", "j1", "--json").json["path"])
    data = bytearray(path.read_bytes())
    data[data.index(b"step_finished")] ^= 1
    path.write_bytes(data)

    said = wrkr_command("verify", str(path), "--json")

    assert said.code == said.envelope["exit_code"] == 2
    assert said.envelope["code"] == "E_VERIFY_HASH_MISMATCH"
    assert "events.jsonl" in said.envelope["message"]


def test_the_store_is_described_checked_pruned_and_copied(
    wrkr_command: Wrkr, tmp_path: Path
) -> None:
    wrkr_command("wrap", "--job-id", "b1", "--", "true")
    info = wrkr_command("store", "info", "--json").json
    assert (info["name"], info["jobs"]) == ("sqlite", 1)
    assert wrkr_command("store", "check", "--quiet").out == "ok\n"

    copy = tmp_path / "copy.db"
    assert wrkr_command("store", "backup", str(copy)).code == 0
    assert wrkr_command("list", "--store", f"sqlite:///{copy}", "--quiet").out == "b1\n"

    assert wrkr_command("store", "prune", "--older-than", "1h", "--json").json["jobs"] == []
    shown = wrkr_command("store", "prune", "--older-than", "0s", "--json").json
    assert (shown["removed"], len(shown["jobs"])) == (False, 1)
    assert wrkr_command("store", "prune", "--older-than", "0s", "--yes", "--quiet").out == "1\n"
    assert wrkr_command("status", "b1", "--json").envelope["code"] == "E_NOT_FOUND"


def test_completion_prints_a_script_for_the_shell(wrkr_command: Wrkr) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_WRKR_COMPLETE" in wrkr_command("completion", shell).out


def test_doctor_says_what_is_there(wrkr_command: Wrkr) -> None:
    said = wrkr_command("doctor", "--json")

    assert said.code == 0, said.out
    assert {"python", "packages", "git", "store", "disk"} <= {
        each["check"] for each in said.json["checks"]
    }


def test_schemas_are_listed_and_shown(wrkr_command: Wrkr) -> None:
    names = wrkr_command("schema", "list", "--json").json["schemas"]

    assert "trust" in names
    shown = wrkr_command("schema", "show", "trust").out
    assert json.loads(shown) == wrkr_command("schema", "show", "trust", "--json").json
    assert wrkr_command("schema", "show", "no").code == 1


@pytest.mark.parametrize("words", [(), ("job",), ("keys",)])
def test_a_command_that_needs_another_one_shows_its_help(
    wrkr_command: Wrkr, words: tuple[str, ...]
) -> None:
    said = wrkr_command(*words)

    assert said.code == 0
    assert said.out.startswith("Usage: wrkr")
    assert said.err == ""


def test_version_says_which_contract_is_spoken(wrkr_command: Wrkr) -> None:
    assert wrkr_command("version", "--json").json["store_protocol"] == "wrkr.store/1"
    assert wrkr_command("--version").out == f"wrkr {wrkr.__version__}\n"


@pytest.mark.slow
def test_the_demo_is_killed_resumed_approved_and_verified(
    wrkr_command: Wrkr, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"

    said = wrkr_command("demo", "--yes", "--keep", str(kept), "--json")

    assert said.code == 0, said.err
    assert said.json["verified"] is True
    assert said.json["kills"] >= 1
    assert said.json["steps_repeated"] == 0
    assert Path(said.json["jobpack"]).is_file()
    assert wrkr_command("verify", said.json["jobpack"], "--receipt", said.json["receipt"]).code == 0
