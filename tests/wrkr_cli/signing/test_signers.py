"""Signing with the SSH key one has: packs and answers, by private key or by agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ssh import LOCKED, agent_with, needs_openssh, nobody_to_ask, ssh_key
from tests.stories import contents_of
from tests.wrkr_cli.signing.conftest import PACK

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

__all__ = ["nobody_to_ask"]
pytestmark = [needs_openssh, pytest.mark.usefixtures("nobody_to_ask")]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return ssh_key(tmp_path / "id_ed25519")


@pytest.fixture
def wrkr(wrkr_command: Wrkr, key: Path, monkeypatch: pytest.MonkeyPatch) -> Wrkr:
    """A job that waits for a decision, in a place where the key is trusted for all."""
    monkeypatch.delenv("WRKR_KEY_PASSPHRASE_FILE", raising=False)
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    said = wrkr_command(
        *("keys", "trust", f"{key}.pub", "--identity", "bea"),
        *("--role", "producer", "--role", "reviewer"),
    )
    assert said.code == 0, said.err
    return wrkr_command


def signed_answers(wrkr: Wrkr) -> object:
    found = wrkr("verify", "j1", "--json").json["answers"]
    return found["signed"], found["signed_by"]


def test_an_approval_is_signed_with_a_private_key_of_openssh(wrkr: Wrkr, key: Path) -> None:
    said = wrkr("approve", "j1", "--reason", "read it", "--sign", str(key))

    assert said.code == 0, said.err
    assert signed_answers(wrkr) == (1, ["bea"])


def test_a_refusal_is_signed_as_well(wrkr: Wrkr, key: Path) -> None:
    assert wrkr("reject", "j1", "--reason", "not yet", "--sign", str(key)).code == 0
    assert signed_answers(wrkr) == (1, ["bea"])


def test_an_approval_is_signed_by_the_agent(
    wrkr: Wrkr, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agent_with(key, monkeypatch):
        key.unlink()
        said = wrkr("approve", "j1", "--reason", "read it", "--sign", f"{key}.pub")

    assert said.code == 0, said.err
    assert signed_answers(wrkr) == (1, ["bea"])


def test_an_export_is_signed_and_verifies(wrkr: Wrkr, key: Path) -> None:
    said = wrkr("export", "j1", "--sign", str(key), "--statement", "As it was.")

    assert said.code == 0, said.err
    found = wrkr("verify", PACK, "--require-signature", "--json").json
    assert (found["assurance"], found["signed_by"]) == ("signed", ["bea"])
    assert b"PRIVATE" not in Path(PACK).read_bytes()


def test_a_reviewer_puts_a_signature_into_a_pack_in_one_step(wrkr: Wrkr, key: Path) -> None:
    wrkr("export", "j1")

    said = wrkr("keys", "sign", PACK, "--key", str(key), "--at", "now")

    assert said.code == 0, said.err
    assert [
        name.split(".")[0] for name in contents_of(Path(PACK).read_bytes()) if "att" in name
    ] == ["attestations/reviewer"]
    assert wrkr("verify", PACK, "--require-signature").code == 0


def test_what_cannot_sign_changes_nothing(wrkr: Wrkr, key: Path, tmp_path: Path) -> None:
    wrkr("export", "j1")
    before = Path(PACK).read_bytes()
    other = ssh_key(tmp_path / "rsa", kind="rsa")
    locked = ssh_key(tmp_path / "locked", phrase=LOCKED)
    key.chmod(0o644)

    for sign, code, told in (
        (str(other), "E_INVALID_INPUT_SCHEMA", "ssh-rsa"),
        (str(locked), "E_INVALID_INPUT_SCHEMA", "ssh-add"),
        (f"{locked}.pub", "E_INVALID_INPUT_SCHEMA", "ssh-add"),
        (str(key), "E_INVALID_INPUT_SCHEMA", "ssh-add"),
        (str(tmp_path / "missing.pub"), "E_NOT_FOUND", "missing.pub"),
        (str(tmp_path / "missing"), "E_NOT_FOUND", "missing"),
    ):
        for asked in (
            ("export", "j1", "--sign", sign),
            ("approve", "j1", "--reason", "r", "--sign", sign),
            ("keys", "sign", PACK, "--key", sign),
        ):
            said = wrkr(*asked)

            assert f"{code}: " in said.err, (asked, said.err)
            assert told in said.err
            assert "Traceback" not in said.err
    assert Path(PACK).read_bytes() == before
    assert wrkr("status", "j1", "--json").json["status"] == "blocked_decision"


def test_a_passphrase_file_is_not_for_keys_of_openssh(wrkr: Wrkr, key: Path) -> None:
    said = wrkr(
        *("approve", "j1", "--reason", "r", "--sign", str(key), "--passphrase-file", "phrase")
    )

    assert said.code == 6
    assert "whose passphrase wrkr never handles" in said.err


def test_without_openssh_it_is_said_what_is_missing(
    wrkr: Wrkr, key: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    said = wrkr("export", "j1", "--sign", str(key))

    assert (said.code, said.err.split(":")[0]) == (1, "E_NOT_SUPPORTED")


def test_a_name_in_the_key_folder_goes_before_a_file_of_that_name(
    wrkr: Wrkr, key: Path, tmp_path: Path
) -> None:
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    phrase = ("--passphrase-file", str(tmp_path / "phrase"))
    wrkr("keys", "generate", "bea", *phrase)
    Path("bea").write_bytes(key.read_bytes())

    said = wrkr("export", "j1", "--sign", "bea", "--json", *phrase)

    assert said.code == 0, said.err
    (name,) = said.json["attestations"]
    listed = wrkr("keys", "list", "--json").json["keys"]
    assert name == f"attestations/producer.{listed[0]['keyid'][:16]}.json"
