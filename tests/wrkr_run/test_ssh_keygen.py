"""OpenSSH signs with its own keys; what keeps it from doing so is said, and nothing is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.ssh import LOCKED, agent_with, needs_openssh, nobody_to_ask, ssh_key
from wrkr_core.errors import InvalidInputError, NotFoundError, NotSupportedHereError
from wrkr_core.signing import sshsig
from wrkr_core.signing.allowed_signers import read_public_line
from wrkr_run.ssh_keygen import is_ssh_key, require_ssh_key, sign_with_ssh

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["nobody_to_ask"]
MESSAGE: Final = b"DSSEv1 to be signed\n\0\xff"


def is_signature(armored: str, key: Path) -> bool:
    public, _ = read_public_line(key.with_name(f"{key.name}.pub").read_text("utf-8"))
    return sshsig.is_signed(public.raw, MESSAGE, sshsig.read_armored(armored))


@needs_openssh
def test_a_private_key_signs_and_leaves_nothing_behind(tmp_path: Path) -> None:
    key = ssh_key(tmp_path / "id")
    before = sorted(tmp_path.iterdir())

    assert is_signature(sign_with_ssh(key, MESSAGE), key)
    assert sorted(tmp_path.iterdir()) == before


@needs_openssh
def test_for_a_public_key_the_agent_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ssh_key(tmp_path / "id")
    with agent_with(key, monkeypatch):
        key.unlink()

        assert is_signature(sign_with_ssh(tmp_path / "id.pub", MESSAGE), key)


@needs_openssh
@pytest.mark.usefixtures("nobody_to_ask")
def test_a_public_key_that_no_agent_holds_does_not_sign(tmp_path: Path) -> None:
    key = ssh_key(tmp_path / "id")
    key.unlink()

    with pytest.raises(InvalidInputError, match="ssh-keygen did not sign with") as caught:
        sign_with_ssh(tmp_path / "id.pub", MESSAGE)

    assert caught.value.hint == f"with a public key the agent signs: ssh-add {key}"


@needs_openssh
@pytest.mark.usefixtures("nobody_to_ask")
def test_a_key_whose_passphrase_cannot_be_asked_for_does_not_sign(tmp_path: Path) -> None:
    key = ssh_key(tmp_path / "id", phrase=LOCKED)

    with pytest.raises(InvalidInputError) as caught:
        sign_with_ssh(key, MESSAGE)

    assert "passphrase" in caught.value.message
    assert f"ssh-add {key}, then name {key}.pub" in caught.value.hint
    assert "PRIVATE KEY" not in caught.value.message


@needs_openssh
@pytest.mark.usefixtures("nobody_to_ask")
def test_what_is_no_key_does_not_sign(tmp_path: Path) -> None:
    key = tmp_path / "id"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nnothing\n", "utf-8")
    key.chmod(0o600)

    with pytest.raises(InvalidInputError, match="did not sign"):
        sign_with_ssh(key, MESSAGE)


def test_without_openssh_it_is_said_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    key = tmp_path / "id.pub"
    key.write_text("ssh-ed25519 AAAA", "utf-8")

    for asked in (lambda: require_ssh_key(key), lambda: sign_with_ssh(key, MESSAGE)):
        with pytest.raises(NotSupportedHereError, match="ssh-keygen of OpenSSH") as caught:
            asked()
        assert "wrkr keys generate" in caught.value.hint


def test_a_key_file_that_is_not_there_is_missed(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no key file"):
        require_ssh_key(tmp_path / "id.pub")


@needs_openssh
def test_a_key_of_openssh_is_told_by_its_name_or_form(tmp_path: Path) -> None:
    (tmp_path / "ann.key").write_text("{}", "utf-8")

    assert is_ssh_key(ssh_key(tmp_path / "id"))
    require_ssh_key(tmp_path / "id")
    assert is_ssh_key(tmp_path / "anything.pub")
    assert not is_ssh_key(tmp_path / "ann.key")
    assert not is_ssh_key(tmp_path / "missing")
    assert not is_ssh_key(tmp_path)
