"""Checking a job where it is kept: the same log and history checks, straight on its records.

Besides, what lies beside the log: every blob it refers to is there and whole, and the snapshot, if
one would be believed, says what the log says.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from wrkr_core import snapshot
from wrkr_core.errors import (
    Corrupt,
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifySignatureError,
)
from wrkr_core.jobpack.answers import Answers
from wrkr_core.jobpack.export import Survey
from wrkr_core.jobpack.history import History
from wrkr_core.jobpack.log import LogCheck
from wrkr_core.jobpack.projections import Projections
from wrkr_core.jobpack.receipt import Receipt, read_receipt
from wrkr_core.jobpack.stages import approvals_said, require_known
from wrkr_core.jobpack.stored import store_of, stored_job
from wrkr_core.jobpack.verification import StageCheck, Verification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState
    from wrkr_core.jobpack.stored import StoredJob
    from wrkr_core.ledger import Ledger
    from wrkr_core.record import Line
    from wrkr_core.signing.trust import Trust
    from wrkr_core.store import Event, Store


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
    ``trust`` signed answers are judged. A job in a store is itself signed by nobody: jobpacks are.

    Raises:
        NotFoundError: There is no such job.
        VerifyMalformedError: A record is not a log line.
        VerifyHashError: A record or a blob was changed or is missing, or the receipt is another's.
        VerifyHistoryError: The log is no legal history, or the snapshot says otherwise than it.
        VerifySignatureError: A trusted key did not sign what is said to be signed by it, or
            ``require_signature`` was given.
        InvalidInputError: ``expect_receipt`` is not a receipt.
        NotSupportedHereError: Answers are signed by trusted keys, and PyNaCl is not installed.

    """
    receipt = None if expect_receipt is None else read_receipt(expect_receipt)
    kept = _believable_snapshot(store_of(source), job_id)  # before the head, so it cannot be newer
    job = stored_job(source, job_id)
    projections = Projections(job_id, checkpoints=_drop, approvals=_drop)
    answers = Answers(job_id, trust)
    history = History(job_id, projections.take_in, answers.take_in)
    events = _events(job, LogCheck(job_id))
    beside = "there is none"
    try:
        if kept is not None:
            beside = _compare(kept, history.follow(islice(events, kept.seq)))
        state = history.follow(events)
        require_known(state)
        for digest in sorted(projections.blobs):
            job.blob(digest)
        if receipt is not None:
            _compare_receipt(receipt, job)
    except Corrupt as error:
        raise VerifyHashError(error.message, hint=error.hint, job_id=job_id) from error
    found = answers.found()
    if require_signature:
        raise VerifySignatureError(
            f"job {job_id} in its store is signed by nobody, and a signature is required",
            hint=f"verify its jobpack: wrkr export {job_id} --sign KEY makes one",
            job_id=job_id,
        )
    said = {
        "log": f"{state.seq} events in one unbroken chain",
        "history": f"a legal history; the job is {state.status}",
        "approvals": approvals_said(projections, found),
        "blobs": f"{len(projections.blobs)} under their digests",
        "snapshot": beside,
        "expectations": "the expected receipt" if receipt is not None else "nothing was expected",
    }
    return Verification(
        job_id=job_id,
        pack_id=None,
        format="store",
        status=state.status,
        events=state.seq,
        head_hash=state.hash,
        answers=found,
        checks=tuple(StageCheck(stage=stage, said=text) for stage, text in said.items()),
    )


def _events(job: StoredJob, check: LogCheck) -> Iterator[RecordedEvent]:
    for page in job.pages():
        for record in page:
            try:
                recorded = check.take_in(record.data)
            except VerifyError as error:
                error.details = {"job_id": job.job_id, "seq": record.seq, **error.details}
                raise
            _require_same(record, check.line)
            yield recorded


def _require_same(record: Event, line: Line | None) -> None:
    if line is None or (record.id, record.type, record.at) != (line.id, line.type, line.at):
        raise VerifyHashError(
            f"record {record.seq}: the store's columns and the record's own line disagree",
            seq=record.seq,
        )


def _believable_snapshot(store: Store, job_id: str) -> JobState | None:
    """Return the snapshot a reader would take, None if there is none it would."""
    cell = store.get(snapshot.snapshot_key(job_id))
    return None if cell is None else snapshot.read_snapshot(cell.data, job_id)


def _compare(kept: JobState, folded: JobState) -> str:
    if (kept.seq, kept.hash) != (folded.seq, folded.hash):
        return f"one of record {kept.seq} that belongs to no record here; it is never believed"
    if kept != folded:
        raise VerifyHistoryError(
            f"the snapshot of job {kept.job_id} says otherwise than its log at record {kept.seq}",
            hint="it was edited; delete the cell of that name, it is made again by itself",
            job_id=kept.job_id,
            seq=kept.seq,
            cell=snapshot.snapshot_key(kept.job_id),
        )
    return f"says what the log says at record {kept.seq}"


def _compare_receipt(receipt: Receipt, job: StoredJob) -> None:
    found = Survey(job).manifest()[1]
    if (receipt.job_id, receipt.pack_id) != (job.job_id, found):
        raise VerifyHashError(
            f"job {job.job_id} as it is now is jobpack sha256:{found}; the receipt is for "
            f"sha256:{receipt.pack_id} of job {receipt.job_id}",
            hint="it stays good for its own jobpack; wrkr job prove JOB --since RECEIPT shows that the "
            "job only went on since",
            job_id=job.job_id,
            expected=receipt.pack_id,
            found=found,
        )


def _drop(_line: bytes) -> None:
    """Keep nothing: a job in a store has no documents to compare with."""
