"""``wrkr receipt``, ``wrkr job prove``, ``wrkr verify --receipt`` and ``--proof``: all offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.stories import packed, small_story
from tests.wrkr_core.jobpack.v1.forging import APPROVED, FIXTURES

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

OLD: Final = "wrkr-out/jobpacks/jobpack_j1.zip"
EVENT: Final = "wrkr-out/proofs/event-3_j1.json"
OTHER: Final = f"WRKR job_id=j1 manifest=sha256:{'ab' * 32}"


@pytest.fixture
def wrkr(wrkr_command: Wrkr) -> Wrkr:
    """A job that waits for a decision, with its jobpack and its receipt in a file."""
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("export", "j1")
    Path("receipt.txt").write_text(wrkr_command("receipt", "j1").out, "utf-8")
    return wrkr_command


def go_on(wrkr: Wrkr) -> None:
    assert wrkr("approve", "j1", "--reason", "looked at the count").code == 0
    assert wrkr("resume", "j1").code == 0


def test_a_job_its_jobpack_and_its_export_have_one_receipt(wrkr: Wrkr) -> None:
    line = wrkr("export", "j1", "--json").json["receipt"]

    assert wrkr("receipt", "j1").out == wrkr("receipt", OLD).out == f"{line}\n"
    assert wrkr("receipt", "j1", "--quiet").out == f"{line}\n"
    said = wrkr("receipt", OLD, "--json").json
    assert said == wrkr("receipt", "j1", "--json").json
    assert line == f'WRKR job_id=j1 manifest=sha256:{said["pack_id"]} verify="wrkr verify j1"'


def test_a_receipt_is_checked_back_against_pack_and_store(wrkr: Wrkr) -> None:
    line = Path("receipt.txt").read_text("utf-8").strip()
    short = line.partition(" verify=")[0]

    for given in (line, short, "receipt.txt"):
        for target in ([OLD], ["j1"], []):
            said = wrkr("verify", *target, "--receipt", given, "--json")
            assert said.code == 0, said.err
            assert said.json["checks"][-1]["said"].startswith("the expected")
            assert said.json["job_id"] == "j1"


@pytest.mark.parametrize("target", [[OLD], ["j1"], []])
def test_a_receipt_of_another_pack_ends_with_2_and_shows_both(
    target: list[str], wrkr: Wrkr
) -> None:
    mine = wrkr("receipt", "j1", "--json").json["pack_id"]

    said = wrkr("verify", *target, "--receipt", OTHER, "--json")

    assert (said.code, said.envelope["code"]) == (2, "E_VERIFY_HASH_MISMATCH")
    assert said.envelope["details"]["expected"] == "ab" * 32
    assert said.envelope["details"]["found"] == mine
    assert mine in said.envelope["message"]
    assert "ab" * 32 in said.envelope["message"]


def test_a_receipt_of_another_job_ends_with_2(wrkr: Wrkr) -> None:
    receipt = Path("receipt.txt").read_text("utf-8").replace("j1", "j2")

    said = wrkr("verify", OLD, "--receipt", receipt, "--json")

    assert said.code == 2
    assert "of job j2" in said.envelope["message"]
    assert "of job j1" in said.envelope["message"]


@pytest.mark.parametrize(
    "given", ["WRKR", OTHER.replace("ab", "AB"), "nothing.txt", "job.yaml", ".", "x" * 5000]
)
def test_what_is_no_receipt_is_invalid_input(given: str, wrkr: Wrkr) -> None:
    for target in ([OLD], ["j1"], []):
        said = wrkr("verify", *target, "--receipt", given)
        assert (said.code, said.out) == (6, "")
        assert "receipt" in said.err


def test_a_job_that_went_on_is_another_pack_and_proves_that_it_only_went_on(wrkr: Wrkr) -> None:
    go_on(wrkr)
    said = wrkr("verify", "--receipt", "receipt.txt")
    assert said.code == 2
    assert "wrkr job prove JOB --since RECEIPT" in said.err

    for since in (OLD, "receipt.txt", Path("receipt.txt").read_text("utf-8")):
        made = wrkr("job", "prove", "j1", "--since", since, "--json")
        assert made.code == 0, made.err
        checked = wrkr("verify", "--proof", made.json["path"], "--receipt", "receipt.txt", "--json")
        assert checked.json["held_by"] == ["receipt"]
        assert checked.json["new"]["event_count"] > checked.json["old"]["event_count"]
    newest = wrkr("receipt", "j1").out
    assert wrkr("verify", "--proof", made.json["path"], "--receipt", newest).code == 0
    by_old = wrkr("verify", OLD, "--proof", made.json["path"]).out
    by_new = wrkr("verify", "--proof", made.json["path"], "--receipt", newest).out
    by_both = wrkr("verify", OLD, "--proof", made.json["path"], "--receipt", newest).out
    assert "held by the jobpack\nthe state after is held by nothing but this proof" in by_old
    assert "held by the receipt\nthe state before is held by nothing but this proof" in by_new
    assert by_both.endswith("held by the receipt and the jobpack\n")


def test_a_proven_line_cannot_steer_a_terminal(wrkr: Wrkr) -> None:
    assert wrkr("checkpoint", "emit", "j1", "progress", "\x9b31m\u202egnp.exe").code == 0
    seq = json.loads(wrkr("log", "j1", "--json").out.splitlines()[-1])["seq"]
    made = wrkr("job", "prove", "j1", "--event", str(seq), "--json").json

    said = wrkr("verify", "--proof", made["path"])

    assert "\\u009b31m\\u202egnp.exe" in said.out
    assert [each for each in said.out if not each.isprintable() and each != "\n"] == []


def test_one_event_is_proven_from_a_receipt_and_from_a_jobpack(wrkr: Wrkr) -> None:
    assert wrkr("job", "prove", "j1", "--event", "3").out == f"wrote {EVENT}\n"
    third = json.loads(wrkr("log", "j1", "--json").out.splitlines()[2])

    alone = wrkr("verify", "--proof", EVENT)
    held = wrkr("verify", OLD, "--proof", EVENT, "--receipt", "receipt.txt", "--json").json

    assert "held by nothing but itself" in alone.out
    assert held["held_by"] == ["receipt", "jobpack"]
    assert json.loads(held["line"])["id"] == third["id"]
    assert (held["kind"], held["seq"], held["ok"]) == ("inclusion", 3, True)


def test_a_proof_is_written_where_it_is_wanted(wrkr: Wrkr) -> None:
    said = wrkr("job", "prove", "j1", "--since", "2", "--out", "made here/p.json", "--quiet")

    assert said.out == f"{Path('made here/p.json')}\n"
    assert wrkr("verify", "--proof", "made here/p.json", "--quiet").out == "ok\n"


def test_a_proof_of_another_pack_ends_with_2_and_shows_both(wrkr: Wrkr) -> None:
    wrkr("job", "prove", "j1", "--event", "3")
    mine = wrkr("receipt", "j1", "--json").json["pack_id"]
    other = Path("other.zip")
    other.write_bytes(packed(small_story()))

    for held, theirs in (
        (["--receipt", OTHER], "ab" * 32),
        ([str(other)], wrkr("receipt", str(other), "--json").json["pack_id"]),
    ):
        said = wrkr("verify", *held, "--proof", EVENT, "--json")
        assert said.code == 2
        assert mine in said.envelope["message"]
        assert theirs in said.envelope["message"]


def test_a_forged_proof_ends_with_2_and_what_is_none_with_6(wrkr: Wrkr) -> None:
    wrkr("job", "prove", "j1", "--event", "3")
    data = Path(EVENT).read_bytes()
    Path("forged.json").write_bytes(data.replace(b'"seq":3}', b'"seq":4}'))
    Path("cut.json").write_bytes(data[:-1])

    assert wrkr("verify", "--proof", "forged.json").code == 2
    assert wrkr("verify", "--proof", "cut.json").code == 6
    assert wrkr("verify", "--proof", OLD).code == 6
    assert wrkr("verify", "--proof", "nothing.json").code == 1


def test_a_jobpack_that_does_not_verify_holds_no_proof(wrkr: Wrkr) -> None:
    wrkr("job", "prove", "j1", "--event", "3")
    data = bytearray(Path(OLD).read_bytes())
    data[len(data) // 2] ^= 1
    Path("broken.zip").write_bytes(data)

    assert wrkr("verify", "broken.zip", "--proof", EVENT).code in {2, 6}
    assert wrkr("job", "prove", "j1", "--since", "broken.zip").code in {2, 6}
    assert wrkr("receipt", "broken.zip").code in {2, 6}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["job", "prove", "j1"], 6, "either --event or --since"),
        (["job", "prove", "j1", "--event", "1", "--since", "1"], 6, "either --event or --since"),
        (["job", "prove", "j1", "--event", "0"], 6, "0"),
        (["job", "prove", "j1", "--event", "999"], 1, "no record 999"),
        (["job", "prove", "nothing", "--event", "1"], 1, "nothing"),
        (["job", "prove", "j1", "--since", "999"], 2, "rollback"),
        (["job", "prove", "j1", "--since", "9" * 30], 6, "nor a number"),
        (["job", "prove", "j1", "--since", "0"], 6, "0 records"),
        (["job", "prove", "j1", "--since", "nothing.zip"], 1, "no file"),
        (["job", "prove", "j1", "--since", "nothing"], 6, "neither a jobpack"),
        (["job", "prove", "j1", "--since", OTHER], 2, "none of the"),
        (["verify"], 6, "name a job or a jobpack"),
        (["verify", "j1", "--proof", EVENT], 6, "not against job j1"),
        (["verify", "--proof", EVENT, "--require-signature"], 6, "name one beside --proof"),
        (["verify", "--proof", EVENT, "--max-size", "1MiB"], 6, "name one beside --proof"),
        (["verify", "missing.zip", "--proof", EVENT], 1, "no file"),
        (["receipt", "missing.zip"], 1, "no file"),
        (["receipt", "missing"], 1, "missing"),
        (["receipt", "j1", "--max-size", "1MiB"], 6, "for jobpacks"),
    ],
)
def test_bad_input_gets_a_code_and_writes_nothing(
    arguments: list[str], code: int, said: str, wrkr: Wrkr
) -> None:
    answer = wrkr(*arguments)

    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert not Path("wrkr-out/proofs").exists()


def test_a_pack_of_format_v1_has_a_receipt_and_no_root(wrkr: Wrkr) -> None:
    pack = str(FIXTURES / "jobpacks" / f"{APPROVED}.zip")
    receipt = wrkr("receipt", pack).out

    assert wrkr("verify", pack, "--receipt", receipt).code == 0
    said = wrkr("job", "prove", "j1", "--since", pack)
    assert (said.code, "is of format v1" in said.err) == (6, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["receipt", "j1"], "read all of j1"),
        (["receipt", OLD], "verify the jobpack"),
        (["job", "prove", "j1", "--event", "3"], "prove that record 3 is in the log of j1"),
        (["job", "prove", "j1", "--since", "3"], "begins with that of 3"),
        (["verify", OLD, "--proof", EVENT], "check what the proof"),
        (["verify", "--receipt", "receipt.txt"], "check job j1"),
    ],
)
def test_each_explains_itself_and_writes_nothing(
    arguments: list[str], sentence: str, wrkr: Wrkr
) -> None:
    assert sentence in wrkr(*arguments, "--explain").out
    assert not Path("wrkr-out/proofs").exists()


def test_a_jobpack_to_prove_from_may_be_as_large_as_is_said(wrkr: Wrkr) -> None:
    go_on(wrkr)
    since = ("job", "prove", "j1", "--since", OLD)

    for option in (("--max-size", "1KiB"), ("--max-entries", "2"), ("--max-line", "512B")):
        said = wrkr(*since, *option, "--json")
        assert (said.code, said.envelope["code"]) == (6, "E_VERIFY_MALFORMED"), said.err
    assert wrkr(*since, "--max-entry", "64B", "--json").code == 6
    assert wrkr(*since, "--max-size", "3GiB", "--explain").code == 0
    assert wrkr(*since, "--max-size", "9GiB", "--explain").code == 6
    assert wrkr(*since, "--max-size", "3GiB").code == 0


@pytest.mark.parametrize("what", [["--event", "3"], ["--since", "7"], ["--since", "receipt.txt"]])
def test_limits_are_for_jobpacks_alone(what: list[str], wrkr: Wrkr) -> None:
    said = wrkr("job", "prove", "j1", *what, "--max-size", "1GiB", "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert "the jobpack that --since names" in said.envelope["message"]
