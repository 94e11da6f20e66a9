"""The signature of a person's answer, as the event that records the answer holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from wrkr_core.errors import InvalidInputError, VerifyMalformedError
from wrkr_core.signing.claims import read_approval_claim
from wrkr_core.signing.dsse import read_envelope

if TYPE_CHECKING:
    from wrkr_core.signing.claims import ApprovalClaim


def recordable(signature: bytes, claim: ApprovalClaim) -> msgspec.Raw:
    """Return an envelope to be recorded with the answer that ``claim`` describes.

    A signature over anything else would be in the log for ever, and the job's packs never verify.
    Whose signature it is, and whether it is good, is judged by those who trust the key.

    Raises: InvalidInputError: it is no envelope, or its payload says something else.
    """
    entry = f"the signature of {claim.checkpoint_id}"
    try:
        signed = read_approval_claim(read_envelope(signature, entry=entry).payload, entry=entry)
    except VerifyMalformedError as error:
        raise InvalidInputError(error.message) from error
    if signed != claim:
        raise InvalidInputError(
            f"{entry} was made for another answer than the one to be recorded",
            hint="sign what is recorded: job, checkpoint, decision, choice, reason and expiry",
            checkpoint_id=claim.checkpoint_id,
        )
    return msgspec.Raw(signature)
