"""Which jobs of a store a worker might claim: all of them looked at once, then what the feed says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.errors import Corrupt, NotFoundError
from wrkr_core.lease import Observer, standing
from wrkr_core.work.heartbeat import read_heartbeat
from wrkr_run.spec_job import is_workable

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState
    from wrkr_core.ledger import Ledger

PAGE: Final = 1000
# Only these can make a job claimable, or end that; a busy job's steps need not be looked at.
TELLING: Final = frozenset(
    {
        "job_submitted",
        "job_resumed",
        "job_paused",
        "job_canceled",
        "job_blocked",
        "job_completed",
        "lease_taken",
        "lease_released",
        "timer_set",
    }
)


class Claimable:
    """The queued and running jobs of a store that a worker can do. Use from one thread."""

    def __init__(self, ledger: Ledger) -> None:
        """Look at nothing yet."""
        self._ledger = ledger
        self._cursor: str | None = None
        self._open: dict[str, JobState] = {}
        self._passed_over: dict[str, int] = {}  # job -> the record after which it was passed over
        self._seen: dict[str, tuple[tuple[int, int], int]] = {}  # job -> heartbeat, first seen at

    def refresh(self) -> None:
        """Take in what happened since the last call; the first time, everything.

        Raises: StoreError.
        """
        if self._cursor is None:
            # The end of the feed first and the jobs then: what happens between is seen twice, never not.
            self._cursor = self._changed("")[1]
            after = ""
            while page := self._ledger.store.streams(after=after, limit=PAGE):
                for info in page:
                    self._look_at(info.stream)
                after = page[-1].stream
            return
        changed, self._cursor = self._changed(self._cursor)
        for job_id in changed:
            self._look_at(job_id)

    def _changed(self, cursor: str) -> tuple[list[str], str]:
        """Return the jobs with telling events behind ``cursor``, each once, and the new end."""
        changed: dict[str, None] = {}
        while True:
            records, cursor = self._ledger.store.feed(cursor, PAGE)
            for record in records:
                if record.type.partition("/")[0] in TELLING:
                    changed[record.stream] = None
            if len(records) < PAGE:
                return list(changed), cursor

    def _look_at(self, job_id: str) -> None:
        try:
            state = self._ledger.state(job_id)
            wanted = state.status in ("queued", "running") and (
                job_id in self._open or is_workable(self._ledger.spec(job_id))
            )
        except (NotFoundError, Corrupt):
            wanted = False  # deleted, or unreadable: other commands say so; here it is no candidate
        else:
            if wanted:
                self._open[job_id] = state
        if not wanted:
            self._open.pop(job_id, None)

    def due(self) -> list[str]:
        """Return the jobs that can be claimed now, those that wait longest first.

        Raises: StoreError.
        """
        now = self._ledger.machine.now()
        ready = [
            state
            for state in self._candidates()
            if (state.wake_at is None or state.wake_at <= now) and self._is_free(state)
        ]
        return [state.job_id for state in sorted(ready, key=lambda state: (state.at, state.job_id))]

    def is_empty(self) -> bool:
        """Tell whether no job is queued, running or asleep, but for those that were passed over."""
        return not self._candidates()

    def seen(self, job_id: str) -> int:
        """Return up to which record the job is known; 0 if it is no candidate."""
        state = self._open.get(job_id)
        return state.seq if state is not None else 0

    def pass_over(self, job_id: str, seq: int) -> None:
        """Leave the job alone until something happens behind record ``seq``: it cannot be done here."""
        self._passed_over[job_id] = seq

    def _candidates(self) -> list[JobState]:
        return [
            state
            for job_id, state in self._open.items()
            if state.seq > self._passed_over.get(job_id, 0)
        ]

    def _is_free(self, state: JobState) -> bool:
        """Tell whether nobody holds the job, as far as a glance can tell; claiming asks again."""
        lease, machine = state.lease, self._ledger.machine
        if lease is None:
            return True
        beat, version = read_heartbeat(self._ledger.store, state.job_id)
        uptime, seen_now = machine.uptime(), (state.epoch, version)
        seen = self._seen.get(state.job_id)
        if seen is None or seen[0] != seen_now:
            seen = self._seen[state.job_id] = (seen_now, uptime)
        observer = Observer(
            now=machine.now(),
            uptime=uptime,
            boot_id=machine.boot_id(),
            holder_is_gone=machine.is_gone(lease.holder),
            unchanged_for=uptime - seen[1],
            same_clock=self._ledger.store.info.local,
        )
        return standing(lease, beat, observer) != "live"
