"""21: no secret gets into a log, a pack, a report or what is printed, whatever path it takes."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Final

import pytest

import wrkr_core as wrkr
from tests.canaries import DECLARED, GITHUB, NOTHING, PASSWORD, TOKENS, private_key
from tests.hard_cases.shells import Shell
from wrkr_core import events as e
from wrkr_core.redaction.mask import count_markers
from wrkr_run.known_secrets import KnownSecrets

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hard_cases.places import Place

KEY: Final = private_key("OPENSSH ")
FORMS: Final = (
    PASSWORD,
    DECLARED,
    GITHUB,
    b64encode(PASSWORD.encode()).decode().rstrip("="),
    PASSWORD.replace("-", "%2D"),
    *KEY.split("\n")[1:-1],
    TOKENS["basic-auth"][0].split(":")[2].split("@")[0],
)
# What the commands and functions of the jobs get hold of; none of it is in a spec.
LEAKS: Final = f"{PASSWORD} {DECLARED} {GITHUB}\n{KEY}\n{TOKENS['basic-auth'][0]}\n"

PROGRAM: Final = """
from pathlib import Path
TEXT = Path(__file__).with_name("leaks.txt").read_text()
FIRST = TEXT.split("\\n")[0]

def main(job):
    job.step("small", lambda: [TEXT, {TEXT: 1}])
    job.step("big", lambda: {"lines": TEXT.split("\\n"), "long": "x" * 70_000})
    job.checkpoint("progress", "with " + FIRST, data={"a": [TEXT]})
    answer = job.ask("May I use " + FIRST + "?", data=TEXT)
    job.step("after", lambda: answer.reason)
    job.step("fails", fail)

def fail():
    raise RuntimeError("x" * 3_990 + TEXT)
"""
JOBS: Final = ("spec", "python")
SPEC: Final = {
    "name": "canary",
    "secrets": ["MOTTO"],
    "steps": [
        {"id": "said", "run": "cat leaks.txt; cat leaks.txt >&2; echo $API_PASSWORD $MOTTO"},
        {"id": "written", "run": "cp leaks.txt made.txt", "artifacts": ["made.txt"]},
        {"id": "long", "run": "for i in $(seq 400); do cat leaks.txt; done"},
        {"id": "fails", "run": "cat leaks.txt >&2; exit 3"},
    ],
}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A workspace whose commands get hold of secrets in every way there is."""
    monkeypatch.setenv("API_PASSWORD", PASSWORD)
    monkeypatch.setenv("MOTTO", DECLARED)
    found = Shell(tmp_path, monkeypatch)
    module = f"{found.folder.name.replace('-', '_')}_leaking"
    (found.folder / "leaks.txt").write_text(LEAKS)
    (found.folder / f"{module}.py").write_text(PROGRAM)
    (found.folder / "spec.json").write_text(json.dumps(SPEC))
    program = {"name": "canary", "secrets": ["MOTTO"], "python": f"{module}:main"}
    (found.folder / "python.json").write_text(json.dumps(program))
    return found


def left_behind(shell: Shell) -> dict[str, bytes]:
    """Return every file that wrkr wrote, in the workspace and in the store, and what it printed."""
    own = {"leaks.txt", "made.txt", "job.yaml"}
    files = [
        path
        for folder in (shell.folder, shell.folder.with_name(f"{shell.folder.name}.store"))
        for path in folder.rglob("*")
        if path.is_file() and path.name not in own and path.suffix not in {".py", ".pyc"}
    ]
    printed = "\n".join(f"{said.out}\n{said.err}" for said in shell.said)
    return {**{str(path): path.read_bytes() for path in files}, "printed": printed.encode()}


def leaks(found: dict[str, bytes]) -> list[str]:
    return [
        f"{name} holds {form!r}"
        for name, data in found.items()
        for form in FORMS
        if form.encode() in data
    ]


@pytest.mark.parametrize("kind", ["sqlite", "files"])
def test_21_no_canary_is_left_behind_in_a_store_a_pack_a_report_or_what_is_printed(
    kind: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "files":
        shell.url = f"files:///{shell.folder}.store/folder"
    first = LEAKS.split("\n", maxsplit=1)[0]
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(shell.folder / "summary.md"))
    codes = [shell.run(f"run {name}.json --job-id {name} --verbose").code for name in JOBS]
    asked = shell.run("status python --json").json["open_decisions"][0]["checkpoint_id"]
    codes += [
        shell.run(line).code
        for line in (
            f"approve python {asked} --reason '{first}' --by ann",
            "resume python --verbose",
            f"cancel spec --reason '{first}'",
            f"pause python --reason '{first}'",
        )
    ]
    for job_id in JOBS:
        for line in ("log @ --json", "job inspect @ --json", "status @", "tail @"):
            shell.run(line.replace("@", job_id))
        for line in ("export @", "export @ --format v1", "report github @", "report html @"):
            assert shell.run(line.replace("@", job_id)).code == 0
    monkeypatch.setenv("WRKR_DEBUG", "1")
    shell.run(f"log 'https://ada:{FORMS[-1]}@host.test'")
    shell.run(f"status '{PASSWORD} {GITHUB}'")

    found = left_behind(shell)

    assert codes[:4] == [1, 4, 0, 1]
    assert leaks(found) == []
    assert sum(b"[REDACTED:" in data for data in found.values()) > 8
    assert shell.run("store scan").code == 0


