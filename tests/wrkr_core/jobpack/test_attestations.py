"""Judging the attestations of a pack, one by one and together."""

from __future__ import annotations

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
    ssh_envelope,
    trusted,
)
from tests.strategies import NOON
from wrkr_core.errors import VerifyMalformedError, VerifySignatureError
from wrkr_core.jobpack.attestations import (
    LARGEST,
    MOST,
    check_names,
    judged,
    name_of,
    require,
    signers,
)
from wrkr_core.signing.dsse import Envelope, signed_envelope
from wrkr_core.signing.keys import PublicKey, public_of
from wrkr_core.signing.trust import Requirement, Revocation, Trust, TrustedKey

if TYPE_CHECKING:
    from wrkr_core.jobpack.verification import SignatureFound
    from wrkr_core.signing.claims import Role

PACK: Final = opened(SMALL)


def found(
    *envelopes: tuple[Role, Envelope], trust: Trust | None = TRUST
) -> tuple[SignatureFound, ...]:
    contents = {name_of(role, each.keyid): each.file_bytes() for role, each in envelopes}
    return judged(contents, PACK.manifest, PACK.id, trust)


def envelope(seed: bytes = ANN, role: Role = "producer", **lies: Any) -> tuple[Role, Envelope]:  # noqa: ANN401  # as PackClaim
    return role, signed_envelope(claimed(SMALL, role, **lies).payload(), seed)


def only(trust: Trust | None = TRUST, **changed: Any) -> SignatureFound:  # noqa: ANN401  # as TrustedKey
    """Return what is found of ann's signature when her key is listed with changes."""
    if changed:
        trust = Trust(keys=(attrs.evolve(ANNS, **changed),))
    return found(envelope(), trust=trust)[0]


def test_a_good_signature_of_a_trusted_key_counts() -> None:
    one = only()

    assert one.entry == f"attestations/producer.{ANNS.public.keyid[:16]}.json"
    assert (one.identity, one.role, one.keyid) == ("ann", "producer", ANNS.public.keyid)
    assert (one.counts, one.why) == (True, "")


def test_of_a_key_that_is_not_known_nothing_is_said() -> None:
    """Not even whether its bytes are a statement: nobody here stands for them."""
    nonsense = Envelope(payload=b"\xff", keyid="00" * 32, signature=b"")
    for one in found(envelope(EVE), ("reviewer", nonsense)):
        assert (one.identity, one.counts, one.why) == (None, False, "its key is not known here")
    assert only(trust=None).why == "its key is not known here"


def test_signatures_are_reported_in_the_order_of_their_names() -> None:
    names = [each.entry for each in found(envelope(BEA, "reviewer"), envelope(), envelope(EVE))]

    assert names == sorted(names)


def test_an_ssh_signature_counts_for_a_key_of_that_scheme() -> None:
    ssh = ssh_envelope(claimed(SMALL, "reviewer").payload(), EVE)
    key = TrustedKey(
        public=PublicKey(raw=public_of(EVE).raw, scheme="ssh-ed25519"),
        identity="eve",
        roles=("reviewer",),
    )

    assert found(("reviewer", ssh), trust=Trust(keys=(key,)))[0].counts
    assert not found(("reviewer", ssh), trust=Trust(keys=(trusted(EVE, "eve", "reviewer"),)))[
        0
    ].counts


@pytest.mark.parametrize("hash_name", [b"sha256", b"sha512"])
def test_a_bad_ssh_signature_condemns_the_pack(hash_name: bytes) -> None:
    payload = claimed(SMALL, "reviewer").payload()
    good = ssh_envelope(payload, EVE, hash_name=hash_name)
    raw = ssh_envelope(payload, BEA, hash_name=hash_name)
    forged = attrs.evolve(raw, keyid=good.keyid)
    key = TrustedKey(
        public=PublicKey(raw=public_of(EVE).raw, scheme="ssh-ed25519"),
        identity="eve",
        roles=("reviewer",),
    )

    assert found(("reviewer", good), trust=Trust(keys=(key,)))[0].counts
    with pytest.raises(VerifySignatureError, match="is not signed by eve"):
        found(("reviewer", forged), trust=Trust(keys=(key,)))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"roles": ("reviewer",)}, "not trusted as producer"),
        ({"jobs": ("other-*",)}, "not trusted for job port-utils"),
        ({"not_after": NOON}, "was good until"),
        ({"not_before": 2 * NOON}, "is good from"),
        ({"revoked": Revocation(at=NOON, reason="retired")}, "was retired at"),
        ({"revoked": Revocation(at=2 * NOON, reason="compromised")}, "compromised"),
    ],
)
def test_a_good_signature_that_does_not_count_is_reported_with_its_reason(
    changed: dict[str, Any], why: str
) -> None:
    """Hard case 22: wrong role, expired, not yet valid, revoked."""
    one = only(**changed)

    assert (one.counts, one.identity) == (False, "ann")
    assert why in one.why


def test_what_counts_is_when_it_was_signed_by_its_own_word() -> None:
    """The pack's last event, or a later instant that the signer stated."""
    created = PACK.manifest.created_at
    young = Trust(keys=(attrs.evolve(ANNS, not_before=created + 1),))

    assert not found(envelope(), trust=young)[0].counts
    assert found(envelope(signed_at=created + 1), trust=young)[0].counts
    assert only(not_after=created + 1).counts
    assert not only(not_after=created).counts


