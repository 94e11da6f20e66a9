"""``wrkr store scan`` says where secrets are, in every form a command has, and ends with 8."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import wrkr_core as wrkr
from tests.canaries import GITHUB, PASSWORD
from tests.hard_cases.jobs import ROOT
from wrkr_cli import scanning

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr


@pytest.fixture
def leaky(ledger: wrkr.Ledger) -> wrkr.Ledger:
    """A store with a clean job, and one in which two secrets are recorded."""
    ledger.submit(wrkr.JobSpec(name="j"), job_id="clean")
    ledger.submit(wrkr.JobSpec(name="j"), job_id="leaky")
    ledger.pause("leaky", reason=f"see {GITHUB}")
    ledger.cancel("leaky", reason=f"see {GITHUB}")
    return ledger


@pytest.mark.usefixtures("leaky")
def test_what_is_found_is_listed_by_place_and_rule(wrkr_command: Wrkr) -> None:
    said = wrkr_command("store", "scan")

    lines = said.out.splitlines()
    assert said.code == 8
    assert lines[0] == "leaky record 2 job_paused/1 /payload/reason: github-token"
    assert lines[-1].startswith("2 secrets in 4 records and 0 other documents of sqlite:///")
    assert said.err.startswith("E_UNSAFE_OPERATION: sqlite:///")
    assert "what looks like 2 secrets; the first: leaky record 2" in said.err
    assert "replace it where it came from" in said.err


@pytest.mark.usefixtures("leaky")
def test_a_script_gets_findings_as_json_or_only_their_number(wrkr_command: Wrkr) -> None:
    said = wrkr_command("store", "scan", "--json")

    assert (said.code, said.json["found"], said.json["clean"]) == (8, 2, False)
    assert said.json["findings"][0] == {
        "where": "leaky",
        "seq": 2,
        "type": "job_paused/1",
        "pointer": "/payload/reason",
        "rule": "github-token",
    }
    assert said.envelope["details"]["found"] == 2
    assert wrkr_command("store", "scan", "--quiet").out == "2\n"


def test_what_could_not_be_looked_into_is_said(ledger: wrkr.Ledger, wrkr_command: Wrkr) -> None:
    for number in range(12):
        ledger.submit(
            wrkr.JobSpec(name="j", objective=GITHUB, erasable=True), job_id=f"j{number:02}"
        )
        ledger.cancel(f"j{number:02}", reason="no")
    opened = wrkr_command("store", "scan", "--job", "j00")
    assert opened.code == 8
    assert "job_submitted/1 /payload/spec/objective: github-token" in opened.out
    for number in range(12):
        ledger.erase(f"j{number:02}", reason="asked for")

    said = wrkr_command("store", "scan")

    lines = said.out.splitlines()
    assert said.code == 0
    assert lines[0].startswith("no secret in 36 records")
    assert lines[1] == "not looked into: the content of j00, which is erased"
    assert lines[11:] == ["not looked into: the content of 2 more jobs"]
    as_json = wrkr_command("store", "scan", "--json").json
    assert as_json["not_opened"][0] == {"job_id": "j00", "payloads": "erased"}
    assert len(as_json["not_opened"]) == 12


@pytest.mark.usefixtures("leaky")
def test_one_job_is_looked_at_alone(wrkr_command: Wrkr) -> None:
    assert wrkr_command("store", "scan", "--job", "clean").code == 0
    assert wrkr_command("store", "scan", "--job", "leaky").code == 8
    missing = wrkr_command("store", "scan", "--job", "nobody", "--json")
    assert (missing.code, missing.envelope["code"]) == (1, "E_NOT_FOUND")


@pytest.mark.usefixtures("leaky")
def test_a_jobpack_is_looked_at_in_place_of_the_store(wrkr_command: Wrkr) -> None:
    assert wrkr_command("export", "leaky").code == 0
    assert wrkr_command("export", "clean").code == 0

    found = wrkr_command("store", "scan", "wrkr-out/jobpacks/jobpack_leaky.zip")
    assert found.code == 8
    assert "events.jsonl record 2 /payload/reason: github-token" in found.out
    assert wrkr_command("store", "scan", "wrkr-out/jobpacks/jobpack_clean.zip").code == 0
    assert wrkr_command("store", "scan", "job.yaml").code == 6  # no archive


def test_a_file_that_is_not_there_is_said_with_what_was_meant(wrkr_command: Wrkr) -> None:
    name, path = wrkr_command("store", "scan", "j1"), wrkr_command("store", "scan", "no.zip")
    both = wrkr_command("store", "scan", "no.zip", "--job", "j1")

    assert (name.code, path.code, both.code) == (1, 1, 6)
    assert "a job of the store is named by --job j1" in name.err
    assert path.err == "E_NOT_FOUND: there is no file no.zip\n"
    assert "a jobpack holds one job; leave out --job" in both.err


@pytest.mark.usefixtures("leaky")
def test_of_many_findings_the_first_are_listed_and_all_are_counted(
    wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "MOST_LISTED", 1)

    lines = wrkr_command("store", "scan").out.splitlines()

    assert lines[1] == "… and 1 more"
    assert lines[2].startswith("2 secrets in ")


def test_it_says_what_it_would_do(wrkr_command: Wrkr) -> None:
    assert "read every record of sqlite:///" in wrkr_command("store", "scan", "--explain").out
    assert "would read j1 in" in wrkr_command("store", "scan", "--job", "j1", "--explain").out
    assert "would read a.zip" in wrkr_command("store", "scan", "a.zip", "--explain").out


def test_the_secrets_of_this_process_are_looked_for(
    wrkr_command: Wrkr, ledger: wrkr.Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.submit(wrkr.JobSpec(name="j", objective=PASSWORD), job_id="j")

    assert wrkr_command("store", "scan").code == 0
    monkeypatch.setenv("API_PASSWORD", PASSWORD)
    said = wrkr_command("store", "scan")
    assert said.code == 8
    assert "/payload/spec/objective: env-API_PASSWORD" in said.out


@pytest.mark.parametrize("line", ["--help", "list", "status clean", "job inspect clean"])
@pytest.mark.usefixtures("leaky")
def test_who_only_looks_does_not_pay_for_the_rules(line: str, url: str) -> None:
    program = (
        "import sys; from wrkr_cli.main import _run; code = _run(sys.argv[1:]); "
        "assert not {'detect_secrets', 'wrkr_run.secret_rules'} & set(sys.modules); sys.exit(code)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, *line.split()],
        env={**os.environ, "WRKR_STORE": url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
