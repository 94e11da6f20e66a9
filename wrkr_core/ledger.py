"""The ledger: every job in one store; the object that loads, decides and appends.

A ledger may be shared by threads; after a fork open a new store and a new ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw

from wrkr_core import events as e
from wrkr_core import watching
from wrkr_core.canonical import dumps
from wrkr_core.errors import check_whole
from wrkr_core.ids import check_actor, check_job_id, job_id_for
from wrkr_core.job.decide.deciding import decide_approve, decide_refuse, emitted
from wrkr_core.job.decide.lifecycle import (
    decide_cancel,
    decide_pause,
    decide_resume,
)
from wrkr_core.job.decide.spending import decide_raise
from wrkr_core.job_log import JobLog, check_stream, no_job
from wrkr_core.lease import DEFAULT_BEAT, DEFAULT_TTL
from wrkr_core.machine import Machine, ThisMachine, user_name
from wrkr_core.submitting import submit_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from wrkr_core.budget import Amount
    from wrkr_core.checkpoint import ArtifactChanges
    from wrkr_core.errors import WrkrError
    from wrkr_core.job.state import JobState, Status
    from wrkr_core.redaction.mask import Secrets
    from wrkr_core.spec import JobSpec
    from wrkr_core.store import Store
    from wrkr_core.work.claiming import Claims, Probe
    from wrkr_core.work.job import Job

    Rule = Callable[[JobState, int], tuple[e.Event, ...]]


class Ledger:
    """All jobs of one store. Thread-safe; not for use after ``fork()``.

    Attributes:
        store: Where the records are.
        actor: Who does what is done without a name given, by default the system's user.
        redact: What knows the secrets that are masked in all that is recorded; None: no one does.
        opens: Whether sealed content is shown opened where its key is.

    """

    def __init__(
        self,
        store: Store,
        *,
        machine: Machine | None = None,
        actor: str | None = None,
        redact: Secrets | None = None,
        opens: bool = True,
    ) -> None:
        """Use ``store``, which the caller closes; without ``opens``, as one without keys to content."""
        self.store = store
        self.machine: Machine = machine if machine is not None else ThisMachine()
        self.actor = check_actor(actor if actor is not None else user_name() or "local user")
        self.redact = redact
        self._claims: Claims | None = None
        self.opens = opens

    def state(self, job_id: str, *, at: int | None = None) -> JobState:
        """Return the job as it is now, or as it was after record ``at``.

        Raises: NotFoundError: no such job, or it has no record ``at`` yet. Corrupt.
        """
        log = self._log(job_id)
        return watching.state_at(log, at) if at is not None else self._require(log.load(), job_id)

    def spec(self, job_id: str) -> JobSpec:
        """Return what the job was asked to do. Raises: NotFoundError, Corrupt."""
        return self._log(job_id).spec()

    def events(
        self, job_id: str, *, after: int = 0, through: int | None = None
    ) -> Iterator[e.RecordedEvent]:
        """Yield the job's events behind record ``after``, in order, each checked against the chain.

        Raises: NotFoundError, Corrupt, InvalidInputError.
        """
        for name, seq in (("after", after), ("through", 0 if through is None else through)):
            check_whole(name, seq, 0)
        log = self._log(job_id)
        log.require_there()
        return log.records(after, through)

    def jobs(
        self,
        *,
        status: Status | None = None,
        after: str = "",
        limit: int = 1000,
        on_damage: Callable[[str, WrkrError], None] | None = None,
    ) -> list[JobState]:
        """Return up to ``limit`` jobs with id > ``after``, by id; only those of ``status`` if given.

        A job that cannot be read does not hide the others: ``on_damage`` is told its id and why.
        """
        return watching.jobs(
            self.store, self._log, status=status, after=after, limit=limit, on_damage=on_damage
        )

    def follow(
        self, job_id: str, *, after: int = 0, timeout: float | None = None
    ) -> Iterator[e.RecordedEvent]:
        """Yield the job's events as they happen, until it is completed or canceled and let go.

        ``timeout`` is in seconds of silence; None waits for ever.
        """
        check_whole("after", after, 0)
        log = self._log(job_id)
        log.require_there()
        return watching.follow(log, self.machine, after=after, timeout=timeout)

    def feed(
        self, cursor: str = "", *, limit: int = 1000
    ) -> tuple[list[tuple[str, e.RecordedEvent]], str]:
        """Return events of all jobs after ``cursor``, as (job id, event), and the next cursor.

        Raises: InvalidInputError: ``limit`` is below 1, or no feed handed out ``cursor``. Corrupt.
        """
        return watching.feed(self.store, cursor, limit, self._log)

    def wait(
        self, job_id: str, *, until: frozenset[Status] | None = None, timeout: float | None = None
    ) -> JobState:
        """Return the job once its status is one of ``until`` (by default: final or blocked).

        After ``timeout`` seconds it is returned as it is.
        """
        log = self._log(job_id)
        state = self._require(log.load(), job_id)
        return watching.wait(log, self.machine, state, until=until, timeout=timeout)

    def submit(
        self,
        spec: JobSpec,
        *,
        job_id: str | None = None,
        by: str | None = None,
        allow_secrets: bool = False,
    ) -> str:
        """Record that the job exists, queued; return its id. Durable when it returns.

        The same id with the same spec again is no error and changes nothing.

        Raises: JobExistsError: the id is taken by another spec. InvalidInputError.
            UnsafeOperationError: the spec holds what ``redact`` knows, and that is not allowed.
        """
        return self.submitted(spec, job_id=job_id, by=by, allow_secrets=allow_secrets)[0]

    def submitted(
        self,
        spec: JobSpec,
        *,
        job_id: str | None = None,
        by: str | None = None,
        allow_secrets: bool = False,
    ) -> tuple[str, bool]:
        """Submit as ``submit`` does; return the id and whether the job is new."""
        if job_id is None:
            job_id = job_id_for(spec.name, self.machine.new_id())
        log, who = self._log(check_job_id(job_id)), self._by(by)
        return job_id, submit_job(
            self.store, log, spec, by=who, redact=self.redact, allow_secrets=allow_secrets
        )

    def pause(self, job_id: str, *, reason: str, by: str | None = None) -> JobState:
        """Have work stop at the next step boundary. Raises: MoveNotAllowedError, NotFoundError."""
        return self._command(job_id, by, lambda state, _at: decide_pause(state, reason=reason))

    def resume(self, job_id: str, *, reason: str, by: str | None = None) -> JobState:
        """Put a paused or blocked job back to ``queued``.

        Raises: ApprovalRequiredError, BudgetExceededError, MoveNotAllowedError, NotFoundError.
        """
        return self._command(job_id, by, lambda state, _at: decide_resume(state, reason=reason))

    def cancel(self, job_id: str, *, reason: str, by: str | None = None) -> JobState:
        """End the job without a result. Raises: MoveNotAllowedError, NotFoundError."""
        return self._command(job_id, by, lambda state, _at: decide_cancel(state, reason=reason))

    def approve(  # an approval is made of these
        self,
        job_id: str,
        checkpoint_id: str,
        *,
        reason: str,
        by: str | None = None,
        choice: str | None = None,
        expires_at: int | None = None,
        subject: str | None = None,
        signature: bytes | None = None,
    ) -> JobState:
        """Say yes to one open decision; the last one answered puts the job back to ``queued``.

        ``subject`` is the hash of what was shown; given, it must be what is being approved.
        ``signature`` is an envelope over a ``signing.ApprovalClaim`` that says exactly this.

        Raises: NotFoundError, InvalidInputError, MoveNotAllowedError.
        """
        return self._command(
            job_id,
            by,
            lambda state, at: decide_approve(
                state,
                checkpoint_id=checkpoint_id,
                reason=reason,
                choice=choice,
                expires_at=expires_at,
                subject=subject,
                signature=signature,
                now=at,
            ),
        )

    def refuse(  # a refusal is made of these
        self,
        job_id: str,
        checkpoint_id: str,
        *,
        reason: str,
        by: str | None = None,
        choice: str | None = None,
        subject: str | None = None,
        signature: bytes | None = None,
    ) -> JobState:
        """Say no to one open decision; ``signature`` and ``Raises`` as with ``approve``."""
        return self._command(
            job_id,
            by,
            lambda state, _at: decide_refuse(
                state,
                checkpoint_id=checkpoint_id,
                reason=reason,
                choice=choice,
                subject=subject,
                signature=signature,
            ),
        )

    def raise_budget(
        self, job_id: str, limits: tuple[Amount, ...], *, reason: str, by: str | None = None
    ) -> JobState:
        """Set new limits; a job blocked by its budget is queued again when it is within all of them.

        Raises: InvalidInputError, MoveNotAllowedError, NotFoundError.
        """
        return self._command(
            job_id, by, lambda state, _at: decide_raise(state, limits=limits, reason=reason)
        )

    def emit(  # a checkpoint is made of these
        self,
        job_id: str,
        kind: str,
        summary: str,
        *,
        by: str | None = None,
        artifacts: ArtifactChanges | None = None,
        choices: tuple[str, ...] = (),
        data: object = None,
    ) -> str:
        """Record a checkpoint from outside the worker; return its id.

        ``decision-needed`` opens a decision: a running job stops for it at its next step boundary.

        Raises: InvalidInputError, MoveNotAllowedError, NotFoundError.
        """
        raw = e.NULL if data is None else Raw(dumps(data))

        log = self._log(job_id)
        self._require(log.load(), job_id)
        recorded = log.decide(
            lambda state, _at: emitted(
                self._require(state, job_id),
                kind=kind,
                summary=summary,
                artifacts=artifacts,
                choices=choices,
                data=raw,
            ),
            by=self._by(by),
        )
        return f"cp_{recorded[0].seq}"

    def work(  # each is a promise of its own
        self,
        job_id: str,
        *,
        worker: str | None = None,
        ttl: int = DEFAULT_TTL,
        beat: int = DEFAULT_BEAT,
        probe: Probe | None = None,
        accept_because: str | None = None,
        block_on_mismatch: bool = True,
    ) -> AbstractContextManager[Job]:
        """Claim the job, hold it while the block runs, and let go at its end.

        A block left by ``Blocked`` ends cleanly: look at ``state(job_id)`` for why. One left by
        another exception blocks the job with the reason and lets the exception through; Ctrl-C lets
        go and leaves the job queued.

        Args:
            job_id: The job.
            worker: Who works, by default host and process id.
            ttl: How long the lease lasts without a heartbeat, µs.
            beat: How often the heartbeat is renewed, µs; at most a third of ``ttl`` is wise.
            probe: Looks at the environment by the job's rules (``wrkr_run.make_probe``).
            accept_because: Accept another environment than the recorded one, for this reason.
            block_on_mismatch: Block a job nobody holds when the environment is another.

        Raises:
            LeaseConflictError: Somebody else holds the job.
            EnvironmentMismatchError: The job was started in another environment.
            ApprovalRequiredError: It waits for a decision.
            MoveNotAllowedError: It is over, paused, blocked, or asleep.
            NotFoundError: There is no such job.

        """
        from wrkr_core.work.claiming import ClaimOptions, Claims

        options = ClaimOptions(
            worker=worker,
            ttl=ttl,
            beat=beat,
            probe=probe,
            accept_because=accept_because,
            block_on_mismatch=block_on_mismatch,
        )
        log = self._log(job_id)
        self._require(log.load(), job_id)
        if self._claims is None:
            self._claims = Claims(self.store, self.machine)
        return self._claims.work(log, self.spec(job_id), options)

    def fork(
        self, job_id: str, *, at: int | str, new_id: str | None = None, by: str | None = None
    ) -> str:
        """Make a new job that has done what this one had at record or checkpoint ``at``.

        Finished steps are taken over with results and cost, approvals are not. Returns the new id.

        Raises: NotFoundError, JobExistsError, InvalidInputError.
        """
        from wrkr_core.forking import fork_job

        origin, by = self._log(job_id), self._by(by)
        return fork_job(origin, self.store, self.machine, at=at, new_id=new_id, by=by)

    def erase(self, job_id: str, *, reason: str, by: str | None = None) -> JobState:
        """Remove the key of an erasable job that is over, for good; nobody can read its content then.

        What is recorded, packed and signed stays and verifies. Durable when it returns; called again
        it finishes what was interrupted, and else changes nothing.

        Raises: MoveNotAllowedError: the job is not over, or not erasable. PayloadsSealedError: its key
            is not here. ErasureUnfinishedError: the key could not be removed: call again.
            NotFoundError, InvalidInputError.
        """
        from wrkr_core.erasing import erase_job

        log, by = self._log(job_id), self._by(by)
        return erase_job(log, self.store, self.machine, reason=reason, by=by)

    def _log(self, job_id: str) -> JobLog:
        check_stream(job_id)
        return JobLog(self.store, self.machine, job_id, self.redact, opens=self.opens)

    def _by(self, by: str | None) -> str:
        return check_actor(by if by is not None else self.actor)

    def _command(self, job_id: str, by: str | None, rule: Rule) -> JobState:
        log = self._log(job_id)
        self._require(log.load(), job_id)
        log.decide(lambda _state, at: rule(self._require(log.state, job_id), at), by=self._by(by))
        return self._require(log.state, job_id)

    def _require(self, state: JobState | None, job_id: str) -> JobState:
        if state is None:
            raise no_job(job_id)
        return state
