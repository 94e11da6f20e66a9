"""Whole packs under a trust file: what is signed stands, and nothing else does (hard cases 17, 22).

The tests of ``attestations`` look at single signatures. Here a forger has the whole pack in hand,
may change whatever is in it, seal all of it afresh, and sign with any key but the trusted ones.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from tests.signers import (
    ANN,
    ANNS,
    BEA,
    BEAS,
    EVE,
    FOUR_EYES,
    SMALL,
    TRUST,
    claimed,
    opened,
    signed,
    ssh_envelope,
    with_entries,
    with_envelope,
)
from tests.stories import Story, contents_of, packed, repacked, small_story, submitted
from wrkr_core.errors import VerifyError, VerifyMalformedError, VerifySignatureError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.attestations import name_of
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.signing.dsse import Envelope, signed_envelope
from wrkr_core.signing.keys import public_of
from wrkr_core.signing.trust import Requirement, Trust
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from wrkr_core.jobpack.verification import Verification

ORDER: Final = 2**252 + 27742317777372353535851937790883648493
SIGNED: Final = signed(SMALL)
BOTH: Final = signed(SIGNED, BEA, "reviewer")
STRICT: Final = attrs.evolve(TRUST, require=FOUR_EYES)


def verified(pack: bytes, trust: Trust | None = TRUST, **asked: Any) -> Verification:  # noqa: ANN401  # as verify_pack
    return verify_pack(io.BytesIO(pack), trust=trust, **asked)


def refusal(pack: bytes, trust: Trust = TRUST) -> VerifyError:
    with pytest.raises(VerifyError) as caught:
        verified(pack, trust)
    assert caught.value.details["stage"] == "signatures"
    return caught.value


def is_refused(pack: bytes, trust: Trust = TRUST) -> bool:
    try:
        verified(pack, trust)
    except VerifyError:
        return True
    return False


def ledgered(**spec: Any) -> bytes:  # noqa: ANN401  # as JobSpec
    """Return the pack of another job, as short as can be."""
    story = Story(job_id=spec.pop("job_id", "port-utils"))
    story.tell(submitted(JobSpec(name="port-utils", **spec)), by="eve")
    return packed(story)


def test_a_signed_pack_verifies_under_a_trust_file() -> None:
    found = verified(BOTH, STRICT, require_signature=True)

    assert (found.integrity, found.assurance, found.signed_by) == (
        "verified",
        "signed",
        ("ann", "bea"),
    )


def test_an_unsigned_pack_does_not_verify_under_a_trust_file() -> None:
    assert refusal(SMALL).code == "E_VERIFY_SIGNATURE"
    assert refusal(SMALL).exit_code == 2
    assert verified(SMALL, None).assurance == "unsigned"


def test_an_invented_history_that_is_legal_is_told_by_its_signature() -> None:
    """What no hash chain can do: everything is sealed afresh, and the signatures are the old ones."""
    invented = small_story()
    invented.release(2)
    pack = packed(invented)
    attestations = opened(BOTH).attestations()

    assert verified(pack, None).ok
    assert "something else than this jobpack" in refusal(with_entries(pack, attestations)).message
    assert "not signed at all" in refusal(pack).message


def test_a_signature_cannot_be_moved_to_a_pack_of_another_job() -> None:
    other = ledgered(job_id="another-job")

    assert verified(other, None).ok
    assert refusal(with_entries(other, opened(SIGNED).attestations())).code == "E_VERIFY_SIGNATURE"


def test_a_signature_cannot_be_moved_to_an_earlier_state_of_the_same_job() -> None:
    """Rollback: the pack before the last event was a good one, too."""
    story = small_story()
    story.release(2)
    later = packed(story)

    for pack, attestations in ((SMALL, opened(signed(later))), (later, opened(SIGNED))):
        refusal(with_entries(pack, attestations.attestations()))


def test_a_forgers_own_signature_is_reported_and_counts_for_nothing() -> None:
    """Hard case 22: the key comes with the pack, and nobody here knows it."""
    by_eve = signed(SMALL, EVE)
    ssh = ssh_envelope(claimed(SMALL).payload(), EVE)
    with_key_inside = with_envelope(SMALL, ssh)
    assert public_of(EVE).raw in ssh.signature

    for pack in (by_eve, with_key_inside):
        assert "its key is not known here" in refusal(pack).message
        assert verified(pack, None).assurance == "asserted"
    beside = signed(SIGNED, EVE)
    assert verified(beside).signed_by == ("ann",)
    assert [each.counts for each in verified(beside).signatures].count(False) == 1


def test_a_forger_who_takes_the_name_of_a_trusted_key_is_found_out() -> None:
    forged = attrs.evolve(signed_envelope(claimed(SMALL).payload(), EVE), keyid=ANNS.public.keyid)

    assert "is not signed by ann" in refusal(with_envelope(SMALL, forged)).message


def test_two_keys_whose_ids_begin_alike_cannot_be_confused() -> None:
    """Only the entry's name is short; the key is looked up by the whole id."""
    alike = ANNS.public.keyid[:16] + "0" * 48
    forged = attrs.evolve(signed_envelope(claimed(SMALL).payload(), EVE), keyid=alike)

    assert "its key is not known here" in refusal(with_envelope(SMALL, forged)).message


