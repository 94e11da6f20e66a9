"""The rules of ``history``: what must have happened before each event, and what of it is remembered.

One small function per event type that has a rule, and the table that finds it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wrkr_core import events as e
from wrkr_core.artifact import SHA256
from wrkr_core.budget import overrun_text
from wrkr_core.checkpoint import check_summary
from wrkr_core.environment import fingerprint
from wrkr_core.ids import check_actor, check_job_id
from wrkr_core.job.decide.leasing import FORK_WORKER
from wrkr_core.job.decide.working import miscounted
from wrkr_core.job.replay import identity
from wrkr_core.job.step_text import step_text
from wrkr_core.jobpack.accounts import Accounts
from wrkr_core.jobpack.illegal import IllegalEventError, require, require_few, require_none
from wrkr_core.jobpack.past_sealed import unsealed
from wrkr_core.jobpack.permits import GATE_KEY, Permits
from wrkr_core.jobpack.seen import Steps
from wrkr_core.jobpack.tenure import Tenure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wrkr_core.environment import Fingerprint


_BY_HOLDER: Final = frozenset(
    {
        e.EnvironmentCaptured,
        e.LeaseReleased,
        e.StepStarted,
        e.StepFinished,
        e.StepFailed,
        e.Charged,
        e.BudgetReserved,
        e.BudgetSettled,
        e.ArtifactRecorded,
        e.TimerSet,
        e.JobCompleted,
    }
)
"""What only the worker that holds the job can record."""
_USE: Final = frozenset({e.Charged, e.BudgetSettled})
"""What puts a job that is worked on over its budget only together with what says so."""
_SAY_SO: Final = frozenset({e.BudgetExceeded, e.StepStarted})
"""What says so, or is refused for it in words of its own."""


class Past:
    """What the rules remember: whatever is open, and a few bytes for what is finished or approved."""

    def __init__(self) -> None:
        """Begin before the first event."""
        self.is_submitted = False
        self.at = 0
        self.by = ""
        self.accounts = Accounts(())
        self.tenure = Tenure()
        self.permits = Permits({})
        self.must_block = False  # what was used put a job that was worked on over its budget
        self.is_exceeded = False  # that was said, and the job is not blocked by it yet
        self.required: set[str] = set()  # kinds of checkpoints that are still to come
        self.attempts: dict[tuple[str, str | int], int] = {}  # of steps that are not finished
        self.finished = Steps()
        # Decisions that wait: what their approval permits, the choices they offer.
        self.open: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.is_sealed = False  # content is recorded only sealed; questions are told by their keys
        self.is_erased = False
        self.waits = False  # blocked by a decision
        self.is_spent = False  # blocked by its budget
        self.unknown: set[str] = set()  # types of events of a later release
        self.environment: str | None = None
        self.is_fork = False
        self.is_copying = False  # a fork is taking over what its origin had done

    def take_in(self, recorded: e.RecordedEvent) -> None:
        """Check one event against all before it. Raises: IllegalEventError, InvalidInputError."""
        event = recorded.event
        if recorded.at < self.at and self.is_submitted:
            raise IllegalEventError("time runs back at it")
        if recorded.by != self.by:
            self.by = check_actor(recorded.by)
        self.at = recorded.at
        if self.must_block and type(event) not in _SAY_SO:
            raise IllegalEventError(
                "the record before put the job over its budget, which had to be said here"
            )
        if type(event) in _BY_HOLDER:
            self.require_own_work()
        rule = _RULES.get(type(event))
        if rule is not None:
            rule(self, event)
        if self.is_sealed:
            require_none(unsealed(recorded, is_erased=self.is_erased))
        self.accounts.take_in(event)
        self.must_block = (
            type(event) in _USE
            and self.tenure.runs
            and not self.is_copying
            and self.accounts.is_over()
        )

    def require_own_work(self) -> None:
        """Require that work is recorded by whoever holds the job. Raises: IllegalEventError."""
        worker = self.tenure.worker
        if self.by != worker and worker is not None and not self.is_copying:
            raise IllegalEventError(f"{self.by} recorded what {worker} did, who held the job")

    def check_said(self, text: str) -> None:
        """Check a text that a person or a job said. Raises: InvalidInputError."""
        if not self.is_sealed:
            check_summary(text)

    def require_budget(self, event: e.StepStarted | e.BudgetReserved) -> None:
        """Require that the budget allowed ``event``. Raises: IllegalEventError."""
        over = () if self.is_copying else self.accounts.refusal(event)
        if over:
            raise IllegalEventError(f"the budget did not allow it: {overrun_text(over)}")


def _submitted(past: Past, event: e.JobSubmitted) -> None:
    require(not past.is_submitted, "the job was submitted before")
    past.is_submitted = True
    past.accounts = Accounts(event.spec.budget.limits)
    past.is_sealed = bool(event.spec.erasable)
    past.permits = Permits(
        {
            step.id: f"{GATE_KEY}{step.id}" if past.is_sealed else step.gate
            for step in event.spec.steps
            if step.gate
        }
    )
    past.required = {kind for kind in event.spec.checkpoints.required if kind != "completed"}
    origin = event.forked_from
    past.is_fork = origin is not None
    if origin is not None:
        check_job_id(origin.job)
        is_record = origin.seq >= 1 and re.fullmatch(SHA256, origin.hash) is not None
        require(is_record, "the record it was forked at cannot be one")


def _environment_captured(past: Past, event: e.EnvironmentCaptured) -> None:
    require(past.environment is None, "an environment was captured before")
    past.environment = _digest_of(event.fingerprint)


def _environment_accepted(past: Past, event: e.EnvironmentAccepted) -> None:
    require(event.expected == past.environment, "it replaces an environment that was not there")
    past.environment = _digest_of(event.fingerprint)


def _digest_of(found: Fingerprint) -> str:
    right = fingerprint(found.observations)
    require(found == right, "the digest of the environment is not that of its observations")
    return right.digest


def _lease_taken(past: Past, event: e.LeaseTaken) -> None:
    past.is_copying = past.is_fork and event.epoch == 1 and event.worker == FORK_WORKER
    require_none(past.tenure.taken(event))
    past.require_own_work()


def _lease_released(past: Past, event: e.LeaseReleased) -> None:
    past.is_copying = False
    require_none(past.tenure.released(event))


# The rules of steps say what is wrong only when something is: they are asked for every step.


def _step_started(past: Past, event: e.StepStarted) -> None:
    before = _attempts(past, event.step)
    if event.attempt != before + 1:
        raise IllegalEventError(
            f"attempt {event.attempt} of step {step_text(event.step)} cannot follow attempt {before}"
        )
    problem = past.permits.begin(event, past.at, is_copied=past.is_copying)
    if problem:
        raise IllegalEventError(problem)
    if past.open:
        raise IllegalEventError(
            f"step {step_text(event.step)} began while {', '.join(past.open)} waited for a decision"
        )
    past.require_budget(event)
    past.attempts[identity(event.step)] = event.attempt


def _step_finished(past: Past, event: e.StepFinished) -> None:
    _attempts(past, event.step)
    if event.result_blob is not None and event.result != e.NULL:
        raise IllegalEventError(f"step {step_text(event.step)} has two results")
    step = identity(event.step)
    past.attempts.pop(step, None)
    past.permits.end(step)
    past.finished.add(step)


def _step_failed(past: Past, event: e.StepFailed) -> None:
    past.permits.end(identity(event.step))


def _attempts(past: Past, step: e.StepRef) -> int:
    """Return how many attempts of the step there were; it must not be finished."""
    name = identity(step)
    found = past.attempts.get(name)
    if found is None and name in past.finished:
        raise IllegalEventError(f"step {step_text(step)} was finished before")
    return found or 0


def _charged(past: Past, event: e.Charged) -> None:
    if event.step is None or past.is_copying:
        return
    step = identity(event.step)
    if step not in past.attempts and step not in past.finished:
        raise IllegalEventError(f"step {step_text(event.step)} had not begun that it was used in")


def _budget_reserved(past: Past, event: e.BudgetReserved) -> None:
    past.require_budget(event)
    require_few(past.accounts.open + 1, "open reservations")


def _budget_exceeded(past: Past, event: e.BudgetExceeded) -> None:
    require_none(past.accounts.misstated(event.meters))
    past.is_exceeded = True


def _checkpoint_recorded(past: Past, event: e.CheckpointRecorded) -> None:
    past.check_said(event.summary)
    require(
        event.budget == past.accounts.spent(),
        f"{event.checkpoint_id} states other sums than what was spent by then",
    )
    action = event.required_action
    require(
        (event.kind == "decision-needed") == (action is not None),
        f"{event.checkpoint_id} is a {event.kind} checkpoint, which must "
        f"{'not ' if action is not None else ''}ask for something",
    )
    if action is not None:
        asked = past.permits.asked(action.key if past.is_sealed else event.summary, action)
        past.open[event.checkpoint_id] = (asked, action.choices)
        require_few(len(past.open), "open decisions")
    past.required.discard(event.kind)


def _approval_given(past: Past, event: e.ApprovalGiven) -> None:
    asked, choices = _answered(past, event)
    require(
        event.choice in choices if choices else event.choice is None,
        f"{event.checkpoint_id} was approved with a choice that was not offered",
    )
    require(
        event.expires_at is None or event.expires_at > past.at,
        f"the approval of {event.checkpoint_id} had expired when it was given",
    )
    past.permits.give(event.checkpoint_id, asked, event.expires_at)
    require_few(past.permits.unused, "approvals of another run that nothing rested on")


def _approval_refused(past: Past, event: e.ApprovalRefused) -> None:
    _, choices = _answered(past, event)
    require(
        event.choice is None or event.choice in choices,
        f"{event.checkpoint_id} was refused with a choice that was not offered",
    )


def _answered(
    past: Past, event: e.ApprovalGiven | e.ApprovalRefused
) -> tuple[str, tuple[str, ...]]:
    """Close the decision; return what its approval permits, and the choices it offered."""
    past.check_said(event.reason)
    asked = past.open.pop(event.checkpoint_id, None)
    if asked is None:
        raise IllegalEventError(f"{event.checkpoint_id} is not an open decision")
    return asked


def _job_blocked(past: Past, event: e.JobBlocked) -> None:
    past.tenure.end()
    past.waits = event.status == "blocked_decision"
    past.is_spent = event.status == "blocked_budget"
    if past.waits:
        require(bool(past.open), "it waits for a decision, and none is open")
    if past.is_spent:
        require(past.is_exceeded, "it is blocked by a budget that nothing says was exceeded")
        past.is_exceeded = False


def _job_resumed(past: Past, _event: e.JobResumed) -> None:
    require(
        not (past.waits and past.open),
        f"the job went on while {', '.join(past.open)} waited for a decision",
    )
    require(
        not (past.is_spent and past.accounts.is_over()), "the job went on while over its budget"
    )
    past.waits = past.is_spent = False


def _work_ends(past: Past, _event: e.JobPaused | e.JobCanceled) -> None:
    past.tenure.end()


def _job_completed(past: Past, _event: e.JobCompleted) -> None:
    past.tenure.end()
    require(not past.open, f"it was completed while {', '.join(past.open)} waited for a decision")
    missing = ", ".join(sorted(past.required))
    require(not missing, f"it was completed without the checkpoints its spec requires: {missing}")


def _acceptance_recorded(_past: Past, event: e.AcceptanceRecorded) -> None:
    require_none(miscounted(event))


def _payloads_erased(past: Past, _event: e.PayloadsErased) -> None:
    past.is_erased = True


def _unknown(past: Past, event: e.UnknownEvent) -> None:
    past.unknown.add(event.type)
    require_few(len(past.unknown), "types of events this release does not know")


_RULES: Final[Mapping[type, Callable[[Past, Any], None]]] = {
    e.JobSubmitted: _submitted,
    e.EnvironmentCaptured: _environment_captured,
    e.EnvironmentAccepted: _environment_accepted,
    e.LeaseTaken: _lease_taken,
    e.LeaseReleased: _lease_released,
    e.StepStarted: _step_started,
    e.StepFinished: _step_finished,
    e.StepFailed: _step_failed,
    e.Charged: _charged,
    e.BudgetReserved: _budget_reserved,
    e.BudgetExceeded: _budget_exceeded,
    e.CheckpointRecorded: _checkpoint_recorded,
    e.ApprovalGiven: _approval_given,
    e.ApprovalRefused: _approval_refused,
    e.JobPaused: _work_ends,
    e.JobCanceled: _work_ends,
    e.JobBlocked: _job_blocked,
    e.JobResumed: _job_resumed,
    e.JobCompleted: _job_completed,
    e.AcceptanceRecorded: _acceptance_recorded,
    e.PayloadsErased: _payloads_erased,
    e.UnknownEvent: _unknown,
}
