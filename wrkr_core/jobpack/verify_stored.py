"""Checking a job where it is kept: the same log and history checks, straight on its records.

Besides, what lies beside the log: every blob it refers to is there and whole, and the snapshot, if
one would be believed, says what the log says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.erasing import payloads_text
from wrkr_core.errors import VerifyError
from wrkr_core.job_log import check_stream
from wrkr_core.jobpack.attestations import signers
from wrkr_core.jobpack.problems import Findings, judge
from wrkr_core.jobpack.receipt import read_receipt
from wrkr_core.jobpack.stages_stored import NEEDS, STAGES, KeptJob, believable_snapshot
from wrkr_core.jobpack.stored import store_of, stored_job
from wrkr_core.jobpack.verification import StageCheck, Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.ledger import Ledger
    from wrkr_core.signing.trust import Trust
    from wrkr_core.store import Store

FORMAT = "store"


def verify_job(
    source: Store | Ledger,
    job_id: str,
    *,
    expect_receipt: str | None = None,
    trust: Trust | None = None,
    require_signature: bool = False,
) -> Verification:
    """Return what was verified of a job in a store, as it was when this was called.

    ``expect_receipt`` must be the receipt of the pack that exporting the job now would give. By
    ``trust`` signed answers are judged, and the attestations of the jobpack it was imported from, as
    long as it is that jobpack; otherwise a job in a store is signed by nobody.

    Raises:
        NotFoundError: There is no such job.
        VerifyMalformedError: A record is not a log line.
        VerifyHashError: A record or a blob was changed or is missing, or the receipt is another's.
        VerifyHistoryError: The log is no legal history, or the snapshot says otherwise than it.
        VerifySignatureError: A trusted key did not sign what is said to be signed by it, or
            ``require_signature`` was given and those who signed are not enough.
        InvalidInputError: ``expect_receipt`` is not a receipt, or no job can have this id.
        NotSupportedHereError: Answers are signed by trusted keys, and PyNaCl is not installed.
            All ``details`` of a VerifyError hold ``stage`` and ``job_id``, and ``seq`` where known.

    """
    kept = _kept(source, job_id, expect_receipt, trust, is_required=require_signature)
    checks: list[StageCheck] = []
    for name, stage in STAGES:
        try:
            checks.append(StageCheck(stage=name, said=stage(kept)))
        except VerifyError as error:
            error.details = {"stage": name, "job_id": job_id, **error.details}
            raise
    return _verification(kept, checks)


def find_problems_of_job(
    source: Store | Ledger,
    job_id: str,
    *,
    expect_receipt: str | None = None,
    trust: Trust | None = None,
    require_signature: bool = False,
) -> Findings:
    """Return every problem of a job in a store; the arguments are those of ``verify_job``.

    Raises: NotFoundError, InvalidInputError, NotSupportedHereError: as ``verify_job``.
    """
    kept = _kept(source, job_id, expect_receipt, trust, is_required=require_signature)
    stages, problems = judge(kept, STAGES, NEEDS)
    checks = [StageCheck(stage=each.stage, said=each.said) for each in stages]
    return Findings(
        job_id=job_id,
        pack_id=None,
        format=FORMAT,
        stages=stages,
        problems=problems,
        verification=None if problems else _verification(kept, checks),
    )


def _kept(
    source: Store | Ledger,
    job_id: str,
    receipt: str | None,
    trust: Trust | None,
    *,
    is_required: bool,
) -> KeptJob:
    """Return the job as it is before its first stage. Raises: NotFoundError, InvalidInputError."""
    wanted = None if receipt is None else read_receipt(receipt)
    check_stream(job_id)
    store = store_of(source)
    believed = believable_snapshot(store, job_id)  # before the head, so it cannot be newer
    return KeptJob(
        job=stored_job(source, job_id),
        believed=believed,
        receipt=wanted,
        trust=trust,
        must_be_signed=is_required,
    )


def _verification(kept: KeptJob, checks: Sequence[StageCheck]) -> Verification:
    return Verification(
        job_id=kept.job.job_id,
        pack_id=None,
        format=FORMAT,
        status=kept.state.status,
        events=kept.state.seq,
        head_hash=kept.state.hash,
        assurance="signed" if kept.is_signed else "asserted" if kept.signatures else "unsigned",
        signed_by=signers(kept.signatures) if kept.is_signed else (),
        signatures=kept.signatures,
        answers=kept.answers.found(),
        payloads=payloads_text(kept.state),
        checks=tuple(checks),
    )
