"""What may be recorded as the signature of an answer."""

from __future__ import annotations

from typing import Any, Final

import attrs
import pytest

from tests.signers import BEA
from wrkr_core.errors import InvalidInputError
from wrkr_core.signing.answers import recordable
from wrkr_core.signing.claims import ApprovalClaim, PackClaim
from wrkr_core.signing.dsse import Envelope, signed_envelope

CLAIM: Final = ApprovalClaim(
    subject="12" * 32, job_id="j", checkpoint_id="cp_3", decision="approved", reason="as agreed"
)
SIGNED: Final = signed_envelope(CLAIM.payload(), BEA).file_bytes()
ABOUT_A_PACK: Final = PackClaim(
    pack_id="12" * 32,
    job_id="j",
    event_count=1,
    events_root="00" * 32,
    head_hash="00" * 32,
    role="reviewer",
    statement="as agreed",
)


def test_a_signature_over_the_answer_is_recorded_as_it_is() -> None:
    assert bytes(recordable(SIGNED, CLAIM)) == SIGNED


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "00" * 32},
        {"job_id": "k"},
        {"checkpoint_id": "cp_4"},
        {"decision": "refused"},
        {"reason": "other"},
        {"choice": "a"},
        {"not_after": 1},
    ],
)
def test_a_signature_over_another_answer_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="made for another answer"):
        recordable(SIGNED, attrs.evolve(CLAIM, **change))


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"null",
        b"{}",
        SIGNED + b"\n",
        SIGNED.replace(b":", b": ", 1),
        signed_envelope(b"{}", BEA).file_bytes(),
        signed_envelope(ABOUT_A_PACK.payload(), BEA).file_bytes(),
    ],
)
def test_what_is_no_signature_of_an_answer_is_refused_as_input(signature: bytes) -> None:
    with pytest.raises(InvalidInputError, match="cp_3"):
        recordable(signature, CLAIM)


def test_whose_signature_it_is_is_not_judged_here() -> None:
    unknown = Envelope(payload=CLAIM.payload(), keyid="00" * 32, signature=b"x").file_bytes()

    assert bytes(recordable(unknown, CLAIM)) == unknown
