"""Writing a job as a jobpack of format v1.

The log is read three times: to see that it is a legal history and which decisions were refused, to
collect what goes in front of it, and to write it. Nothing of it is held but the lines of checkpoints
and approvals and an entry per step and file. No clock is read: every document is of the time of the
job's last event, so the same job gives the same bytes.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import attrs
import msgspec

from wrkr_core import events as e
from wrkr_core._version import __version__
from wrkr_core.instants import to_text
from wrkr_core.jobpack.history import History
from wrkr_core.jobpack.receipt import receipt_line
from wrkr_core.jobpack.stored import StoredJob, stored_job
from wrkr_core.jobpack.v1 import forms
from wrkr_core.jobpack.v1.manifest import manifest_bytes, sealed, unsealed
from wrkr_core.jobpack.v1.names import (
    ACCEPTANCE,
    APPROVALS,
    ARTIFACTS,
    CHECKPOINTS,
    EVENTS,
    JOB,
    MANIFEST,
)
from wrkr_core.jobpack.v1.records import PackedFile
from wrkr_core.jobpack.v1.translating import Translation
from wrkr_core.jobpack.v1.writing import Writer
from wrkr_core.payloads.job_payloads import WORDS, hidden_event

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from wrkr_core.job.state import JobState
    from wrkr_core.jobpack.v1.records import JobStatus
    from wrkr_core.ledger import Ledger
    from wrkr_core.store import Store


@attrs.frozen(kw_only=True)
class ExportedV1:
    """What was written: ``size`` in bytes, ``events`` those of v1, ``status`` what they come to.

    ``pack_id`` is the manifest's digest of itself, which the ``receipt`` names.
    """

    job_id: str
    pack_id: str
    status: JobStatus
    events: int
    size: int
    receipt: str


def export_v1(source: Store | Ledger, job_id: str, out: IO[bytes]) -> ExportedV1:
    """Write the job as a v1 jobpack to ``out``, which is at its beginning and is never sought.

    A job that is being worked on is written as it was when this was called. When this raises, what
    is in ``out`` is not a jobpack: write beside the target and rename.

    Raises:
        NotFoundError: There is no such job.
        Corrupt: A record is damaged or missing.
        VerifyHistoryError: The records are no legal history.
        UnknownEventError: The log holds an event this release does not know.
        Trimmed: The job's first records were trimmed away.
        InvalidInputError: The pack would need 4 GiB.

    """
    job = stored_job(source, job_id)
    state, refused = _survey(job)
    word = "" if state.payloads is msgspec.UNSET else WORDS[state.payloads]
    told = Translation(job_id, refused)
    for _ in _lines(job, told, word):
        pass
    writer = Writer(out)
    files = [
        PackedFile(path=name, sha256=writer.add(name, chunks))
        for name, chunks in sorted(_contents(job, told, refused, state.at, word).items())
    ]
    manifest = sealed(
        unsealed(job_id, created_at=to_text(state.at), producer_version=__version__, files=files)
    )
    writer.add(MANIFEST, [manifest_bytes(manifest)])
    return ExportedV1(
        job_id=job_id,
        pack_id=manifest.manifest_sha256,
        status=told.telling.status,
        events=told.telling.count,
        size=writer.end(),
        receipt=receipt_line(job_id, manifest.manifest_sha256),
    )


def _survey(job: StoredJob) -> tuple[JobState, Collection[str]]:
    """Return what the log folds to, and the decisions that were refused."""
    refused: set[str] = set()

    def note(recorded: e.RecordedEvent) -> None:
        if isinstance(recorded.event, e.ApprovalRefused):
            refused.add(recorded.event.checkpoint_id)

    return History(job.job_id, note).follow(job.events()), refused


def _lines(job: StoredJob, told: Translation, word: str) -> Iterator[bytes]:
    """Yield the lines of ``events.jsonl``, several or none at a time.

    ``word`` stands in place of the content of an erasable job: v1 has no place for what is sealed.
    """
    for recorded in job.events():
        yield told.take_in(hidden_event(recorded, word) if word else recorded)
    yield told.end()


def _contents(
    job: StoredJob, told: Translation, refused: Collection[str], at: int, word: str
) -> dict[str, Iterable[bytes]]:
    """Return the content of every file but the manifest; the log is told once more."""
    telling = told.telling
    contents: dict[str, Iterable[bytes]] = {
        ARTIFACTS: [forms.artifacts(job.job_id, at, telling.paths)],
        CHECKPOINTS: [bytes(telling.checkpoints)],
        EVENTS: _lines(job, Translation(job.job_id, refused), word),
        JOB: [forms.job(job.job_id, at, telling.status, telling.counters)],
    }
    if told.approvals:
        contents[APPROVALS] = [bytes(told.approvals)]
    if told.acceptance is not None:
        contents[ACCEPTANCE] = [told.acceptance]
    return contents
