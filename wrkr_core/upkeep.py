"""Looking after a store: checking every job in it, and removing what is over.

Neither trusts a snapshot: a check folds every stream from its first record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import Conflict, WrkrError
from wrkr_core.events import StepFinished
from wrkr_core.job.fold import fold_all
from wrkr_core.snapshot import snapshot_key
from wrkr_core.work.attempts import blob_key
from wrkr_core.work.heartbeat import heartbeat_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.job.state import JobState
    from wrkr_core.ledger import Ledger
    from wrkr_core.store import Store

PAGE: Final = 1000
LONGEST_GOODBYE: Final = (
    86_400_000_000  # µs; a holder elsewhere that has not let go by then will not
)


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is wrong: which job (empty: the store itself), and what."""

    job_id: str
    code: str
    message: str


@attrs.frozen(kw_only=True)
class Pruned:
    """A job that was, or would be, removed, and what it held."""

    job_id: str
    status: str
    records: int
    ended_at: int


def check_jobs(ledger: Ledger) -> Iterator[Finding]:
    """Yield what is wrong with any job: a broken chain, an illegal history, a missing result."""
    for job_id in stream_names(ledger.store):
        try:
            fold_all(None, ledger.events(job_id), job_id)
            for missing in _missing_blobs(ledger, job_id):
                yield Finding(
                    job_id=job_id,
                    code="E_STORE_CORRUPT",
                    message=f"the result blob {missing} is missing",
                )
        except WrkrError as error:
            yield Finding(job_id=job_id, code=error.code, message=error.message)


def _missing_blobs(ledger: Ledger, job_id: str) -> Iterator[str]:
    for blob in _blobs_of(ledger, job_id):
        if ledger.store.get(blob_key(blob)) is None:
            yield blob


def _blobs_of(ledger: Ledger, job_id: str) -> Iterator[str]:
    for recorded in ledger.events(job_id):
        event = recorded.event
        if isinstance(event, StepFinished) and event.result_blob is not None:
            yield event.result_blob


def stream_names(store: Store) -> Iterator[str]:
    """Yield the names of all streams, in order."""
    after = ""
    while page := store.streams(after=after, limit=PAGE):
        for info in page:
            yield info.stream
        after = page[-1].stream


def prune(ledger: Ledger, *, before: int, dry_run: bool) -> list[Pruned]:
    """Remove jobs that are over since before the instant ``before`` (µs since 1970 UTC).

    Their names cannot be used again. Results no other job refers to go too. With ``dry_run``
    nothing is removed. Returns the jobs, by id.
    """
    over: list[Pruned] = []
    kept_blobs: set[str] = set()
    freed_blobs: set[str] = set()
    for job_id in list(stream_names(ledger.store)):
        state = fold_all(None, ledger.events(job_id), job_id)
        if state is None:
            continue
        goes = state.is_final and state.at < before and not _is_held(ledger, state)
        (freed_blobs if goes else kept_blobs).update(_blobs_of(ledger, job_id))
        if goes:
            over.append(
                Pruned(job_id=job_id, status=state.status, records=state.seq, ended_at=state.at)
            )
    if not dry_run:
        for each in over:
            _remove(ledger.store, each.job_id)
        for blob in sorted(freed_blobs - kept_blobs):
            _drop_cell(ledger.store, blob_key(blob))
    return over


def _is_held(ledger: Ledger, state: JobState) -> bool:
    """Tell whether a worker may still be about to let go of a job that is over."""
    lease = state.lease
    if lease is None or ledger.machine.is_gone(lease.holder):
        return False
    return ledger.machine.now() - state.at < max(LONGEST_GOODBYE, lease.ttl)


def _remove(store: Store, job_id: str) -> None:
    """Delete the stream first: cells without a stream are noise, a stream without them is whole."""
    store.delete(job_id)
    for key in (snapshot_key(job_id), heartbeat_key(job_id), f"key/{job_id}", f"process/{job_id}"):
        _drop_cell(store, key)


def _drop_cell(store: Store, key: str) -> None:
    cell = store.get(key)
    if cell is None:
        return
    try:
        store.put(key, None, cell.version)
    except Conflict:
        return  # somebody uses it again
