"""Writing a jobpack: the log as it is, what follows from it, and the blobs it refers to.

A long log is read twice, once to find out sizes, digests and projections, once to copy it, so one of
any length is exported in the same memory; what is kept is a few bytes per step, and an entry per
recorded path and blob. No clock is read: ``created_at`` is the
time of the last event, and the same log gives the same bytes from any store, on any day (I7).
"""

from __future__ import annotations

import itertools
from typing import IO, TYPE_CHECKING

import attrs

from wrkr_core import chain
from wrkr_core._version import __version__
from wrkr_core.canonical import digest_bytes
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.attestations import check_contents
from wrkr_core.jobpack.carried import carried_by
from wrkr_core.jobpack.contents import Blob, LogLines, ToldLines
from wrkr_core.jobpack.history import History
from wrkr_core.jobpack.manifest import (
    APPROVALS,
    BLOBS,
    CHECKPOINTS,
    DOCUMENTS,
    EVENTS,
    MANIFEST,
    Manifest,
    PackedFile,
    manifest_bytes,
    pack_id,
    read_manifest,
)
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.projections import Projections
from wrkr_core.jobpack.receipt import receipt_line
from wrkr_core.jobpack.stored import PAGE, StoredJob, store_of, stored_job
from wrkr_core.record import open_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState
    from wrkr_core.ledger import Ledger
    from wrkr_core.store import Store

    Attest = Callable[[Manifest, str], Mapping[str, bytes]]


@attrs.frozen(kw_only=True)
class ExportResult:
    """What was written: ``size`` in bytes, ``receipt`` the line that names the pack for ever.

    ``attestations`` are the names of the entries with signatures. ``limits`` are what a reader has to
    allow: the defaults, but where the pack is larger.
    """

    job_id: str
    pack_id: str
    events: int
    head_hash: str
    events_root: str
    size: int
    receipt: str
    attestations: tuple[str, ...] = ()
    limits: archive.Limits = attrs.field(factory=archive.Limits)


def export_pack(
    source: Store | Ledger, job_id: str, out: IO[bytes], *, attest: Attest | None = None
) -> ExportResult:
    """Write the job's pack to ``out``, which is at its beginning and is never sought.

    A job that is being worked on is exported as it was when this was called. Nothing is recorded by
    it. When this raises, what is in ``out`` is not a jobpack: write beside the target and rename.
    ``attest`` is handed the manifest and the pack's id and returns the attestations to put in, by
    name; the pack's id is the same with and without. Those that came with an import of this very
    pack are put in, too.

    Raises:
        NotFoundError: There is no such job.
        Corrupt: A record or blob is damaged or missing.
        VerifyHistoryError: The records are no legal history.
        Trimmed: The job's first records were trimmed away.
        VerifyMalformedError: A document or an attestation would not be what its schema asks for.
        InvalidInputError: The pack would need 4 GiB or 65,535 entries.

    """
    survey = Survey(stored_job(source, job_id))
    contents = survey.contents()
    stated, found = survey.manifest()
    contents[MANIFEST] = stated
    signatures = dict(carried_by(store_of(source), job_id, found))
    if attest is not None:
        signatures.update(attest(read_manifest(stated), found))
    check_contents(signatures)
    contents |= signatures
    size = archive.write(out, sorted(contents.items()))
    return ExportResult(
        job_id=job_id,
        pack_id=found,
        events=survey.state.seq,
        head_hash=survey.state.hash,
        events_root=survey.tree.root().hex(),
        size=size,
        receipt=receipt_line(job_id, found),
        attestations=tuple(sorted(signatures)),
        limits=_limits(contents, size, survey.longest),
    )


