"""A job held under a lease: every write of its worker goes through here.

Each write is compare-and-set on the head the worker knows. When another process paused, canceled or
took over the job, the write fails, the new records are read, and the worker finds out before it does
anything more. So the check before and after every step costs nothing beyond the step's own records.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

from wrkr_core.errors import (
    Blocked,
    Busy,
    LeaseConflictError,
    MoveNotAllowedError,
    StoreError,
    UnknownEventError,
)
from wrkr_core.job.decide.deciding import decide_block_on_decisions
from wrkr_core.job.decide.guard import require_holder
from wrkr_core.job.decide.leasing import decide_release, decide_retake
from wrkr_core.job.decide.spending import decide_budget_check
from wrkr_core.job.replay import Replay
from wrkr_core.job_log import TRIES
from wrkr_core.work.heartbeat import Pulse
from wrkr_core.work.places import open_root, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.events import Event, RecordedEvent
    from wrkr_core.job.state import JobState
    from wrkr_core.job_log import JobLog
    from wrkr_core.machine import Machine
    from wrkr_core.store import Store

    Rule = Callable[[JobState, int], tuple[Event, ...]]

_numbers = itertools.count()  # tells the holdings of one process apart


class Holding:
    """One claim on one job, from ``lease_taken`` to ``lease_released``. Thread-safe."""

    def __init__(  # a claim is made of these
        self, *, log: JobLog, store: Store, machine: Machine, worker: str, ttl: int, beat: int
    ) -> None:
        """Hold the job whose newest ``lease_taken`` in ``log`` is this worker's."""
        self.log = log
        self.store = store
        self.machine = machine
        self.worker = worker
        self.epoch = self.state.epoch
        self.number = next(_numbers)
        open_root(self.number)
        self.replay = Replay()
        self._ttl = ttl
        self._lock = threading.RLock()
        self._lost: LeaseConflictError | None = None
        self._lap_began = self._lap_ends = machine.uptime()
        self._sure_until = self._lap_began + ttl
        self.replay.feed(log.records())
        log.watch(self.replay.feed)
        self._pulse = Pulse(
            store=store,
            machine=machine,
            job_id=log.job_id,
            epoch=lambda: self.epoch,
            unrecorded=self.lap,
            ttl=ttl,
            every=beat,
        )
        self._pulse.start()

    @property
    def state(self) -> JobState:
        """The job as of the last record this worker knows."""
        state = self.log.state
        if state is None:
            raise LeaseConflictError(f"job {self.log.job_id} does not exist")
        return state

    @property
    def is_held(self) -> bool:
        """Tell whether, as far as this worker knows, the job is still its own."""
        return self._lost is None

    def lets_out(self, error: BaseException) -> bool:
        """Tell whether ``error``, from a step's function, is about this holding and not the step."""
        return self._lost is not None or getattr(error, "holding", None) == self.number

    def lap(self) -> int:
        """Return running time in µs that no record has accounted for yet."""
        return max(0, self.machine.uptime() - self._lap_began)

    def end_lap(self) -> int:
        """Return ``lap()`` and remember its end, for a rule whose events account for it."""
        self._lap_ends = self.machine.uptime()
        return max(0, self._lap_ends - self._lap_began)

    def decide(
        self, rule: Rule, *, ends_lap: bool = False, durable: bool = True
    ) -> list[RecordedEvent]:
        """Append what ``rule`` decides as the holder.

        ``ends_lap`` says that the events account for what ``end_lap`` returned. Without ``durable``
        they survive any process but not yet the loss of power.

        Raises:
            LeaseConflictError: The job was taken over; nothing more may be done.
            Blocked: The job is paused, canceled or waits; the rule does not apply any more.

        """
        with self._lock:
            self._require_not_lost()
            began = self.machine.uptime()
            try:
                recorded = self._decide_or_stop(rule, durable=durable)
            except LeaseConflictError as error:
                self._lost = error
                raise
            except StoreError as error:
                error.holding = self.number
                raise
            self._sure_until = began + self._ttl
            if ends_lap and recorded:
                self._lap_began = self._lap_ends
            return recorded

    def _decide_or_stop(self, rule: Rule, *, durable: bool) -> list[RecordedEvent]:
        command = self._command(rule)
        for _ in range(TRIES):
            try:
                return self.log.decide(command, by=self.worker, durable=durable)
            except MoveNotAllowedError:
                require_holder(self.state, self.epoch)
                if self.state.status == "running":
                    raise
                self.stop_unless_running()
        raise Busy(f"job {self.log.job_id} was paused and resumed {TRIES} times in a row")

    def _command(self, rule: Rule) -> Callable[[JobState | None, int], tuple[Event, ...]]:
        def command(state: JobState | None, at: int) -> tuple[Event, ...]:
            return rule(state if state is not None else self.state, at)

        return command

    def _require_not_lost(self) -> None:
        if self._lost is not None:
            raise self._lost

    def stop_unless_running(self) -> None:
        """Raise ``Blocked`` when the job stands still; go on after a pause that was taken back.

        A decision opened from outside waits for the end of a step that is under way.
        """
        if self._lost is not None:
            raise self._lost
        known = self.log.state
        if known is not None and known.status == "running" and not known.decisions:
            return
        with self._lock:
            for _ in range(TRIES):
                if not self._went_on():
                    break
            if self.state.status != "running":
                raise Blocked(self.log.job_id, self.state.status, self.state.summary)

    def _went_on(self) -> bool:
        """Do what a job that is not simply running asks for; tell whether to look once more."""
        state = self.state
        mine = state.lease is not None and state.lease.epoch == self.epoch
        try:
            if state.status == "queued" and mine:
                self._retake()
                return True
            if state.status == "running" and state.decisions and not place_of(self.number).inside:
                self.log.decide(
                    self._command(
                        lambda now, _at: decide_block_on_decisions(now, epoch=self.epoch)
                    ),
                    by=self.worker,
                )
                return True
        except MoveNotAllowedError:
            return True  # paused or canceled at the same moment
        except LeaseConflictError as error:
            self._lost = error
            raise
        except StoreError as error:
            error.holding = self.number
            raise
        return False

    def _retake(self) -> None:
        holder = self.machine.holder()
        self.log.decide(
            lambda _state, _at: decide_retake(
                self.state, epoch=self.epoch, worker=self.worker, holder=holder, ttl=self._ttl
            ),
            by=self.worker,
        )
        self.epoch = self.state.epoch

    def check(self) -> None:
        """Look whether the job may go on: still held, not paused, not canceled, within its budget.

        Raises: LeaseConflictError, Blocked.
        """
        with self._lock:
            self._require_not_lost()
            try:
                self.log.refresh()
            except StoreError as error:
                error.holding = self.number
                raise
            running = self.lap()
            self.decide(
                lambda state, _at: decide_budget_check(state, epoch=self.epoch, running=running)
            )
            self.stop_unless_running()

    def check_if_slept(self) -> None:
        """Look again when so much time went by since the last write that the lease may be over.

        Raises: LeaseConflictError, Blocked.
        """
        if self.machine.uptime() >= self._sure_until:
            self.check()

    def wall_left(self) -> int | None:
        """Return how many µs the job may still run, None without a limit; at least 1."""
        state = self.state
        limit = state.limit_by_meter().get("wall")
        if limit is None:
            return None
        return max(1, limit - state.spent_by_meter().get("wall", 0) - self.lap())

    def is_out_of_time(self) -> bool:
        """Tell whether the wall limit is used up."""
        return (left := self.wall_left()) is not None and left <= 1

    def release(self, reason: str) -> None:
        """Let go. A job that was taken over meanwhile is left as it is."""
        self._pulse.stop()
        with self._lock:
            if self._lost is not None:
                return
            try:
                self.decide(
                    lambda state, _at: decide_release(
                        state,
                        epoch=self.epoch,
                        reason=reason,
                        heartbeats=self._pulse.beats,
                        ran=self.end_lap(),
                    ),
                    ends_lap=True,
                )
            except (LeaseConflictError, UnknownEventError):
                return  # the job is another's, or not understood any more
            self.log.keep_snapshot()

    def abandon(self) -> None:
        """Stop the heartbeat and write nothing, as after an error of the store itself."""
        self.close()
        self._lost = self._lost or LeaseConflictError(
            f"this worker has let go of job {self.log.job_id}", job_id=self.log.job_id
        )

    def close(self) -> None:
        """Stop the heartbeat; what is recorded stays as it is."""
        self._pulse.stop()
