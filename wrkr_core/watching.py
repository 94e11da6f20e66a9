"""Watching jobs: what is new in a store, and waiting for one by looking now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.errors import Corrupt, InvalidInputError, NotFoundError, check_whole
from wrkr_core.job.fold import fold_all
from wrkr_core.job_log import JobLog, check_stream, no_job
from wrkr_core.record import open_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wrkr_core.errors import WrkrError
    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState, Status
    from wrkr_core.machine import Machine
    from wrkr_core.store import Store

SHORTEST: Final = 20_000  # µs between looks, doubled while nothing happens
LONGEST: Final = 250_000
SECOND: Final = 1_000_000


def jobs(
    store: Store,
    log_of: Callable[[str], JobLog],
    *,
    status: Status | None,
    after: str,
    limit: int,
    on_damage: Callable[[str, WrkrError], None] | None,
) -> list[JobState]:
    """Return jobs by id; see ``Ledger.jobs``. ``log_of`` returns the unread log of a job."""
    check_whole("limit", limit, 1)
    found: list[JobState] = []
    while page := store.streams(after=after, limit=min(limit, 1000)):
        for info in page:
            after = info.stream
            try:
                state = log_of(after).load()
            except (Corrupt, NotFoundError) as error:
                if on_damage is not None:
                    on_damage(after, error)
                continue
            if state is not None and status in (None, state.status):
                found.append(state)
                if len(found) == limit:
                    return found
    return found


def feed(
    store: Store, cursor: str, limit: int, log_of: Callable[[str], JobLog]
) -> tuple[list[tuple[str, RecordedEvent]], str]:
    """Return events of all jobs and the next cursor; see ``Ledger.feed``."""
    check_whole("limit", limit, 1)
    try:
        stored, cursor = store.feed(cursor, limit)
    except ValueError as error:
        raise InvalidInputError(
            f"the feed cannot be read from {cursor!r}: {error}",
            hint="begin with an empty cursor, and go on with the one that comes back",
            argument="cursor",
        ) from error
    logs: dict[str, JobLog] = {}
    found: list[tuple[str, RecordedEvent]] = []
    for each in stored:
        if each.stream not in logs:
            logs[each.stream] = log_of(each.stream)
        recorded = open_all(each.stream, [each], prev=None)[0]
        found.append((each.stream, logs[each.stream].payloads.opened(recorded)))
    return found, cursor


def follow(
    log: JobLog, machine: Machine, *, after: int, timeout: float | None
) -> Iterator[RecordedEvent]:
    """Yield the records of an unread ``log`` behind ``after`` as they come; see ``Ledger.follow``."""
    fresh: list[RecordedEvent] = []
    log.watch(fresh.extend)
    pause, silent_since = SHORTEST, machine.uptime()
    while True:
        if log.refresh():
            yield from [recorded for recorded in fresh if recorded.seq > after]
            fresh.clear()
            pause, silent_since = SHORTEST, machine.uptime()
        silent = machine.uptime() - silent_since
        if log.state is not None and is_over(log.state, machine, silent):
            return
        if timeout is not None and silent >= timeout * SECOND:
            return
        machine.sleep(pause)
        pause = min(LONGEST, pause * 2)


def is_over(state: JobState, machine: Machine, silent: int) -> bool:
    """Tell whether nothing more will be recorded: final, and nobody is left to let go of it.

    A holder that is gone, or was silent for as long as its lease lasts, will not.
    """
    if not state.is_final:
        return False
    return state.lease is None or machine.is_gone(state.lease.holder) or silent >= state.lease.ttl


def wait(
    log: JobLog,
    machine: Machine,
    state: JobState,
    *,
    until: frozenset[Status] | None,
    timeout: float | None,
) -> JobState:
    """Return the state of a loaded ``log`` once it is as wanted; see ``Ledger.wait``."""
    began, pause = machine.uptime(), SHORTEST
    while not is_reached(state, until):
        if timeout is not None and machine.uptime() - began >= timeout * SECOND:
            return state
        machine.sleep(pause)
        pause = min(LONGEST, pause * 2)
        log.refresh()
        state = log.state or state
    return state


def is_reached(state: JobState, until: frozenset[Status] | None) -> bool:
    """Tell whether the status is one of ``until``, by default final or blocked."""
    if until is not None:
        return state.status in until
    return state.is_final or state.status.startswith("blocked")


def load_state(store: Store, machine: Machine, job_id: str) -> JobState:
    """Return where a job stands now; all that looking at one job takes.

    Raises: NotFoundError, Corrupt, InvalidInputError.
    """
    check_stream(job_id)
    state = JobLog(store, machine, job_id).load()
    if state is None:
        raise no_job(job_id)
    return state


def state_at(log: JobLog, at: int) -> JobState:
    """Return the job as it was after record ``at``. Raises: NotFoundError: it has none yet. Corrupt."""
    state = fold_all(None, log.records(0, at), log.job_id) if at > 0 else None
    if state is not None and state.seq == at:
        return state
    log.require_there()
    raise NotFoundError(f"job {log.job_id} has no record {at}", job_id=log.job_id, at=at)