def _limits(contents: Mapping[str, bytes | archive.Stream], size: int, line: int) -> archive.Limits:
    """Return the least limits, from the defaults up, by which a pack of these contents is read."""
    sizes = {
        name: content.size if isinstance(content, archive.Stream) else len(content)
        for name, content in contents.items()
    }
    usual = archive.Limits()
    return archive.Limits(
        archive_bytes=max(usual.archive_bytes, size),
        entries=max(usual.entries, len(sizes)),
        entry_bytes=max(usual.entry_bytes, *sizes.values()),
        document_bytes=max(
            usual.document_bytes, line, *(sizes.get(name, 0) for name in (MANIFEST, *DOCUMENTS))
        ),
    )


class Survey:
    """The first pass over a job's log: all that has to be known before the first byte is written.

    Attributes:
        state: What the log folds to.
        tree: The Merkle tree over its lines.
        longest: How many bytes its longest line has.

    """

    def __init__(self, job: StoredJob, *, until: str | None = None) -> None:
        """Read the log: all of it, or only until the pack of what was read has the id ``until``.

        Raises: Corrupt, VerifyHistoryError, Trimmed.
        """
        self.tree = Tree()
        self.longest = 0
        self._job = job
        self._log = LogLines(job)
        self._told = {name: ToldLines(job, name) for name in (CHECKPOINTS, APPROVALS)}
        self._projections = Projections(
            job.job_id,
            checkpoints=self._told[CHECKPOINTS].take_in,
            approvals=self._told[APPROVALS].take_in,
        )
        self._blobs: dict[str, Blob] = {}
        history = History(job.job_id, self._projections.take_in)
        batches = self._batches(PAGE if until is None else 1)
        if until is not None:
            for events in batches:
                self._settle(history.follow(events))
                if self.manifest()[1] == until:
                    return
        self._settle(history.follow(itertools.chain.from_iterable(batches)))

    def _settle(self, state: JobState) -> None:
        """Make what is packed besides the log, as of ``state``."""
        self.state = state
        for digest in sorted(self._projections.blobs - self._blobs.keys()):
            self._blobs[digest] = Blob.of(self._job, digest)
        self._documents = self._projections.documents(state)

    def _batches(self, most: int) -> Iterator[list[RecordedEvent]]:
        """Yield the events, so many at a time, and measure their lines."""
        prev = chain.GENESIS
        for page in self._job.pages():
            for first in range(0, len(page), most):
                batch = page[first : first + most]
                events = open_all(self._job.job_id, batch, prev=prev)
                prev = events[-1].hash
                lines = [record.data for record in batch]
                self.tree.extend(lines)
                self.longest = max(self.longest, *map(len, lines))
                self._log.take_in(lines)
                yield events

    def manifest(self) -> tuple[bytes, str]:
        """Return the manifest's bytes and the pack's id. Raises: InvalidInputError."""
        files = [
            self._log.sums.file(EVENTS),
            *(told.sums.file(name) for name, told in self._told.items()),
            *(
                PackedFile(path=name, size=len(content), sha256=digest_bytes(content))
                for name, content in self._documents.items()
            ),
            *(
                PackedFile(path=BLOBS + digest, size=blob.size, sha256=digest)
                for digest, blob in self._blobs.items()
            ),
        ]
        manifest = Manifest(
            job_id=self._job.job_id,
            created_at=self.state.at,
            producer_version=__version__,
            event_count=self.state.seq,
            head_hash=self.state.hash,
            events_root=self.tree.root().hex(),
            status=self.state.status,
            files=tuple(sorted(files, key=lambda each: each.path)),
        )
        data = manifest_bytes(manifest)
        return data, pack_id(data)

    def contents(self) -> dict[str, bytes | archive.Stream]:
        """Return the content of every file but the manifest; log and blobs are read once more."""
        told = {name: each.sums.stream(each) for name, each in self._told.items()}
        blobs = {
            BLOBS + digest: archive.Stream(size=blob.size, crc32=blob.crc32, chunks=blob)
            for digest, blob in self._blobs.items()
        }
        log = self._log.sums.stream(self._log)
        return {**self._documents, **told, **blobs, EVENTS: log}
