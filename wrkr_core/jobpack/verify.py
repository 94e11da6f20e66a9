"""Checking a jobpack offline, believing nothing in it that was not checked before.

The stages are a table, in the order in which they run. Each uses only what the stages before it
have established and says in one sentence what it found; the first that fails raises, so no pack is
partly verified. Files are read where they lie and never extracted. Memory does not depend on the
length of the log, but for one small entry per step, decision and approval.

What this proves without a trust file: the pack is whole and unchanged since it got its id, its log
is a legal history of this job, and every document in it says what the log says. Not who wrote it:
someone who invents a whole legal history gets a pack that verifies, under another id. Receipts and
signatures by trusted keys tell the two apart. With a trust file, a pack that is not signed as the
file wants does not verify.

A jobpack of the published format v1 is verified by its own rules, in ``jobpack.v1``.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.attestations import signers
from wrkr_core.jobpack.manifest import SCHEMA_VERSION
from wrkr_core.jobpack.receipt import read_receipt
from wrkr_core.jobpack.stages import STAGES, Pack
from wrkr_core.jobpack.v1.detecting import looks_like_v1
from wrkr_core.jobpack.v1.verify import verify_v1
from wrkr_core.jobpack.verification import StageCheck, Verification
from wrkr_core.jobpack.verify_stored import verify_job

if TYPE_CHECKING:
    from wrkr_core.jobpack.verification import Assurance
    from wrkr_core.signing.trust import Trust

__all__ = ["Verification", "verify_job", "verify_pack"]


def verify_pack(
    file: IO[bytes],
    *,
    limits: Limits | None = None,
    expect_receipt: str | None = None,
    expect_job: str | None = None,
    trust: Trust | None = None,
    require_signature: bool = False,
) -> Verification:
    """Return what was verified of the jobpack in ``file``, a binary file that can seek.

    Args:
        file: The jobpack; it is only read.
        limits: How large it may be; raise them for a larger one from someone you trust.
        expect_receipt: A receipt that must be this pack's.
        expect_job: The job it must be of.
        trust: Whose signatures count; the pack must have those it requires.
        require_signature: Refuse a pack whose signatures cannot be judged for want of ``trust``.

    Raises:
        VerifyMalformedError: Not a jobpack, or not in the one legal form.
        VerifySignatureError: A signature is bad or was moved here, or those that count are too few.
        VerifyHashError: Bytes were changed, or a file is missing or too many.
        VerifyHistoryError: The log is no legal history, or something else says otherwise than it.
        VerifyError: One of format v1, under the code that v1 has for it.
        InvalidInputError: ``expect_receipt`` is not a receipt.
        NotSupportedHereError: There are signatures to be checked, and PyNaCl is not installed.
            All ``details`` hold ``stage``, and ``entry``, ``line`` and ``offset`` where known.

    """
    bounds = limits or Limits()
    if looks_like_v1(file, bounds):
        is_wanted = require_signature or (trust is not None and bool(trust.missing(())))
        return verify_v1(
            file,
            limits=bounds,
            expect_receipt=expect_receipt,
            expect_job=expect_job,
            require_signature=is_wanted,
        )
    pack = Pack(
        file=file,
        limits=bounds,
        receipt=None if expect_receipt is None else read_receipt(expect_receipt),
        job_id=expect_job,
        trust=trust,
        must_be_signed=require_signature,
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
        assurance=_assurance(pack),
        signed_by=signers(pack.signatures),
        signatures=pack.signatures,
        answers=pack.answers.found(),
        checks=tuple(checks),
    )


def _assurance(pack: Pack) -> Assurance:
    if any(each.counts for each in pack.signatures):
        return "signed"  # and enough: a pack that is not signed as required has not come this far
    return "asserted" if pack.signatures else "unsigned"
