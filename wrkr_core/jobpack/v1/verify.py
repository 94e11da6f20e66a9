"""Verifying a jobpack of format v1: by v1's rules, and by what v1 forgot.

What this proves is less than for a jobpack of format v2, and the result says so: nobody signed it,
and its log carries no hashes, so whoever wrote it could have written another. That the file is the
one a receipt names, that nothing in it contradicts its log, and that the log is a legal one by v1's
rules, is proven.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.problems import Findings, judge
from wrkr_core.jobpack.v1.reading import Pack
from wrkr_core.jobpack.v1.receipt import read_receipt
from wrkr_core.jobpack.v1.stages import NEEDS, STAGES
from wrkr_core.jobpack.verification import AnswersFound, StageCheck, Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT: Final = "v1"

_HINT: Final = "it is of format v1 and judged by its rules; ask whoever wrote it for a sound one"


def verify_v1(
    file: IO[bytes],
    *,
    limits: Limits | None = None,
    expect_receipt: str | None = None,
    expect_job: str | None = None,
    require_signature: bool = False,
) -> Verification:
    """Return what was verified of the v1 jobpack in ``file``, a binary file that can seek.

    The arguments are those of ``verify_pack``; with ``require_signature`` no v1 jobpack verifies.

    Raises:
        UnreadableError, UnexpectedShapeError, VerifyHashError: As v1 itself rejects it.
        VerifyMalformedError: It can be understood in two ways, or is too large.
        VerifyHistoryError: Its log is no legal one, or something else says otherwise than it.
        VerifySignatureError: A signature is required.
        InvalidInputError: ``expect_receipt`` is not a receipt.
            All ``details`` hold ``stage``, and ``entry``, ``line`` and ``offset`` where known.

    """
    pack = _under(file, limits, expect_receipt, expect_job, is_required=require_signature)
    checks: list[StageCheck] = []
    for name, stage in STAGES:
        try:
            checks.append(StageCheck(stage=name, said=stage(pack)))
        except VerifyError as error:
            error.details = {"stage": name, **error.details}
            _told(error)
            raise
    return _verification(pack, checks)


def find_problems_v1(
    file: IO[bytes],
    *,
    limits: Limits | None = None,
    expect_receipt: str | None = None,
    expect_job: str | None = None,
    require_signature: bool = False,
) -> Findings:
    """Return every problem of the v1 jobpack in ``file``, of most stages the first.

    The arguments are those of ``verify_v1``. Raises: InvalidInputError: no receipt.
    """
    pack = _under(file, limits, expect_receipt, expect_job, is_required=require_signature)
    stages, problems = judge(pack, STAGES, NEEDS)
    is_read = any(each.stage == "manifest" and each.outcome == "ok" for each in stages)
    checks = [StageCheck(stage=each.stage, said=each.said) for each in stages]
    return Findings(
        job_id=pack.manifest.job_id if is_read else None,
        pack_id=pack.manifest.manifest_sha256 if is_read else None,
        format=FORMAT,
        stages=stages,
        problems=tuple(_told(each) for each in problems),
        verification=None if problems else _verification(pack, checks),
    )


def _under(
    file: IO[bytes],
    limits: Limits | None,
    receipt: str | None,
    job_id: str | None,
    *,
    is_required: bool,
) -> Pack:
    return Pack(
        file=file,
        limits=limits or Limits(),
        receipt=None if receipt is None else read_receipt(receipt),
        job_id=job_id,
        must_be_signed=is_required,
    )


def _told(error: VerifyError) -> VerifyError:
    """Return the error with by which rules it is one."""
    error.details = {"format": FORMAT, **error.details}
    error.hint = error.hint or _HINT
    return error


def _verification(pack: Pack, checks: Sequence[StageCheck]) -> Verification:
    return Verification(
        job_id=pack.manifest.job_id,
        pack_id=pack.manifest.manifest_sha256,
        format=FORMAT,
        status=pack.history.status,
        events=pack.history.count,
        head_hash=None,
        history="not foldable",
        answers=AnswersFound(asserted=pack.history.approvals),
        checks=tuple(checks),
    )