def test_a_malleated_signature_is_refused() -> None:
    good = signed_envelope(claimed(SMALL).payload(), ANN)
    scalar = int.from_bytes(good.signature[32:], "little") + ORDER
    other = attrs.evolve(good, signature=good.signature[:32] + scalar.to_bytes(32, "little"))

    assert verified(with_envelope(SMALL, good)).ok
    assert "is not signed by ann" in refusal(with_envelope(SMALL, other)).message


def test_a_signature_is_not_found_under_another_type_of_payload() -> None:
    """Type confusion: the type is part of what is signed, and only one is read at all."""
    name = name_of("producer", ANNS.public.keyid)
    envelope = opened(SIGNED).attestations()[name]
    other = envelope.replace(b"application/vnd.in-toto+json", b"application/vnd.other+json")

    found = refusal(with_entries(SMALL, {name: other}))

    assert isinstance(found, VerifyMalformedError)
    assert found.exit_code == 6


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 8])
def test_a_truncated_attestation_is_refused(cut: int) -> None:
    name = name_of("producer", ANNS.public.keyid)
    envelope = opened(SIGNED).attestations()[name]
    start = envelope.index(b'"payload":"') + 11
    end = envelope.index(b'"', start)
    shorter = envelope[: end - cut] + envelope[end:]

    assert is_refused(with_entries(SMALL, {name: shorter}))
    assert is_refused(with_entries(SMALL, {name: envelope[:-cut]}))
    assert is_refused(with_entries(SMALL, {name: b""}))


def test_a_payload_that_is_not_canonical_is_refused_however_well_it_is_signed() -> None:
    payload = claimed(SMALL).payload()
    for other in (b" " + payload, payload + b"\n", payload.replace(b":", b": ", 1)):
        pack = with_envelope(SMALL, signed_envelope(other, ANN))
        assert isinstance(refusal(pack), VerifyMalformedError)


def test_too_many_or_unknown_attestations_are_refused() -> None:
    many = {name_of("reviewer", f"{n:016x}"): b"{}" for n in range(17)}

    assert "17 attestations" in refusal(with_entries(SMALL, many)).message
    for name in ("attestations/boss.0123456789abcdef.json", "attestations/readme.txt"):
        assert "no attestation of a kind" in refusal(with_entries(SIGNED, {name: b"{}"})).message


def test_an_attestation_is_none_of_the_files_that_the_manifest_lists() -> None:
    contents = contents_of(SIGNED)

    with pytest.raises(VerifyMalformedError, match="is no file of a jobpack"):
        verified(repacked(contents))


def test_one_key_counts_once_however_often_it_signs() -> None:
    twice = signed(SIGNED, ANN, "reviewer")
    two = attrs.evolve(TRUST, require=(Requirement(role=None, threshold=2),))

    assert verified(twice).ok
    assert "(it has 1)" in refusal(twice, two).message
    assert verified(BOTH, two).ok
    assert "by somebody else than the producer (it has 0)" in refusal(twice, STRICT).message


def test_a_reviewer_who_may_only_review_did_not_produce() -> None:
    by_bea = signed(SMALL, BEA)

    assert "not trusted as producer" in refusal(by_bea).message


