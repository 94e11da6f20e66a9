"""``wrkr accept``: rules of one's own over a finished job, and 5 where it does not meet them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

RULES = """
artifacts: ["count.txt"]
checks:
  - {name: three, run: "test $(cat count.txt) = 3"}
paths: {allowed: ["*.txt"], forbidden: ["*.pem"]}
budget: {steps: 3}
decisions: approved
"""


@pytest.fixture
def finished(wrkr_command: Wrkr) -> Wrkr:
    """Finish the job j1 in a workspace with rules it meets."""
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("approve", "j1", "--reason", "looked at the count")
    assert wrkr_command("resume", "j1").code == 0
    Path("accept.yaml").write_text(RULES, "utf-8")
    return wrkr_command


def test_a_job_that_meets_every_rule_is_accepted(finished: Wrkr) -> None:
    said = finished("accept", "run", "j1")

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "ok      schema",
        "ok      status",
        "ok      decisions",
        "ok      artifact:count.txt",
        "ok      paths:allowed",
        "ok      paths:forbidden",
        "ok      budget:steps",
        "ok      check:three",
        "8 of 8 checks passed",
    ]


def test_it_is_in_the_jobpack_and_in_the_report(finished: Wrkr) -> None:
    found = finished("accept", "run", "j1", "--by", "ann", "--json").json
    pack = finished("export", "j1", "--quiet").out.strip()

    assert finished("verify", pack).code == 0
    path = finished("report", "github", pack, "--json").json["json_path"]
    acceptance = json.loads(Path(path).read_bytes())["acceptance"]
    assert (acceptance["has_passed"], acceptance["by"]) == (True, "ann")
    assert acceptance["config_digest"] == found["config_digest"]


def test_a_job_that_does_not_ends_with_5_and_every_reason(finished: Wrkr) -> None:
    Path("count.txt").write_text("4", "utf-8")

    said = finished("accept", "run", "j1", "--json")

    assert (said.code, said.envelope["code"]) == (5, "E_ACCEPT_MISSING_ARTIFACT")
    failed = {each["check"]: each["code"] for each in said.json["checks"] if not each["passed"]}
    assert failed == {
        "artifact:count.txt": "E_ACCEPT_MISSING_ARTIFACT",
        "check:three": "E_ACCEPT_TEST_FAIL",
    }
    assert (said.json["accepted"], said.json["passed"], said.json["checks_run"]) == (False, 6, 8)
    log = finished("log", "j1", "--json").out.splitlines()
    assert json.loads(log[-1])["payload"]["passed"] == 6


def test_only_a_failed_check_is_a_failed_test(finished: Wrkr) -> None:
    Path("accept.yaml").write_text("checks: [{name: no, run: 'false'}]", "utf-8")

    said = finished("accept", "run", "j1")

    assert (said.code, said.err.split(":")[0]) == (5, "E_ACCEPT_TEST_FAIL")
    assert "FAILED  check:no: E_ACCEPT_TEST_FAIL exit code 1" in said.out
    assert finished("accept", "run", "j1", "--quiet").out == "not accepted\n"


def test_a_job_that_waits_is_never_accepted(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    Path("accept.yaml").write_text("{}", "utf-8")

    found = wrkr_command("accept", "run", "j1", "--json")

    assert found.code == 5
    assert [each["code"] for each in found.json["checks"]] == [
        None,
        "E_ACCEPT_TEST_FAIL",
        "E_CHECKPOINT_APPROVAL_REQUIRED",
    ]


def test_in_ci_failures_are_workflow_commands_and_junit_has_all(finished: Wrkr) -> None:
    Path("count.txt").unlink()

    said = finished("accept", "run", "j1", "--ci", "--junit", "out/accept.xml", "--json")

    commands = [line for line in said.err.splitlines() if line.startswith("::error ")]
    assert [each.partition("::")[2].split("::")[0] for each in commands] == [
        "error title=j1 artifact%3Acount.txt",
        "error title=j1 check%3Athree",
    ]
    assert said.json["passed"] == 6
    text = Path("out/accept.xml").read_text("utf-8")
    assert 'tests="8" failures="2"' in text
    assert "::error" not in finished("accept", "run", "j1").err


def test_another_folder_may_be_looked_at(finished: Wrkr, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    said = finished("accept", "run", "j1", "--workspace", str(tmp_path / "empty"))

    assert said.code == 5
    assert "no file in the workspace matches count.txt" in said.out
    assert finished("accept", "run", "j1", "--workspace", "nowhere").code == 1


def test_a_plan_names_every_check_that_a_run_makes_and_runs_none(finished: Wrkr) -> None:
    planned = finished("accept", "plan", "--json").json
    ran = finished("accept", "run", "j1", "--json").json

    assert [each["check"] for each in planned["checks"]] == [
        each["check"] for each in ran["checks"]
    ]
    assert planned["config_digest"] == ran["config_digest"]
    assert "runs test $(cat count.txt) = 3" in finished("accept", "plan").out


def test_init_writes_rules_that_can_be_planned_and_replaces_nothing(wrkr_command: Wrkr) -> None:
    assert wrkr_command("accept", "init").code == 0
    assert wrkr_command("accept", "plan").code == 0
    before = Path("accept.yaml").read_bytes()
    said = wrkr_command("accept", "init", "--json")
    assert (said.code, said.envelope["code"]) == (8, "E_UNSAFE_OPERATION")
    Path("accept.yaml").write_text("{}", "utf-8")
    assert wrkr_command("accept", "init", "--force").code == 0
    assert Path("accept.yaml").read_bytes() == before


def test_rules_with_mistakes_are_refused_with_all_of_them(finished: Wrkr) -> None:
    Path("accept.yaml").write_text("decisions: no\nartefacts: [a]\n", "utf-8")

    said = finished("accept", "run", "j1")

    assert said.code == 6
    assert "accept.yaml:1: decisions" in said.err
    assert "accept.yaml:2: artefacts: unknown key 'artefacts'" in said.err
    assert finished("log", "j1").out.count("acceptance_recorded") == 1  # by the job itself


def test_rules_and_jobs_that_are_not_there_are_not_found(finished: Wrkr) -> None:
    for arguments in (("nothing",), ("j1", "--config", "nothing.yaml")):
        said = finished("accept", "run", *arguments, "--json")
        assert said.envelope["code"] == "E_NOT_FOUND"


def test_it_explains_itself_and_records_nothing(finished: Wrkr) -> None:
    said = finished("accept", "run", "j1", "--ci", "--junit", "a.xml", "--explain")

    assert said.code == 0
    assert "by accept.yaml: 8 checks" in said.out
    assert "a.xml" in said.out
    assert "workflow command" in said.out
    assert finished("log", "j1").out.count("acceptance_recorded") == 1  # by the job itself
    for other in ("plan", "init"):
        assert finished("accept", other, "--explain").out.startswith("would ")


def test_where_the_outcome_cannot_be_written_nothing_runs(finished: Wrkr) -> None:
    Path("folder").mkdir()
    Path("accept.yaml").write_text("checks: [{name: ran, run: 'touch ran'}]", "utf-8")

    said = finished("accept", "run", "j1", "--junit", "folder", "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert "folder is a folder; name a file" in said.envelope["message"]
    assert not Path("ran").exists()


def test_what_a_check_wrote_is_printed_for_programs(finished: Wrkr) -> None:
    Path("accept.yaml").write_text("checks: [{name: one, run: 'echo a; echo b >&2'}]", "utf-8")

    assert finished("accept", "run", "j1", "--json").json["checks"][-1]["output"] == "a\n\nb\n"
