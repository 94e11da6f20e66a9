"""Telling v1 from v2, also when a pack is broken."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories import packed as packed_v2
from tests.stories import small_story
from tests.wrkr_core.jobpack.v1.forging import (
    BROKEN,
    GOOD,
    contents_of,
    expected,
    fixture,
    packed,
    sealed,
    smallest,
    verified,
    zipped,
)
from wrkr_core.errors import NotSupportedHereError, VerifySignatureError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.v1.detecting import looks_like_v1
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.signing.trust import Trust

OURS = packed_v2(small_story())


def is_v1(data: bytes, limits: Limits | None = None) -> bool:
    return looks_like_v1(io.BytesIO(data), limits)


@pytest.mark.parametrize("name", [*GOOD, *BROKEN])
def test_every_pack_of_another_implementation_is_told_by_its_manifest_or_its_first_record(
    name: str,
) -> None:
    assert is_v1(fixture(name))


def test_our_own_packs_are_not_v1_whole_or_cut_off() -> None:
    assert not is_v1(OURS)
    assert not any(is_v1(OURS[:end]) for end in range(0, len(OURS), 97))
    assert not is_v1(zipped(contents_of(OURS)))


@given(st.integers(0, len(OURS) - 1), st.integers(0, 7))
def test_our_own_packs_with_a_flipped_bit_are_not_v1(at: int, bit: int) -> None:
    assert not is_v1(OURS[:at] + bytes([OURS[at] ^ 1 << bit]) + OURS[at + 1 :])


def test_a_manifest_that_states_its_own_digest_is_of_v1_whatever_version_it_states() -> None:
    assert is_v1(packed(sealed(smallest(), schema_version="v2")))
    assert is_v1(packed(sealed(smallest(), schema_version="v9")))


def test_a_manifest_that_says_nothing_is_judged_by_what_the_records_say() -> None:
    for nothing in (b"{}", b"[]", b"{", b'{"schema_version":1}', b"\xff"):
        assert is_v1(packed({**smallest(), "manifest.json": nothing}))
        ours = {**contents_of(OURS), "manifest.json": nothing}
        assert not is_v1(packed(ours))


def test_a_manifest_too_large_to_be_read_is_judged_by_what_the_records_say() -> None:
    assert is_v1(packed(smallest()), Limits(document_bytes=10))


@pytest.mark.parametrize("data", [b"", b"PK", b"{}", b'"schema_version":"v1"', bytes(10**5)])
def test_what_says_nothing_is_not_v1(data: bytes) -> None:
    assert not is_v1(data)


def test_of_what_cannot_be_read_twice_nothing_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError(size)

    assert not looks_like_v1(Pipe(packed(smallest())))


@pytest.mark.parametrize("name", GOOD)
def test_verify_pack_hands_a_v1_pack_to_the_rules_of_v1(name: str) -> None:
    data = fixture(name)

    found = verify_pack(io.BytesIO(data), expect_receipt=expected(name)["footer"])

    assert found == verified(data, expect_receipt=expected(name)["footer"])
    assert verify_pack(io.BytesIO(OURS)).history == "folded"


def test_a_trust_file_that_wants_a_signature_refuses_v1_and_one_that_wants_none_does_not() -> None:
    strict, lenient = Trust(keys=()), Trust(keys=(), require=())

    with pytest.raises(VerifySignatureError):
        verify_pack(io.BytesIO(fixture(GOOD[0])), trust=strict)
    with pytest.raises(VerifySignatureError):
        verify_pack(io.BytesIO(fixture(GOOD[0])), trust=lenient, require_signature=True)
    assert verify_pack(io.BytesIO(fixture(GOOD[0])), trust=lenient).assurance == "unsigned"


@pytest.mark.parametrize("name", GOOD)
def test_a_v1_pack_is_not_imported(name: str) -> None:
    store = MemoryStore()

    with pytest.raises(NotSupportedHereError, match="history is not foldable") as caught:
        import_pack(io.BytesIO(fixture(name)), store)

    assert caught.value.hint
    assert list(store.streams()) == []