def test_something_signed_before_the_last_event_cannot_be() -> None:
    created = PACK.manifest.created_at

    assert found(envelope(signed_at=created))[0].counts
    with pytest.raises(VerifySignatureError, match="before the job's last event"):
        found(envelope(signed_at=created - 1))


@pytest.mark.parametrize(
    "lies",
    [
        {"pack_id": "00" * 32},
        {"job_id": "another-job"},
        {"event_count": 10},
        {"events_root": "00" * 32},
        {"head_hash": "00" * 32},
    ],
)
def test_a_good_signature_about_something_else_condemns_the_pack(lies: dict[str, Any]) -> None:
    """Hard case 22: moved from another pack."""
    with pytest.raises(VerifySignatureError, match="something else than this jobpack") as caught:
        found(envelope(**lies))

    assert caught.value.details["entry"] == name_of("producer", ANNS.public.keyid)
    assert (caught.value.code, caught.value.exit_code) == ("E_VERIFY_SIGNATURE", 2)


def test_a_signature_in_one_role_cannot_stand_where_one_in_another_would() -> None:
    with pytest.raises(VerifySignatureError, match="something else"):
        found(("reviewer", envelope(ANN, "producer")[1]))


def test_a_bad_signature_under_the_name_of_a_trusted_key_condemns_the_pack() -> None:
    """Hard case 22: forged, or one key claiming the id of another."""
    by_eve = attrs.evolve(envelope(EVE)[1], keyid=ANNS.public.keyid)
    by_bea = attrs.evolve(envelope(BEA)[1], keyid=ANNS.public.keyid)
    changed = attrs.evolve(envelope()[1], payload=claimed(SMALL, statement="I agree.").payload())
    empty = attrs.evolve(envelope()[1], signature=b"")

    for forged in (by_eve, by_bea, changed, empty):
        with pytest.raises(VerifySignatureError, match="is not signed by ann") as caught:
            found(("producer", forged))
        assert caught.value.details["keyid"] == ANNS.public.keyid


def test_even_a_bad_signature_beside_a_good_one_condemns_the_pack() -> None:
    with pytest.raises(VerifySignatureError):
        found(envelope(), ("reviewer", attrs.evolve(envelope(EVE)[1], keyid=BEAS.public.keyid)))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"I vouch for it",
        claimed(SMALL).payload() + b" ",
        claimed(SMALL).payload().replace(b'"role"', b' "role"'),
    ],
)
def test_what_is_signed_must_be_a_statement_in_its_one_form(payload: bytes) -> None:
    """Hard case 22: a payload that is not canonical, or something else, though well signed."""
    with pytest.raises(VerifyMalformedError, match="no statement that belongs there"):
        found(("producer", signed_envelope(payload, ANN)))


def test_an_attestation_stands_under_the_id_of_its_key() -> None:
    contents = {name_of("producer", "00" * 32): envelope()[1].file_bytes()}

    with pytest.raises(VerifyMalformedError, match="holds a signature of the key"):
        judged(contents, PACK.manifest, PACK.id, TRUST)


@pytest.mark.parametrize(
    "name",
    [
        "attestations/auditor.0123456789abcdef.json",
        "attestations/producer.0123456789abcde.json",
        "attestations/producer.0123456789abcdefa.json",
        "attestations/producer.0123456789abcdeg.json",
        "attestations/producer.json",
        "attestations/producer.0123456789abcdef.json.json",
        "attestations/a/producer.0123456789abcdef.json",
    ],
)
def test_an_attestation_of_an_unknown_kind_is_refused(name: str) -> None:
    with pytest.raises(VerifyMalformedError, match="no attestation of a kind") as caught:
        check_names([name])

    assert caught.value.details["entry"] == name


def test_sixteen_attestations_are_allowed_and_no_more() -> None:
    names = [name_of("reviewer", f"{number:064x}"[::-1]) for number in range(MOST + 1)]

    check_names(names[:MOST])
    with pytest.raises(VerifyMalformedError, match="17 attestations, 16 are allowed") as caught:
        check_names(names)
    assert caught.value.details["limit"] == MOST
    assert LARGEST == 65536


def test_enough_signatures_are_enough() -> None:
    signatures = found(envelope(), envelope(BEA, "reviewer"), envelope(EVE))

    require(signatures, attrs.evolve(TRUST, require=FOUR_EYES))
    assert signers(signatures) == ("ann", "bea")


def test_what_is_missing_is_said_with_why_what_is_there_does_not_count() -> None:
    trust = Trust(
        keys=(attrs.evolve(ANNS, jobs=("x",)), BEAS),
        require=(Requirement(role="producer"), Requirement(role="reviewer")),
    )
    signatures = found(envelope(), envelope(BEA, "reviewer"), trust=trust)

    with pytest.raises(VerifySignatureError) as caught:
        require(signatures, trust)

    message = caught.value.message
    assert message.startswith("the jobpack needs 1 trusted signature as producer (it has 0); ")
    assert "its key is not trusted for job port-utils" in message
    assert caught.value.details["missing"] == ["1 trusted signature as producer (it has 0)"]
    assert "wrkr keys" in caught.value.hint


def test_a_pack_that_nobody_signed_is_called_so() -> None:
    with pytest.raises(VerifySignatureError, match="it is not signed at all"):
        require((), TRUST)
