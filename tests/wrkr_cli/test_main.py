"""The command line as a whole: names, help, errors, exit codes, --explain, --json, --quiet."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from tests.canaries import PASSWORD
from wrkr_cli.framing import Command
from wrkr_cli.main import COMMANDS, CommandTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wrkr_cli.conftest import Wrkr


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its path: ``budget raise``."""
    for name in COMMANDS:
        yield from below(name, CommandTable()[name])


def below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from below(f"{path} {name}", each)
    else:
        yield path, command


ALL = dict(commands())


def test_help_lists_every_command_with_one_line(wrkr_command: Wrkr) -> None:
    said = wrkr_command("--help")

    assert said.code == 0
    for name in COMMANDS:
        assert f"\n  {name}" in said.out


@pytest.mark.parametrize("path", ALL)
def test_every_command_has_the_common_options_and_examples(path: str, wrkr_command: Wrkr) -> None:
    said = wrkr_command(*path.split(), "--help")

    assert said.code == 0
    for option in ("--store", "--json", "--quiet", "--verbose", "--explain"):
        assert option in said.out
    assert "Examples:" in said.out
    assert max(len(line) for line in said.out.splitlines()) <= 80


@pytest.mark.parametrize("path", ALL)
def test_every_example_is_a_command_line_that_parses(path: str) -> None:
    command = ALL[path]
    assert isinstance(command, Command)
    assert command.examples
    for example in command.examples:
        words = shlex.split(example.removeprefix('eval "$(').removesuffix(')"'))
        begin = words.index("wrkr") + 1 + len(path.split())
        assert words[words.index("wrkr") + 1 : begin] == path.split(), example
        command.make_context(path, words[begin:], resilient_parsing=False)


def test_a_mistyped_command_is_told_the_nearest(wrkr_command: Wrkr) -> None:
    said = wrkr_command("statsu", "j")

    assert said.code == 6
    assert "Did you mean 'status'?" in said.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status"], 6),
        (["status", "a b"], 6),
        (["status", "../../etc/passwd"], 1),
        (["status", "🙂"], 1),
        (["status", "j", "--store", "nonsense"], 6),
        (["status", "j", "--store", "sqlite:///."], 1),
        (["run", "missing.yaml"], 1),
        (["run", "."], 6),
        (["list", "--limit", "0"], 6),
        (["budget", "raise", "j", "--reason", "r"], 1),
        (["approve", "j"], 6),
        (["resume", "j", "--accept-environment"], 6),
        (["verify", "missing.zip"], 1),
        (["verify", "job.yaml"], 6),
        (["submit", "job.yaml", "--job-id", "No/Slashes"], 6),
    ],
)
def test_bad_input_gets_a_code_and_no_traceback(
    arguments: list[str], code: int, wrkr_command: Wrkr
) -> None:
    said = wrkr_command(*arguments)

    assert said.code == code, said.err
    assert said.err.startswith("E_")
    assert "Traceback" not in said.err
    assert said.out == ""


def test_explain_says_what_would_happen_and_does_nothing(wrkr_command: Wrkr, url: str) -> None:
    said = wrkr_command("run", "job.yaml", "--explain")

    assert said.code == 0
    assert "would record job report-… as queued" in said.out
    assert "would run step publish" in said.out
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_quiet_prints_only_what_a_script_needs(wrkr_command: Wrkr) -> None:
    said = wrkr_command("submit", "job.yaml", "--job-id", "j1", "--quiet")

    assert (said.out, said.err) == ("j1\n", "")


def test_verbose_says_which_store_is_used(wrkr_command: Wrkr, url: str) -> None:
    said = wrkr_command("list", "--verbose")

    assert f"store: {url}" in said.err


def test_a_whole_job_from_the_command_line(wrkr_command: Wrkr) -> None:
    run = wrkr_command("run", "job.yaml", "--job-id", "j1", "--json")
    assert run.code == 4, run.err
    assert run.json["status"] == "blocked_decision"
    assert Path("ran.txt").read_text().split() == ["write", "count"]

    early = wrkr_command("resume", "j1", "--json")
    assert early.code == 4
    assert early.envelope["code"] == "E_CHECKPOINT_APPROVAL_REQUIRED"

    approved = wrkr_command("approve", "j1", "--reason", "read it", "--json")
    assert approved.json["status"] == "queued"

    resumed = wrkr_command("resume", "j1", "--json")
    assert (resumed.code, resumed.json["status"]) == (0, "completed")
    assert Path("ran.txt").read_text().split() == ["write", "count", "publish"]

    exported = wrkr_command("export", "j1", "--json").json
    assert exported["path"] == "wrkr-out/jobpacks/jobpack_j1.zip"
    verified = wrkr_command("verify", exported["path"], "--receipt", exported["receipt"], "--json")
    assert (verified.code, verified.json["ok"]) == (0, True)

    status = wrkr_command("status", "j1", "--json").json
    assert status["steps"]["done"] == status["steps"]["total"] == 3
    log = wrkr_command("log", "j1", "--json")
    events = [json.loads(line) for line in log.out.splitlines()]
    assert [each["seq"] for each in events] == list(range(1, status["head"]["seq"] + 1))
    approvals = [each for each in events if each["type"] == "approval_given/2"]
    assert [each["by"] for each in approvals] == ["ann"]


def test_a_rejected_gate_cancels_the_job_and_its_command_never_runs(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")

    wrkr_command("reject", "j1", "--reason", "not yet")
    resumed = wrkr_command("resume", "j1", "--json")

    assert (resumed.code, resumed.json["status"]) == (1, "canceled")
    assert "publish" not in Path("ran.txt").read_text()


def test_a_second_pause_is_refused_in_words(wrkr_command: Wrkr) -> None:
    wrkr_command("submit", "job.yaml", "--job-id", "j1")
    wrkr_command("pause", "j1")

    said = wrkr_command("pause", "j1")

    assert said.code == 1
    assert "job j1 is paused; it cannot be paused again" in said.err


def test_a_closed_pipe_is_no_traceback(url: str, wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    command = f"{shlex.quote(sys.executable)} -m wrkr_cli log j1 | head -1"
    root = str(Path(__file__).resolve().parents[2])

    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert "job_submitted" in done.stdout


def test_an_unexpected_error_is_no_traceback(
    wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("wrkr_core.ledger.Ledger.jobs", broken)

    said = wrkr_command("list")

    assert said.code == 1
    assert said.err.startswith("E_GENERIC_FAILURE: ZeroDivisionError: boom")
    assert "Traceback" not in said.err


def test_where_a_defect_is_is_shown_without_secrets(
    wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRKR_DEBUG", "1")
    monkeypatch.setenv("API_PASSWORD", PASSWORD)

    said = wrkr_command("status", f"{PASSWORD}-and-more")

    assert said.code == 1
    assert said.err.startswith("Traceback (most recent call last):\n")
    assert "there is no job [REDACTED:env-API_PASSWORD:" in said.err
    assert PASSWORD not in said.err


def test_an_error_is_told_without_secrets(
    wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_PASSWORD", PASSWORD)

    for options in ([], ["--json"]):
        said = wrkr_command("status", PASSWORD, *options)
        assert "there is no job [REDACTED:env-API_PASSWORD:" in said.err
        assert PASSWORD not in said.err
