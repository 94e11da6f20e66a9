"""Looking after a store: checking every job in it, and removing what is over.

Neither trusts a snapshot: a check folds every stream from its first record.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.erasing import is_unfinished, unfinished_text
from wrkr_core.errors import (
    Busy,
    Conflict,
    ErasureUnfinishedError,
    HandleClosed,
    NotFoundError,
    StoreUnavailable,
    Unknown,
    WrkrError,
)
from wrkr_core.events import StepFinished
from wrkr_core.job.fold import fold_all
from wrkr_core.payloads.key import key_name
from wrkr_core.snapshot import read_snapshot, snapshot_key
from wrkr_core.work.attempts import blob_key
from wrkr_core.work.heartbeat import heartbeat_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wrkr_core.events import RecordedEvent
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
    """Yield what is wrong with any job: a broken chain, an illegal history, a missing result or end."""
    for job_id in stream_names(ledger.store):
        known = _known_by_snapshot(ledger.store, job_id)  # before the log, so it cannot know more
        try:
            state = fold_all(None, ledger.events(job_id), job_id)
            yield from _missing_end(job_id, known, state.seq if state is not None else 0)
            if state is not None and is_unfinished(ledger.store, state):
                yield Finding(
                    job_id=job_id,
                    code=ErasureUnfinishedError.code,
                    message=unfinished_text(state),
                )
            for missing in _missing_blobs(ledger, job_id):
                yield Finding(
                    job_id=job_id,
                    code="E_STORE_CORRUPT",
                    message=f"the result blob {missing} is missing",
                )
        except WrkrError as error:
            yield Finding(job_id=job_id, code=error.code, message=error.message)


def _known_by_snapshot(store: Store, job_id: str) -> int:
    """Return how many records a snapshot of the job knows that is whole, 0 if there is none."""
    cell = store.get(snapshot_key(job_id))
    found = read_snapshot(cell.data, job_id) if cell is not None else None
    return found.seq if found is not None else 0


def _missing_end(job_id: str, known: int, there: int) -> Iterator[Finding]:
    """Yield that a log is shorter than it was: no record that is left tells, but a snapshot may."""
    if known > there:
        yield Finding(
            job_id=job_id,
            code="E_STORE_CORRUPT",
            message=f"its snapshot knows {known} records and the log holds {there}: its end was taken "
            f"out, or was lost with the power; a jobpack or receipt of it tells which",
        )


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
    return (name for name, _head in _heads(store))


def _heads(store: Store) -> Iterator[tuple[str, int]]:
    """Yield the name and the head of every stream, in order."""
    after = ""
    while page := store.streams(after=after, limit=PAGE):
        for info in page:
            yield info.stream, info.head
        after = page[-1].stream


def prune(
    ledger: Ledger,
    *,
    before: int,
    dry_run: bool,
    on_damage: Callable[[str, WrkrError], None] | None = None,
) -> list[Pruned]:
    """Remove jobs that are over since before the instant ``before`` (µs since 1970 UTC).

    Their names cannot be used again. Results no other job refers to go too. With ``dry_run``
    nothing is removed. A job that cannot be read stays, and with it every result, because nobody
    knows to which it refers; ``on_damage`` is told its id and why. Returns the jobs, by id.
    """
    jobs: dict[str, _Seen] = {}
    damaged = _look_at_all(ledger, jobs)
    over = [seen.job for seen in jobs.values() if seen.is_over and seen.job.ended_at < before]
    if not dry_run:
        damaged |= _remove_all(ledger, jobs, [each.job_id for each in over], is_whole=not damaged)
    if on_damage is not None:
        for job_id, error in damaged.items():
            on_damage(job_id, error)
    return over


@attrs.frozen
class _Seen:
    """A job as it was when it was looked at: ``job.records`` of it, and ``blobs`` it refers to.

    ``is_over`` says that nobody will do anything to it any more, ``may_refer_to_more`` that a worker
    may hold a result of it that is not recorded yet.
    """

    job: Pruned
    is_over: bool
    may_refer_to_more: bool
    blobs: frozenset[str]


def _look_at_all(ledger: Ledger, jobs: dict[str, _Seen]) -> dict[str, WrkrError]:
    """Read what is new since ``jobs`` and bring it up to date; return what cannot be read."""
    damaged: dict[str, WrkrError] = {}
    for job_id, head in list(_heads(ledger.store)):
        if job_id in jobs and jobs[job_id].job.records == head:
            continue
        try:
            seen = _look_at(ledger, job_id)
        except NotFoundError:
            continue  # somebody else removed it
        except (Busy, Unknown, StoreUnavailable, HandleClosed):
            raise
        except WrkrError as error:
            damaged[job_id] = error
        else:
            if seen is not None:
                jobs[job_id] = seen
    return damaged


def _look_at(ledger: Ledger, job_id: str) -> _Seen | None:
    """Return the job as its records tell it. Raises: NotFoundError, Corrupt and the like."""
    blobs: set[str] = set()
    state = fold_all(None, _noting_blobs(ledger.events(job_id), blobs), job_id)
    if state is None:
        return None
    return _Seen(
        job=Pruned(job_id=job_id, status=state.status, records=state.seq, ended_at=state.at),
        is_over=state.is_final and not _is_held(ledger, state),
        may_refer_to_more=state.lease is not None and bool(state.open_steps),
        blobs=frozenset(blobs),
    )


def _noting_blobs(events: Iterable[RecordedEvent], blobs: set[str]) -> Iterator[RecordedEvent]:
    for recorded in events:
        event = recorded.event
        if isinstance(event, StepFinished) and event.result_blob is not None:
            blobs.add(event.result_blob)
        yield recorded


def _remove_all(
    ledger: Ledger, jobs: dict[str, _Seen], over: list[str], *, is_whole: bool
) -> dict[str, WrkrError]:
    """Remove the jobs ``over`` and the results only they refer to; return what cannot be read.

    A worker writes a result's cell, also one that is there already, before it records that it
    refers to it. So the cells are looked at first, then what was recorded meanwhile is read, and a
    cell goes only if it is still the one that was looked at. Where the same result was written more
    than once, the last to write it may not have recorded it yet; then it stays as long as any step
    is under way.
    """
    freed = {blob for job_id in over for blob in jobs[job_id].blobs}
    versions = {key: _version(ledger.store, key) for key in map(blob_key, sorted(freed))}
    damaged = _look_at_all(ledger, jobs)
    for job_id in over:
        _remove(ledger.store, job_id)
        del jobs[job_id]
    if not is_whole or damaged:
        return damaged
    kept = {blob_key(blob) for seen in jobs.values() for blob in seen.blobs}
    is_quiet = not any(seen.may_refer_to_more for seen in jobs.values())
    for key, version in versions.items():
        if key not in kept and (version == 1 or is_quiet):
            _drop_cell(ledger.store, key, version)
    return damaged


def _is_held(ledger: Ledger, state: JobState) -> bool:
    """Tell whether a worker may still be about to let go of a job that is over."""
    lease = state.lease
    if lease is None or ledger.machine.is_gone(lease.holder):
        return False
    return ledger.machine.now() - state.at < max(LONGEST_GOODBYE, lease.ttl)


def _remove(store: Store, job_id: str) -> None:
    """Delete the stream first: cells without a stream are noise, a stream without them is whole."""
    store.delete(job_id)
    others = (f"{kind}/{job_id}" for kind in ("attestations", "process"))
    for key in (snapshot_key(job_id), heartbeat_key(job_id), key_name(job_id), *others):
        _drop_cell(store, key, _version(store, key))


def _version(store: Store, key: str) -> int:
    """Return the version of a cell, 0 if there is none."""
    cell = store.get(key)
    return cell.version if cell is not None else 0


def _drop_cell(store: Store, key: str, version: int) -> None:
    """Remove a cell if it is there, and still of this version."""
    if version:
        with suppress(Conflict):  # somebody uses it again
            store.put(key, None, version)
