"""No byte of a small jobpack can be changed, cut off or added, with or without a trust file.

First as a careless hand or a bad disk would; then with the archive mended, so that no checksum of
it helps, against the receipt that somebody kept.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import pytest

from tests.signers import TRUST, signed, with_entries
from tests.stories import Story, contents_of, packed, submitted
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.receipt import receipt_line
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_core.signing.trust import Trust


def smallest() -> bytes:
    story = Story(job_id="j")
    story.tell(submitted(JobSpec(name="j")), by="a")
    return packed(story)


PLAIN: Final = smallest()
SIGNED: Final = signed(PLAIN)
ID: Final = verify_pack(io.BytesIO(PLAIN)).pack_id or ""
RECEIPT: Final = receipt_line("j", ID)
SHARDS: Final = 16
BOTH: Final = [pytest.param(PLAIN, None, id="plain"), pytest.param(SIGNED, TRUST, id="signed")]


def is_refused(pack: bytes, trust: Trust | None, receipt: str | None = None) -> bool:
    try:
        verify_pack(io.BytesIO(pack), trust=trust, expect_receipt=receipt)
    except VerifyError:
        return True
    return False


def accepted(
    pack: bytes, trust: Trust | None, places: Iterable[int], masks: Iterable[int]
) -> list[tuple[int, int]]:
    """Return the places and masks of the changes by which the pack still verifies."""
    return [
        (at, mask)
        for at in places
        for mask in masks
        if not is_refused(pack[:at] + bytes([pack[at] ^ mask]) + pack[at + 1 :], trust)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("bits", [range(4), range(4, 8)], ids=["low", "high"])
def test_a_pack_with_any_one_bit_changed_is_refused(bits: range) -> None:
    assert accepted(PLAIN, None, range(len(PLAIN)), [1 << bit for bit in bits]) == []


@pytest.mark.slow
def test_a_signed_pack_with_any_byte_turned_round_is_refused() -> None:
    assert accepted(SIGNED, TRUST, range(len(SIGNED)), [0xFF]) == []


@pytest.mark.deep
@pytest.mark.parametrize(("pack", "trust"), BOTH)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_pack_with_any_byte_changed_to_any_other_is_refused(
    pack: bytes, trust: Trust | None, shard: int
) -> None:
    """Minutes for each of the two packs; the shards can go in parallel."""
    assert accepted(pack, trust, range(shard, len(pack), SHARDS), range(1, 256)) == []


@pytest.mark.parametrize(("pack", "trust"), BOTH)
def test_a_pack_cut_off_at_any_byte_from_either_end_is_refused(
    pack: bytes, trust: Trust | None
) -> None:
    assert [end for end in range(len(pack)) if not is_refused(pack[:end], trust)] == []
    assert [start for start in range(1, len(pack)) if not is_refused(pack[start:], trust)] == []


@pytest.mark.slow
@pytest.mark.parametrize(("pack", "trust"), BOTH)
def test_a_pack_with_any_one_byte_left_out_or_written_twice_is_refused(
    pack: bytes, trust: Trust | None
) -> None:
    every = range(len(pack))

    assert [at for at in every if not is_refused(pack[:at] + pack[at + 1 :], trust)] == []
    assert [at for at in every if not is_refused(pack[: at + 1] + pack[at:], trust)] == []


@pytest.mark.slow
@pytest.mark.parametrize(("pack", "trust"), BOTH)
def test_no_byte_of_any_file_can_be_changed_with_the_archive_mended(
    pack: bytes, trust: Trust | None
) -> None:
    """What is signed is then refused by its signature, what is not by the receipt somebody kept."""
    receipt = None if trust else RECEIPT
    found = [
        (name, at)
        for name, content in contents_of(pack).items()
        for at in range(len(content))
        if not is_refused(
            with_entries(
                pack, {name: content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]}
            ),
            trust,
            receipt,
        )
    ]

    assert found == []


def test_the_packs_themselves_verify() -> None:
    """Else all that is above would be true of nothing."""
    assert not is_refused(PLAIN, None, RECEIPT)
    assert not is_refused(SIGNED, TRUST, RECEIPT)
    assert not is_refused(with_entries(SIGNED, {}), TRUST)
