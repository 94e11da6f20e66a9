"""A job's records as a store keeps them, read for export and verification: all of them, in order.

Nothing here looks at a snapshot. The head is taken once, so a job that goes on meanwhile is read as
it was at that moment.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core import chain
from wrkr_core.errors import Corrupt, Deleted, NotFoundError
from wrkr_core.job_log import check_stream
from wrkr_core.ledger import Ledger
from wrkr_core.record import open_all
from wrkr_core.work.attempts import blob_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.events import RecordedEvent
    from wrkr_core.store import Event, Store

PAGE: Final = 100
"""The most records that are held at once."""
PAGE_BYTES: Final = 2**21
"""How many bytes of records are held at once, as far as that can be known before they are read."""
_FIRST_PAGE: Final = 8  # a record may have a mebibyte


def store_of(source: Store | Ledger) -> Store:
    """Return the store, or the one a ledger uses."""
    return source.store if isinstance(source, Ledger) else source


@attrs.frozen(kw_only=True)
class StoredJob:
    """The first ``head`` records of a job in a store."""

    store: Store
    job_id: str
    head: int

    def pages(self, after: int = 0) -> Iterator[list[Event]]:
        """Yield the records behind ``after`` in pages; read again at every call.

        A page is small where records are large: how large the next are is told by the last ones.

        Raises: Corrupt: a record is missing. Deleted, Trimmed, Busy: as the store.
        """
        most = _FIRST_PAGE
        while after < self.head:
            page = self.store.read(self.job_id, after, min(most, self.head - after))
            seqs = [record.seq for record in page]
            if not seqs or seqs != list(range(after + 1, after + 1 + len(seqs))):
                raise self._gap(after)
            after += len(page)
            size = sum(len(record.data) for record in page)
            most = max(1, min(PAGE, 4 * most, PAGE_BYTES * len(page) // (size + 1)))
            yield page
            del page  # or it is held while the next is read

    def events(self) -> Iterator[RecordedEvent]:
        """Yield the records' events as they are recorded, checked against the chain; as ``pages``.

        Raises: Corrupt.
        """
        prev = chain.GENESIS
        for page in self.pages():
            events = open_all(self.job_id, page, prev=prev)
            prev = events[-1].hash
            yield from events

    def blob(self, digest: str) -> bytes:
        """Return the content of a blob. Raises: Corrupt: it is missing or damaged."""
        cell = self.store.get(blob_key(digest))
        if cell is None or sha256(cell.data).hexdigest() != digest:
            raise Corrupt(
                f"job {self.job_id}: blob {digest} is {'missing' if cell is None else 'damaged'}",
                hint="restore it from a backup or from an earlier jobpack",
                job_id=self.job_id,
                blob=digest,
            )
        return cell.data

    def _gap(self, after: int) -> Corrupt:
        return Corrupt(
            f"job {self.job_id} has {self.head} records, but what follows record {after} is missing",
            hint="wrkr store check shows every damaged job; restore it from a backup or a jobpack",
            job_id=self.job_id,
            seq=after + 1,
        )


def stored_job(source: Store | Ledger, job_id: str) -> StoredJob:
    """Return the job as it is now. Raises: NotFoundError: there is none. InvalidInputError."""
    check_stream(job_id)
    store = store_of(source)
    try:
        info = store.stream(job_id)
    except Deleted as error:
        raise NotFoundError(f"job {job_id} was deleted", job_id=job_id) from error
    if info is None:
        raise NotFoundError(
            f"there is no job {job_id}",
            hint="wrkr list shows the jobs of this store",
            job_id=job_id,
        )
    return StoredJob(store=store, job_id=job_id, head=info.head)
