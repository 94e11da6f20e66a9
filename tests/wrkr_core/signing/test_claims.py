"""Statements: each has one form, says all it must, and is no other kind of statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import NOON
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import InvalidInputError, VerifyMalformedError
from wrkr_core.signing.claims import (
    ROLES,
    VERDICTS,
    ApprovalClaim,
    PackClaim,
    read_approval_claim,
    read_pack_claim,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.signing.claims import Role, Verdict

PACK: Final = PackClaim(
    pack_id="ab" * 32,
    job_id="port-utils",
    event_count=10,
    events_root="cd" * 32,
    head_hash="ef" * 32,
    role="reviewer",
    statement="Read the diff.",
)
ANSWER: Final = ApprovalClaim(
    subject="12" * 32,
    job_id="port-utils",
    checkpoint_id="cp_3",
    decision="approved",
    reason="as agreed",
    choice="staging",
    not_after=NOON,
)
texts: Final = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50).filter(
    lambda text: bool(text.strip())
)


def edited(payload: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    value = loads(payload)
    change(value)
    return dumps(value)


def test_the_bytes_of_a_statement_about_a_pack_are_frozen() -> None:
    """Golden: signatures over these bytes are in people's packs."""
    assert PACK.payload() == (
        b'{"_type":"https://in-toto.io/Statement/v1","predicate":{"eventCount":10,"eventsRoot":"'
        + b"cd" * 32
        + b'","headHash":"'
        + b"ef" * 32
        + b'","jobId":"port-utils","role":"reviewer","statement":"Read the diff."},'
        b'"predicateType":"urn:wrkr:jobpack-attestation:v1",'
        b'"subject":[{"digest":{"sha256":"' + b"ab" * 32 + b'"},"name":"manifest.json"}]}'
    )
    assert loads(attrs.evolve(PACK, signed_at=0).payload())["predicate"]["signedAt"] == (
        "1970-01-01T00:00:00Z"
    )


def test_the_bytes_of_a_statement_about_an_answer_are_frozen() -> None:
    """Golden: signatures over these bytes are in people's logs."""
    assert attrs.evolve(ANSWER, not_after=0).payload() == (
        b'{"_type":"https://in-toto.io/Statement/v1","predicate":{"checkpointId":"cp_3",'
        b'"choice":"staging","decision":"approved","jobId":"port-utils",'
        b'"notAfter":"1970-01-01T00:00:00Z","reason":"as agreed"},'
        b'"predicateType":"urn:wrkr:approval-attestation:v1",'
        b'"subject":[{"digest":{"sha256":"' + b"12" * 32 + b'"},"name":"checkpoint"}]}'
    )


@given(st.sampled_from(ROLES), texts, st.none() | st.integers(0, 2**52))
def test_a_statement_about_a_pack_is_read_as_it_was_written(
    role: Role, statement: str, signed_at: int | None
) -> None:
    claim = attrs.evolve(PACK, role=role, statement=statement, signed_at=signed_at)

    assert read_pack_claim(claim.payload(), entry="x") == claim


@given(st.sampled_from(VERDICTS), texts, st.none() | texts, st.none() | st.integers(0, 2**52))
def test_a_statement_about_an_answer_is_read_as_it_was_written(
    decision: Verdict, reason: str, choice: str | None, not_after: int | None
) -> None:
    claim = attrs.evolve(
        ANSWER, decision=decision, reason=reason, choice=choice, not_after=not_after
    )

    assert read_approval_claim(claim.payload(), entry="x") == claim


@pytest.mark.parametrize(
    "change",
    [
        {"pack_id": "00" * 32},
        {"job_id": "other"},
        {"event_count": 11},
        {"events_root": "00" * 32},
        {"head_hash": "00" * 32},
        {"role": "producer"},
        {"statement": "Read it."},
        {"signed_at": NOON},
    ],
)
def test_everything_about_a_pack_is_part_of_what_is_signed(change: dict[str, Any]) -> None:
    assert attrs.evolve(PACK, **change).payload() != PACK.payload()


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "00" * 32},
        {"job_id": "other"},
        {"checkpoint_id": "cp_4"},
        {"decision": "refused"},
        {"reason": "no"},
        {"choice": "production"},
        {"choice": None},
        {"not_after": None},
    ],
)
def test_everything_about_an_answer_is_part_of_what_is_signed(change: dict[str, Any]) -> None:
    assert attrs.evolve(ANSWER, **change).payload() != ANSWER.payload()


def test_the_two_kinds_are_not_taken_for_each_other() -> None:
    with pytest.raises(VerifyMalformedError, match="urn:wrkr:approval-attestation:v1"):
        read_pack_claim(ANSWER.payload(), entry="x")
    with pytest.raises(VerifyMalformedError, match="urn:wrkr:jobpack-attestation:v1"):
        read_approval_claim(PACK.payload(), entry="x")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"not json",
        b'{"predicate":' + b"[" * 30_000,
        PACK.payload() + b"\n",
        PACK.payload().replace(b":10,", b":10.0,"),
        PACK.payload().replace(b":10,", b':"10",'),
        PACK.payload().replace(b'{"_type"', b'{ "_type"'),
        PACK.payload().replace(b'"role":"reviewer"', b'"role":"reviewer","role":"reviewer"'),
        edited(PACK.payload(), lambda value: value.pop("_type")),
        edited(
            PACK.payload(), lambda value: value.update(_type="https://in-toto.io/Statement/v0.1")
        ),
        edited(PACK.payload(), lambda value: value.update(extra=1)),
        edited(PACK.payload(), lambda value: value["predicate"].update(extra=1)),
        edited(PACK.payload(), lambda value: value["predicate"].update(role="boss")),
        edited(PACK.payload(), lambda value: value["predicate"].update(statement=" ")),
        edited(PACK.payload(), lambda value: value["predicate"].update(statement="x" * 2001)),
        edited(PACK.payload(), lambda value: value["predicate"].update(signedAt=None)),
        edited(PACK.payload(), lambda value: value["predicate"].update(signedAt="today")),
        edited(
            PACK.payload(),
            lambda value: value["predicate"].update(signedAt="2026-01-01T01:00:00+01:00"),
        ),
        edited(PACK.payload(), lambda value: value["predicate"].pop("headHash")),
        edited(PACK.payload(), lambda value: value.update(subject=[])),
        edited(PACK.payload(), lambda value: value["subject"].append(value["subject"][0])),
        edited(PACK.payload(), lambda value: value["subject"][0].update(name="job.json")),
        edited(PACK.payload(), lambda value: value["subject"][0]["digest"].update(md5="00")),
    ],
)
def test_what_is_not_the_one_form_of_a_statement_is_refused(payload: bytes) -> None:
    with pytest.raises(VerifyMalformedError, match=r"^what was signed in here is no") as caught:
        read_pack_claim(payload, entry="here")

    assert caught.value.details["entry"] == "here"


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_never_crash(payload: bytes) -> None:
    with pytest.raises(VerifyMalformedError):
        read_approval_claim(payload, entry="here")


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_what_the_signer_says_has_the_length_of_a_summary(text: str) -> None:
    with pytest.raises(InvalidInputError):
        attrs.evolve(PACK, statement=text).payload()
    with pytest.raises(InvalidInputError):
        attrs.evolve(ANSWER, reason=text).payload()
