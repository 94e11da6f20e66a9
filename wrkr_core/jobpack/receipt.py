"""A receipt: one line that names a jobpack for ever.

Whoever keeps it can tell later whether a file is that pack. It is a function of the pack alone, so
making one changes nothing and a later one does not void an earlier one.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from wrkr_core.errors import InvalidInputError
from wrkr_core.ids import JOB_ID, check_job_id

_RECEIPT: Final = re.compile(
    rf"WRKR job_id=(?P<job>{JOB_ID}) manifest=sha256:(?P<pack>[0-9a-f]{{64}})"
    rf'(?: verify="wrkr verify (?P=job)")?'
)


@attrs.frozen(kw_only=True)
class Receipt:
    """What a receipt says: the job, and the SHA-256 of its pack's manifest."""

    job_id: str
    pack_id: str


def receipt_line(job_id: str, pack_id: str) -> str:
    """Return the receipt of a pack, without newline."""
    return f'WRKR job_id={job_id} manifest=sha256:{pack_id} verify="wrkr verify {job_id}"'


def read_receipt(text: str) -> Receipt:
    """Return what a receipt says; white space around it, and how to verify it, may be missing.

    Raises: InvalidInputError: not a receipt.
    """
    match = _RECEIPT.fullmatch(text.strip())
    if match is None:
        raise InvalidInputError(
            f"{text.strip()[:200]!r} is not a receipt",
            hint='a receipt reads: WRKR job_id=… manifest=sha256:… verify="wrkr verify …"',
        )
    return Receipt(job_id=check_job_id(match["job"]), pack_id=match["pack"])