def test_21_what_a_step_returned_is_what_a_replay_returns(on_disk: Place) -> None:
    known = KnownSecrets({"API_PASSWORD": PASSWORD})
    values = [PASSWORD, [PASSWORD, {"a": GITHUB}], {"big": PASSWORD + "x" * 70_000}]
    ledger = wrkr.Ledger(on_disk.open(), actor="ann", redact=known)
    ledger.submit(wrkr.JobSpec(name="j"), job_id="j")

    with ledger.work("j") as job:
        first = [job.step("get", lambda value=value: value) for value in values]
    with ledger.work("j") as job:
        again = [job.step("get", list) for _ in values]

    assert first == again
    assert [count_markers(json.dumps(each).encode()).total() for each in first] == [1, 2, 1]


@pytest.mark.parametrize("most", [2_000, 4_000])
def test_21_a_text_that_is_cut_holds_no_half_of_a_secret(most: int, on_disk: Place) -> None:
    ledger = wrkr.Ledger(on_disk.open(), actor="ann", redact=NOTHING)
    ledger.submit(wrkr.JobSpec(name="j"), job_id="j")

    def fail() -> None:
        # Across the cut, also behind the words that wrkr puts before it.
        raise OSError("." * (most - 30) + GITHUB)

    with pytest.raises(wrkr.StepFailedError), ledger.work("j") as job:
        job.step("fails", fail)

    said = "".join(str(each.event) for each in ledger.events("j"))
    assert GITHUB[:8] not in said
    assert "[REDACTED" in said


def test_21_a_question_that_was_masked_is_found_again(on_disk: Place) -> None:
    ledger = wrkr.Ledger(
        on_disk.open(), actor="ann", redact=KnownSecrets({"API_PASSWORD": PASSWORD})
    )
    ledger.submit(wrkr.JobSpec(name="j"), job_id="j")

    def ask(question: str) -> list[str | None]:
        chosen: list[str | None] = []
        with ledger.work("j") as job:
            chosen.append(job.ask(question, choices=["yes", "no"]).choice)
        return chosen

    assert ask(f"Deploy with {PASSWORD}?") == []
    (decision,) = ledger.state("j").decisions
    ledger.approve("j", decision.checkpoint_id, reason="fine", choice="yes")

    assert ask(f"Deploy with {PASSWORD}?") == ["yes"]
    with pytest.raises(wrkr.NonDeterminismError) as caught:
        ask("Deploy with something else?")
    assert PASSWORD not in str(caught.value.details)


def test_21_equal_secrets_look_equal_in_one_job_and_in_no_two(on_disk: Place) -> None:
    ledger = wrkr.Ledger(on_disk.open(), actor="ann", redact=KnownSecrets({"A_KEY": PASSWORD}))
    said = []
    for job_id in ("one", "other"):
        ledger.submit(wrkr.JobSpec(name="j"), job_id=job_id)
        for _ in range(2):
            ledger.emit(job_id, "progress", f"used {PASSWORD}")
        said.append(
            {
                each.event.summary
                for each in ledger.events(job_id, after=1)
                if isinstance(each.event, e.CheckpointRecorded)
            }
        )

    assert [len(each) for each in said] == [1, 1]
    assert not said[0] & said[1]


def test_21_a_spec_that_holds_a_secret_is_refused_with_its_line_and_not_its_value(
    shell: Shell,
) -> None:
    lines = ["name: j", "command:", "  run: [curl, -H, @]", "  env:", "    DEPLOY_KEY: &"]
    text = "\n".join(lines).replace("@", GITHUB).replace("&", "hunter2hunter2")
    (shell.folder / "secret.yaml").write_text(text)

    refused = shell.run("submit secret.yaml --job-id j")
    assert refused.code == 8
    assert "secret.yaml:3: command.run[2] (github-token)" in refused.err
    assert "secret.yaml:5: command.env.DEPLOY_KEY (env-DEPLOY_KEY)" in refused.err
    assert GITHUB not in refused.err
    assert "hunter2" not in refused.err
    assert shell.run(f"wrap -- curl {GITHUB}").code == 8
    assert shell.run("list --json").json["jobs"] == []

    assert shell.run("submit secret.yaml --job-id j --allow-secrets").code == 0
    assert "which was allowed: command.run[2] (github-token)" in shell.run("log j --json").out
    assert shell.run("store scan --job j").code == 8


def test_21_what_slipped_in_is_found_and_told_by_its_place(on_disk: Place, shell: Shell) -> None:
    ledger = on_disk.ledger()  # nobody told it what a secret is
    ledger.submit(wrkr.JobSpec(name="j"), job_id="j")
    with ledger.work("j") as job:
        job.step("get", lambda: {"a": [PASSWORD], "long": "x" * 70_000})
        job.complete(f"done with {GITHUB}")
    on_disk.close()
    shell.url = on_disk.url

    said = shell.run("store scan --json")

    assert said.code == 8
    assert {(each["pointer"], each["rule"]) for each in said.json["findings"]} == {
        ("/a/0", "env-API_PASSWORD"),
        ("/payload/summary", "github-token"),
        ("/state/summary", "github-token"),  # the snapshot
    }
    assert leaks({"said": (said.out + said.err).encode()}) == []
    assert said.envelope["code"] == "E_UNSAFE_OPERATION"


def test_21_what_was_masked_is_counted(shell: Shell) -> None:
    shell.run("run spec.json --job-id spec")

    counts = shell.run("job inspect spec --json").json["redacted"]

    assert counts["env-API_PASSWORD"] > 2
    assert counts["private-key"] > 2
    assert set(counts) >= {"basic-auth", "env-MOTTO", "github-token"}
    text = shell.run("job inspect spec").out
    assert f"{counts['private-key']:>6}  private-key" in text
