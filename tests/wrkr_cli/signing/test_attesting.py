"""Signatures in packs and under approvals, from a new key to a pack that strangers can trust."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.signers import BEA, ssh_envelope
from tests.wrkr_cli.signing.conftest import PACK, trusting, verify
from wrkr_cli.signing import keyring, signers
from wrkr_core.signing.allowed_signers import public_line
from wrkr_core.signing.dsse import payload_of
from wrkr_core.signing.keys import public_of
from wrkr_core.signing.sshsig import armored

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr


def test_a_wrong_passphrase_has_a_code_of_its_own_and_changes_nothing(exported: Wrkr) -> None:
    before = Path(PACK).read_bytes()
    Path("p").write_text("wrong")
    for command in (
        ["keys", "sign", PACK, "--key", "bea"],
        ["export", "j1", "--sign", "bea"],
    ):
        said = exported(*command, "--passphrase-file", "p", "--json")
        assert (said.code, said.envelope["code"]) == (6, "E_WRONG_PASSPHRASE")

    assert Path(PACK).read_bytes() == before
    assert [each.name for each in Path(PACK).parent.iterdir()] == ["jobpack_j1.zip"]


def test_from_a_new_key_to_a_pack_that_four_eyes_have_seen(exported: Wrkr, home: Path) -> None:
    wrkr = exported
    assert verify(wrkr)["assurance"] == "asserted"

    trusting(wrkr, "ann", "producer")
    signed = verify(wrkr)
    assert (signed["assurance"], signed["signed_by"]) == ("signed", ["ann@example.com"])

    put_in = wrkr("keys", "sign", PACK, "--key", "bea", "--statement", "Read it.", "--json").json
    assert put_in["pack_id"] == signed["pack_id"]
    trust = home / "trust.toml"
    trust.write_text(
        trust.read_text() + '\n[[require]]\nrole = "reviewer"\ndistinct_from = "producer"\n'
    )
    refused = wrkr("verify", PACK, "--json")
    assert (refused.code, refused.envelope["code"]) == (2, "E_VERIFY_SIGNATURE")
    assert refused.envelope["details"]["stage"] == "signatures"

    trusting(wrkr, "bea", "reviewer")
    assert verify(wrkr)["signed_by"] == ["ann@example.com", "bea@example.com"]
    text = wrkr("verify", PACK)
    assert f"{put_in['entry']}: signed by bea@example.com" in text.out
    assert all(len(line) < 90 for line in text.out.splitlines())


def test_signing_the_same_again_gives_the_same_bytes(exported: Wrkr) -> None:
    before = Path(PACK).read_bytes()

    exported("export", "j1", "--sign", "ann")
    assert Path(PACK).read_bytes() == before
    exported("keys", "sign", PACK, "--key", "ann", "--role", "producer")
    assert Path(PACK).read_bytes() == before


def test_exporting_again_keeps_what_others_have_signed(exported: Wrkr) -> None:
    exported("keys", "sign", PACK, "--key", "bea")
    both = Path(PACK).read_bytes()

    again = exported("export", "j1", "--json").json

    assert Path(PACK).read_bytes() == both
    assert len(again["attestations"]) == 2
    exported("pause", "j1", "--reason", "lunch")
    later = exported("export", "j1", "--json").json
    assert (later["attestations"], later["pack_id"] == again["pack_id"]) == ([], False)


def test_a_key_for_automation_comes_from_the_environment(
    exported: Wrkr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(PACK).unlink()
    monkeypatch.setenv("WRKR_SIGNING_KEY_FILE", str(home / "keys" / "bea.key"))

    said = exported("export", "j1", "--json")

    keyid = exported("keys", "list", "--json").json["keys"][1]["keyid"]
    assert said.json["attestations"] == [f"attestations/producer.{keyid[:16]}.json"]
    (home / "keys" / "bea.key").chmod(0o644)
    assert exported("export", "j1", "--json").envelope["code"] == "E_UNSAFE_OPERATION"


def test_a_signed_approval_counts_for_whoever_trusts_the_key(exported: Wrkr) -> None:
    wrkr = exported
    wrkr("resume", "j1")
    approved = wrkr("approve", "j1", "--reason", "read it", "--sign", "bea", "--expires", "8h")
    assert approved.code == 0, approved.err
    wrkr("resume", "j1")
    wrkr("export", "j1", "--sign", "ann")

    assert verify(wrkr)["answers"]["unknown"] == 1
    trusting(wrkr, "ann", "producer")
    trusting(wrkr, "bea", "reviewer")
    found = verify(wrkr)
    assert found["answers"]["signed_by"] == ["bea@example.com"]
    assert wrkr("verify", "j1", "--json").json["answers"]["signed"] == 1
    log = [json.loads(line) for line in wrkr("log", "j1", "--json").out.splitlines()]
    given = next(each for each in log if each["type"].startswith("approval_given"))
    assert given["payload"]["signature"]["payloadType"] == "application/vnd.in-toto+json"


def test_a_signed_refusal_counts_like_a_signed_approval(exported: Wrkr) -> None:
    wrkr = exported
    wrkr("resume", "j1")
    refused = wrkr("reject", "j1", "--reason", "not yet", "--sign", "bea")
    assert refused.code == 0, refused.err
    wrkr("resume", "j1")
    wrkr("export", "j1", "--sign", "ann")

    trusting(wrkr, "ann", "producer")
    trusting(wrkr, "bea", "reviewer")
    found = verify(wrkr)
    assert found["answers"]["signed_by"] == ["bea@example.com"]
    log = [json.loads(line) for line in wrkr("log", "j1", "--json").out.splitlines()]
    assert any(each["type"].startswith("approval_refused") for each in log)


def test_an_approval_with_a_wrong_passphrase_is_not_recorded(exported: Wrkr) -> None:
    exported("resume", "j1")
    Path("p").write_text("wrong")

    said = exported(
        "approve", "j1", "--reason", "ok", "--sign", "bea", "--passphrase-file", "p", "--json"
    )

    assert said.envelope["code"] == "E_WRONG_PASSPHRASE"
    assert exported("status", "j1", "--json").json["status"] == "blocked_decision"


def test_a_pack_is_signed_with_a_key_of_openssh(exported: Wrkr) -> None:
    wrkr = exported
    prepared = wrkr("keys", "prepare", PACK, "--statement", "Read it.", "--json").json
    message = Path(prepared["path"]).read_bytes()
    envelope = ssh_envelope(payload_of(message), BEA)
    Path(f"{prepared['path']}.sig").write_text(armored(envelope.signature))

    put_in = wrkr("keys", "attach", PACK, prepared["path"], "--json").json

    assert put_in["entry"] == f"attestations/reviewer.{envelope.keyid[:16]}.json"
    Path("bea.pub").write_text(public_line(public_of(BEA), "bea"))
    trusting(wrkr, "ann", "producer")
    trusting(wrkr, "bea.pub", "reviewer", identity="bea")
    assert verify(wrkr)["signed_by"] == ["ann@example.com", "bea"]
    other = wrkr("keys", "prepare", PACK, "--out", "o", "--json").json["path"]
    shutil.copy(f"{prepared['path']}.sig", "o.sig")
    assert "not of these bytes" in wrkr("keys", "attach", PACK, other).err
    assert wrkr("keys", "attach", PACK, "nix").code == 1


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_the_command_that_is_shown_signs_with_openssh(exported: Wrkr) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "id"],  # noqa: S607  # whichever it is
        check=True,
    )
    prepared = exported("keys", "prepare", PACK, "--json").json
    command = prepared["command"].replace("~/.ssh/id_ed25519", "id").split()

    subprocess.run(command, check=True, capture_output=True)

    refused = exported("keys", "attach", PACK, prepared["path"], "--max-entries", "2", "--json")
    assert refused.envelope["details"]["reason"] == "too_large"
    assert exported("keys", "attach", PACK, prepared["path"], "--max-entries", "40").code == 0


def test_a_key_younger_than_the_job_signs_with_a_later_time(exported: Wrkr) -> None:
    wrkr = exported
    wrkr("keys", "trust", "bea", "--identity", "bea", "--role", "reviewer", "--not-before", "now")

    wrkr("keys", "sign", PACK, "--key", "bea")
    assert "is good from" in wrkr("verify", PACK).err
    assert wrkr("keys", "sign", PACK, "--key", "bea", "--at", "now").code == 8
    assert wrkr("keys", "sign", PACK, "--key", "bea", "--at", "now", "--replace").code == 0

    assert verify(wrkr)["signed_by"] == ["bea"]
    early = wrkr("keys", "sign", PACK, "--key", "ann", "--at", "2020-01-01T00:00:00Z")
    assert (early.code, "nothing can be signed at" in early.err) == (6, True)


def test_of_two_who_sign_at_once_neither_loses_a_signature(
    exported: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlock = keyring.unlock

    def slowly(key: str, passphrase_file: Path | None) -> bytes:
        """Let another sign while this one's passphrase is typed."""
        monkeypatch.setattr(signers, "unlock", unlock)
        assert exported("keys", "sign", PACK, "--key", "ann", "--role", "reviewer").code == 0
        return unlock(key, passphrase_file)

    monkeypatch.setattr(signers, "unlock", slowly)
    said = exported("keys", "sign", PACK, "--key", "bea")

    assert (said.code, "at the same time" in said.err) == (8, True)
    assert exported("keys", "sign", PACK, "--key", "bea").code == 0
    assert len(verify(exported)["signatures"]) == 3
    assert [each.name for each in Path(PACK).parent.iterdir()] == ["jobpack_j1.zip"]


def test_nobody_signs_what_does_not_verify(exported: Wrkr) -> None:
    pack = bytearray(Path(PACK).read_bytes())
    pack[300] ^= 1
    Path(PACK).write_bytes(pack)

    for command in (["sign", PACK, "--key", "bea"], ["prepare", PACK]):
        assert exported("keys", *command).code in (2, 6)
    assert exported("keys", "sign", "nix.zip", "--key", "bea").code == 1
    assert exported("keys", "sign", ".", "--key", "bea").code == 6
    assert Path(PACK).read_bytes() == bytes(pack)


def test_a_statement_goes_with_a_signature(exported: Wrkr) -> None:
    assert exported("export", "j1", "--statement", "Mine.").code == 6
    assert exported("export", "j1", "--sign", "bea", "--statement", "Mine.").code == 0
    assert exported("export", "j1", "--sign", "bea", "--statement", " ").code == 6
