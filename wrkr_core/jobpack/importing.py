"""Putting the job of a jobpack into a store, record by record as it was.

The imported job exports to the same bytes again, whatever store it came from. Nothing is imported
that did not verify. Blobs go first and the log behind them, most logs in one batch and so all at
once. A longer log goes in several; when the import dies between two, importing again goes on there.
The attestations of the jobpack come last (``carried``).
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from wrkr_core import chain
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import (
    Conflict,
    Corrupt,
    JobExistsError,
    NotSupportedHereError,
    Unknown,
    VerifyHashError,
    VerifyMalformedError,
)
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.attestations import ATTESTATIONS, LARGEST, check_contents
from wrkr_core.jobpack.carried import Carried, carried_or_none, carry
from wrkr_core.jobpack.log import Lines
from wrkr_core.jobpack.manifest import BLOBS, EVENTS
from wrkr_core.jobpack.stored import StoredJob
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.record import read_line
from wrkr_core.store import NewEvent
from wrkr_core.work.attempts import blob_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wrkr_core.jobpack.archive import Entry
    from wrkr_core.jobpack.verification import Verification
    from wrkr_core.store import Store

BATCH_BYTES: Final = 8 * 2**20
TRIES: Final = 16


def import_pack(file: IO[bytes], store: Store, *, limits: Limits | None = None) -> tuple[str, bool]:
    """Put the job of the jobpack in ``file`` into ``store``; return its id and whether it is new.

    A job that is there already with this history, or with more of the same, is left as it is. One
    that is there with the beginning of this history gets the rest, which also finishes an import
    that was interrupted. The pack's attestations are kept beside a job that is now what the pack
    says, so that its exports carry them. Durable when it returns.

    Raises:
        VerifyError: The pack does not verify; nothing was written.
        NotSupportedHereError: It is of format v1, whose history is not one that can go on here.
        JobExistsError: The store has a job of that id with another history; it was not touched.
        InvalidInputError: The store has attestations of this very pack, and together there are too
            many.
        Deleted: A job of that id was deleted from the store.
        Busy, Unknown, StoreUnavailable: The store; import again, it goes on where it stopped.

    """
    bounds = limits or Limits()
    verified = verify_pack(file, limits=bounds)
    _require_foldable(verified)
    entries = {each.name: each for each in archive.scan(file, bounds)}
    signatures = _attestations(file, entries, verified)
    lines = iter(Lines(archive.stream(file, entries[EVENTS]), longest=bounds.document_bytes))
    there, head = _pass_over(store, verified, lines)
    signatures.with_more(
        carried_or_none(store, verified.job_id)
    )  # refused before anything is written
    blobs = {
        name.removeprefix(BLOBS): entry for name, entry in entries.items() if name.startswith(BLOBS)
    }
    for digest, entry in blobs.items():
        _keep_blob(store, digest, archive.read(file, entry, bounds.entry_bytes))
    is_new = there < verified.events
    if is_new:
        for batch in _batches(verified, lines, head):
            _append(store, verified.job_id, there, batch)
            there += len(batch)
        for (
            digest,
            entry,
        ) in blobs.items():  # one may have been removed while nothing referred to it
            _keep_blob(store, digest, archive.read(file, entry, bounds.entry_bytes))
    _carry(store, verified, signatures)
    return verified.job_id, is_new


def _attestations(file: IO[bytes], entries: Mapping[str, Entry], verified: Verification) -> Carried:
    """Return the attestations of the pack. Raises: VerifyMalformedError: it was changed meanwhile."""
    found = {
        name: archive.read(file, entry, LARGEST)
        for name, entry in entries.items()
        if name.startswith(ATTESTATIONS)
    }
    check_contents(found)
    return Carried(pack_id=verified.pack_id or "", attestations=found)


def _carry(store: Store, verified: Verification, signatures: Carried) -> None:
    """Keep the attestations, if the job in the store is now what they are about."""
    info = store.stream(verified.job_id)
    if signatures.attestations and info is not None and info.head == verified.events:
        carry(store, verified.job_id, signatures)


def _require_foldable(verified: Verification) -> None:
    if verified.history != "folded":
        raise NotSupportedHereError(
            f"the jobpack of job {verified.job_id} is of format {verified.format}; it verifies, but "
            f"its history is {verified.history}, so the job cannot be taken into a store",
            hint="keep the jobpack as evidence; submit the job again to go on with its work",
            job_id=verified.job_id,
            format=verified.format,
            history=verified.history,
        )


def _pass_over(store: Store, verified: Verification, lines: Iterator[bytes]) -> tuple[int, str]:
    """Return how many lines the store has already, and the hash of the last of them.

    Raises: JobExistsError: it has another one in place of one of them.
    """
    info = store.stream(verified.job_id)
    there = min(info.head, verified.events) if info is not None else 0
    head = chain.GENESIS
    for page in StoredJob(store=store, job_id=verified.job_id, head=there).pages():
        for record in page:
            if next(lines, b"") != record.data:
                raise _exists(verified.job_id, f"record {record.seq} is another one")
            head = chain.stated(record.data)[0]
    return there, head


def _batches(verified: Verification, lines: Iterator[bytes], head: str) -> Iterator[list[NewEvent]]:
    """Yield the records of ``lines``, which follow the line with hash ``head``.

    The file was verified, but it may have been changed since: the last batch is handed out only when
    it ends where the verified log ended. Raises: VerifyHashError.
    """
    batch: list[NewEvent] = []
    size = 0
    for line in lines:
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
        try:
            head = chain.check(line, head)
            fields = read_line(line)
        except Corrupt as error:
            raise _changed() from error
        batch.append(NewEvent(id=fields.id, type=fields.type, at=fields.at, data=line))
        size += len(line)
    if head != verified.head_hash:
        raise _changed()
    yield batch


def _append(store: Store, job_id: str, after: int, batch: list[NewEvent]) -> None:
    """Append, repeating the same call as long as its outcome is unknown (A3, A4)."""
    for _ in range(TRIES):
        try:
            store.append(job_id, after, batch)
        except Unknown:
            continue
        except Conflict as error:
            raise _exists(job_id, "somebody else wrote to it meanwhile") from error
        except ValueError as error:
            raise VerifyMalformedError(
                f"the log of job {job_id} cannot be kept in a store: {error}", entry=EVENTS
            ) from error
        return
    raise Unknown(
        f"job {job_id}: whether record {after + 1} was written stayed unknown",
        hint="import again; it goes on where it stopped",
        job_id=job_id,
    )


def _keep_blob(store: Store, digest: str, content: bytes) -> None:
    """Put a blob into its cell, also in place of a damaged one."""
    if digest_bytes(content) != digest:
        raise _changed()
    for _ in range(TRIES):
        cell = store.get(blob_key(digest))
        if cell is not None and digest_bytes(cell.data) == digest:
            return
        try:
            store.put(blob_key(digest), content, cell.version if cell is not None else 0)
        except (Conflict, Unknown):
            continue
        return
    raise Unknown(f"whether blob {digest} was written stayed unknown", hint="import again")


def _exists(job_id: str, because: str) -> JobExistsError:
    return JobExistsError(
        f"job {job_id} exists already with another history: {because}",
        hint="import it into another store; an imported job keeps its id",
        job_id=job_id,
    )


def _changed() -> VerifyHashError:
    return VerifyHashError("the jobpack was changed while it was imported", entry=EVENTS)
