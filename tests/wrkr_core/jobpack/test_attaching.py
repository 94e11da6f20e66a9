"""Putting signatures into packs: their id stays, their form stays, and nothing is lost."""

from __future__ import annotations

import io
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import (
    ANN,
    BEA,
    EVE,
    SMALL,
    TRUST,
    claimed,
    opened,
    signed,
    ssh_envelope,
    with_entries,
)
from tests.stories import contents_of, packed, small_story, whole_story
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import InvalidInputError, UnsafeOperationError, VerifyMalformedError
from wrkr_core.jobpack.archive import write
from wrkr_core.jobpack.attaching import attach, kept_attestations, open_pack
from wrkr_core.jobpack.attestations import MOST, name_of
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.signing.dsse import signed_envelope

WHOLE: Final = packed(whole_story())
PACK_ID: Final = digest_bytes(contents_of(SMALL)["manifest.json"])


def test_a_signature_changes_the_archive_and_not_the_id_of_the_pack() -> None:
    for pack in (SMALL, WHOLE):
        both = signed(signed(pack), BEA, "reviewer")

        assert both != pack
        assert opened(both).id == opened(pack).id
        added = contents_of(both).keys() - contents_of(pack).keys()
        assert added == {
            name_of("producer", claimed_by(ANN)),
            name_of("reviewer", claimed_by(BEA)),
        }
        assert {name: contents_of(both)[name] for name in contents_of(pack)} == contents_of(pack)
        assert verify_pack(io.BytesIO(both), trust=TRUST).signed_by == ("ann", "bea")


def claimed_by(seed: bytes) -> str:
    return signed_envelope(b"", seed).keyid


@given(st.permutations([(ANN, "producer"), (BEA, "reviewer"), (EVE, "reviewer")]))
def test_the_order_of_signing_does_not_show(order: list[tuple[bytes, str]]) -> None:
    pack = SMALL
    for seed, role in order:
        pack = signed(pack, seed, "producer" if role == "producer" else "reviewer")

    assert digest_bytes(pack) == digest_bytes(
        signed(signed(signed(SMALL), BEA, "reviewer"), EVE, "reviewer")
    )


def test_signing_again_gives_the_same_bytes() -> None:
    assert signed(signed(SMALL)) == signed(SMALL)


def test_one_key_may_sign_in_both_roles() -> None:
    both = signed(signed(SMALL), ANN, "reviewer")

    found = verify_pack(io.BytesIO(both), trust=TRUST)

    assert [each.role for each in found.signatures if each.counts] == ["producer", "reviewer"]
    assert found.signed_by == ("ann",)


def test_another_statement_of_the_same_key_takes_the_place_only_when_asked_for() -> None:
    pack, out = signed(SMALL), io.BytesIO()
    envelope = signed_envelope(claimed(SMALL, statement="On second thought.").payload(), ANN)

    with pytest.raises(UnsafeOperationError, match="already, with another statement"):
        attach(opened(pack), out, envelope)
    out = io.BytesIO()
    attach(opened(pack), out, envelope, replace=True)

    assert opened(out.getvalue()).attestations().keys() == opened(pack).attestations().keys()
    assert verify_pack(out, trust=TRUST).ok


def test_a_signature_made_with_ssh_is_put_in_the_same_way() -> None:
    out = io.BytesIO()

    name = attach(opened(SMALL), out, ssh_envelope(claimed(SMALL, "reviewer").payload(), EVE))

    assert name in contents_of(out.getvalue())


@pytest.mark.parametrize(
    "lie",
    [
        {"pack_id": "00" * 32},
        {"job_id": "other"},
        {"event_count": 1},
        {"head_hash": "00" * 32},
        {"events_root": "00" * 32},
        {"signed_at": 0},
    ],
)
def test_what_is_not_about_this_pack_is_not_put_in(lie: dict[str, int]) -> None:
    payload = attrs.evolve(claimed(SMALL), **lie).payload()  # type: ignore[arg-type]  # a lie

    with pytest.raises(InvalidInputError):
        attach(opened(SMALL), io.BytesIO(), signed_envelope(payload, ANN))


def test_what_is_no_statement_is_not_put_in() -> None:
    with pytest.raises(InvalidInputError, match="no statement"):
        attach(opened(SMALL), io.BytesIO(), signed_envelope(b"{}", ANN))


def test_a_seventeenth_signature_is_refused() -> None:
    pack = SMALL
    for number in range(MOST):
        pack = signed(pack, bytes([number]) * 32, "reviewer")

    assert len(opened(pack).attestations()) == MOST
    with pytest.raises(InvalidInputError, match="at most 16"):
        signed(pack, EVE, "reviewer")
    assert signed(pack, bytes(32), "reviewer") == pack


def test_what_is_no_pack_is_not_opened() -> None:
    out = io.BytesIO()
    write(out, [("readme.txt", b"hello")])

    for data in (b"", b"hello", SMALL[:-1], out.getvalue()):
        with pytest.raises(VerifyMalformedError):
            open_pack(io.BytesIO(data))


def test_signatures_are_kept_for_the_pack_they_are_about() -> None:
    pack = signed(signed(SMALL), BEA, "reviewer")

    assert kept_attestations(io.BytesIO(pack), PACK_ID) == opened(pack).attestations()
    assert kept_attestations(io.BytesIO(pack), "00" * 32) == {}
    for other in (b"", b"hello", SMALL, with_entries(SMALL, {"attestations/x.json": b"{}"})):
        assert kept_attestations(io.BytesIO(other), PACK_ID) == {}


def test_a_pack_exported_again_under_its_old_signatures_is_the_same_file() -> None:
    from wrkr_core.jobpack.export import export_pack

    story, before, out = small_story(), signed(SMALL), io.BytesIO()

    found = export_pack(
        story.store,
        story.job_id,
        out,
        attest=lambda _, pack_id: kept_attestations(io.BytesIO(before), pack_id),
    )

    assert out.getvalue() == before
    assert found.attestations == (name_of("producer", claimed_by(ANN)),)
