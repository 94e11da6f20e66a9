"""The stage of verification that judges signatures: its place, and what it refuses by itself."""

from __future__ import annotations

from tests.signers import SMALL, TRUST, signed, with_entries
from tests.wrkr_core.jobpack.test_stages import NAMES, refusal, run
from wrkr_core.errors import VerifyMalformedError, VerifySignatureError


def test_signatures_are_judged_before_any_file_is_looked_at() -> None:
    forged = with_entries(SMALL, {"attestations/producer.0123456789abcdef.json": b"{}"})

    found = refusal(forged, "signatures", VerifyMalformedError)

    assert found.details["entry"] == "attestations/producer.0123456789abcdef.json"
    assert NAMES.index("signatures") < NAMES.index("files") < NAMES.index("digests")


def test_without_a_trust_file_signatures_are_counted_and_not_judged() -> None:
    assert run(SMALL, "signatures") == "there are none"
    assert run(signed(SMALL), "signatures") == "1, judged by no trust file"
    assert run(signed(SMALL), "signatures", trust=TRUST) == "1 of 1 count, and are enough"


def test_a_required_signature_cannot_be_had_without_a_trust_file() -> None:
    """Hard case 22: no key in the pack is believed."""
    for pack in (SMALL, signed(SMALL)):
        found = refusal(pack, "signatures", VerifySignatureError, must_be_signed=True)
        assert "--trust" in found.hint


def test_an_unsigned_pack_is_refused_where_there_is_a_trust_file() -> None:
    found = refusal(SMALL, "signatures", VerifySignatureError, trust=TRUST)

    assert "it is not signed at all" in found.message


def test_an_attestation_that_is_too_large_is_refused_unread() -> None:
    name = "attestations/producer.0123456789abcdef.json"
    found = refusal(with_entries(SMALL, {name: b" " * 65537}), "signatures", VerifyMalformedError)

    assert found.details["limit"] == 65536
