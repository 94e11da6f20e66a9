"""The example workflow says only what exists, and its steps do on a real jobpack what it promises."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
import pytest
import yaml

from tests.stories import contents_of
from wrkr_cli.main import CommandTable
from wrkr_core.jobpack.verify import verify_pack

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "examples" / "ci" / "wrkr-accept.yml"
WORKFLOW: Final[dict[Any, Any]] = yaml.safe_load(FILE.read_text("utf-8"))
CALL: Final = WORKFLOW[True]["workflow_call"]  # YAML 1.1 takes the key `on` for a boolean
STEPS: Final[list[dict[str, Any]]] = WORKFLOW["jobs"]["accept"]["steps"]
SCRIPTS: Final = {step["name"]: step for step in STEPS if "run" in step}
EXPRESSION: Final = re.compile(r"\$\{\{ (.+?) \}\}")
BASH: Final = shutil.which("bash") or "bash"
PINNED: Final = re.compile(
    r"^ *(?:- )?uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", re.MULTILINE
)
SPEC: Final = """
name: count
steps:
  - {id: count, run: "echo 3 > count.txt", artifacts: ["count.txt"]}
"""


def command_lines() -> Iterator[list[str]]:
    """Yield every command line of wrkr in the workflow, as words."""
    for step in SCRIPTS.values():
        for found in re.finditer(r"\bwrkr (?:[^\n)|;\"]|\"[^\"\n]*\")+", step["run"]):
            yield shlex.split(found[0])


def test_every_command_and_option_in_it_exists() -> None:
    lines = list(command_lines())

    paths = []
    for _wrkr, *words in lines:
        command: click.Command = CommandTable()[words.pop(0)]
        path = [command.name or ""]
        while isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
            path.append(command.name or "")
        command.make_context(path[0], words, resilient_parsing=False)
        paths.append(" ".join(path))
    assert sorted(set(paths)) == [
        "accept run",
        "export",
        "import",
        "receipt",
        "report github",
        "report html",
        "verify",
    ]
    assert paths.count("report github") == 1  # so the summary is written once


def test_every_action_is_pinned_by_the_hash_of_its_commit() -> None:
    text = FILE.read_text("utf-8")
    used = [step["uses"] for step in STEPS if "uses" in step]

    assert len(used) == len(PINNED.findall(text)) == 4


def test_no_value_gets_into_a_script_as_text() -> None:
    assert [name for name, step in SCRIPTS.items() if "${{" in step["run"]] == []


def test_every_expression_names_what_there_is() -> None:
    ids = {step["id"] for step in STEPS if "id" in step}
    found = set(EXPRESSION.findall(FILE.read_text("utf-8")))

    for name in (each for each in found if each.startswith("inputs.")):
        assert name.removeprefix("inputs.") in CALL["inputs"]
    for name in (each for each in found if each.startswith("steps.")):
        _, step, outputs, output = name.split(".")
        assert (step in ids, outputs) == (True, "outputs")
        script = next(each["run"] for each in STEPS if each.get("id") == step)
        assert f'echo "{output}=' in script
    rest = {each for each in found if not each.startswith(("inputs.", "steps.", "jobs."))}
    assert rest == {
        "runner.temp",
        "github.triggering_actor",
        "!cancelled() && steps.import.outcome == 'success'",
    }
    assert all(each["description"] for each in CALL["inputs"].values())


@attrs.frozen
class Ran:
    """How one step ended."""

    code: int
    out: str
    err: str


class Runner:
    """Runs the scripts of the workflow as a runner does, with what is on this machine."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "repository"
        self.temp = folder / "temp"
        self.summary = folder / "summary.md"
        (self.temp / "jobpack").mkdir(parents=True)
        self.workspace.mkdir()
        self.outputs: dict[str, str] = {}
        self.inputs = {name: each["default"] for name, each in CALL["inputs"].items()}
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        wrkr = bin_folder / "wrkr"
        wrkr.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wrkr_cli "$@"\n', "utf-8")
        wrkr.chmod(0o755)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WRKR")},
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(self.temp),
        }

    def step(self, name: str) -> Ran:
        """Run one step, and keep its outputs."""
        step, output = SCRIPTS[name], self.temp / "output"
        output.write_text("", "utf-8")
        given = {key: EXPRESSION.sub(self._value, str(value)) for key, value in step["env"].items()}
        done = subprocess.run(
            [BASH, "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env={**self._environment, **given, "GITHUB_OUTPUT": str(output)},
            capture_output=True,
            text=True,
            check=False,
        )
        for line in output.read_text("utf-8").splitlines():
            key, _, value = line.partition("=")
            self.outputs[f"steps.{step['id']}.outputs.{key}"] = value
        return Ran(done.returncode, done.stdout, done.stderr)

    def _value(self, found: re.Match[str]) -> str:
        said = found[1]
        if said.startswith("inputs."):
            value = self.inputs[said.removeprefix("inputs.")]
            return str(value).lower() if isinstance(value, bool) else str(value)
        fixed = {"runner.temp": str(self.temp), "github.triggering_actor": "ada"}
        return fixed[said] if said in fixed else self.outputs[said]

    def wrkr(self, *arguments: str) -> Ran:
        """Run one command beside the workflow, as whoever did the work."""
        done = subprocess.run(
            [sys.executable, "-m", "wrkr_cli", *arguments],
            cwd=self.workspace,
            env={**self._environment, "WRKR_HOME": str(self.temp / "elsewhere")},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    @property
    def pack(self) -> Path:
        """Where the artifact with the jobpack is."""
        return self.temp / "jobpack" / "jobpack_j1.zip"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner that has the artifact of a finished job, and rules that the job meets."""
    made = Runner(tmp_path)
    (made.workspace / "job.yaml").write_text(SPEC, "utf-8")
    rules = "artifacts: [count.txt]\nchecks: [{name: three, run: 'test $(cat count.txt) = 3'}]\n"
    (made.workspace / "accept.yaml").write_text(rules, "utf-8")
    assert made.wrkr("run", "job.yaml", "--job-id", "j1").code == 0
    exported = Path(made.wrkr("export", "j1", "--out-dir", str(tmp_path), "--quiet").out.strip())
    exported.rename(made.pack)
    return made


@pytest.mark.slow
def test_a_job_that_meets_the_rules_is_accepted_reported_and_packed(runner: Runner) -> None:
    for name in ("Verify", "Import", "Accept", "Report"):
        done = runner.step(name)
        assert done.code == 0, f"{name}: {done.out}{done.err}"

    pack = runner.workspace / "wrkr-out" / "jobpacks" / "jobpack_j1.zip"
    receipt = runner.outputs["steps.report.outputs.receipt"]
    with pack.open("rb") as file:
        assert verify_pack(file, expect_receipt=receipt).status == "completed"
    assert b'"by":"github:ada"' in contents_of(pack.read_bytes())["accept/accept_result.json"]
    once = runner.summary.read_text("utf-8")
    assert once == (runner.workspace / "wrkr-out/reports/report_j1.md").read_text("utf-8")
    assert "**Acceptance:** passed, 5 of 5 checks" in once
    assert runner.step("Report").code == 0
    assert runner.summary.read_text("utf-8") == once  # written once, however often the step runs
    reports = {each.name for each in (runner.workspace / "wrkr-out" / "reports").iterdir()}
    assert reports == {"accept.xml", "report_j1.md", "report_j1.json", "report_j1.html"}


@pytest.mark.slow
def test_a_job_that_does_not_meet_them_ends_with_5_and_is_reported_all_the_same(
    runner: Runner,
) -> None:
    (runner.workspace / "count.txt").write_text("4", "utf-8")

    codes = {name: runner.step(name) for name in ("Verify", "Import", "Accept", "Report")}

    assert {name: each.code for name, each in codes.items()} == {
        "Verify": 0,
        "Import": 0,
        "Accept": 5,
        "Report": 0,
    }
    assert codes["Accept"].err.count("::error title=j1 ") == 2
    assert "**Acceptance:** failed, 3 of 5 checks" in runner.summary.read_text("utf-8")
    assert SCRIPTS["Report"]["if"].startswith("${{ !cancelled()")
    assert "if" not in SCRIPTS["Accept"]


def test_what_was_changed_is_not_even_imported(runner: Runner) -> None:
    data = bytearray(runner.pack.read_bytes())
    data[len(data) // 2] ^= 1
    runner.pack.write_bytes(data)

    done = runner.step("Verify")

    assert done.code in {2, 6}
    assert runner.outputs == {}
    assert not runner.summary.exists()


def test_signatures_are_required_where_it_is_said(runner: Runner) -> None:
    runner.inputs["require-signature"] = True

    assert runner.step("Verify").code == 2


@pytest.mark.parametrize("count", [0, 2])
def test_an_artifact_without_exactly_one_jobpack_is_refused(runner: Runner, count: int) -> None:
    if count:
        (runner.pack.parent / "another.zip").write_bytes(runner.pack.read_bytes())
    else:
        runner.pack.unlink()

    done = runner.step("Verify")

    assert (done.code, f"holds {count} jobpacks" in done.out) == (6, True)
