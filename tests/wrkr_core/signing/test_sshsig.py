"""SSH signatures: the format of OpenSSH, and that the key inside is never believed."""

from __future__ import annotations

from base64 import b64decode
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import ANN, BEA, ssh_envelope
from wrkr_core.errors import InvalidInputError
from wrkr_core.signing.dsse import pae
from wrkr_core.signing.keys import public_of
from wrkr_core.signing.sshsig import (
    LARGEST,
    NAMESPACE,
    SshSignature,
    armored,
    fields,
    is_signed,
    pack,
    read_armored,
    read_blob,
)

# Golden: made once with OpenSSH's own ssh-keygen -Y sign, with a key that was thrown away.
MESSAGE: Final = b"DSSEv1 golden"
PUBLIC: Final = b64decode("WDPnto0YuhBAlVbkZI6LqGhwgkBCij7x69AjtbtzOQQ=")
SHA512: Final = """\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgWDPnto0YuhBAlVbkZI6LqGhwgk
BCij7x69AjtbtzOQQAAAATd3Jrci1hdHRlc3RhdGlvbkB2MQAAAAAAAAAGc2hhNTEyAAAA
UwAAAAtzc2gtZWQyNTUxOQAAAECS0W6TGye1p5bmMHdqJYaux6OjXK2PcBzfqjfmy9thOF
D1S9YT6dw8l8TJMB8JMXdZ42zhIpAhQE8xyKG28cgN
-----END SSH SIGNATURE-----
"""
SHA256: Final = """\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgWDPnto0YuhBAlVbkZI6LqGhwgk
BCij7x69AjtbtzOQQAAAATd3Jrci1hdHRlc3RhdGlvbkB2MQAAAAAAAAAGc2hhMjU2AAAA
UwAAAAtzc2gtZWQyNTUxOQAAAECwd8lFNSA5lupF1f6WVcyQhXNwIBCEMyj5/UAYS4RN2W
QttPv/tgC9/kiOtVcSqrrR5CeFA3Ru+uVdp7N0XHAH
-----END SSH SIGNATURE-----
"""
BLOB: Final = read_armored(SHA512)


def key_field(kind: bytes, value: bytes) -> bytes:
    return pack(kind) + pack(value)


def blob(*strings: bytes, version: int = 1, magic: bytes = b"SSHSIG") -> bytes:
    return magic + version.to_bytes(4, "big") + b"".join(pack(each) for each in strings)


RIGHT: Final = fields(BLOB[10:], 5)


@pytest.mark.parametrize("text", [SHA512, SHA256])
def test_what_openssh_signed_is_accepted_and_written_as_openssh_writes_it(text: str) -> None:
    found = read_armored(text)

    assert is_signed(PUBLIC, MESSAGE, found)
    assert armored(found) == text
    assert read_blob(found).blob() == found


def test_windows_line_ends_are_those_of_a_text_file() -> None:
    assert read_armored(SHA512.replace("\n", "\r\n")) == BLOB


def test_another_message_or_key_is_not_signed() -> None:
    assert not is_signed(PUBLIC, MESSAGE + b" ", BLOB)
    assert not is_signed(public_of(ANN).raw, MESSAGE, BLOB)


def test_the_key_inside_is_not_believed() -> None:
    """Hard case 22: a signature that trusts the key it carries."""
    payload = b"{}"
    eves = ssh_envelope(payload, BEA).signature
    as_anns = attrs.evolve(read_blob(eves), public=public_of(ANN).raw).blob()

    assert is_signed(public_of(BEA).raw, pae(payload), eves)
    assert not is_signed(public_of(ANN).raw, pae(payload), eves)
    assert not is_signed(public_of(ANN).raw, pae(payload), as_anns)
    assert not is_signed(public_of(BEA).raw, pae(payload), as_anns)


@pytest.mark.parametrize("namespace", ["git", "file", "", NAMESPACE.upper(), f"{NAMESPACE}\0"])
def test_a_signature_for_something_else_is_none_here(namespace: str) -> None:
    draft = SshSignature(
        public=public_of(ANN).raw,
        hash_name=b"sha512",
        signature=b"",
        namespace=namespace.encode(),
    )
    from wrkr_core.signing.keys import sign

    made = attrs.evolve(draft, signature=sign(ANN, draft.signed_bytes(MESSAGE))).blob()

    assert not is_signed(public_of(ANN).raw, MESSAGE, made)
    with pytest.raises(InvalidInputError, match="the SSH signature is for"):
        read_armored(armored(made))


def test_a_signature_with_any_bit_flipped_is_none() -> None:
    accepted: list[int] = []
    for bit in range(len(BLOB) * 8):
        flipped = bytearray(BLOB)
        flipped[bit // 8] ^= 1 << bit % 8
        if is_signed(PUBLIC, MESSAGE, bytes(flipped)):
            accepted.append(bit)

    assert accepted == []


def test_a_signature_that_was_cut_off_anywhere_is_none() -> None:
    assert [size for size in range(len(BLOB)) if is_signed(PUBLIC, MESSAGE, BLOB[:size])] == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (blob(*RIGHT, version=2), "version 1"),
        (blob(*RIGHT, magic=b"SSHSIF"), "version 1"),
        (blob(*RIGHT) + b"\0", "goes on"),
        (blob(*RIGHT[:4]), "ends early"),
        (blob(RIGHT[0], RIGHT[1], b"x", *RIGHT[3:]), "the one form"),
        (blob(*RIGHT[:3], b"md5", RIGHT[4]), "the one form"),
        (blob(key_field(b"ssh-rsa", b"x"), *RIGHT[1:]), "'ssh-rsa', not ssh-ed25519"),
        (blob(key_field(b"sk-ssh-ed25519@openssh.com", b"x"), *RIGHT[1:]), "not ssh-ed25519"),
        (blob(*RIGHT[:4], key_field(b"rsa-sha2-512", b"x")), "not ssh-ed25519"),
        (blob(pack(b"ssh-ed25519"), *RIGHT[1:]), "ends early"),
        (b"SSHSIG" + b"\0" * LARGEST, "version 1"),
    ],
)
def test_what_is_not_in_the_form_of_openssh_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_blob(data)

    assert said in caught.value.message
    assert not is_signed(PUBLIC, MESSAGE, data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        SHA512[:-30],
        SHA512.replace("BEGIN SSH", "BEGIN PGP"),
        SHA512.replace("D1S9", "D1S"),
        SHA512.replace("D1S9", "D1!9"),
        "x" * (LARGEST + 1),
        SHA512 + SHA512,
    ],
)
def test_armor_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_armored(text)


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_strings_are_read_as_they_were_packed(strings: list[bytes]) -> None:
    data = b"".join(pack(each) for each in strings)

    assert fields(data, len(strings)) == strings
    with pytest.raises(InvalidInputError):
        fields(data, len(strings) + 1)
    with pytest.raises(InvalidInputError):
        fields(data + b"\0", len(strings))


@given(st.binary(max_size=300))
def test_any_bytes_are_no_signature_and_never_crash(data: bytes) -> None:
    assert not is_signed(PUBLIC, MESSAGE, data)
    assert not is_signed(PUBLIC, MESSAGE, b"SSHSIG\0\0\0\1" + data)
