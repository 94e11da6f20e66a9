"""Ed25519: the names of keys, and which signatures are none."""

from __future__ import annotations

import sys
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import ANN, BEA
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import InvalidInputError, NotSupportedHereError
from wrkr_core.signing.keys import PublicKey, check_public, is_signed, public_of, sign

# RFC 8032, section 7.1, test 2.
SEED: Final = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC: Final = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE: Final = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
# The eight points of small order, each in its one encoding, and four of them in another.
SMALL_ORDER: Final = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def test_a_published_vector_is_signed_and_verified() -> None:
    assert public_of(SEED) == PublicKey(raw=PUBLIC, scheme="ed25519")
    assert sign(SEED, b"\x72") == SIGNATURE
    assert is_signed(PUBLIC, b"\x72", SIGNATURE)


def test_the_id_of_a_key_is_the_digest_of_its_canonical_description() -> None:
    """Golden: other implementations compute the same."""
    written = (
        b'{"keytype":"ed25519","keyval":{"public":"' + PUBLIC.hex().encode() + b'"},'
        b'"scheme":"ed25519"}'
    )

    assert PublicKey(raw=PUBLIC).keyid == digest_bytes(written)
    assert (
        PublicKey(raw=PUBLIC).keyid
        == "eaf1e23f6c823132f437a2eaa299a7950f7386631deff273db195bbd26209e2b"
    )


def test_the_two_schemes_of_one_key_have_two_ids() -> None:
    assert PublicKey(raw=PUBLIC).keyid != PublicKey(raw=PUBLIC, scheme="ssh-ed25519").keyid


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_the_same_key_and_message_give_the_same_signature(seed: bytes, message: bytes) -> None:
    signature = sign(seed, message)

    assert sign(seed, message) == signature
    assert is_signed(public_of(seed).raw, message, signature)


@given(st.integers(0, 64 * 8 - 1))
def test_a_signature_with_any_bit_flipped_is_none(bit: int) -> None:
    flipped = bytearray(SIGNATURE)
    flipped[bit // 8] ^= 1 << bit % 8

    assert not is_signed(PUBLIC, b"\x72", bytes(flipped))


def test_a_signature_of_another_message_or_key_is_none() -> None:
    assert not is_signed(PUBLIC, b"\x73", SIGNATURE)
    assert not is_signed(public_of(ANN).raw, b"\x72", SIGNATURE)


@pytest.mark.parametrize("times", [1, 2])
def test_a_signature_whose_scalar_was_changed_by_the_order_is_none(times: int) -> None:
    """Hard case 22: the malleated one satisfies the equation, and must not be taken."""
    scalar = int.from_bytes(SIGNATURE[32:], "little") + times * ORDER
    malleated = SIGNATURE[:32] + scalar.to_bytes(32, "little")

    assert not is_signed(PUBLIC, b"\x72", malleated)


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_of_small_order_signs_nothing_and_cannot_be_listed(point: str) -> None:
    """With such a key one signature fits very many messages."""
    raw = bytes.fromhex(point)
    forgeries = [raw + bytes(32), bytes([1]) + bytes(63), bytes(64)]

    assert not any(is_signed(raw, b"m%d" % i, each) for i in range(64) for each in forgeries)
    with pytest.raises(InvalidInputError, match="is not an Ed25519 public key"):
        check_public(raw)


@pytest.mark.parametrize("raw", [b"", PUBLIC[:-1], PUBLIC + b"\0", b"\2" + bytes(31), b"\xff" * 32])
def test_what_is_no_point_of_the_curve_is_no_key(raw: bytes) -> None:
    assert not is_signed(raw, b"\x72", SIGNATURE)
    with pytest.raises(InvalidInputError):
        check_public(raw)


@pytest.mark.parametrize("size", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length_is_none(size: int) -> None:
    assert not is_signed(PUBLIC, b"\x72", (SIGNATURE * 2)[:size])


def test_a_private_key_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="32 bytes, not 31"):
        public_of(BEA[:-1])
    with pytest.raises(InvalidInputError):
        sign(BEA + b"b", b"m")


def test_without_pynacl_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nacl.bindings", None)

    for act in (
        lambda: check_public(PUBLIC),
        lambda: public_of(SEED),
        lambda: sign(SEED, b""),
        lambda: is_signed(PUBLIC, b"", SIGNATURE),
    ):
        with pytest.raises(NotSupportedHereError) as caught:
            act()
        assert "wrkr[sign]" in caught.value.hint
