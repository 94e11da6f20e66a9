"""Claiming a job, and what becomes of it when the code that works on it ends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import (
    Blocked,
    EnvironmentMismatchError,
    InvalidInputError,
    LeaseConflictError,
    NotFoundError,
    StepFailedError,
    StoreError,
    WrkrError,
)
from wrkr_core.ids import check_actor
from wrkr_core.job.decide.leasing import decide_block_on_environment, decide_take
from wrkr_core.lease import DEFAULT_BEAT, DEFAULT_TTL, Observer
from wrkr_core.work.heartbeat import read_heartbeat
from wrkr_core.work.holding import Holding
from wrkr_core.work.job import Job
from wrkr_core.work.places import forget

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from wrkr_core.environment import Fingerprint
    from wrkr_core.events import Event
    from wrkr_core.job.state import JobState
    from wrkr_core.job_log import JobLog
    from wrkr_core.lease import Heartbeat
    from wrkr_core.machine import Machine
    from wrkr_core.spec import JobSpec
    from wrkr_core.store import Store

    Probe = Callable[[JobState], Fingerprint]

VERSIONS: Final = 1 << 32  # more than one epoch ever has heartbeats


@attrs.frozen(kw_only=True)
class ClaimOptions:
    """How a job is claimed; see ``Ledger.work``. Times in µs."""

    worker: str | None = None
    ttl: int = DEFAULT_TTL
    beat: int = DEFAULT_BEAT
    probe: Probe | None = None
    accept_because: str | None = None
    block_on_mismatch: bool = True


class Claims:
    """Claims jobs of one store and remembers how long foreign heartbeats stood still.

    Thread-safe: what is remembered is only ever replaced whole.
    """

    def __init__(self, store: Store, machine: Machine) -> None:
        """Remember nothing yet."""
        self._store = store
        self._machine = machine
        self._seen: dict[str, tuple[int, int]] = {}  # job -> heartbeat seen, uptime first seen

    @contextmanager
    def work(self, log: JobLog, spec: JobSpec, options: ClaimOptions) -> Generator[Job]:
        """Hold the job of ``log`` while the block runs; see ``Ledger.work``."""
        holding = self.claim(log, options)
        job = Job(holding, spec)
        try:
            yield job
        except Blocked as blocked:
            holding.release(blocked.status)
        except (LeaseConflictError, StoreError):
            holding.abandon()  # nothing can or may be written
            raise
        except Exception as error:
            _block_on(job, error)
            raise
        except BaseException:
            holding.release("interrupted")
            raise
        else:
            holding.release("completed" if holding.state.is_final else "left")
        finally:
            holding.close()
            forget(holding.number)

    def claim(self, log: JobLog, options: ClaimOptions) -> Holding:
        """Take the lease. Raises: as ``Ledger.work``."""
        if not 0 < options.beat < options.ttl:
            raise InvalidInputError(
                f"a heartbeat every {options.beat} µs does not keep a lease of {options.ttl} µs"
            )
        holder = self._machine.holder()
        given = options.worker
        worker = check_actor(given if given is not None else f"{holder.host}-{holder.pid}")
        log.payloads.require_open()
        state = _require(log)
        actual = options.probe(state) if options.probe is not None else None

        def take(_state: JobState | None, _at: int) -> tuple[Event, ...]:
            now = _require(log)  # looked at anew each time: the holder may be another one by now
            heartbeat, observer = self._observe(log.job_id, now)
            return decide_take(
                now,
                worker=worker,
                holder=holder,
                ttl=options.ttl,
                beat=heartbeat,
                observer=observer,
                actual=actual,
                accept_because=options.accept_because,
            )

        try:
            log.decide(take, by=worker)
        except EnvironmentMismatchError:
            if options.block_on_mismatch and actual is not None:
                self._block_on_environment(log, actual, worker)
            raise
        return Holding(
            log=log,
            store=self._store,
            machine=self._machine,
            worker=worker,
            ttl=options.ttl,
            beat=options.beat,
        )

    def _block_on_environment(self, log: JobLog, actual: Fingerprint, worker: str) -> None:
        def block(_state: JobState | None, _at: int) -> tuple[Event, ...]:
            now = _require(log)
            heartbeat, observer = self._observe(log.job_id, now)
            return decide_block_on_environment(
                now, beat=heartbeat, observer=observer, actual=actual
            )

        log.decide(block, by=worker)

    def _observe(self, job_id: str, state: JobState) -> tuple[Heartbeat | None, Observer]:
        """Return the newest heartbeat and what is known of its holder at this moment."""
        heartbeat, version = read_heartbeat(self._store, job_id)
        uptime = self._machine.uptime()
        seen_now = state.epoch * VERSIONS + version  # a new claim is a change too
        seen = self._seen.get(job_id)
        if seen is None or seen[0] != seen_now:
            seen = self._seen[job_id] = (seen_now, uptime)
        lease = state.lease
        return heartbeat, Observer(
            now=self._machine.now(),
            uptime=uptime,
            boot_id=self._machine.boot_id(),
            holder_is_gone=lease is not None and self._machine.is_gone(lease.holder),
            unchanged_for=uptime - seen[1],
            same_clock=self._store.info.local,
        )


def _require(log: JobLog) -> JobState:
    if log.state is None:
        raise NotFoundError(f"there is no job {log.job_id}", job_id=log.job_id)
    return log.state


def _block_on(job: Job, error: Exception) -> None:
    """Record why the code that worked on the job gave up, and let go."""
    codes = [error.code if isinstance(error, WrkrError) else StepFailedError.code]
    if isinstance(error.__cause__, WrkrError) and error.__cause__.code not in codes:
        codes.append(error.__cause__.code)  # such as a timeout, behind the step's failure
    said = error.message if isinstance(error, WrkrError) else f"{type(error).__name__}: {error}"
    try:
        if job.state.status == "running":
            job.block(said, reason_codes=tuple(codes), step=_failed_step(error))
    except (Blocked, LeaseConflictError):
        return job.holding.release("failed")  # paused, canceled or taken over: that stands
    return job.holding.release("failed")


def _failed_step(error: BaseException) -> object:
    """Return the step whose failure led to ``error``, None if none did."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, StepFailedError):
            return seen.ref
        seen = seen.__cause__ or seen.__context__
    return None
