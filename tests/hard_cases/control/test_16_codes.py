"""16: the code inside the envelope, the code on the screen and the exit code come from one error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import ROOT
from tests.stories import contents_of
from wrkr_core import errors
from wrkr_core.errors import Conflict, InvalidInputError, Trimmed, WrkrError
from wrkr_core.jobpack import archive

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr


def every_error() -> list[WrkrError]:
    """Return one error of each class there is."""
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    classes = [each for each in found if issubclass(each, WrkrError)]
    special: dict[type[WrkrError], WrkrError] = {
        Conflict: Conflict("j", 1, 2),
        Trimmed: Trimmed("j", 3),
        InvalidInputError: InvalidInputError("no", problems=["this", "that"], hint="do so"),
    }
    return [special[each] if each in special else each("no", hint="do so") for each in classes]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_16_whatever_goes_wrong_inside_has_one_code_outside(
    error: WrkrError, wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("wrkr_core.ledger.Ledger.jobs", fail)

    as_json, as_text = wrkr_command("list", "--json"), wrkr_command("list")

    assert (as_json.out, as_text.out) == ("", "")
    assert as_json.code == as_text.code == as_json.envelope["exit_code"] == error.exit_code
    assert as_json.envelope["code"] == error.code
    assert as_text.err.startswith(f"{error.code}: {error.message}\n")
    assert as_json.envelope["details"] == error.details
    assert as_json.envelope["hint"] == error.hint


# What a person types, and the code and exit code of what is wrong with it.
WRONG: dict[str, tuple[list[str], str, int]] = {
    "no such job": (["status", "nobody"], "E_NOT_FOUND", 1),
    "no such command": (["statsu"], "E_INVALID_INPUT_SCHEMA", 6),
    "no such option": (["list", "--statsu"], "E_INVALID_INPUT_SCHEMA", 6),
    "no such file": (["run", "missing.yaml"], "E_NOT_FOUND", 1),
    "no such store": (["list", "--store", "sqlite:///."], "E_STORE_UNAVAILABLE", 1),
    "paused twice": (["pause", "paused"], "E_INVALID_STATE_TRANSITION", 1),
    "not approved": (["resume", "asks"], "E_CHECKPOINT_APPROVAL_REQUIRED", 4),
    "id taken": (["submit", "other.yaml", "--job-id", "asks"], "E_JOB_EXISTS", 6),
    "pack changed": (["verify", "changed.zip"], "E_VERIFY_HASH_MISMATCH", 2),
    "no pack": (["verify", "job.yaml"], "E_VERIFY_MALFORMED", 6),
    "file there": (["init", "job.yaml"], "E_UNSAFE_OPERATION", 8),
}


@pytest.fixture
def prepared(wrkr_command: Wrkr) -> Wrkr:
    """A store and a workspace with all that these commands need to go wrong."""
    wrkr_command("run", "job.yaml", "--job-id", "asks")
    wrkr_command("submit", "job.yaml", "--job-id", "paused")
    wrkr_command("pause", "paused")
    Path("other.yaml").write_text(Path("job.yaml").read_text().replace("Count", "Weigh"))
    path = Path(wrkr_command("export", "asks", "--quiet").out.strip())
    contents = contents_of(path.read_bytes())
    contents["events.jsonl"] = contents["events.jsonl"].replace(b"Publish", b"Rublish")
    with Path("changed.zip").open("wb") as file:
        archive.write(file, sorted(contents.items()))
    return wrkr_command


@pytest.mark.parametrize("what", WRONG)
def test_16_a_process_ends_with_the_code_its_envelope_states(what: str, prepared: Wrkr) -> None:
    arguments, code, exit_code = WRONG[what]

    done = subprocess.run(
        [sys.executable, "-m", "wrkr_cli", *arguments, "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    envelope = json.loads(done.stderr.splitlines()[-1])
    assert (envelope["code"], envelope["exit_code"], done.returncode) == (
        code,
        exit_code,
        exit_code,
    )
    assert (envelope["schema_id"], done.stdout) == ("wrkr.error_envelope", "")


# What a job fails by, the reason code it then states, and what a script is told.
FAILS: dict[str, tuple[str, str, int]] = {
    "command": ("steps: [{id: a, run: 'exit 3'}]", "E_ADAPTER_FAIL", 1),
    "budget": ("budget: {steps: 0}\nsteps: [{id: a, run: 'true'}]", "E_BUDGET_EXCEEDED", 1),
    "gate": ("steps: [{id: a, run: 'true', gate: 'May I?'}]", "E_CHECKPOINT_APPROVAL_REQUIRED", 4),
    "artifact": (
        "expected_artifacts: [none.txt]\nsteps: [{id: a, run: 'true'}]",
        "E_ACCEPT_MISSING_ARTIFACT",
        5,
    ),
    "check": (
        "acceptance: {checks: [{name: c, run: 'false'}]}\nsteps: [{id: a, run: 'true'}]",
        "E_ACCEPT_TEST_FAIL",
        5,
    ),
}


@pytest.mark.parametrize("what", FAILS)
def test_16_why_a_job_stopped_has_one_code_in_the_log_in_its_status_and_on_the_way_out(
    what: str, wrkr_command: Wrkr
) -> None:
    text, code, exit_code = FAILS[what]
    Path("fails.yaml").write_text(f"name: fails\n{text}\n")

    ran = wrkr_command("run", "fails.yaml", "--job-id", "j1", "--json")
    status = wrkr_command("status", "j1", "--json").json
    log = wrkr_command("log", "j1", "--json", "--type", "job_blocked").out.splitlines()

    assert ran.code == exit_code
    assert ran.json["reason_codes"] == status["reason_codes"] == [code]
    assert [json.loads(line)["payload"]["reason_codes"] for line in log] == [[code]]


def test_16_what_a_wrapped_command_is_asked_for_is_not_asked_of_wrkr(wrkr_command: Wrkr) -> None:
    line = ("wrap", "--job-id", "No/Slashes")

    asked = wrkr_command(*line, "--json", "--", "tool")
    not_asked = wrkr_command(*line, "--", "tool", "--json")

    assert asked.envelope["code"] == "E_INVALID_INPUT_SCHEMA"
    assert not_asked.err.startswith("E_INVALID_INPUT_SCHEMA: ")
    assert asked.code == not_asked.code == 6


@pytest.mark.parametrize("arguments", [["--job", "nobody"], ["--job", "asks"]])
def test_16_a_worker_process_ends_with_the_code_it_says(
    arguments: list[str], prepared: Wrkr, url: str
) -> None:
    code, exit_code = {
        "nobody": ("E_NOT_FOUND", 1),
        "asks": ("E_CHECKPOINT_APPROVAL_REQUIRED", 4),
    }[arguments[1]]

    done = subprocess.run(
        [sys.executable, "-m", "wrkr_run.worker_process", url, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.startswith(f"{code}: ")
    assert done.returncode == exit_code
