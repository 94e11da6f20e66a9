"""Running commands for one job that this worker holds.

Every command is guarded: it runs only under the newest epoch (see ``exclusion``), and while it runs
the job is looked at four times a second. A pause, a cancel, a takeover and the end of the wall budget
stop it. A decision that somebody opens meanwhile does not: it waits for the next step boundary, or a
command that asks for one itself would be killed by its own question, again at every attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from msgspec.structs import replace

from wrkr_core.errors import Busy, StepFailedError
from wrkr_core.job_log import JobLog
from wrkr_core.redaction.mask import Mask
from wrkr_run.command import GRACE, LOOK_EVERY, CommandOutcome, run_command
from wrkr_run.exclusion import Exclusion
from wrkr_run.interruption import Interruption
from wrkr_run.known_secrets import KnownSecrets
from wrkr_run.processes import process
from wrkr_run.workspace import absolute_url, workspace_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wrkr_core.lease import Holder
    from wrkr_core.ledger import Ledger
    from wrkr_core.spec import Command, JobSpec
    from wrkr_core.work.job import Job

    Report = Callable[[str], None]


def say_nothing(_line: str) -> None:
    """Report nothing."""


@attrs.frozen(kw_only=True)
class Surroundings:
    """What a worker brings along to every job.

    ``store_url`` is how programs started for the job find the store, None when they cannot; a relative
    path in it is meant from this process's folder.
    ``grace`` is how long a command has to end once it is asked to, in µs. ``report`` is called with a
    line of progress, from the thread that works.
    """

    interruption: Interruption = attrs.field(factory=Interruption)
    store_url: str | None = None
    grace: int = GRACE
    report: Report = say_nothing


def mask_of(ledger: Ledger, job_id: str, spec: JobSpec) -> Callable[[Mapping[str, str]], Mask]:
    """Return what makes, of a command's environment, what masks the output it has for a job."""

    def mask(environment: Mapping[str, str]) -> Mask:
        known = KnownSecrets(environment, declared=spec.secret_names)
        return Mask(known, JobLog(ledger.store, ledger.machine, job_id).payloads.key)

    return mask


class Supervisor:
    """Runs the commands of one held job, one at a time. Use from one thread.

    Attributes:
        job: The job.
        workspace: The folder its commands run in.
        guard: Makes the guard of each command.

    """

    def __init__(self, ledger: Ledger, job: Job, surroundings: Surroundings) -> None:
        """Shut out whoever held the job before, and kill what they left running on this machine.

        Raises: LeaseConflictError, StepFailedError: a process that was left over cannot be killed.
        """
        self.job = job
        self.ledger = ledger
        self.surroundings = surroundings
        self.workspace = workspace_of(job.spec)
        self.log = JobLog(ledger.store, ledger.machine, job.id)
        self.exclusion = Exclusion(ledger.store, ledger.machine, job.id, lambda: job.holding.epoch)
        self.guard: type[JobGuard] = JobGuard
        self.exclusion.take_over()

    def run(self, command: Command, *, step: str, attempt: int) -> CommandOutcome:
        """Run a command of the job to its end.

        Raises: StepFailedError, KeyboardInterrupt, LeaseConflictError, Blocked (see ``run_command``).
        """
        variables = {
            "WRKR_JOB_ID": self.job.id,
            "WRKR_STEP": step,
            "WRKR_ATTEMPT": str(attempt),
        }
        if self.surroundings.store_url is not None:
            variables["WRKR_STORE"] = absolute_url(self.surroundings.store_url)
        return run_command(
            command,
            workspace=self.workspace,
            variables=variables,
            machine=self.ledger.machine,
            interruption=self.surroundings.interruption,
            guard=self.guard(self, step, attempt),
            grace=self.surroundings.grace,
            mask=mask_of(self.ledger, self.job.id, self.job.spec),
        )


class JobGuard:
    """Lets one command run for as long as its job may go on."""

    def __init__(self, supervisor: Supervisor, step: str, attempt: int) -> None:
        """Guard the command of this attempt."""
        self._supervisor = supervisor
        self._step = step
        self._attempt = attempt

    def begin(self, pid: int) -> None:
        """Name the process in the job's cell. Raises: LeaseConflictError: the job was taken over."""
        self._supervisor.exclusion.begin(self._step, self._attempt, self._leader(pid))

    def _leader(self, pid: int) -> Holder:
        found = process(pid)
        if found is None:
            raise StepFailedError(f"process {pid} ended before it could begin", pid=pid)
        here = self._supervisor.ledger.machine.holder()
        return replace(here, pid=pid, started_at=found.started_at)

    def pause(self) -> int:
        """Return how long nothing needs to be looked at: until the wall budget ends, at most."""
        left = self._supervisor.job.holding.wall_left()
        return LOOK_EVERY if left is None else min(LOOK_EVERY, left)

    def look(self) -> None:
        """Raise when the job may not go on. Raises: LeaseConflictError, Blocked."""
        job, log = self._supervisor.job, self._supervisor.log
        try:
            if log.state is None:
                log.load()
            else:
                log.refresh()
        except Busy:
            return  # nothing is known, and nothing is lost by looking again in a moment
        state = log.state
        ours = (
            state is not None
            and state.status == "running"
            and state.lease is not None
            and state.lease.epoch == job.holding.epoch
        )
        if not ours or job.holding.is_out_of_time():
            job.check()

    def end(self) -> None:
        """Note that nothing of the job runs any more."""
        self._supervisor.exclusion.end()
