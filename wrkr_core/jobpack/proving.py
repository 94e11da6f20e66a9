"""Making proofs of a job in a store: of one of its records, or that it continues an earlier state.

Each proof is about the job as it was when it was asked for, and its newer side is the manifest of the
pack that exporting it then would have given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from wrkr_core.errors import InvalidInputError, NotFoundError, VerifyHashError
from wrkr_core.jobpack.export import Survey
from wrkr_core.jobpack.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
)
from wrkr_core.jobpack.proofs import (
    ConsistencyProof,
    InclusionProof,
    PackState,
    require_continued,
    require_no_rollback,
)
from wrkr_core.jobpack.receipt import Receipt
from wrkr_core.jobpack.stored import stored_job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.jobpack.stored import StoredJob
    from wrkr_core.ledger import Ledger
    from wrkr_core.store import Store


def prove_event(source: Store | Ledger, job_id: str, seq: int) -> InclusionProof:
    """Return the proof that record ``seq``, from 1, is in the job's log.

    Raises:
        NotFoundError: There is no such job or record.
        Corrupt: A record is damaged or missing.
        VerifyHistoryError: The records are no legal history.

    """
    job = stored_job(source, job_id)
    if not 1 <= seq <= job.head:
        raise NotFoundError(
            f"job {job_id} has no record {seq}; it has 1 to {job.head}", job_id=job_id, seq=seq
        )
    pack = _state(job)
    path = inclusion_proof(_leaves(job), index=seq - 1, size=job.head)
    line = job.store.read(job_id, seq - 1, 1)[0].data
    proof = InclusionProof(pack=pack, seq=seq, line=line, path=path)
    proof.check()  # the log was read more than once
    return proof


def prove_since(
    source: Store | Ledger, job_id: str, since: PackState | Receipt | int
) -> ConsistencyProof:
    """Return the proof that the job's log begins with all of an earlier one.

    ``since`` is that state: as a pack of it states it, by its receipt, or how many records it had.
    By a receipt it is looked for among all states the job has had, with this release as the
    producer; that takes longer, the more documents the job has.

    Raises:
        NotFoundError: There is no such job.
        VerifyHistoryError: The log does not begin with the earlier one (``details["reason"]`` is
            ``fork``), is shorter (``rollback``), of another job (``another_job``), or is no legal
            history.
        VerifyHashError: The job never was in a state with this receipt.
        InvalidInputError: Fewer than one record.
        Corrupt: A record is damaged or missing.

    """
    job = stored_job(source, job_id)
    old = since if isinstance(since, PackState) else _earlier(job, since)
    require_continued(old.manifest, job_id=job_id, size=job.head)
    size = old.manifest.event_count
    path = consistency_proof(_leaves(job), old_size=size, size=job.head)
    proof = ConsistencyProof(old=old, new=_state(job), path=path)
    proof.check()  # where the log does not begin with the earlier one, there is no path that fits
    return proof


def _earlier(job: StoredJob, since: Receipt | int) -> PackState:
    if isinstance(since, Receipt):
        return _with_receipt(job, since)
    if since < 1:
        raise InvalidInputError(f"a log of {since} records proves nothing; give 1 or more")
    require_no_rollback(job.job_id, had=since, has=job.head)
    return _state(attrs.evolve(job, head=since))


def _with_receipt(job: StoredJob, receipt: Receipt) -> PackState:
    """Return the state whose pack the receipt names. Raises: VerifyHashError."""
    if receipt.job_id == job.job_id:
        survey = Survey(job, until=receipt.pack_id)
        data, found = survey.manifest()
        if found == receipt.pack_id:
            return PackState.of(data)
    raise VerifyHashError(
        f"none of the {job.head} states of job {job.job_id} is the jobpack sha256:{receipt.pack_id} "
        f"of job {receipt.job_id} that the receipt names",
        hint="its records were changed or lost, or another release made that pack: give the pack",
        job_id=job.job_id,
        expected=receipt.pack_id,
    )


def _state(job: StoredJob) -> PackState:
    return PackState.of(Survey(job).manifest()[0])


def _leaves(job: StoredJob) -> Iterator[bytes]:
    for page in job.pages():
        for record in page:
            yield leaf_hash(record.data)
