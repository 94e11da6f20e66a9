"""Checking a jobpack offline, believing nothing in it that was not checked before.

The stages are a table, in the order in which they run. Each uses only what the stages before it
have established and says in one sentence what it found; the first that fails raises, so no pack is
partly verified. Files are read where they lie and never extracted. Memory does not depend on the
length of the log, but for one small entry per step, decision and approval.

What this proves without signatures: the pack is whole and unchanged since it got its id, its log is
a legal history of this job, and every document in it says what the log says. Not who wrote it:
someone who invents a whole legal history gets a pack that verifies, under another id. Receipts and
signatures held by others tell the two apart.
"""

from __future__ import annotations

from typing import IO

from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.manifest import SCHEMA_VERSION
from wrkr_core.jobpack.receipt import read_receipt
from wrkr_core.jobpack.stages import STAGES, Pack
from wrkr_core.jobpack.verification import StageCheck, Verification
from wrkr_core.jobpack.verify_stored import verify_job

__all__ = ["Verification", "verify_job", "verify_pack"]


def verify_pack(
    file: IO[bytes],
    *,
    limits: Limits | None = None,
    expect_receipt: str | None = None,
    expect_job: str | None = None,
) -> Verification:
    """Return what was verified of the jobpack in ``file``, a binary file that can seek.

    Args:
        file: The jobpack; it is only read.
        limits: How large it may be; raise them for a larger one from someone you trust.
        expect_receipt: A receipt that must be this pack's.
        expect_job: The job it must be of.

    Raises:
        VerifyMalformedError: Not a jobpack, or not in the one legal form.
        VerifyHashError: Bytes were changed, or a file is missing or too many.
        VerifyHistoryError: The log is no legal history, or something else says otherwise than it.
        InvalidInputError: ``expect_receipt`` is not a receipt.
            All ``details`` hold ``stage``, and ``entry``, ``line`` and ``offset`` where known.

    """
    pack = Pack(
        file=file,
        limits=limits or Limits(),
        receipt=None if expect_receipt is None else read_receipt(expect_receipt),
        job_id=expect_job,
    )
    checks: list[StageCheck] = []
    for name, stage in STAGES:
        try:
            checks.append(StageCheck(stage=name, said=stage(pack)))
        except VerifyError as error:
            error.details = {"stage": name, **error.details}
            raise
    manifest = pack.manifest
    return Verification(
        job_id=manifest.job_id,
        pack_id=pack.id,
        format=SCHEMA_VERSION,
        status=manifest.status,
        events=manifest.event_count,
        head_hash=manifest.head_hash,
        checks=tuple(checks),
    )
