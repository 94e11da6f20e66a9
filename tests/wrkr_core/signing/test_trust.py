"""Whose signatures count: roles, jobs, times, revocation, and how keys are counted."""

from __future__ import annotations

from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import ANN, ANNS, BEA, BEAS, EVE, FOUR_EYES, TRUST, trusted
from tests.strategies import NOON
from wrkr_core.signing.keys import PublicKey, public_of
from wrkr_core.signing.trust import ANY_SIGNATURE, Requirement, Revocation, Trust, TrustedKey

instants: Final = st.integers(0, 1000)


def objection(key: TrustedKey, **asked: Any) -> str:  # noqa: ANN401  # as TrustedKey.objection
    return key.objection(**{"role": "reviewer", "job_id": "port-utils", "at": NOON, **asked})


def test_a_key_that_is_trusted_for_it_counts() -> None:
    assert objection(BEAS) == ""


def test_a_key_counts_only_in_its_roles() -> None:
    assert objection(BEAS, role="producer") == "its key is not trusted as producer"


@pytest.mark.parametrize(
    ("glob", "counts"),
    [
        ("*", True),
        ("port-*", True),
        ("port-util?", True),
        ("port-utils", True),
        ("[a-p]*", True),
        ("port", False),
        ("PORT-*", False),
        ("*-other", False),
    ],
)
def test_a_key_counts_only_for_its_jobs(glob: str, *, counts: bool) -> None:
    key = attrs.evolve(BEAS, jobs=("nothing-*", glob))

    assert (objection(key) == "") is counts


@given(instants, instants, instants)
def test_a_key_is_good_from_its_first_instant_up_to_its_last_excluded(
    begins: int, ends: int, at: int
) -> None:
    key = attrs.evolve(BEAS, not_before=begins, not_after=ends)

    assert (objection(key, at=at) == "") is (begins <= at < ends)


@given(instants, instants)
def test_a_retired_key_counts_for_what_came_before(at: int, retired: int) -> None:
    key = attrs.evolve(BEAS, revoked=Revocation(at=retired, reason="retired"))

    assert (objection(key, at=at) == "") is (at < retired)


@given(instants, instants)
def test_a_compromised_key_counts_for_nothing(at: int, found_out: int) -> None:
    key = attrs.evolve(BEAS, revoked=Revocation(at=found_out, reason="compromised"))

    assert objection(key, at=at) == "its key was revoked as compromised"


def test_the_reason_says_since_when() -> None:
    early, late = attrs.evolve(BEAS, not_before=NOON + 1), attrs.evolve(BEAS, not_after=NOON)
    retired = attrs.evolve(BEAS, revoked=Revocation(at=NOON, reason="retired"))

    assert "is good from 20" in objection(early)
    assert "was good until 20" in objection(late)
    assert "was retired at 20" in objection(retired)


def test_a_key_is_found_by_the_id_of_its_own_bytes() -> None:
    assert TRUST.find(ANNS.public.keyid) is ANNS
    assert TRUST.find(public_of(EVE).keyid) is None
    assert TRUST.find("") is None


def test_where_nothing_is_required_one_signature_is() -> None:
    trust = Trust(keys=(ANNS, BEAS))

    assert trust.require == ANY_SIGNATURE
    assert trust.missing([]) == ("1 trusted signature (it has 0)",)
    assert trust.missing([(BEAS, "reviewer")]) == ()


def test_every_requirement_that_is_not_met_is_named() -> None:
    trust = Trust(keys=(ANNS, BEAS), require=FOUR_EYES)

    assert trust.missing([]) == (
        "1 trusted signature as producer (it has 0)",
        "1 trusted signature as reviewer by somebody else than the producer (it has 0)",
    )
    assert trust.missing([(ANNS, "producer"), (BEAS, "reviewer")]) == ()


def test_a_key_that_signed_twice_is_counted_once() -> None:
    """Hard case 22."""
    trust = Trust(keys=(ANNS, BEAS), require=(Requirement(role=None, threshold=2),))

    assert trust.missing([(ANNS, "producer"), (ANNS, "reviewer")])
    assert trust.missing([(ANNS, "producer"), (ANNS, "producer")])
    assert trust.missing([(ANNS, "producer"), (BEAS, "reviewer")]) == ()


def test_a_key_is_counted_by_its_bytes_under_whatever_id_and_name() -> None:
    """The two schemes give one key two ids."""
    ssh = attrs.evolve(BEAS, public=PublicKey(raw=BEAS.public.raw, scheme="ssh-ed25519"))
    other = attrs.evolve(ssh, identity="somebody else")
    trust = Trust(keys=(BEAS, other), require=(Requirement(role="reviewer", threshold=2),))

    assert BEAS.public.keyid != other.public.keyid
    assert trust.missing([(BEAS, "reviewer"), (other, "reviewer")])


def test_the_producer_cannot_be_the_reviewer_who_is_asked_for_besides() -> None:
    trust = Trust(keys=(ANNS, BEAS), require=FOUR_EYES)

    assert trust.missing([(ANNS, "producer"), (ANNS, "reviewer")])


def test_one_key_under_two_names_is_nobody_else() -> None:
    ssh = attrs.evolve(ANNS.public, scheme="ssh-ed25519")
    other = attrs.evolve(ANNS, identity="another name", public=ssh)
    trust = Trust(keys=(ANNS, other), require=FOUR_EYES)

    assert trust.missing([(ANNS, "producer"), (other, "reviewer")])


def test_somebody_with_two_keys_is_not_somebody_else() -> None:
    second = trusted(EVE, "ann", "reviewer")
    trust = Trust(keys=(ANNS, second), require=FOUR_EYES)

    assert trust.missing([(ANNS, "producer"), (second, "reviewer")])


def test_a_signature_in_another_role_is_not_counted() -> None:
    trust = Trust(keys=(ANNS,), require=(Requirement(role="reviewer"),))

    assert trust.missing([(ANNS, "producer")])


@given(st.integers(1, 5), st.sets(st.sampled_from([ANN, BEA, EVE])))
def test_as_many_different_keys_are_wanted_as_the_threshold_says(
    threshold: int, seeds: set[bytes]
) -> None:
    keys = [trusted(seed, seed.hex(), "producer") for seed in sorted(seeds)]
    trust = Trust(keys=tuple(keys), require=(Requirement(role="producer", threshold=threshold),))

    missing = trust.missing([(key, "producer") for key in keys])

    assert (missing == ()) is (len(keys) >= threshold)
