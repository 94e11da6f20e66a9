"""Carrying out what a job's spec says: its steps, its one command, or its Python function."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from wrkr_core import events as e
from wrkr_core.checkpoint import LONGEST_SUMMARY
from wrkr_core.errors import (
    Blocked,
    InterruptedByUserError,
    InvalidInputError,
    LeaseConflictError,
    StepFailedError,
    StepTimeoutError,
    StoreError,
)
from wrkr_core.instants import duration_text
from wrkr_core.results import Outcome
from wrkr_core.spec import StepSpec
from wrkr_core.work.attempts import StepOptions
from wrkr_run.acceptance import require_acceptance
from wrkr_run.artifacts import changes, collect
from wrkr_run.promised_job import PromisedJob
from wrkr_run.python_job import run_function
from wrkr_run.supervision import Supervisor, Surroundings

if TYPE_CHECKING:
    from wrkr_core.approval import Answer
    from wrkr_core.artifact import Artifact
    from wrkr_core.job.state import OpenStep
    from wrkr_core.ledger import Ledger
    from wrkr_core.spec import JobSpec
    from wrkr_core.work.job import Job
    from wrkr_run.command import CommandOutcome


def is_workable(spec: JobSpec) -> bool:
    """Tell whether the spec says what to do; otherwise a program that embeds wrkr does it itself."""
    return bool(spec.steps or spec.command is not None or spec.python)


def require_workable(job_id: str, spec: JobSpec) -> None:
    """Refuse a job whose spec does not say what to do. Raises: InvalidInputError."""
    if not is_workable(spec):
        raise InvalidInputError(
            f"job {job_id} has neither steps nor a command nor a Python function",
            hint="the program that submitted it works on it, under ledger.work",
            job_id=job_id,
        )


def carry_out(ledger: Ledger, job: Job, surroundings: Surroundings) -> None:
    """Do what the spec of ``job``, which this worker holds, says, and complete it.

    What is recorded as done is not done again.

    Raises:
        InvalidInputError: The spec does not say what to do, or its function cannot be found.
        StepFailedError: A step has no attempt left.
        MissingArtifactError, AcceptanceTestError: All was done, but not what was promised.
        KeyboardInterrupt: An interruption was requested; the job stays resumable.
        LeaseConflictError, Blocked: The job may not go on here.

    """
    require_workable(job.id, job.spec)
    supervisor = Supervisor(ledger, job, surroundings)
    own = PromisedJob(job, lambda: require_acceptance(supervisor), surroundings.interruption)
    supervisor.job = own
    own.checkpoint(
        "plan", plan_text(job.spec), data={"steps": [each.id for each in _steps(own.spec)]}
    )
    if job.spec.python:
        with surroundings.interruption.raising():
            summary = run_function(own, supervisor.workspace)
        if not own.state.is_final:
            own.complete(summary or f"{job.spec.python} returned")
    else:
        own.complete(_Steps(supervisor, own).run())


def plan_text(spec: JobSpec) -> str:
    """Return what the job is about to do in at most 2000 characters: its objective, or its steps."""
    if spec.objective.strip() and len(spec.objective) <= LONGEST_SUMMARY:
        return spec.objective
    if spec.python:
        return f"call {spec.python}"[:LONGEST_SUMMARY]
    names = [each.id for each in _steps(spec)]
    counted = "1 step" if len(names) == 1 else f"{len(names)} steps"
    listed = f"{counted}: {', '.join(names)}"
    return listed if len(listed) <= LONGEST_SUMMARY else counted


def _steps(spec: JobSpec) -> tuple[StepSpec, ...]:
    if spec.command is not None:
        return (StepSpec(id="command", command=spec.command),)
    return spec.steps


def _recorded(outcome: CommandOutcome) -> dict[str, Any]:
    """Return how a command ended as JSON; what was masked is counted once, if anything was."""
    value: dict[str, Any] = msgspec.to_builtins(outcome)
    for stream in ("stdout", "stderr"):
        del value[stream]["redacted"]
    if outcome.redacted:
        value["redacted"] = outcome.redacted
    return value


class _Steps:
    """The steps of one job, from the first to the last."""

    def __init__(self, supervisor: Supervisor, job: Job) -> None:
        self._supervisor = supervisor
        self._job = job
        self._steps = _steps(job.spec)
        self._finished = self._artifacts_of_finished_steps()
        self._known: dict[str, str] = {}  # path -> sha256, as of the steps gone through

    def _artifacts_of_finished_steps(self) -> dict[str, tuple[Artifact, ...]]:
        if not self._job.state.steps.done:
            return {}
        return {
            recorded.event.step.name: recorded.event.artifacts
            for recorded in self._supervisor.log.records()
            if isinstance(recorded.event, e.StepFinished)
        }

    def run(self) -> str:
        """Go through all steps; return a summary of what was done."""
        for number, step in enumerate(self._steps, start=1):
            before = step.id in self._finished
            self._step(step, f"step {number} of {len(self._steps)}, {step.id}")
            self._progress(step, number, ran_before=before)
        if self._job.spec.command is not None:
            return "the command ended with exit code 0"
        count = len(self._steps)
        return "the one step is done" if count == 1 else f"all {count} steps are done"

    def _step(self, step: StepSpec, place: str) -> None:
        options = StepOptions(
            retries=step.retries,
            at_most_once=step.at_most_once,
            gate=self._gate(step) if step.gate else None,
            supervised=True,
        )
        said = "was done before" if step.id in self._finished else "runs"
        self._supervisor.surroundings.report(f"{place}, {said}")
        try:
            self._job.step_with(options, step.id, self._attempt, step)
        except Blocked:
            self._record_end(step)
            raise

    def _gate(self, step: StepSpec) -> Answer:
        """Return the approval of a guarded step; a refusal ends the job. Raises: Blocked."""
        job = self._job
        answer = job.ask(step.gate, key=f"gate:{step.id}")
        if not answer.approved:
            self._supervisor.ledger.cancel(
                job.id,
                reason=f"step {step.id} was refused by {answer.by}: {answer.reason}",
                by=job.holding.worker,
            )
            job.check()
        return answer

    def _attempt(self, step: StepSpec) -> Outcome:
        """Run the step's command once and return its result."""
        begun = self._open_attempt(step)
        outcome = self._supervisor.run(
            step.command, step=step.id, attempt=begun.attempt if begun is not None else 1
        )
        if outcome.timed_out:
            limit = step.command.timeout or 0
            raise StepTimeoutError(
                f"the command did not end within {duration_text(limit)}", limit=limit
            )
        if not outcome.succeeded:
            raise StepFailedError(
                outcome.summary, exit_code=outcome.exit_code, signal=outcome.signal
            )
        found = collect(step.artifacts, self._supervisor.workspace)
        self._finished[step.id] = found.artifacts
        value: dict[str, Any] = _recorded(outcome)
        if found.notes:
            value["notes"] = list(found.notes)
        return Outcome(value, found.artifacts)

    def _open_attempt(self, step: StepSpec) -> OpenStep | None:
        for each in self._job.state.open_steps:
            if each.step.name == step.id and each.step.key is None:
                return each
        return None

    def _record_end(self, step: StepSpec) -> None:
        """Record that the attempt was stopped for good, with the job.

        Stopped for now it stays open: that is no failure of the step, and the next attempt no retry.
        """
        begun, job = self._open_attempt(step), self._job
        if begun is not None and job.state.status == "canceled":
            reason = InterruptedByUserError("stopped, because the job is canceled")
            with suppress(LeaseConflictError, StoreError):  # then it stays open
                job.attempts.fail(begun.step, begun.attempt, reason, delay=None)

    def _progress(self, step: StepSpec, number: int, *, ran_before: bool) -> None:
        """Record a progress checkpoint, unless it is recorded or the last one is too young."""
        made = self._finished.get(step.id, ())
        delta = changes(self._known, made, self._supervisor.workspace)
        self._known.update({each.path: each.sha256 for each in made})
        for path in delta.removed:
            del self._known[path]
        if self._is_too_early(ran_before=ran_before):
            return
        self._job.checkpoint(
            "progress",
            f"{number} of {len(self._steps)} steps done: {step.id}"[:LONGEST_SUMMARY],
            added=delta.added,
            changed=delta.changed,
            removed=delta.removed,
        )

    def _is_too_early(self, *, ran_before: bool) -> bool:
        least = self._job.spec.checkpoints.min_interval
        if not least:
            return False  # a repeated one is passed over by its mark
        last = self._job.state.checkpoint_count("progress")
        now = self._supervisor.ledger.machine.now()
        return ran_before or (last is not None and now - last.last_at < least)
