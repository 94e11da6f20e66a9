"""``wrkr job erase``, and what the command line shows of content that is sealed or erased."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from wrkr_core.payloads.key import key_name
from wrkr_core.schemas import json_schema
from wrkr_core.signing import sealing

if TYPE_CHECKING:
    import wrkr_core as wrkr
    from tests.wrkr_cli.conftest import Said, Wrkr

CANARY = "canary-4242"
SPEC = f"""
name: sealed
objective: "{CANARY} objective"
inputs: {{note: "{CANARY} input"}}
erasable: true
steps:
  - id: one
    run: "echo {CANARY}-output"
  - id: two
    gate: "{CANARY} gate?"
    run: [echo, "{CANARY}-argument"]
"""


@pytest.fixture
def waiting(wrkr_command: Wrkr) -> Wrkr:
    """Have the job s1 wait at its gate; return what runs commands."""
    Path("sealed.yaml").write_text(SPEC)
    assert wrkr_command("run", "sealed.yaml", "--job-id", "s1").code == 4
    return wrkr_command


@pytest.fixture
def done(waiting: Wrkr) -> Wrkr:
    """Have the job s1 completed."""
    assert waiting("approve", "s1", "--reason", f"{CANARY} approval").code == 0
    assert waiting("resume", "s1").code == 0
    return waiting


def erase(run: Wrkr, *options: str) -> Said:
    return run("job", "erase", "s1", "--reason", "asked for", *options)


def test_with_its_key_here_a_job_reads_as_any_other(waiting: Wrkr) -> None:
    for command in (
        ("status", "s1"),
        ("log", "s1"),
        ("tail", "s1"),
        ("list",),
        ("checkpoint", "list", "s1"),
        ("checkpoint", "show", "s1", "cp_8"),
        ("job", "inspect", "s1"),
        ("approve", "s1", "--reason", "x", "--explain"),
    ):
        assert CANARY in waiting(*command).out, command
    assert "sealed:1:" not in waiting("log", "s1", "--json").out
    assert waiting("status", "s1", "--json").json["payloads"] == "sealed"


def test_an_erasure_is_asked_for_twice_unless_it_is_meant(done: Wrkr) -> None:
    refused = erase(done, "--json")

    assert (refused.code, refused.envelope["code"]) == (8, "E_UNSAFE_OPERATION")
    assert "--yes" in refused.envelope["hint"]
    assert done("status", "s1", "--json").json["payloads"] == "sealed"


@pytest.mark.parametrize("answer", ["y\n", "n\n"])
def test_at_a_terminal_it_is_asked(
    done: Wrkr, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _text="": answer.strip())

    said = erase(done)

    assert said.code == (0 if answer == "y\n" else 8)
    payloads = done("status", "s1", "--json").json["payloads"]
    assert payloads == ("erased" if answer == "y\n" else "sealed")


def test_after_an_erasure_nothing_can_be_read_and_all_verifies(done: Wrkr) -> None:
    assert done("export", "s1", "--out-dir", "before").code == 0

    said = erase(done, "--yes")

    assert said.out.splitlines() == [
        "erased the payloads of s1; its log, jobpacks and signatures still verify",
        "copies of the store made before, such as backups, hold the key and can still be read",
    ]
    assert done("export", "s1", "--out-dir", "after").code == 0
    for target, payloads in (
        ("s1", "erased"),
        ("before/jobpacks/jobpack_s1.zip", "sealed"),
        ("after/jobpacks/jobpack_s1.zip", "erased"),
    ):
        assert done("verify", target, "--json").json["payloads"] == payloads
        assert done("verify", target).out.splitlines()[-1].endswith(f", payloads: {payloads}")
    for command in (("status", "s1"), ("log", "s1"), ("job", "inspect", "s1")):
        shown = done(*command).out
        assert CANARY not in shown
        assert "[erased]" in shown
    assert "payloads_erased       by " in done("log", "s1").out
    assert done("store", "check").code == 0


def test_erasing_again_changes_nothing_and_says_so(done: Wrkr) -> None:
    first, again = erase(done, "--yes", "--json").json, erase(done, "--json")

    expected = {"job_id": "s1", "status": "completed", "payloads": "erased", "finished": False}
    assert first == {**expected, "recorded": True}
    assert again.json == {**expected, "recorded": False}
    assert erase(done).out == "the payloads of s1 were erased before\n"


def test_what_it_would_do_is_explained(done: Wrkr) -> None:
    told = erase(done, "--yes", "--explain").out.splitlines()

    assert told[0].startswith("would record that ")
    assert told[1].startswith("would remove the key of s1 from ")
    assert "backups" in told[2]
    assert erase(done, "--explain").out.startswith("would ask whether to go on\n")
    erase(done, "--yes")
    assert erase(done, "--explain").out == (
        "would do nothing: the payloads of s1 were erased before\n"
    )


def test_what_cannot_be_erased_is_refused_with_a_way_out(waiting: Wrkr) -> None:
    waiting("submit", "job.yaml", "--job-id", "plain")

    for job_id, hint in (("s1", "wrkr cancel s1"), ("plain", "erasable: true")):
        said = waiting("job", "erase", job_id, "--reason", "x", "--yes", "--json")
        assert (said.code, said.envelope["code"]) == (1, "E_INVALID_STATE_TRANSITION")
        assert hint in said.envelope["hint"]
    assert waiting("job", "erase", "nobody", "--reason", "x", "--json").envelope["code"] == (
        "E_NOT_FOUND"
    )


def test_an_unfinished_erasure_is_told_and_finished(done: Wrkr, ledger: wrkr.Ledger) -> None:
    erase(done, "--yes")
    ledger.store.put(key_name("s1"), b"k" * 32, 0)  # as if it had not been removed

    assert done("job", "inspect", "s1", "--json").json["erasure_unfinished"] is True
    assert "finish it: wrkr job erase s1" in done("job", "inspect", "s1").out
    assert "E_ERASURE_UNFINISHED" in done("store", "check", "--json").envelope["message"]
    doctor = done("doctor", "--json").json
    (found,) = [each for each in doctor["checks"] if each["check"] == "erasure"]
    assert (doctor["ok"], found["ok"]) == (False, False)
    assert found["mend"] == "wrkr job erase s1 --reason 'finish it' --yes"
    assert "its key is still in the store" in done("verify", "s1").out

    assert erase(done).code == 8
    assert erase(done, "--yes").out.startswith("finished erasing the payloads of s1")
    assert done("doctor", "--json").json["checks"] != doctor["checks"]


def test_elsewhere_a_sealed_job_is_read_and_verified_and_not_worked_on(waiting: Wrkr) -> None:
    waiting("export", "s1")
    other = ("--store", "sqlite:///other.db")
    pack = "wrkr-out/jobpacks/jobpack_s1.zip"

    assert waiting("import", pack, *other).code == 0
    assert "[sealed]" in waiting("status", "s1", *other).out
    assert waiting("verify", "s1", "--json", *other).json["payloads"] == "sealed"
    for command in (
        ("approve", "s1", "--reason", "x"),
        ("cancel", "s1", "--reason", "x"),
        ("job", "fork", "s1", "--at", "cp_7"),
    ):
        said = waiting(*command, "--json", *other)
        assert (said.code, said.envelope["code"]) == (1, "E_PAYLOADS_SEALED"), command
        assert said.envelope["hint"].startswith("go on in the store where")
    again = waiting("run", "sealed.yaml", "--job-id", "s1", "--json", *other)
    assert again.envelope["code"] == "E_JOB_EXISTS"


def test_what_leaves_the_store_holds_no_content_though_the_key_is_here(waiting: Wrkr) -> None:
    assert waiting("report", "github", "s1").code == 0
    assert waiting("report", "html", "s1").code == 0
    assert waiting("export", "s1").code == 0
    assert waiting("export", "s1", "--format", "v1").code == 0
    assert waiting("bridge", "work-item", "s1", "--checkpoint", "cp_8").code == 0

    written = [path for path in Path("wrkr-out").rglob("*") if path.is_file()]
    assert len(written) >= 7
    assert [str(path) for path in written if CANARY.encode() in path.read_bytes()] == []
    report = json.loads(Path("wrkr-out/reports/report_s1.json").read_bytes())
    jsonschema.validate(report, json_schema("report"))
    assert report["verification"]["payloads"] == "sealed"
    assert report["decisions"][0]["question"] == "[sealed]"
    assert "[sealed]" in Path("wrkr-out/reports/report_s1.html").read_text("utf-8")


def test_a_job_and_its_pack_are_compared_without_what_only_one_can_read(done: Wrkr) -> None:
    done("export", "s1")

    view = done("job", "diff", "s1", "wrkr-out/jobpacks/jobpack_s1.zip", "--json").json

    assert (view["relation"], view["spec"], view["status"], view["decisions"]) == (
        "same",
        [],
        [],
        [],
    )


def test_two_hidden_questions_stay_two(done: Wrkr) -> None:
    done("export", "s1")
    done("run", "job.yaml", "--job-id", "plain")

    view = done("job", "diff", "plain", "wrkr-out/jobpacks/jobpack_s1.zip", "--json").json

    assert [each["question"] for each in view["decisions"]] == [
        "Publish the count?",
        "[sealed] cp_8",
    ]


def test_a_signed_answer_of_an_erasable_job_counts_before_and_after(
    waiting: Wrkr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "DEFAULT_COST", "minimum")
    (tmp_path / "passphrase").write_text("correct horse battery\n")
    monkeypatch.setenv("WRKR_KEY_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    assert waiting("keys", "generate", "ann").code == 0
    trusted = ("keys", "trust", "ann", "--identity", "ann@example.com", "--role", "reviewer")
    assert waiting(*trusted).code == 0
    assert waiting("approve", "s1", "--reason", f"{CANARY} yes", "--sign", "ann").code == 0
    assert waiting("resume", "s1").code == 0

    for _ in range(2):
        found = waiting("verify", "s1", "--json").json
        assert (found["answers"]["signed"], found["answers"]["signed_by"]) == (
            1,
            ["ann@example.com"],
        )
        report = waiting("report", "github", "s1", "--json")
        assert report.code == 0, report.err
        erase(waiting, "--yes")
    path = Path("wrkr-out/reports/report_s1.json")
    (decision,) = json.loads(path.read_bytes())["decisions"]
    assert (decision["answer"]["assurance"], decision["answer"]["reason"]) == ("signed", "[erased]")
