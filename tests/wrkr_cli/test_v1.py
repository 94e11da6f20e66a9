"""Jobpacks of format v1 at the command line: verified as what they are, written, and not imported."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.wrkr_core.jobpack.v1 import contract_check
from tests.wrkr_core.jobpack.v1.forging import APPROVED, BROKEN, FIXTURES, expected

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

PACK: Final = str(FIXTURES / "jobpacks" / f"{APPROVED}.zip")


def broken(name: str) -> str:
    return str(FIXTURES / "tampered" / f"{name}.zip")


def finished_job(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("approve", "j1", "--reason", "looked at the count")
    assert wrkr_command("resume", "j1").code == 0


def test_a_v1_pack_is_said_to_be_what_it_is(wrkr_command: Wrkr) -> None:
    said = wrkr_command("verify", PACK)

    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "limits       ok  a file of 12694 bytes"
    assert lines[-1] == (
        "fx_approved: integrity ok, 22 events, completed, "
        "format: v1, assurance: unsigned, history: not foldable"
    )
    assert wrkr_command("verify", PACK, "--quiet").out == "ok\n"


def test_a_program_is_told_the_same(wrkr_command: Wrkr) -> None:
    receipt = expected(APPROVED)["footer"]

    found = wrkr_command("verify", PACK, "--receipt", receipt, "--json").json

    assert (found["ok"], found["integrity"]) == (True, "verified")
    assert (found["format"], found["assurance"]) == ("v1", "unsigned")
    assert (found["history"], found["head_hash"]) == ("not foldable", None)
    assert (found["job_id"], found["status"], found["events"]) == ("fx_approved", "completed", 22)
    assert found["pack_id"] == expected(APPROVED)["manifest_sha256"]
    assert found["answers"]["asserted"] == 1


@pytest.mark.parametrize("name", [each for each in BROKEN if not expected(each)["go_ok"]])
def test_a_pack_that_v1_rejects_ends_with_its_code_inside_and_outside(
    name: str, wrkr_command: Wrkr
) -> None:
    said = wrkr_command("verify", broken(name), "--json")

    assert (said.code, said.out) == (expected(name)["go_exit"], "")
    assert said.envelope["code"] == expected(name)["code"]
    assert said.envelope["exit_code"] == said.code
    assert said.envelope["details"]["format"] == "v1"
    assert said.envelope["hint"]


def test_a_forgery_that_v1_accepts_is_refused_with_its_place(wrkr_command: Wrkr) -> None:
    said = wrkr_command("verify", broken("t19_forged_approval_resealed"))

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "E_VERIFY_HISTORY: approvals.jsonl, line 1: the approval of 'cp_11' states another "
        "approved_by than the log\n"
        "  it is of format v1 and judged by its rules; ask whoever wrote it for a sound one\n"
    )


def test_a_v1_pack_does_not_verify_where_signatures_are_wanted(wrkr_command: Wrkr) -> None:
    said = wrkr_command("verify", PACK, "--require-signature", "--json")

    assert (said.code, said.envelope["code"]) == (2, "E_VERIFY_SIGNATURE")


def test_a_v1_pack_larger_than_asked_for_is_refused(wrkr_command: Wrkr) -> None:
    said = wrkr_command("verify", PACK, "--max-size", "12693B", "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_VERIFY_MALFORMED")
    assert said.envelope["details"]["limit"] == 12693


def test_a_v1_pack_is_not_imported_and_it_is_said_why(wrkr_command: Wrkr) -> None:
    said = wrkr_command("import", PACK, "--json")

    assert (said.code, said.envelope["code"]) == (1, "E_NOT_SUPPORTED")
    assert "history is not foldable" in said.envelope["message"]
    assert said.envelope["hint"].startswith("keep the jobpack as evidence")
    assert wrkr_command("list", "--json").json["jobs"] == []


def test_a_broken_v1_pack_is_not_imported_for_what_is_wrong_with_it(wrkr_command: Wrkr) -> None:
    said = wrkr_command("import", broken("t21_status_forged_resealed"), "--json")

    assert (said.code, said.envelope["code"]) == (2, "E_VERIFY_HISTORY")


def test_a_job_is_exported_as_v1_beside_its_jobpack(wrkr_command: Wrkr) -> None:
    finished_job(wrkr_command)
    ours = wrkr_command("export", "j1", "--json").json

    said = wrkr_command("export", "j1", "--format", "v1", "--json").json
    text = wrkr_command("export", "j1", "--format", "v1")

    assert said["path"] == "wrkr-out/jobpacks/jobpack_j1.v1.zip"
    assert (said["format"], ours["format"]) == ("v1", "v2")
    assert (said["status"], said["attestations"]) == ("completed", [])
    assert contract_check.check(Path(said["path"]).read_bytes())["job_id"] == "j1"
    assert text.out.splitlines() == [
        f"wrote {said['path']}: format v1, {said['events']} events, {said['size']} bytes",
        "v1 has no hash chain, no signatures and fewer words; what it cannot say is left out",
        said["receipt"],
    ]
    for pack in (said, ours):
        verified = wrkr_command("verify", pack["path"], "--receipt", pack["receipt"], "--json")
        assert verified.json["format"] == pack["format"]
    assert wrkr_command("verify", ours["path"], "--receipt", said["receipt"]).code == 2


def test_what_is_in_an_exported_pack_can_be_read(wrkr_command: Wrkr) -> None:
    finished_job(wrkr_command)
    said = wrkr_command("export", "j1", "--format", "v1", "--json").json

    with zipfile.ZipFile(said["path"]) as archive:
        assert archive.testzip() is None
        approval = json.loads(archive.read("approvals.jsonl"))
        artifacts = json.loads(archive.read("artifacts_manifest.json"))["artifacts"]

    assert (approval["approved_by"], approval["reason"]) == ("ann", "looked at the count")
    assert [each["path"] for each in artifacts] == ["count.txt"]


def test_what_an_export_as_v1_would_do_is_explained_and_not_done(wrkr_command: Wrkr) -> None:
    wrkr_command("submit", "job.yaml", "--job-id", "j1")

    said = wrkr_command("export", "j1", "--format", "v1", "--explain").out

    target = "wrkr-out/jobpacks/jobpack_j1.v1.zip"
    assert said == f"would tell the 1 events of j1 in the words of v1, unsigned, to {target}\n"
    assert not Path(target).exists()


def test_a_v1_pack_is_not_signed(wrkr_command: Wrkr) -> None:
    wrkr_command("submit", "job.yaml", "--job-id", "j1")

    said = wrkr_command("export", "j1", "--format", "v1", "--sign", "ann", "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert "leave out --sign" in said.envelope["hint"]
    assert not Path("wrkr-out").exists()


@pytest.mark.parametrize("arguments", [["nope", "--format", "v1"], ["j1", "--format", "v3"]])
def test_what_cannot_be_exported_is_refused(arguments: list[str], wrkr_command: Wrkr) -> None:
    said = wrkr_command("export", *arguments, "--json")

    assert said.code in (1, 6)
    assert said.envelope["code"] in ("E_NOT_FOUND", "E_INVALID_INPUT_SCHEMA")
