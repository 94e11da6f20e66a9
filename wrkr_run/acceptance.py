"""Whether a job has done what it promised: the files it should have made, the checks it should pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core import events as e
from wrkr_core.acceptance.judging import files_in
from wrkr_core.acceptance.promises import promises_digest
from wrkr_core.errors import AcceptanceTestError, MissingArtifactError, StepFailedError
from wrkr_core.instants import duration_text
from wrkr_core.job.decide.working import decide_artifact
from wrkr_run.artifacts import collect, missing

if TYPE_CHECKING:
    from wrkr_core.artifact import Artifact
    from wrkr_core.job.state import JobState
    from wrkr_core.spec import Check
    from wrkr_run.supervision import Supervisor


def require_acceptance(supervisor: Supervisor) -> None:
    """Check all that the spec promises, and record how it came out; nothing if it promises nothing.

    Every check is run, also after one has failed, so that one look shows all that is missing.

    Raises:
        MissingArtifactError: A glob of ``expected_artifacts`` matches no file.
        AcceptanceTestError: A check did not end with exit code 0.
        KeyboardInterrupt, LeaseConflictError, Blocked: as ``Supervisor.run``.

    """
    spec = supervisor.job.spec
    if not spec.expected_artifacts and not spec.acceptance:
        return
    failures = [
        e.AcceptanceFailure(
            check=f"artifact:{pattern}",
            code=MissingArtifactError.code,
            message=f"no file in the workspace matches {pattern}",
            artifact=pattern,
        )
        for pattern in missing(spec.expected_artifacts, supervisor.workspace)
    ]
    _record_artifacts(supervisor)
    for check in spec.acceptance:
        said = _run(supervisor, check)
        if said is not None:
            failures.append(
                e.AcceptanceFailure(check=check.name, code=AcceptanceTestError.code, message=said)
            )
    run = len(spec.expected_artifacts) + len(spec.acceptance)
    supervisor.job.acceptance(
        e.AcceptanceRecorded(
            checks_run=run,
            passed=run - len(failures),
            failures=tuple(failures),
            config_digest=promises_digest(spec),
        )
    )
    _require_none(failures)


def _record_artifacts(supervisor: Supervisor) -> None:
    """Record the expected files that are not recorded as they are now."""
    job = supervisor.job
    found = collect(job.spec.expected_artifacts, supervisor.workspace).artifacts
    if not found:
        return
    known = recorded_artifacts(supervisor)
    fresh = [each for each in found if known.get(each.path) != each]

    def rule(state: JobState, _at: int) -> tuple[e.Event, ...]:
        return tuple(
            event
            for artifact in fresh
            for event in decide_artifact(state, epoch=job.holding.epoch, artifact=artifact)
        )

    job.holding.decide(rule)


def recorded_artifacts(supervisor: Supervisor) -> dict[str, Artifact]:
    """Return the newest record of every file of the job, by path."""
    known: dict[str, Artifact] = {}
    for recorded in supervisor.log.records():
        known |= files_in(recorded.event)
    return known


def _run(supervisor: Supervisor, check: Check) -> str | None:
    """Run one check; return why it did not pass, None if it did."""
    try:
        outcome = supervisor.run(check.command, step=f"acceptance:{check.name}", attempt=1)
    except StepFailedError as error:
        return error.message
    if outcome.timed_out:
        return f"it did not end within {duration_text(check.command.timeout or 0)}"
    return None if outcome.succeeded else outcome.summary


def _require_none(failures: list[e.AcceptanceFailure]) -> None:
    absent = [each.artifact for each in failures if each.artifact is not None]
    if absent:
        raise MissingArtifactError(
            f"expected artifacts are missing: {', '.join(absent)}",
            hint="make the files, then resume the job; finished steps are not run again",
            missing=absent,
        )
    if failures:
        raise AcceptanceTestError(
            "acceptance failed: "
            + "; ".join(f"{each.check} ({each.message})" for each in failures),
            hint="mend what the checks found, then resume the job; finished steps are not run again",
            failed=[each.check for each in failures],
        )
