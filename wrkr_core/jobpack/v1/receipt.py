"""Receipts of v1, which read like ours and may name jobs with capitals in their ids."""

from __future__ import annotations

import re
from typing import Final

from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack.receipt import Receipt
from wrkr_core.jobpack.v1.manifest import JOB_ID

_RECEIPT: Final = re.compile(
    rf"WRKR job_id=(?P<job>{JOB_ID}) manifest=sha256:(?P<pack>[0-9a-f]{{64}})"
    rf'(?: verify="wrkr verify (?P=job)")?'
)


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
    return Receipt(job_id=match["job"], pack_id=match["pack"])
