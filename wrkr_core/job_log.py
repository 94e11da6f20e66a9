"""One job's stream in one store: its state, and appending to it by compare-and-set.

The only place where decided events become records. Every write names the head it was decided on; on
a conflict the new records are read, the state is folded on and the command decides again.

Content of an erasable job passes through here: it is sealed on its way into a record, and opened for
rules, watchers and readers. What is folded, kept as a snapshot and compared is what is recorded.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core import snapshot
from wrkr_core.chain import GENESIS
from wrkr_core.errors import (
    Busy,
    Conflict,
    Corrupt,
    Deleted,
    InvalidInputError,
    MoveNotAllowedError,
    NotFoundError,
    StoreError,
    Unknown,
    WrkrError,
)
from wrkr_core.events import JobSubmitted
from wrkr_core.job.fold import Folding
from wrkr_core.payloads.job_payloads import JobPayloads
from wrkr_core.record import open_all, seal_all
from wrkr_core.store import check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wrkr_core.events import Event as JobEvent
    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState, Payloads
    from wrkr_core.machine import Machine
    from wrkr_core.redaction.mask import Mask, Secrets
    from wrkr_core.spec import JobSpec
    from wrkr_core.store import Event, NewEvent, Store

    Command = Callable[[JobState | None, int], tuple[JobEvent, ...]]

PAGE: Final = 1000
TRIES: Final = 64
HASTY_TRIES: Final = 8
LONGEST_BACK_OFF: Final = 50_000  # µs


class JobLog:
    """The stream of one job. Not thread-safe: whoever holds it serialises its use.

    Attributes:
        job_id: The job, and the name of its stream.
        payloads: Seals and opens its content.

    """

    def __init__(
        self,
        store: Store,
        machine: Machine,
        job_id: str,
        secrets: Secrets | None = None,
        *,
        opens: bool = True,
    ) -> None:
        """Read nothing yet. What ``secrets`` knows is masked before it is recorded.

        Without ``opens`` sealed content is shown as by one without the key.
        """
        self.job_id = job_id
        self.payloads = JobPayloads(store, machine, job_id, self._standing, opens=opens)
        self._recorded: JobState | None = None
        self._apart: Payloads | msgspec.UnsetType | None = None  # how they stand, read apart
        self._shown: tuple[JobState | None, JobState | None] = (None, None)
        self._store = store
        self._machine = machine
        self._secrets = secrets
        self._mask: Mask | None = None
        self._folding: Folding | None = None  # at ``_recorded``, or None when that is not known
        self._next_folding: Folding | None = None
        self._name = ""
        self._named = 0
        self._snapshot_seq = 0
        self._snapshot_version = 0
        self._watchers: list[Callable[[Sequence[RecordedEvent]], None]] = []

    @property
    def state(self) -> JobState | None:
        """The state as of the last record seen; None before ``load`` or if there is no job."""
        recorded = self._recorded
        if recorded is None or recorded.payloads is msgspec.UNSET:
            return recorded
        if self._shown[0] is not recorded:
            self._shown = (recorded, self.payloads.opened_state(recorded))
        return self._shown[1]

    def _standing(self) -> Payloads | msgspec.UnsetType:
        """Return how the payloads stand; of an unread log, by reading it apart."""
        if self._recorded is not None:
            return self._recorded.payloads
        if self._apart is None:
            apart = JobLog(self._store, self._machine, self.job_id)
            try:
                apart.load()
            except Corrupt:  # then by its first record; the damage is told by who reads on
                apart._take_in(open_all(self.job_id, self._read(0, 1), prev=GENESIS))
            found = apart._recorded  # another of this class
            self._apart = msgspec.UNSET if found is None else found.payloads
        return self._apart

    def watch(self, watcher: Callable[[Sequence[RecordedEvent]], None]) -> None:
        """Call ``watcher`` with every record seen or appended from now on."""
        self._watchers.append(watcher)

    def load(self) -> JobState | None:
        """Return the state now, from the snapshot and the records behind it.

        Raises: Corrupt, NotFoundError: the job was deleted.
        """
        self._folding = None
        self._recorded = self._from_snapshot()
        self.refresh()
        return self.state

    def _read(self, after: int, limit: int) -> list[Event]:
        """Return stored records. Raises: NotFoundError: the job was deleted."""
        try:
            return self._store.read(self.job_id, after, limit)
        except Deleted as error:
            raise NotFoundError(f"job {self.job_id} was deleted", job_id=self.job_id) from error

    def require_there(self) -> None:
        """Raise NotFoundError when there is no such job, or it was deleted."""
        try:
            if self._store.stream(self.job_id) is None:
                raise no_job(self.job_id)
        except Deleted as error:
            raise NotFoundError(f"job {self.job_id} was deleted", job_id=self.job_id) from error

    def _from_snapshot(self) -> JobState | None:
        cell = self._store.get(snapshot.snapshot_key(self.job_id))
        if cell is None:
            return None
        self._snapshot_version = cell.version
        state = snapshot.read_snapshot(cell.data, self.job_id)
        if state is None:
            return None
        at_seq = self._read(state.seq - 1, 1)
        if not at_seq or open_all(self.job_id, at_seq, prev=None)[0].hash != state.hash:
            return None
        self._snapshot_seq = state.seq
        return state

    def refresh(self) -> bool:
        """Read and fold what others appended; tell whether there was anything.

        Raises: Corrupt: the records are not a legal history.
        """
        changed = False
        for records in self._pages():
            changed = True
            self._take_in(records)
        return changed

    def _pages(self) -> Iterator[list[RecordedEvent]]:
        while True:
            after = self._recorded.seq if self._recorded else 0
            stored = self._read(after, PAGE)
            if stored:
                prev = self._recorded.hash if self._recorded else GENESIS
                yield open_all(self.job_id, stored, prev=prev)
            if len(stored) < PAGE:
                return

    def records(self, after: int = 0, through: int | None = None) -> Iterator[RecordedEvent]:
        """Yield the records behind ``after``, up to ``through``, without touching the state.

        Raises: Corrupt.
        """
        prev = GENESIS if after == 0 else None
        is_plain = self._recorded is not None and self._recorded.payloads is msgspec.UNSET
        while through is None or after < through:
            limit = PAGE if through is None else min(PAGE, through - after)
            stored = self._read(after, limit)
            recorded = open_all(self.job_id, stored, prev=prev)
            if recorded and isinstance(first := recorded[0].event, JobSubmitted):
                is_plain = not first.spec.erasable
            yield from recorded if is_plain else map(self.payloads.opened, recorded)
            if recorded:
                after, prev = recorded[-1].seq, recorded[-1].hash
            if len(stored) < limit:
                return

    def spec(self) -> JobSpec:
        """Return what the job was asked to do. Raises: NotFoundError, Corrupt."""
        for recorded in self.records(0, 1):
            if isinstance(recorded.event, JobSubmitted):
                return recorded.event.spec
        raise no_job(self.job_id)

    def _take_in(self, records: list[RecordedEvent]) -> None:
        try:
            state = self._folded(records)
        except MoveNotAllowedError as error:
            raise Corrupt(
                f"the log of job {self.job_id} is not a legal history: {error.message}",
                hint="wrkr verify shows where; restore the store from a backup or a jobpack",
                job_id=self.job_id,
                **{key: value for key, value in error.details.items() if key == "seq"},
            ) from error
        self._go_on(state, records)

    def _opened(self, records: list[RecordedEvent]) -> list[RecordedEvent]:
        """Return records as rules, watchers and readers see them."""
        known = self._recorded
        if known is not None and known.payloads is msgspec.UNSET:
            return records
        return [self.payloads.opened(each) for each in records]

    def _folded(self, records: Sequence[RecordedEvent]) -> JobState | None:
        """Return the state after ``records``; the caller says with ``_go_on`` that it came true."""
        folding, self._folding = self._folding or Folding(self.job_id, self._recorded), None
        state = folding.add(records)
        self._next_folding = folding
        return state

    def _go_on(self, state: JobState | None, records: list[RecordedEvent]) -> None:
        self._recorded = state
        self._folding = self._next_folding
        if self._watchers:
            opened = self._opened(records)
            for watcher in self._watchers:
                watcher(opened)

    def decide(self, command: Command, *, by: str, durable: bool = True) -> list[RecordedEvent]:
        """Append what ``command`` decides on the newest state; return it, nothing if it was nothing.

        When this returns the events are durable; without ``durable`` they survive any process but
        not yet the loss of power. ``command`` may be called more than once.

        Raises: what ``command`` raises on the newest state; PayloadsSealedError: there is content to
        be sealed without a key for it; Busy, Unknown, StoreUnavailable, Corrupt.
        """
        for attempt in range(TRIES):
            state = self._recorded
            at = max(self._machine.now(), state.at if state else 0)
            try:
                events, ids = self._sealed(self._masked(command(self.state, at)))
            except WrkrError:
                if self.refresh():
                    continue  # decided on an old state: decide again on the new one
                raise
            if not events:
                return []
            after, prev = (state.seq, state.hash) if state else (0, GENESIS)
            new, recorded = seal_all(
                self.job_id, after=after, prev=prev, events=events, at=at, by=by, ids=iter(ids)
            )
            folded = self._folded(recorded)  # before: nothing illegal is appended
            try:
                self._append(after, new, durable=durable)
            except Conflict:
                # At once: who writes without end leaves the lock for a moment, and to sleep through
                # that moment every time is to lose every time. Crowds thin out all the same.
                if attempt % HASTY_TRIES == HASTY_TRIES - 1:
                    self._machine.sleep(self._machine.jitter(LONGEST_BACK_OFF))
                self.refresh()
                continue
            self._go_on(folded, recorded)
            self._keep_snapshot()
            return self._opened(recorded)
        raise Busy(
            f"job {self.job_id} is written by too many at once; gave up after {TRIES} tries",
            job_id=self.job_id,
        )

    def mask(self) -> Mask | None:
        """Return what masks secrets in what is recorded here, None when nothing knows any.

        Raises: Corrupt, NotFoundError: the spec, which may declare some, cannot be read.
        """
        if self._secrets is None or self._mask is not None:
            return self._mask
        from wrkr_core.redaction.mask import Mask

        mask = Mask(self._secrets.declaring(self._declared()), self.payloads.key)
        if self._recorded is not None:
            self._mask = mask
        return mask

    def masked(self, text: str) -> str:
        """Return ``text`` as it is recorded in a summary. Raises: as ``mask``."""
        mask = self.mask()
        if mask is None:
            return text
        from wrkr_core.redaction.fields import masked_text

        return masked_text(mask, text)

    def masked_json(self, data: bytes) -> bytes:
        """Return canonical JSON as it is recorded; the same object if it is. Raises: as ``mask``."""
        mask = self.mask()
        return data if mask is None else mask.json(data)

    def _declared(self) -> tuple[str, ...]:
        """Return the variables the spec declares to be secret; none while there is no job."""
        return () if self._store.stream(self.job_id) is None else self.spec().secret_names

    def _masked(self, events: tuple[JobEvent, ...]) -> tuple[JobEvent, ...]:
        """Return the events as they may be recorded. Raises: UnsafeOperationError."""
        mask = self.mask() if events else None
        if mask is None:
            return events
        from wrkr_core.redaction.fields import masked_event

        return tuple(masked_event(mask, each) for each in events)

    def _sealed(self, events: Sequence[JobEvent]) -> tuple[Sequence[JobEvent], list[str]]:
        """Return what is to be recorded of ``events``, and the records' ids, which it is bound to.

        Decided again after a conflict they get other ids; an append that is repeated keeps them.
        """
        ids = list(islice(self._ids(), len(events)))
        known = self._recorded
        if not events or (known is not None and known.payloads is msgspec.UNSET):
            return events, ids
        return self.payloads.sealed(events, ids), ids

    def _append(self, expected: int, new: Sequence[NewEvent], *, durable: bool) -> None:
        """Append, repeating the same call as long as its outcome is unknown (A3, A4)."""
        for _ in range(TRIES):
            try:
                self._store.append(self.job_id, expected, new, durable=durable)
            except Unknown:
                self._machine.sleep(self._machine.jitter(LONGEST_BACK_OFF))
            else:
                return
        raise Unknown(
            f"job {self.job_id}: whether record {expected + 1} was written stayed unknown",
            hint="wrkr log shows what was recorded; resuming the job is safe",
            job_id=self.job_id,
        )

    def _ids(self) -> Iterator[str]:
        """Yield record ids no other log ever yields: this log's own name and a count."""
        self._name = self._name or self._machine.new_id()
        while True:
            self._named += 1
            yield f"{self._name}.{self._named}"

    def _keep_snapshot(self) -> None:
        state = self._recorded
        if state is not None and state.seq - self._snapshot_seq >= snapshot.EVERY:
            self.keep_snapshot()

    def keep_snapshot(self) -> None:
        """Keep the state as the job's snapshot; a conflict with another writer is no harm."""
        state = self._recorded
        if state is None or state.unknown or state.seq == self._snapshot_seq:
            return
        key = snapshot.snapshot_key(self.job_id)
        try:
            self._snapshot_version = self._store.put(
                key, snapshot.write_snapshot(state), self._snapshot_version, durable=False
            )
        except Conflict as conflict:
            self._snapshot_version = conflict.head
        except StoreError:
            return  # a cache; what it is a cache of was written
        self._snapshot_seq = state.seq


def no_job(job_id: str) -> NotFoundError:
    """Return the error that says there is no such job."""
    return NotFoundError(
        f"there is no job {job_id}", hint="wrkr list shows the jobs of this store", job_id=job_id
    )


def check_stream(job_id: str) -> None:
    """Refuse an id no job can have. Raises: InvalidInputError."""
    try:
        check_name(job_id, what="job id")
    except ValueError as error:
        raise InvalidInputError(str(error)) from error
