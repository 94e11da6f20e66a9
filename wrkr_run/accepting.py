"""Running acceptance on a job from outside: looking at its files, running checks, recording it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from wrkr_core.acceptance.custom import CustomCheck
from wrkr_core.acceptance.judging import (
    CheckResult,
    JobFacts,
    decide_outcome,
    judge,
    outcome,
    verified,
)
from wrkr_core.errors import AcceptanceTestError, NotFoundError, StepFailedError, VerifyError
from wrkr_core.instants import duration_text
from wrkr_core.job.decide.guard import require_move
from wrkr_core.job_log import JobLog
from wrkr_core.jobpack.verify import verify_job
from wrkr_run.artifacts import collect
from wrkr_run.command import run_command
from wrkr_run.custom_checks import require_installed, run_custom
from wrkr_run.interruption import Interruption
from wrkr_run.judged_job import JudgedJob
from wrkr_run.supervision import mask_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from wrkr_core.acceptance.config import AcceptanceConfig
    from wrkr_core.ledger import Ledger
    from wrkr_core.redaction.mask import Mask
    from wrkr_core.spec import Check


def run_acceptance(
    ledger: Ledger, job_id: str, config: AcceptanceConfig, *, workspace: Path, by: str
) -> list[CheckResult]:
    """Judge a job by ``config``, record how it came out, and return every check.

    The commands and custom checks run in ``workspace`` one after the other, with ``WRKR_JOB_ID``
    set. Ctrl-C stops the one that runs, and nothing is recorded.

    Raises:
        NotFoundError: There is no such job, or no such folder.
        InvalidInputError: A custom check is not installed.
        MoveNotAllowedError: The job is canceled, or went on meanwhile; nothing was recorded.
        KeyboardInterrupt, StoreError.

    """
    state = ledger.state(job_id)
    require_move(state, "acceptance_recorded")
    if not workspace.is_dir():
        raise NotFoundError(f"there is no folder {workspace}", path=str(workspace))
    require_installed(config)
    facts = JobFacts.of(state, ledger.events(job_id, through=state.seq))
    results = [
        _verified(ledger, job_id),
        *judge(
            config,
            facts,
            matched={each: collect([each], workspace).artifacts for each in config.artifacts},
            contents={path: _digest(path, workspace) for path, _wanted in config.contents},
        ),
    ]
    mask = mask_of(ledger, job_id, ledger.spec(job_id))
    running = _Running(ledger, facts, workspace, Interruption(), mask)
    with running.interruption.listen():
        results += [running.check(each) for each in config.checks]
    event = outcome(results, config.digest)
    log = JobLog(ledger.store, ledger.machine, job_id, ledger.redact)
    log.load()
    log.decide(lambda now, _at: decide_outcome(now or state, state.seq, event), by=by)
    return results


def _digest(path: str, workspace: Path) -> str | None:
    """Return the digest of one file inside the workspace, None if there is none."""
    from glob import escape

    found = collect([escape(path)], workspace).artifacts
    return found[0].sha256 if found else None


def _verified(ledger: Ledger, job_id: str) -> CheckResult:
    try:
        verify_job(ledger, job_id)
    except VerifyError as error:
        return verified(error)
    return verified(None)


@attrs.frozen
class _Running:
    """What the checks of one run have in common."""

    ledger: Ledger
    facts: JobFacts
    workspace: Path
    interruption: Interruption
    mask: Callable[[Mapping[str, str]], Mask]

    def check(self, check: Check | CustomCheck) -> CheckResult:
        """Run one check to its end and return how it came out."""
        if not isinstance(check, CustomCheck):
            return self._command(check)
        return run_custom(
            check,
            self._judged_job(check),
            variables=self._variables(check.name),
            machine=self.ledger.machine,
            interruption=self.interruption,
            mask=self.mask,
        )

    def _command(self, check: Check) -> CheckResult:
        name = f"check:{check.name}"
        try:
            ended = run_command(
                check.command,
                workspace=self.workspace,
                variables=self._variables(check.name),
                machine=self.ledger.machine,
                interruption=self.interruption,
                mask=self.mask,
            )
        except StepFailedError as error:
            return CheckResult(name=name, code=AcceptanceTestError.code, message=error.message)
        output = "\n".join(each.text for each in (ended.stdout, ended.stderr) if each.text)
        if ended.succeeded:
            return CheckResult(name=name, output=output)
        said = ended.summary
        if ended.timed_out:
            said = f"it did not end within {duration_text(check.command.timeout or 0)}"
        return CheckResult(name=name, code=AcceptanceTestError.code, message=said, output=output)

    def _variables(self, name: str) -> dict[str, str]:
        return {"WRKR_JOB_ID": self.facts.state.job_id, "WRKR_STEP": f"acceptance:{name}"}

    def _judged_job(self, check: CustomCheck) -> JudgedJob:
        state, recorded = self.facts.state, self.facts.recorded
        return JudgedJob(
            job_id=state.job_id,
            status=state.status,
            summary=state.summary,
            workspace=self.workspace,
            artifacts=tuple(recorded[path] for path in sorted(recorded)),
            spent=state.spent_by_meter(),
            settings=check.settings,
        )
