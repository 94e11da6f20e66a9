"""Telling the history of a job in v1's words: one small function per event that v1 can tell of.

v1 has eleven types of events, no status for a job that waits for a worker again, and approvals but
no refusals. So such a job is ``running`` without a lease; and a decision that was refused is a
``blocked`` checkpoint, and its refusal a ``progress`` checkpoint that says so, since v1 lets no job
go on past a decision that was not approved.

Checkpoints are named by the place of their event, in v1 as here, so their numbers change. What v1
has no words for is left out; ``docs/contracts/v1.md`` lists it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_core import events as e
from wrkr_core.errors import UnknownEventError
from wrkr_core.instants import LATEST, to_text
from wrkr_core.job.replay import identity
from wrkr_core.job.step_text import step_text
from wrkr_core.jobpack.accounts import Accounts
from wrkr_core.jobpack.v1 import forms
from wrkr_core.jobpack.v1.history import environment_digest
from wrkr_core.jobpack.v1.payloads import APPROVAL, CountersUpdated
from wrkr_core.jobpack.v1.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from wrkr_core.environment import Fingerprint

_ADAPTER: Final = "reference"
_NANOSECONDS: Final = 1000  # in a microsecond


class Translation:
    """One job told in v1's words; hand ``take_in`` every event once, in order.

    Attributes:
        telling: What was told so far.
        approvals: The lines of ``approvals.jsonl``; none if there was no approval.
        acceptance: ``accept/accept_result.json``; None if acceptance never ran.

    """

    def __init__(self, job_id: str, refused: Collection[str]) -> None:
        """Begin before the first event; ``refused`` are the decisions that will be refused."""
        self.telling = Telling(job_id, refused)
        self.approvals = bytearray()
        self.acceptance: bytes | None = None
        self.commands: dict[str, tuple[str, list[str]]] = {}
        self.steps: dict[tuple[str, str | int], int] = {}
        self.lease: dict[str, str] | None = None
        self.environment = ""
        self._accounts = Accounts(())

    def take_in(self, recorded: e.RecordedEvent) -> bytes:
        """Return the lines of ``events.jsonl`` that tell the next event, often none.

        Raises: UnknownEventError: this release does not know what it says.
        """
        event, job_id = recorded.event, self.telling.job_id
        if isinstance(event, e.UnknownEvent):
            raise UnknownEventError(
                f"record {recorded.seq} of job {job_id} is a {event.type}, which this release "
                f"cannot tell in the words of v1",
                hint="export it with the release that wrote it, or a newer one",
                job_id=job_id,
                seq=recorded.seq,
            )
        self.telling.at = recorded.at
        tell = _TELLING.get(type(event))
        if tell is not None:
            tell(self, recorded, event)
        self._accounts.take_in(event)
        self.telling.use(self._counters())
        return self.telling.told()

    def end(self) -> bytes:
        """Return the lines of ``events.jsonl`` that are left when there are no more events."""
        self.telling.ask_all()
        return self.telling.told()

    def _counters(self) -> CountersUpdated:
        spent = {each.meter: each.amount for each in self._accounts.spent()}
        return CountersUpdated(
            retry_count=spent.get("retries", 0),
            step_count=spent.get("steps", 0),
            tool_call_count=spent.get("tool_calls", 0),
        )


def _submitted(job: Translation, recorded: e.RecordedEvent, event: e.JobSubmitted) -> None:
    commands = {each.id: (each.command, each.artifacts) for each in event.spec.steps}
    if event.spec.command is not None:
        commands["command"] = (event.spec.command, ())
    job.commands = {
        name: (command.shell or " ".join(command.argv), forms.in_order(paths))
        for name, (command, paths) in commands.items()
    }
    job.telling.began_at = recorded.at
    started = {"started_at": to_text(recorded.at), "status": "queued"}
    job.telling.tell("job_initialized", started)


def _environment_captured(
    job: Translation, recorded: e.RecordedEvent, event: e.EnvironmentCaptured
) -> None:
    found = _environment(job, recorded, event.fingerprint)
    job.telling.tell("env_fingerprint_set", {**found, "hash": job.environment})


def _environment_accepted(
    job: Translation, recorded: e.RecordedEvent, event: e.EnvironmentAccepted
) -> None:
    expected = job.environment
    found = _environment(job, recorded, event.fingerprint)
    digests = {"expected_hash": expected, "actual_hash": job.environment}
    said = {"reason": event.reason, "approved_by": recorded.by}
    job.telling.tell("env_override_recorded", {**found, **digests, **said})


def _environment(
    job: Translation, recorded: e.RecordedEvent, found: Fingerprint
) -> dict[str, object]:
    """Return an environment in v1's form, which from now on is the job's."""
    values = {each.rule: each.value for each in found.observations}
    rules = sorted(values)
    job.environment = environment_digest(rules, values)
    return {"rules": rules, "values": values, "captured_at": to_text(recorded.at)}


def _lease_taken(job: Translation, recorded: e.RecordedEvent, event: e.LeaseTaken) -> None:
    _release(job)
    job.telling.move("running")
    pid, now = event.holder.pid, to_text(recorded.at)
    lease_id = f"lease-{pid}-{recorded.at * _NANOSECONDS}"
    job.lease = {"worker_id": f"dispatch-{pid}", "lease_id": lease_id}
    until = to_text(min(recorded.at + event.ttl, LATEST))
    times = {"acquired_at": now, "heartbeat_at": now, "expires_at": until}
    job.telling.tell("lease_set", {**job.lease, **times})


def _lease_released(job: Translation, _recorded: e.RecordedEvent, _event: e.LeaseReleased) -> None:
    _release(job)


def _release(job: Translation) -> None:
    if job.lease is not None:
        job.telling.tell("lease_released", job.lease)
    job.lease = None


def _step_started(job: Translation, _recorded: e.RecordedEvent, event: e.StepStarted) -> None:
    name = step_text(event.step)
    command, paths = job.commands.get(event.step.name, ("", []))
    job.telling.tell(
        "adapter_step",
        {
            "adapter": _ADAPTER,
            "step_id": name,
            "step_index": job.steps.setdefault(identity(event.step), len(job.steps)),
            "summary": f"{_ADAPTER} adapter step {name}",
            "command": command,
            "executed": True,
            "artifacts": paths,
        },
    )


def _step_finished(job: Translation, _recorded: e.RecordedEvent, event: e.StepFinished) -> None:
    for each in event.artifacts:
        job.telling.keep(each.path, each.sha256)


def _artifact(job: Translation, _recorded: e.RecordedEvent, event: e.ArtifactRecorded) -> None:
    job.telling.keep(event.artifact.path, event.artifact.sha256)


def _checkpoint(job: Translation, _recorded: e.RecordedEvent, event: e.CheckpointRecorded) -> None:
    job.telling.checkpoint(event)


def _approved(job: Translation, recorded: e.RecordedEvent, event: e.ApprovalGiven) -> None:
    telling = job.telling
    telling.ask(event.checkpoint_id)
    said = forms.approval(
        telling.job_id,
        recorded.at,
        telling.ids[event.checkpoint_id],
        by=recorded.by,
        reason=event.reason,
    )
    telling.tell(APPROVAL, said)
    job.approvals += forms.line(said)
    _chosen(job, event)


def _refused(job: Translation, recorded: e.RecordedEvent, event: e.ApprovalRefused) -> None:
    text = f"{job.telling.ids[event.checkpoint_id]} was refused by {recorded.by}"
    job.telling.remark(event.reason, "refused", text)
    _chosen(job, event)


def _chosen(job: Translation, event: e.ApprovalGiven | e.ApprovalRefused) -> None:
    if event.choice:
        asked = job.telling.ids[event.checkpoint_id]
        job.telling.remark(f"a choice was made for {asked}", "chosen", event.choice)


def _acceptance(job: Translation, recorded: e.RecordedEvent, event: e.AcceptanceRecorded) -> None:
    job.acceptance = forms.acceptance(job.telling.job_id, recorded.at, event)


def _blocked(job: Translation, _recorded: e.RecordedEvent, event: e.JobBlocked) -> None:
    if event.status == "blocked_decision":
        job.telling.ask_all()
    job.telling.move(event.status)


def _paused(job: Translation, _recorded: e.RecordedEvent, _event: e.JobPaused) -> None:
    job.telling.move("paused")


def _resumed(job: Translation, _recorded: e.RecordedEvent, _event: e.JobResumed) -> None:
    job.telling.move("running")


def _canceled(job: Translation, _recorded: e.RecordedEvent, _event: e.JobCanceled) -> None:
    job.telling.ask_all()
    job.telling.move("canceled")


def _completed(job: Translation, _recorded: e.RecordedEvent, _event: e.JobCompleted) -> None:
    job.telling.move("completed")


_TELLING: Final[Mapping[type, Callable[[Translation, e.RecordedEvent, Any], None]]] = {
    e.JobSubmitted: _submitted,
    e.EnvironmentCaptured: _environment_captured,
    e.EnvironmentAccepted: _environment_accepted,
    e.LeaseTaken: _lease_taken,
    e.LeaseReleased: _lease_released,
    e.StepStarted: _step_started,
    e.StepFinished: _step_finished,
    e.ArtifactRecorded: _artifact,
    e.CheckpointRecorded: _checkpoint,
    e.ApprovalGiven: _approved,
    e.ApprovalRefused: _refused,
    e.AcceptanceRecorded: _acceptance,
    e.JobBlocked: _blocked,
    e.JobPaused: _paused,
    e.JobResumed: _resumed,
    e.JobCanceled: _canceled,
    e.JobCompleted: _completed,
}
"""Every event that v1 can tell of; what the others use shows in the counters."""
