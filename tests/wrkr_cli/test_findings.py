"""``wrkr verify --all``: what a person and a program are told of a job or jobpack with problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from jsonschema import Draft202012Validator

from tests.signers import with_entries
from tests.stories import contents_of, repacked
from wrkr_core.schemas import json_schema

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

PACK: Final = "wrkr-out/jobpacks/jobpack_j1.zip"
SCHEMA: Final = Draft202012Validator(json_schema("verify_findings"))


@pytest.fixture
def wrkr(wrkr_command: Wrkr) -> Wrkr:
    """A job that waits for a decision, with its jobpack."""
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("export", "j1")
    return wrkr_command


def damage() -> None:
    """Edit a line of the log in the pack, and put in a file that does not belong there."""
    pack = Path(PACK)
    contents = contents_of(pack.read_bytes())
    contents["events.jsonl"] = contents["events.jsonl"].replace(b'"seq":2', b'"seq":3', 1)
    pack.write_bytes(with_entries(repacked(contents), {"surplus.txt": b"!"}))


def test_every_problem_is_printed_and_the_first_is_how_it_ends(wrkr: Wrkr) -> None:
    damage()
    first = wrkr("verify", PACK)

    said = wrkr("verify", PACK, "--all")

    assert (said.code, said.err) == (first.code, first.err)
    assert said.code == 2
    assert "E_VERIFY_HASH_MISMATCH: surplus.txt is in the jobpack" in said.err
    assert [line.split()[:2] for line in said.out.splitlines()[:10]] == [
        ["limits", "ok"],
        ["container", "ok"],
        ["manifest", "ok"],
        ["signatures", "ok"],
        ["files", "failed"],
        ["digests", "ok"],
        ["log", "failed"],
        ["history", "not"],
        ["approvals", "not"],
        ["expectations", "ok"],
    ]
    assert "  log: E_VERIFY_HASH_MISMATCH [events.jsonl, line 2, byte " in said.out
    assert said.out.endswith("j1: 3 problems, 2 of 10 stages not judged\n")
    assert wrkr("verify", PACK, "--all", "--quiet").out == "3\n"


def test_a_program_gets_them_as_json_and_the_first_as_its_error(wrkr: Wrkr) -> None:
    damage()

    said = wrkr("verify", PACK, "--all", "--json")

    SCHEMA.validate(said.json)
    error = json.loads(said.err)
    assert (said.code, said.json["exit_code"], error["exit_code"]) == (2, 2, 2)
    assert said.json["code"] == error["code"] == said.json["problems"][0]["code"]
    assert [each["stage"] for each in said.json["problems"]] == ["files", "log", "log"]
    assert said.json["problems"][1]["line"] == 2


def test_with_nothing_wrong_it_says_what_it_says_without(wrkr: Wrkr) -> None:
    for target in (PACK, "j1"):
        said = wrkr("verify", target, "--all", "--json")
        SCHEMA.validate(said.json)

        assert said.code == 0
        assert said.json["verification"] == wrkr("verify", target, "--json").json
        assert wrkr("verify", target, "--all").out == wrkr("verify", target).out


def test_what_is_no_jobpack_is_not_judged_further(wrkr: Wrkr) -> None:
    Path("notes.zip").write_text("hello", "utf-8")

    said = wrkr("verify", "notes.zip", "--all")

    assert said.code == 6
    assert said.out.endswith("of no known job: 1 problem, 9 of 10 stages not judged\n")


def test_it_needs_something_to_judge(wrkr: Wrkr) -> None:
    assert wrkr("verify", "missing.zip", "--all").code == 1
    assert wrkr("verify", ".", "--all").code == 6
    assert wrkr("verify", "nobody", "--all").code == 1
    assert wrkr("verify", "j1", "--all", "--max-line", "1MiB").code == 6
    wrkr("job", "prove", "j1", "--event", "2")
    refused = wrkr("verify", "--all", "--proof", "wrkr-out/proofs/event-2_j1.json")
    assert (refused.code, "not for a proof" in refused.err) == (6, True)


def test_it_explains_itself(wrkr: Wrkr) -> None:
    assert "list all" in wrkr("verify", PACK, "--all", "--explain").out
