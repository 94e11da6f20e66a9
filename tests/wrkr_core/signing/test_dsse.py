"""Envelopes: what is signed, and the one form it travels in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import ANN, BEA, ssh_envelope
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import InvalidInputError, VerifyMalformedError
from wrkr_core.signing import sshsig
from wrkr_core.signing.dsse import (
    LARGEST_ENVELOPE,
    envelope_of_ssh,
    pae,
    payload_of,
    read_envelope,
    signed_envelope,
)
from wrkr_core.signing.keys import PublicKey, public_of

if TYPE_CHECKING:
    from collections.abc import Callable

PAYLOAD: Final = b'{"a":1}'
SIGNED: Final = signed_envelope(PAYLOAD, ANN)
FILE: Final = SIGNED.file_bytes()
ANNS: Final = public_of(ANN)


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the envelope's file with something changed, canonical as before."""
    value = loads(FILE)
    change(value)
    return dumps(value)


def test_what_is_signed_is_the_encoding_of_the_specification() -> None:
    """DSSE v1: ``"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body``."""
    assert pae(b"hello world") == b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"
    assert pae(b"") == b"DSSEv1 28 application/vnd.in-toto+json 0 "


def test_the_bytes_of_an_envelope_are_frozen() -> None:
    """Golden: the signature was computed once by another implementation of RFC 8032."""
    assert FILE == (
        b'{"payload":"eyJhIjoxfQ==","payloadType":"application/vnd.in-toto+json",'
        b'"signatures":[{"keyid":"a98cd9297c90201600a7fc959a805ec30044256bddc4fd9c2e2b41ad563b7470",'
        b'"sig":"VaRdyltguCKhr1HWtX62emgsB9BNEkoRkOHJxpZfY2nxbvO1Uh1yodxynQRdyEYKPKyGjhrE/qNHNmj+vJBFAw=="}]}'
    )


@given(st.binary(max_size=300), st.binary(min_size=32, max_size=32))
def test_an_envelope_is_read_as_it_was_written(payload: bytes, seed: bytes) -> None:
    envelope = signed_envelope(payload, seed)

    found = read_envelope(envelope.file_bytes(), entry="x")

    assert found == envelope
    assert found.is_signed_by(public_of(seed))
    assert payload_of(pae(payload)) == payload


def test_another_key_or_payload_did_not_sign_it() -> None:
    assert SIGNED.is_signed_by(ANNS)
    assert not SIGNED.is_signed_by(public_of(BEA))
    assert not attrs.evolve(SIGNED, payload=b'{"a":2}').is_signed_by(ANNS)


def test_the_key_id_plays_no_part_in_checking() -> None:
    """Who claims the id of another key gains nothing by it."""
    claimed = attrs.evolve(signed_envelope(PAYLOAD, BEA), keyid=ANNS.keyid)

    assert not claimed.is_signed_by(ANNS)
    assert claimed.is_signed_by(public_of(BEA))


def test_the_payload_itself_without_its_type_and_length_is_not_what_is_signed() -> None:
    from wrkr_core.signing.keys import sign

    assert not attrs.evolve(SIGNED, signature=sign(ANN, PAYLOAD)).is_signed_by(ANNS)


def test_each_scheme_takes_only_signatures_of_its_own() -> None:
    ssh = ssh_envelope(PAYLOAD, ANN)
    ssh_key = PublicKey(raw=ANNS.raw, scheme="ssh-ed25519")

    assert ssh.is_signed_by(ssh_key)
    assert not ssh.is_signed_by(ANNS)
    assert not SIGNED.is_signed_by(ssh_key)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 50_000, "nested too deeply"),
        (b"{}", "payload"),
        (b"[]", "Expected"),
        (FILE + b"\n", "not canonical"),
        (FILE.replace(b":", b": ", 1), "not canonical"),
        (FILE.replace(b'{"payload"', b'{"payload":"","payload"', 1), "not canonical"),
        (edited(lambda value: value.update(payloadType="text/plain")), "'text/plain'"),
        (edited(lambda value: value.update(payloadType="")), "its payload is ''"),
        (edited(lambda value: value.update(payload="eyJhIjoxfQ=")), "padding"),
        (edited(lambda value: value.update(payload="eyJhIjoxfQ")), "padding"),
        (edited(lambda value: value.update(payload="eyJhIjoxfR==")), "the one legal form"),
        (edited(lambda value: value.update(payload="eyJh_joxfQ==")), "base64"),
        (edited(lambda value: value.update(payload="eyJh\nIjoxfQ==")), "base64"),
        (edited(lambda value: value.update(payload=7)), "Expected"),
        (edited(lambda value: value.update(signatures=[])), "0 signatures"),
        (edited(lambda value: value["signatures"].append(value["signatures"][0])), "2 signatures"),
        (edited(lambda value: value["signatures"][0].update(keyid="ab")), "keyid"),
        (edited(lambda value: value["signatures"][0].update(keyid="AB" * 32)), "keyid"),
        (edited(lambda value: value["signatures"][0].update(sig="x")), "base64"),
        (edited(lambda value: value["signatures"][0].update(cert="x")), "cert"),
        (edited(lambda value: value.update(extra=1)), "extra"),
        (b"x" * (LARGEST_ENVELOPE + 1), "65537 bytes"),
    ],
)
def test_what_is_not_in_the_one_legal_form_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(VerifyMalformedError, match=r"^here is not a signature: ") as caught:
        read_envelope(data, entry="here")

    assert said.lower() in caught.value.message.lower()
    assert caught.value.details["entry"] == "here"


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_never_crash(data: bytes) -> None:
    with pytest.raises(VerifyMalformedError):
        read_envelope(data, entry="here")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"hello",
        PAYLOAD,
        pae(PAYLOAD) + b" ",
        pae(PAYLOAD)[:-1],
        pae(PAYLOAD).replace(b"DSSEv1", b"DSSEv2"),
        pae(PAYLOAD).replace(b"in-toto", b"in-tutu"),
        pae(PAYLOAD).replace(b" 7 ", b" 07 "),
    ],
)
def test_only_prepared_bytes_have_a_payload(message: bytes) -> None:
    with pytest.raises(InvalidInputError, match="prepared for signing"):
        payload_of(message)


def test_an_ssh_signature_of_prepared_bytes_becomes_an_envelope() -> None:
    wanted = ssh_envelope(PAYLOAD, BEA)

    found = envelope_of_ssh(pae(PAYLOAD), sshsig.armored(wanted.signature))

    assert found == wanted
    assert read_envelope(found.file_bytes(), entry="x") == wanted


def test_an_ssh_signature_of_other_bytes_is_refused() -> None:
    other = sshsig.armored(ssh_envelope(b"{}", BEA).signature)

    with pytest.raises(InvalidInputError, match="not of these bytes"):
        envelope_of_ssh(pae(PAYLOAD), other)
