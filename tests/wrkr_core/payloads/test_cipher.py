"""Sealing and opening with one job's key."""

from __future__ import annotations

import sys

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import NotSupportedHereError
from wrkr_core.payloads.cipher import BLOB_HEAD, NONCE, CannotOpenError, Cipher
from wrkr_core.sealed_text import SealedText, read_sealed

KEY = b"k" * 32
CIPHER = Cipher(KEY, "j-1")
PLAIN = st.binary(max_size=100)
NAMES = st.sampled_from(["a.1", "a.2", "b.1"])
POINTERS = st.sampled_from(["/reason", "/summary", "/failures/0/message"])


@given(NAMES, POINTERS, PLAIN)
def test_what_was_sealed_opens_and_shows_nothing(name: str, pointer: str, plain: bytes) -> None:
    sealed = CIPHER.seal(name, pointer, plain)

    again = read_sealed(str(sealed)) if plain else sealed
    assert again is not None
    assert CIPHER.open(again) == plain
    assert len(plain) < 4 or plain not in sealed.box
    assert len(sealed.box) == NONCE + len(plain) + 16


@given(st.tuples(NAMES, POINTERS, PLAIN), st.tuples(NAMES, POINTERS, PLAIN))
def test_two_facts_never_share_a_nonce_and_one_fact_is_always_the_same_word(
    one: tuple[str, str, bytes], other: tuple[str, str, bytes]
) -> None:
    """A repeated append has the same bytes; another content or place has another nonce."""
    mine, theirs = CIPHER.seal(*one), Cipher(KEY, "j-1").seal(*other)

    assert (mine == theirs) == (one == other)
    assert (mine.box[:NONCE] == theirs.box[:NONCE]) == (one == other)


def test_a_word_opens_nowhere_else() -> None:
    sealed = CIPHER.seal("a.1", "/reason", b"because")

    for wrong in (
        attrs.evolve(sealed, bound_to="a.2"),
        attrs.evolve(sealed, pointer="/summary"),
        attrs.evolve(sealed, box=sealed.box[:-1]),
        attrs.evolve(sealed, box=sealed.box[: NONCE + 15]),
        attrs.evolve(sealed, box=bytes([sealed.box[0] ^ 1]) + sealed.box[1:]),
        attrs.evolve(sealed, box=sealed.box[:-1] + bytes([sealed.box[-1] ^ 1])),
    ):
        with pytest.raises(CannotOpenError):
            CIPHER.open(wrong)
    for stranger in (Cipher(KEY, "j-2"), Cipher(b"q" * 32, "j-1")):
        with pytest.raises(CannotOpenError):
            stranger.open(sealed)


def test_a_word_under_a_nonce_of_ones_own_choice_is_refused() -> None:
    """Who has the key cannot make a second word for a content either: each has one."""
    place = CIPHER._place("field", "a.1", "/reason")
    nonce = b"n" * NONCE
    encrypt = CIPHER._nacl.crypto_aead_xchacha20poly1305_ietf_encrypt
    box = nonce + encrypt(b"because", place, nonce, CIPHER._content_key)

    with pytest.raises(CannotOpenError):
        CIPHER.open(SealedText(bound_to="a.1", pointer="/reason", box=box))


@given(PLAIN)
def test_a_blob_opens_under_its_jobs_key_alone(plain: bytes) -> None:
    data = CIPHER.seal_blob(plain)

    assert CIPHER.open_blob(data) == plain
    assert CIPHER.seal_blob(plain) == data
    for stranger in (Cipher(KEY, "j-2"), Cipher(b"q" * 32, "j-1")):
        with pytest.raises(CannotOpenError):
            stranger.open_blob(data)
    for wrong in (b"", plain, data[len(BLOB_HEAD) :], data[:-1], BLOB_HEAD):
        with pytest.raises(CannotOpenError):
            CIPHER.open_blob(wrong)


def test_a_blob_is_no_field_and_a_field_no_blob() -> None:
    field = CIPHER.seal("a.1", "/result", b"x")

    with pytest.raises(CannotOpenError):
        CIPHER.open_blob(BLOB_HEAD + field.box)


def test_a_keyed_digest_tells_equal_from_unequal_and_nothing_else() -> None:
    assert CIPHER.digest("ab" * 32) == Cipher(KEY, "j-2").digest("ab" * 32)
    assert CIPHER.digest("ab" * 32) != CIPHER.digest("ac" * 32)
    assert CIPHER.digest("ab" * 32) != Cipher(b"q" * 32, "j-1").digest("ab" * 32)
    assert len(CIPHER.digest("ab" * 32)) == 64


def test_no_two_purposes_share_a_key_and_none_uses_the_jobs_own() -> None:
    keys = {CIPHER._content_key, CIPHER._nonce_key, CIPHER._digest_key, KEY}

    assert len(keys) == 4


def test_these_are_the_bytes_for_ever() -> None:
    """Golden: what is in people's logs has to open."""
    assert str(CIPHER.seal("a.1", "/reason", b"because")) == GOLDEN
    assert CIPHER.seal_blob(b"x").hex() == GOLDEN_BLOB


def test_without_pynacl_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nacl.bindings", None)

    with pytest.raises(NotSupportedHereError, match="no content can be sealed") as caught:
        Cipher(KEY, "j-1")

    assert "wrkr[sign]" in caught.value.hint


GOLDEN = "sealed:1:a.1:/reason:E14O2C5a8mxlRrVGxqp_T8920NK2LWXrAIdYnzuhSit1UvAN-8p65yDUVGB21uI"
GOLDEN_BLOB = (
    "77726b722e7365616c65642d626c6f622e76310a1266a92e1aa9e737b20dd2ff"
    "90f624b14dd1a9bcaa94b767411b5c59e753388f3ee30ff9465191398f"
)