def test_an_empty_list_of_trusted_keys_trusts_nobody() -> None:
    assert refusal(BOTH, Trust(keys=())).code == "E_VERIFY_SIGNATURE"


@pytest.mark.parametrize("name", ["events.jsonl", "job.json", "approvals.jsonl"])
def test_a_file_that_was_changed_under_a_good_signature_is_noticed(name: str) -> None:
    """Hard case 22: a signature over a hash that nobody recomputes."""
    contents = contents_of(BOTH)
    changed = contents[name].replace(b"port-utils", b"port-atils", 1)

    with pytest.raises(VerifyError) as caught:
        verified(with_entries(BOTH, {name: changed}), STRICT)

    assert caught.value.details["stage"] == "digests"


def test_a_manifest_that_was_changed_is_another_pack_than_was_signed() -> None:
    for change in ({"status": "canceled"}, {"producer_version": "9"}):
        pack = repacked(contents_of(SMALL), lambda manifest, to=change: manifest.update(to))  # type: ignore[misc]
        found = refusal(with_entries(pack, opened(BOTH).attestations()), STRICT)
        assert "something else than this jobpack" in found.message


def test_a_signed_pack_with_any_bit_flipped_is_refused() -> None:
    """Every byte, one bit each; the archive's own checksums find most of them."""
    story = Story(job_id="j")
    story.tell(submitted(JobSpec(name="j")), by="a")
    pack = signed(packed(story))
    assert verified(pack).signed_by == ("ann",)

    accepted = [
        at
        for at in range(len(pack))
        if not is_refused(pack[:at] + bytes([pack[at] ^ 1 << at % 8]) + pack[at + 1 :])
    ]

    assert accepted == []


@pytest.mark.slow
def test_an_attestation_with_any_bit_flipped_and_the_archive_mended_is_refused() -> None:
    """Every bit of it: no checksum of the archive helps here."""
    name = name_of("producer", ANNS.public.keyid)
    envelope = opened(SIGNED).attestations()[name]
    accepted: list[int] = []
    for bit in range(8 * len(envelope)):
        flipped = bytearray(envelope)
        flipped[bit // 8] ^= 1 << bit % 8
        if not is_refused(with_entries(SMALL, {name: bytes(flipped)})):
            accepted.append(bit)

    assert accepted == []


def test_every_byte_of_the_manifest_is_under_the_signature() -> None:
    """Every byte exchanged for another, and the archive mended."""
    manifest = contents_of(SIGNED)["manifest.json"]
    accepted: list[int] = []
    for at in range(len(manifest)):
        changed = manifest[:at] + bytes([manifest[at] ^ 1]) + manifest[at + 1 :]
        if not is_refused(with_entries(SIGNED, {"manifest.json": changed})):
            accepted.append(at)

    assert accepted == []


def test_every_entry_name_that_is_changed_is_refused() -> None:
    for entry in archive.scan(io.BytesIO(SIGNED)):
        other = {name: data for name, data in contents_of(SIGNED).items() if name != entry.name}
        out = io.BytesIO()
        archive.write(out, sorted({**other, f"{entry.name}x": b""}.items()))
        assert is_refused(out.getvalue()), entry.name


def test_the_job_of_a_signed_pack_is_imported_with_its_signatures() -> None:
    store, out = MemoryStore(), io.BytesIO()

    job_id, is_new = import_pack(io.BytesIO(BOTH), store)
    export_pack(store, job_id, out)

    assert is_new
    assert out.getvalue() == BOTH


def test_a_signature_by_bytes_that_are_no_key_cannot_be_trusted_into_being() -> None:
    """A point of small order, had it come into a trust file past its reader, signs nothing."""
    identity = bytes([1]) + bytes(31)
    key = attrs.evolve(BEAS, public=attrs.evolve(BEAS.public, raw=identity), roles=("producer",))
    forged = Envelope(
        payload=claimed(SMALL).payload(), keyid=key.public.keyid, signature=identity + bytes(32)
    )

    found = refusal(with_envelope(SMALL, forged), Trust(keys=(key,)))

    assert isinstance(found, VerifySignatureError)
