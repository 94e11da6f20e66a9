"""Checking a jobpack offline, believing nothing in it that was not checked before.

The stages are a table, in the order in which they run. Each uses only what the stages before it
have established and says in one sentence what it found; the first that fails raises, so no pack is
partly verified. Files are read where they lie and never extracted. Memory does not depend on the
length of the log, but for what is open in it, and a few bytes per finished step and approval.

What this proves without a trust file: the pack is whole and unchanged since it got its id, its log
is a legal history of this job, and every document in it says what the log says. Not who wrote it:
someone who invents a whole legal history gets a pack that verifies, under another id. Receipts and
signatures by trusted keys tell the two apart. With a trust file, a pack that is not signed as the
file wants does not verify.

A jobpack of the published format v1 is verified by its own rules, in ``jobpack.v1``.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from wrkr_core.erasing import payloads_text
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.attestations import signers
from wrkr_core.jobpack.manifest import SCHEMA_VERSION
from wrkr_core.jobpack.pack import Pack
from wrkr_core.jobpack.problems import Findings, judge
from wrkr_core.jobpack.receipt import read_receipt
from wrkr_core.jobpack.stages import NEEDS, STAGES
from wrkr_core.jobpack.v1.detecting import looks_like_v1
from wrkr_core.jobpack.v1.verify import find_problems_v1, verify_v1
from wrkr_core.jobpack.verification import StageCheck, Verification
from wrkr_core.jobpack.verify_stored import find_problems_of_job, verify_job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.jobpack.verification import Assurance
    from wrkr_core.signing.trust import Trust

__all__ = [
    "Findings",
    "Verification",
    "find_problems",
    "find_problems_of_job",
    "verify_job",
    "verify_pack",
]


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
        return verify_v1(
            file,
            limits=bounds,
            expect_receipt=expect_receipt,
            expect_job=expect_job,
            require_signature=_is_wanted(trust, is_required=require_signature),
        )
    pack = _under(file, bounds, expect_receipt, expect_job, trust, is_required=require_signature)
    checks: list[StageCheck] = []
    for name, stage in STAGES:
        try:
            checks.append(StageCheck(stage=name, said=stage(pack)))
        except VerifyError as error:
            error.details = {"stage": name, **error.details}
            raise
    return _verification(pack, checks)


def find_problems(
    file: IO[bytes],
    *,
    limits: Limits | None = None,
    expect_receipt: str | None = None,
    expect_job: str | None = None,
    trust: Trust | None = None,
    require_signature: bool = False,
) -> Findings:
    """Return every problem of the jobpack in ``file``; the arguments are those of ``verify_pack``.

    Where there is none, what was verified is what ``verify_pack`` returns; otherwise the first is
    what it raises.

    Raises: InvalidInputError: ``expect_receipt`` is not a receipt. NotSupportedHereError.
    """
    bounds = limits or Limits()
    if looks_like_v1(file, bounds):
        return find_problems_v1(
            file,
            limits=bounds,
            expect_receipt=expect_receipt,
            expect_job=expect_job,
            require_signature=_is_wanted(trust, is_required=require_signature),
        )
    pack = _under(file, bounds, expect_receipt, expect_job, trust, is_required=require_signature)
    stages, problems = judge(pack, STAGES, NEEDS)
    is_read = any(each.stage == "manifest" and each.outcome == "ok" for each in stages)
    checks = [StageCheck(stage=each.stage, said=each.said) for each in stages]
    return Findings(
        job_id=pack.manifest.job_id if is_read else None,
        pack_id=pack.id if is_read else None,
        format=SCHEMA_VERSION,
        stages=stages,
        problems=problems,
        verification=None if problems else _verification(pack, checks),
    )


def _is_wanted(trust: Trust | None, *, is_required: bool) -> bool:
    """Tell whether a jobpack that cannot be signed is refused for it."""
    return is_required or (trust is not None and bool(trust.missing(())))


def _under(
    file: IO[bytes],
    limits: Limits,
    receipt: str | None,
    job_id: str | None,
    trust: Trust | None,
    *,
    is_required: bool,
) -> Pack:
    """Return the pack as it is before its first stage. Raises: InvalidInputError: no receipt."""
    return Pack(
        file=file,
        limits=limits,
        receipt=None if receipt is None else read_receipt(receipt),
        job_id=job_id,
        trust=trust,
        must_be_signed=is_required,
    )


def _verification(pack: Pack, checks: Sequence[StageCheck]) -> Verification:
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
        payloads=payloads_text(pack.state),
        checks=tuple(checks),
    )


def _assurance(pack: Pack) -> Assurance:
    if any(each.counts for each in pack.signatures):
        return "signed"  # and enough: a pack that is not signed as required has not come this far
    return "asserted" if pack.signatures else "unsigned"
