"""Working on one job here and now, as ``wrkr run`` and ``wrkr resume`` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from wrkr_core.errors import LeaseConflictError, StoreError
from wrkr_core.instants import to_text
from wrkr_core.lease import DEFAULT_BEAT, DEFAULT_TTL
from wrkr_run.environment import make_probe
from wrkr_run.spec_job import carry_out, require_workable
from wrkr_run.supervision import Surroundings

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState, Status
    from wrkr_core.ledger import Ledger
    from wrkr_run.supervision import Report


@attrs.frozen(kw_only=True)
class RunResult:
    """How far a job got.

    Attributes:
        job_id: The job.
        status: Its status now.
        summary: Why it stands where it stands.
        checkpoint: The open decision it waits for, None if it waits for none.
        wake_at: When it goes on by itself (µs since 1970 UTC), None if it does not sleep.
        error: What made the work on it fail, None if nothing did.
        next: What to do next, as command lines; empty when nothing is left to do.
        interrupted: Ctrl-C or SIGTERM stopped the work; the job can be resumed.

    """

    job_id: str
    status: Status
    summary: str
    checkpoint: str | None
    wake_at: int | None
    error: Exception | None
    next: tuple[str, ...]
    interrupted: bool = False


def work_on(  # each is a promise of its own
    ledger: Ledger,
    job_id: str,
    *,
    resume: bool = False,
    reason: str = "resumed",
    worker: str | None = None,
    ttl: int = DEFAULT_TTL,
    beat: int | None = None,
    accept_because: str | None = None,
    block_on_mismatch: bool = True,
    surroundings: Surroundings | None = None,
    report: Report | None = None,
) -> RunResult:
    """Claim the job, work on it until it is done or waits, and tell how far it got.

    A sleeping job is left asleep. What goes wrong in the job's own code blocks the job and is told
    in the result, as is an interruption by Ctrl-C or SIGTERM.

    Args:
        ledger: The job's ledger.
        job_id: The job.
        resume: Put a paused or blocked job back to work first.
        reason: Why it is, for the log.
        worker: Who works, by default host and process id.
        ttl: How long the lease lasts without a heartbeat, µs.
        beat: How often it is renewed, µs; by default three times per ``ttl`` or more often.
        accept_because: Accept another environment than the recorded one, for this reason.
        block_on_mismatch: Block a job that was started in another environment.
        surroundings: What this process brings along.
        report: Called with a line of progress now and then, from this thread.

    Raises:
        LeaseConflictError: Somebody else holds the job, or has taken it over.
        ApprovalRequiredError: It waits for a decision.
        BudgetExceededError: It is over its budget.
        EnvironmentMismatchError: It was started in another environment.
        MoveNotAllowedError: It is over, or paused or blocked and ``resume`` is not set.
        InvalidInputError: It has nothing that a worker could do.
        NotFoundError, StoreError.

    """
    require_workable(job_id, ledger.spec(job_id))
    state = ledger.state(job_id)
    if resume and state.status not in ("queued", "running"):
        state = ledger.resume(job_id, reason=reason)
    if state.wake_at is not None and state.wake_at > ledger.machine.now():
        return result_of(state)
    given = surroundings if surroundings is not None else Surroundings()
    around = given if report is None else attrs.evolve(given, report=report)
    claim = Claim(
        worker=worker,
        ttl=ttl,
        beat=beat if beat is not None else beat_for(ttl),
        accept_because=accept_because,
        block_on_mismatch=block_on_mismatch,
    )
    with around.interruption.listen():
        return _work(ledger, job_id, claim, around)


def beat_for(ttl: int) -> int:
    """Return how often to renew a lease of ``ttl`` µs: two beats may be lost and it still holds."""
    return max(1, min(DEFAULT_BEAT, ttl // 3))


@attrs.frozen(kw_only=True)
class Claim:
    """How a job is claimed; see ``Ledger.work``."""

    worker: str | None
    ttl: int
    beat: int
    accept_because: str | None
    block_on_mismatch: bool


def _work(ledger: Ledger, job_id: str, claim: Claim, around: Surroundings) -> RunResult:
    is_claimed = False
    failure: Exception | None = None
    is_interrupted = False
    try:
        with ledger.work(
            job_id,
            worker=claim.worker,
            ttl=claim.ttl,
            beat=claim.beat,
            probe=make_probe(ledger.store, ledger.machine),
            accept_because=claim.accept_because,
            block_on_mismatch=claim.block_on_mismatch,
        ) as job:
            is_claimed = True
            carry_out(ledger, job, around)
    except (LeaseConflictError, StoreError):
        raise
    except KeyboardInterrupt:
        is_interrupted = True
    except Exception as error:
        if not is_claimed:
            raise
        failure = error  # the job is blocked with it
    state = ledger.state(job_id)
    return result_of(state, error=failure, interrupted=is_interrupted and not state.is_final)


def result_of(
    state: JobState, *, error: Exception | None = None, interrupted: bool = False
) -> RunResult:
    """Return the result that a job's state amounts to."""
    return RunResult(
        job_id=state.job_id,
        status=state.status,
        summary=state.summary,
        checkpoint=state.decisions[0].checkpoint_id if state.decisions else None,
        wake_at=state.wake_at,
        error=error,
        next=next_steps(state),
        interrupted=interrupted,
    )


def next_steps(state: JobState) -> tuple[str, ...]:
    """Return the commands with which a job that stands like this goes on; empty when it is over."""
    resume = f"wrkr resume {state.job_id}"
    if state.status == "queued" and state.wake_at is not None:
        return (f"{resume}  (not before {to_text(state.wake_at)})",)
    if state.status == "blocked_decision":
        answers = [
            f"wrkr approve {state.job_id} {each.checkpoint_id} --reason …"
            for each in state.decisions
        ]
        return (*answers, resume)
    if state.status == "blocked_budget":
        return (f"wrkr budget raise {state.job_id} … --reason …", resume)
    if state.status == "completed":
        return (f"wrkr export {state.job_id}",)
    return () if state.status in ("canceled", "running") else (resume,)
