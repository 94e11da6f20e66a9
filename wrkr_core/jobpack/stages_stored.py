"""The stages of verifying a job in its store; as with those of a jobpack, ``STAGES`` is their order.

Log and history are looked at in one reading of the records, so the stage of the history only says
what came out. Behind the first event that is not legal, or the first record that is wrong, the
records are still checked one by one.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core import snapshot
from wrkr_core.erasing import is_unfinished, payloads_text, unfinished_text
from wrkr_core.errors import (
    Corrupt,
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifySignatureError,
)
from wrkr_core.jobpack import attestations
from wrkr_core.jobpack.answers import Answers
from wrkr_core.jobpack.carried import carried
from wrkr_core.jobpack.export import Survey
from wrkr_core.jobpack.history import History
from wrkr_core.jobpack.log import LogCheck
from wrkr_core.jobpack.manifest import Manifest, read_manifest
from wrkr_core.jobpack.problems import Report, refuse
from wrkr_core.jobpack.projections import Projections
from wrkr_core.jobpack.stages import (
    approvals_said,
    report_wrong,
    require_known,
    taken_over,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState
    from wrkr_core.jobpack.receipt import Receipt
    from wrkr_core.jobpack.stored import StoredJob
    from wrkr_core.jobpack.verification import SignatureFound
    from wrkr_core.record import Line
    from wrkr_core.signing.trust import Trust
    from wrkr_core.store import Event, Store


@attrs.define(kw_only=True, slots=False)
class KeptJob:
    """A job under verification: what was asked, and what the stages so far have established.

    ``believed`` is the snapshot a reader would take. What a stage establishes cannot be read before
    it has run.
    """

    job: StoredJob
    believed: JobState | None
    receipt: Receipt | None
    trust: Trust | None
    must_be_signed: bool
    report: Report = refuse
    state: JobState = attrs.field(init=False)
    projections: Projections = attrs.field(init=False)
    answers: Answers = attrs.field(init=False)
    signatures: tuple[SignatureFound, ...] = attrs.field(init=False, default=())
    is_signed: bool = attrs.field(init=False, default=False)
    at_snapshot: JobState | None = attrs.field(init=False, default=None)
    illegal: VerifyError | None = attrs.field(init=False, default=None)

    @cached_property
    def manifest(self) -> tuple[Manifest, str]:
        """The manifest of the jobpack that exporting the job would give, and its id."""
        data, found = Survey(self.job).manifest()
        return read_manifest(data), found

    def lacks(self, stage: str) -> str:
        """Return what ``stage`` would read and is not there: never anything, by its needs."""
        del stage
        return ""


def believable_snapshot(store: Store, job_id: str) -> JobState | None:
    """Return the snapshot a reader would take, None if there is none it would."""
    cell = store.get(snapshot.snapshot_key(job_id))
    return None if cell is None else snapshot.read_snapshot(cell.data, job_id)


def check_log(kept: KeptJob) -> str:
    """Check every record by itself, as the successor of the one before, and against its columns."""
    job_id = kept.job.job_id
    kept.projections = Projections(job_id, checkpoints=_drop, approvals=_drop)
    kept.answers = Answers(job_id, kept.trust)
    history = History(job_id, kept.projections.take_in, kept.answers.take_in)
    check = LogCheck(job_id)
    records = chain.from_iterable(kept.job.pages())
    try:
        _follow(kept, history, _events(records, check))
        for record in records:  # behind an event that is not legal
            _try(kept, record, check)
    except Corrupt as error:
        raise _hash_error(error) from error
    return f"{check.count} events in one unbroken chain"


def _follow(kept: KeptJob, history: History, events: Iterator[RecordedEvent]) -> None:
    """Fold the events until the first that is wrong; one that is only not legal is kept for later."""
    try:
        if kept.believed is not None:
            kept.at_snapshot = history.follow(islice(events, kept.believed.seq))
        kept.state = history.follow(events)
    except VerifyError as error:
        if error.details.get("stage") == "log":
            kept.report(error)
        else:
            kept.illegal = error


def _events(records: Iterator[Event], check: LogCheck) -> Iterator[RecordedEvent]:
    for record in records:
        try:
            yield _taken(record, check)
        except VerifyError as error:
            error.details = {"stage": "log", **error.details}
            raise


def _try(kept: KeptJob, record: Event, check: LogCheck) -> None:
    try:
        _taken(record, check)
    except VerifyError as error:
        kept.report(error)


def _taken(record: Event, check: LogCheck) -> RecordedEvent:
    """Return the event of the next record. Raises: VerifyError; the check then stands behind it."""
    try:
        recorded = check.take_in(record.data)
    except VerifyError as error:
        error.details = {"seq": record.seq, **error.details}
        check.pass_over(record.data)
        raise
    _require_same(record, check.line)
    return recorded


def _require_same(record: Event, line: Line | None) -> None:
    if line is None or (record.id, record.type, record.at) != (line.id, line.type, line.at):
        raise VerifyHashError(
            f"record {record.seq}: the store's columns and the record's own line disagree",
            seq=record.seq,
        )


def check_history(kept: KeptJob) -> str:
    """Say whether the log is a legal history, wholly understood."""
    if kept.illegal is not None:
        raise kept.illegal
    require_known(kept.state)
    return f"a legal history; the job is {kept.state.status}{taken_over(kept.state)}"


def check_approvals(kept: KeptJob) -> str:
    """Say what the answers are worth."""
    report_wrong(kept.answers, kept.report)
    return approvals_said(kept.projections, kept.answers.counted())


def check_blobs(kept: KeptJob) -> str:
    """Look whether every blob the log refers to is there and whole."""
    for digest in sorted(kept.projections.blobs):
        try:
            kept.job.blob(digest)
        except Corrupt as error:
            kept.report(_hash_error(error))
    return f"{len(kept.projections.blobs)} under their digests"


def check_snapshot(kept: KeptJob) -> str:
    """Compare the snapshot, if one would be believed, with what the log says at its record."""
    believed, folded = kept.believed, kept.at_snapshot
    if believed is None or folded is None:
        return "there is none"
    if (believed.seq, believed.hash) != (folded.seq, folded.hash):
        return f"one of record {believed.seq} that belongs to no record here; it is never believed"
    if believed != folded:
        raise VerifyHistoryError(
            f"the snapshot of job {believed.job_id} says otherwise than its log at record "
            f"{believed.seq}",
            hint="it was edited; delete the cell of that name, it is made again by itself",
            seq=believed.seq,
            cell=snapshot.snapshot_key(believed.job_id),
        )
    return f"says what the log says at record {believed.seq}"


def check_payloads(kept: KeptJob) -> str:
    """Say how the content stands, and whether an erasure is only recorded."""
    if is_unfinished(kept.job.store, kept.state):
        return unfinished_text(kept.state)
    return payloads_text(kept.state)


def check_signatures(kept: KeptJob) -> str:
    """Judge the attestations that came with an import of the jobpack that the job still is."""
    job_id = kept.job.job_id
    try:
        found = carried(kept.job.store, job_id)
    except Corrupt as error:
        raise _hash_error(error) from error
    if found is None:
        return "there are none"
    manifest, pack_id = kept.manifest
    if found.pack_id != pack_id:
        return f"{len(found.attestations)} of an earlier jobpack, which the job no longer is"
    judged: list[SignatureFound] = []
    for name, content in found.attestations.items():
        try:
            judged += attestations.judged({name: content}, manifest, pack_id, kept.trust)
        except VerifyError as error:
            kept.report(error)
    kept.signatures = tuple(judged)
    if kept.trust is None:
        return f"{len(judged)}, judged by no trust file"
    counted = sum(each.counts for each in judged)
    kept.is_signed = counted > 0 and attestations.are_enough(judged, kept.trust)
    enough = "are enough" if kept.is_signed else "are not enough"
    return f"{counted} of {len(judged)} count, and {enough}"


def check_expectations(kept: KeptJob) -> str:
    """Compare with what the caller knows or wants: a receipt, a signature."""
    job_id, receipt = kept.job.job_id, kept.receipt
    if receipt is not None and (receipt.job_id, receipt.pack_id) != (job_id, kept.manifest[1]):
        kept.report(_another(job_id, kept.manifest[1], receipt))
    if kept.must_be_signed and not kept.is_signed:
        kept.report(
            VerifySignatureError(
                f"job {job_id} in its store is signed by nobody who is trusted and enough, and a "
                f"signature is required",
                hint=f"verify its jobpack: wrkr export {job_id} --sign KEY makes one",
            )
        )
    return "the expected receipt" if receipt is not None else "nothing was expected"


def _another(job_id: str, found: str, receipt: Receipt) -> VerifyHashError:
    return VerifyHashError(
        f"job {job_id} as it is now is jobpack sha256:{found}; the receipt is for "
        f"sha256:{receipt.pack_id} of job {receipt.job_id}",
        hint="it stays good for its own jobpack; wrkr job prove JOB --since RECEIPT shows that the "
        "job only went on since",
        expected=receipt.pack_id,
        found=found,
    )


def _hash_error(error: Corrupt) -> VerifyHashError:
    return VerifyHashError(error.message, hint=error.hint, **error.details)


def _drop(_line: bytes) -> None:
    """Keep nothing: a job in a store has no documents to compare with."""


STAGES: Final[tuple[tuple[str, Callable[[KeptJob], str]], ...]] = (
    ("log", check_log),
    ("history", check_history),
    ("approvals", check_approvals),
    ("blobs", check_blobs),
    ("snapshot", check_snapshot),
    ("payloads", check_payloads),
    ("signatures", check_signatures),
    ("expectations", check_expectations),
)
"""Name and function of every stage, in the order in which they run."""

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "history": ("log",),
    "approvals": ("history",),
    "blobs": ("history",),
    "snapshot": ("history",),
    "payloads": ("history",),
    "signatures": ("blobs",),
    "expectations": ("blobs", "signatures"),
}
"""The stages without which a stage cannot be judged."""
