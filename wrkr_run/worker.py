"""Working on jobs in this process: on one, in the foreground, or on all that can be claimed."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import (
    ApprovalRequiredError,
    Busy,
    EnvironmentMismatchError,
    InvalidInputError,
    LeaseConflictError,
    MoveNotAllowedError,
    NotFoundError,
    StoreError,
    StoreUnavailable,
    Unknown,
)
from wrkr_core.lease import DEFAULT_TTL
from wrkr_run.claimable import Claimable
from wrkr_run.foreground import RunResult, work_on
from wrkr_run.supervision import Surroundings, say_nothing

if TYPE_CHECKING:
    from wrkr_core.job.state import Status
    from wrkr_core.ledger import Ledger
    from wrkr_run.interruption import Interruption
    from wrkr_run.supervision import Report

__all__ = ["RunResult", "Worker", "WorkerSummary", "work_on"]

POLL: Final = 1_000_000  # µs between looks at the store
LONGEST_WAIT: Final = 0.25  # seconds until a signal is noticed
_REFUSALS: Final = (
    MoveNotAllowedError,
    ApprovalRequiredError,
    NotFoundError,
    EnvironmentMismatchError,
)
_PASSING: Final = (Busy, Unknown, StoreUnavailable)  # what a store says that may be well soon
FAREWELL: Final = 5_000_000  # µs threads have to kill their commands when nothing is waited for


@attrs.frozen(kw_only=True)
class WorkerSummary:
    """What a worker did.

    ``worked_on`` counts jobs each time they were worked on, ``completed`` those of them that are
    done, ``waiting`` those that wait for a person; ``interrupted`` tells that it was asked to stop.
    """

    worked_on: int
    completed: int
    waiting: int
    interrupted: bool


class Worker:
    """Works on whatever jobs of a ledger can be claimed. ``run`` it once, from one thread.

    A job that fails is blocked with the reason and never takes the worker down. A job that somebody
    else holds is passed over, as is one that was started in another environment: it may fit
    elsewhere, so it is reported and left as it is. When the store failed under a job, it is reported
    and tried again: its lease lapses meanwhile, so that any worker may take it.
    """

    def __init__(  # each is a promise of its own
        self,
        ledger: Ledger,
        *,
        name: str | None = None,
        concurrency: int = 1,
        drain: bool = False,
        once: bool = False,
        poll: int = POLL,
        ttl: int = DEFAULT_TTL,
        beat: int | None = None,
        surroundings: Surroundings | None = None,
        report: Report = say_nothing,
    ) -> None:
        """Prepare to work.

        Args:
            ledger: Whose jobs to work on.
            name: What the worker is called in the log, by default host and process id.
            concurrency: How many jobs it works on at a time.
            drain: End when no job is queued, running or asleep; jobs that wait for people are left.
            once: End when nothing more can be claimed at once.
            poll: How often it looks for jobs, µs.
            ttl: How long its leases last without a heartbeat, µs.
            beat: How often it renews them, µs; by default three times per ``ttl`` or more often.
            surroundings: What it brings along to every job.
            report: Called with a line for every job that was worked on or had to be left alone; one
                call at a time, from the worker's threads.

        Raises: InvalidInputError: ``concurrency`` or ``poll`` is less than 1.

        """
        if concurrency < 1 or poll < 1:
            raise InvalidInputError("a worker takes at least one job at a time, and looks for more")
        self._ledger = ledger
        self._name = name
        self._concurrency = concurrency
        self._drain = drain
        self._once = once
        self._poll = poll
        self._ttl = ttl
        self._beat = beat
        self._surroundings = surroundings if surroundings is not None else Surroundings()
        self._report = report
        self._claimable = Claimable(ledger)
        self._jobs: queue.SimpleQueue[tuple[str, int] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # over the five below, and the reports
        self._busy: set[str] = set()
        self._unfit: dict[str, int] = {}  # job -> the record after which it cannot be done here
        self._later: dict[str, int] = {}  # job -> the uptime before which it is not tried again
        self._results: list[Status] = []
        self._threads = concurrency
        self._freed = threading.Event()

    @property
    def _interruption(self) -> Interruption:
        return self._surroundings.interruption

    def run(self) -> WorkerSummary:
        """Work until there is nothing left to do, as the options say, or a signal asks to stop.

        The first Ctrl-C or SIGTERM stops running commands in order, records their steps as
        interrupted and lets the jobs go; the second ends everything at once.

        Raises: StoreError: the store cannot be read.
        """
        # Threads that live as long as the worker: on Linux a command dies with the thread it came from.
        for number in range(1, self._concurrency + 1):
            name = f"wrkr-worker-{number}"
            threading.Thread(target=self._run_jobs, name=name, daemon=True).start()
        with self._interruption.listen():
            try:
                self._hand_out_jobs()
            except KeyboardInterrupt:
                self._interruption.request()
            finally:
                self._dismiss()
        return WorkerSummary(
            worked_on=len(self._results),
            completed=self._results.count("completed"),
            waiting=self._results.count("blocked_decision"),
            interrupted=self._interruption.is_requested,
        )

    def _hand_out_jobs(self) -> None:
        machine = self._ledger.machine
        while not self._interruption.is_requested:
            self._freed.clear()
            if self._hand_out_due() and self._is_done():
                return
            until = machine.uptime() + self._poll
            while not self._freed.wait(LONGEST_WAIT) and self._may_wait(until):
                pass

    def _may_wait(self, until: int) -> bool:
        return not self._interruption.is_requested and self._ledger.machine.uptime() < until

    def _hand_out_due(self) -> bool:
        """Hand out what can be claimed; tell whether nothing was, and nothing is under way."""
        with self._lock:
            busy, unfit = set(self._busy), self._unfit.copy()
            self._unfit.clear()
        for job_id, seq in unfit.items():
            self._claimable.pass_over(job_id, seq)
        try:
            self._claimable.refresh()
            due = [job_id for job_id in self._claimable.due() if job_id not in busy]
        except Busy:
            return False
        uptime = self._ledger.machine.uptime()
        with self._lock:
            due = [job_id for job_id in due if self._later.get(job_id, uptime) <= uptime]
            chosen = due[: self._concurrency - len(busy)]
            self._busy.update(chosen)
        for job_id in chosen:
            self._jobs.put((job_id, self._claimable.seen(job_id)))
        return not due and not busy

    def _is_done(self) -> bool:
        return self._once or (self._drain and self._claimable.is_empty())

    def _dismiss(self) -> None:
        """Wait until the threads have ended what they were doing, unless it is urgent.

        Not by ``Thread.join``: interrupted by Ctrl-C it takes a thread for ended that is not
        (bpo-45274 and what came of it, up to Python 3.12).
        """
        for _ in range(self._concurrency):
            self._jobs.put(None)
        machine, asked_urgently = self._ledger.machine, 0
        while self._threads:
            with suppress(KeyboardInterrupt):  # it has been counted, which is all it says here
                if self._interruption.is_urgent:
                    asked_urgently = asked_urgently or machine.uptime()
                    if machine.uptime() - asked_urgently > FAREWELL:
                        return
                self._freed.clear()
                if self._threads:
                    self._freed.wait(LONGEST_WAIT)

    def _run_jobs(self) -> None:
        while (wanted := self._jobs.get()) is not None:
            job_id, seq = wanted
            if not self._interruption.is_requested:
                self._run_job(job_id, seq)
            with self._lock:
                self._busy.discard(job_id)
            self._freed.set()
        with self._lock:
            self._threads -= 1
        self._freed.set()

    def _run_job(self, job_id: str, seq: int) -> None:
        """Work on the job, which could be claimed after record ``seq`` as far as is known."""
        try:
            result = work_on(
                self._ledger,
                job_id,
                worker=self._name,
                ttl=self._ttl,
                beat=self._beat,
                block_on_mismatch=False,
                surroundings=self._surroundings,
            )
        except LeaseConflictError:
            self._try_later(job_id, self._poll)  # somebody else was faster
        except _REFUSALS as error:
            is_news = self._seq_now(job_id) == seq  # else somebody else was faster
            self._leave(job_id, seq, error if is_news else None)
        except _PASSING as error:
            self._try_later(job_id, max(self._poll, self._ttl), error)
        except BaseException as error:  # noqa: BLE001  # whatever a job's code does, the worker goes on
            self._leave(job_id, max(seq, self._seq_now(job_id)), error)
        else:
            with self._lock:
                self._results.append(result.status)
                self._report(f"{job_id} is {result.status}: {result.summary}")

    def _seq_now(self, job_id: str) -> int:
        """Return the job's newest record, 0 if it cannot be read."""
        try:
            return self._ledger.state(job_id).seq
        except (NotFoundError, StoreError):
            return 0

    def _leave(self, job_id: str, seq: int, error: BaseException | None) -> None:
        """Leave the job alone until something happens to it behind record ``seq``."""
        with self._lock:
            self._unfit[job_id] = seq
            if error is not None:
                self._report(f"{job_id} was left alone: {str(error) or type(error).__name__}")

    def _try_later(self, job_id: str, delay: int, error: StoreError | None = None) -> None:
        """Let ``delay`` µs pass before the job is tried again."""
        with self._lock:
            self._later[job_id] = self._ledger.machine.uptime() + delay
            if error is not None:
                self._report(f"{job_id} is tried again later: {error}")
