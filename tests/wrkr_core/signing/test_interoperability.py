"""What is signed here is verified by implementations that are not ours, and the other way round."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # they are

from tests.signers import ANN, BEA, SMALL, TRUST, claimed, signed
from tests.stories import contents_of
from wrkr_core.canonical import digest_bytes, loads
from wrkr_core.jobpack.attestations import name_of
from wrkr_core.signing.allowed_signers import allowed_signers, read_public_line
from wrkr_core.signing.dsse import PAYLOAD_TYPE, Envelope, envelope_of_ssh, pae, signed_envelope
from wrkr_core.signing.keys import public_of
from wrkr_core.signing.sshsig import NAMESPACE, armored
from wrkr_core.signing.trust import Trust, TrustedKey

if TYPE_CHECKING:
    from pathlib import Path

KEYGEN: Final = shutil.which("ssh-keygen")
needs_openssh = pytest.mark.skipif(KEYGEN is None, reason="OpenSSH's ssh-keygen is not here")


def their_key(seed: bytes) -> SSlibKey:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return SSlibKey.from_crypto(public)


def test_securesystemslib_calls_a_key_by_the_same_id() -> None:
    assert their_key(ANN).keyid == public_of(ANN).keyid


def test_securesystemslib_verifies_the_attestation_of_a_pack() -> None:
    pack = signed(SMALL)
    name = name_of("producer", public_of(ANN).keyid)
    attestation = contents_of(pack)[name]

    envelope = TheirEnvelope.from_dict(loads(attestation))

    assert envelope.verify([their_key(ANN)], 1)
    statement = loads(envelope.payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [
        {
            "name": "manifest.json",
            "digest": {"sha256": digest_bytes(contents_of(pack)["manifest.json"])},
        }
    ]


def test_securesystemslib_refuses_it_for_another_key_or_payload() -> None:
    value: dict[str, Any] = loads(signed_envelope(claimed(SMALL).payload(), ANN).file_bytes())
    theirs = TheirEnvelope.from_dict(value)
    with pytest.raises(VerificationError):
        theirs.verify([their_key(BEA)], 1)

    theirs.payload += b" "
    with pytest.raises(VerificationError):
        theirs.verify([their_key(ANN)], 1)


def test_what_securesystemslib_signs_is_the_same_bytes() -> None:
    payload = claimed(SMALL).payload()
    theirs = TheirEnvelope(payload, PAYLOAD_TYPE, {})

    signature = theirs.sign(CryptoSigner(Ed25519PrivateKey.from_private_bytes(ANN)))

    assert theirs.pae() == pae(payload)
    found = Envelope(
        payload=payload, keyid=signature.keyid, signature=bytes.fromhex(signature.signature)
    )
    assert found == signed_envelope(payload, ANN)
    assert loads(found.file_bytes()) == theirs.to_dict()


@needs_openssh
def test_what_ssh_keygen_signs_is_accepted(tmp_path: Path) -> None:
    message = pae(claimed(SMALL, "reviewer").payload())
    (tmp_path / "tosign").write_bytes(message)
    keygen("-q", "-t", "ed25519", "-N", "", "-C", "cleo", "-f", "id", folder=tmp_path)

    keygen("-q", "-Y", "sign", "-n", NAMESPACE, "-f", "id", "tosign", folder=tmp_path)

    envelope = envelope_of_ssh(message, (tmp_path / "tosign.sig").read_text())
    key, comment = read_public_line((tmp_path / "id.pub").read_text())
    assert comment == "cleo"
    assert envelope.keyid == key.keyid
    assert envelope.is_signed_by(key)


@needs_openssh
def test_ssh_keygen_accepts_our_list_of_signers_and_our_armor(tmp_path: Path) -> None:
    message = pae(claimed(SMALL, "reviewer").payload())
    (tmp_path / "tosign").write_bytes(message)
    keygen("-q", "-t", "ed25519", "-N", "", "-f", "id", folder=tmp_path)
    keygen("-q", "-Y", "sign", "-n", NAMESPACE, "-f", "id", "tosign", folder=tmp_path)
    envelope = envelope_of_ssh(message, (tmp_path / "tosign.sig").read_text())
    key, _ = read_public_line((tmp_path / "id.pub").read_text())
    cleo = TrustedKey(public=key, identity="cleo b", roles=("reviewer",), not_before=0)
    (tmp_path / "allowed").write_text(allowed_signers(Trust(keys=(*TRUST.keys, cleo))))
    (tmp_path / "again.sig").write_text(armored(envelope.signature))
    verify = ["-Y", "verify", "-f", "allowed", "-n", NAMESPACE, "-s", "again.sig"]

    assert keygen(*verify, "-I", "cleo b", folder=tmp_path, given=message) == 0
    assert keygen(*verify, "-I", "ann", folder=tmp_path, given=message) != 0
    assert keygen(*verify, "-I", "cleo b", folder=tmp_path, given=message + b" ") != 0


def keygen(*arguments: str, folder: Path, given: bytes = b"") -> int:
    """Run ssh-keygen in a folder and return how it ended."""
    assert KEYGEN is not None
    done = subprocess.run(
        [KEYGEN, *arguments], cwd=folder, input=given, capture_output=True, check=False
    )
    assert "verify" in arguments or done.returncode == 0, done.stderr
    return done.returncode
