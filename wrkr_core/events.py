"""Everything that can happen to a job: a closed union, no logic.

An event says what happened and holds what cannot be computed later. Who caused it, when and where in
the stream is said by the record around it (``RecordedEvent``). JSON values of others (results, data)
are held as canonical bytes. Amounts are in the meter's unit, instants and durations in microseconds.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Overrun, Reservation
from wrkr_core.checkpoint import ArtifactChanges, Kind, RequiredAction
from wrkr_core.environment import Fingerprint
from wrkr_core.lease import Holder
from wrkr_core.spec import JobSpec

NULL: Final = msgspec.Raw(b"null")

BlockedStatus = Literal["blocked_decision", "blocked_budget", "blocked_error"]


class ForkPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The job a fork was made from, and the last of its records that the fork knows."""

    job: str
    seq: int
    hash: str


class StepRef(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """Which step: its name and its key, or the occurrence of the name when it has no key."""

    name: str
    occurrence: int
    key: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        if self.occurrence < 1:
            raise ValueError(f"occurrence {self.occurrence} of step {self.name!r}: the first is 1")


class JobSubmitted(msgspec.Struct, frozen=True, kw_only=True):
    """The job exists; ``engine`` is the release that took it."""

    spec: JobSpec
    spec_digest: str
    engine: str
    forked_from: ForkPoint | None = None


class EnvironmentCaptured(msgspec.Struct, frozen=True, kw_only=True):
    """The environment the job was first worked on in."""

    fingerprint: Fingerprint


class EnvironmentAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """A person accepted another environment."""

    expected: str
    fingerprint: Fingerprint
    reason: str


class LeaseTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A worker claimed the job.

    ``took_over`` names why an unreleased lease could be taken (``expired``, ``holder_gone``), with
    the worker before, its heartbeats, and the running time it had not yet accounted for.
    """

    worker: str
    epoch: int
    ttl: int
    holder: Holder
    took_over: str | None = None
    took_over_from: str | None = None
    heartbeats: int = 0
    usage: tuple[Amount, ...] = ()


class LeaseReleased(msgspec.Struct, frozen=True, kw_only=True):
    """The holder let go; ``usage`` is the running time not accounted for before."""

    worker: str
    epoch: int
    reason: str
    heartbeats: int
    usage: tuple[Amount, ...] = ()


class StepStarted(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt begins; ``approval`` is the checkpoint that allowed it, where one had to."""

    step: StepRef
    attempt: int
    epoch: int
    input_digest: str | None = None
    at_most_once: bool = False
    approval: str | None = None


class StepFinished(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt succeeded.

    The result is inline as canonical JSON, or, when larger than 64 KiB, in the blob ``result_blob``.
    ``result_type`` names the registered type it is read back as, None for plain JSON.
    """

    step: StepRef
    attempt: int
    epoch: int
    result: msgspec.Raw = NULL
    result_blob: str | None = None
    result_type: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    usage: tuple[Amount, ...] = ()


class StepFailed(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt failed; ``retry_at`` is when the next may begin, None when there is none."""

    step: StepRef
    attempt: int
    epoch: int
    code: str
    error_type: str
    message: str
    retry_at: int | None = None
    usage: tuple[Amount, ...] = ()


class Charged(msgspec.Struct, frozen=True, kw_only=True):
    """Something was used, in or after ``step``; ``mark`` is the place in the code (see ``places``)."""

    amounts: tuple[Amount, ...]
    step: StepRef | None = None
    mark: str = ""


class BudgetReserved(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts were set aside before the act."""

    reservation: Reservation


class BudgetSettled(msgspec.Struct, frozen=True, kw_only=True):
    """What a reservation really came to; the rest of it is free again."""

    reservation: str
    amounts: tuple[Amount, ...]


class BudgetExceeded(msgspec.Struct, frozen=True, kw_only=True):
    """Meters are over their limit, or the next act would put them over it."""

    meters: tuple[Overrun, ...]


class BudgetRaised(msgspec.Struct, frozen=True, kw_only=True):
    """A person set new limits."""

    limits: tuple[Amount, ...]
    reason: str


class CheckpointRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """The job says where it stands; ``budget`` is what was spent by then, ``mark`` as in ``Charged``."""

    checkpoint_id: str
    kind: Kind
    summary: str
    budget: tuple[Amount, ...] = ()
    artifacts: ArtifactChanges = ArtifactChanges()  # frozen, shared safely
    required_action: RequiredAction | None = None
    reason_codes: tuple[str, ...] = ()
    data: msgspec.Raw = NULL
    mark: str = ""


class ApprovalGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A person said yes to what ``subject`` (the hash of the asking event) showed.

    ``signature`` is a DSSE envelope over a ``signing.ApprovalClaim``, null when nobody signed.
    """

    checkpoint_id: str
    subject: str
    reason: str
    choice: str | None = None
    expires_at: int | None = None
    signature: msgspec.Raw = NULL


class ApprovalRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A person said no; ``signature`` as in ``ApprovalGiven``."""

    checkpoint_id: str
    subject: str
    reason: str
    choice: str | None = None
    signature: msgspec.Raw = NULL


class JobPaused(msgspec.Struct, frozen=True, kw_only=True):
    """Work is to stop at the next step boundary."""

    reason: str


class JobResumed(msgspec.Struct, frozen=True, kw_only=True):
    """Work may go on."""

    reason: str


class JobCanceled(msgspec.Struct, frozen=True, kw_only=True):
    """Work is over without a result."""

    reason: str
    reason_codes: tuple[str, ...] = ()


class JobBlocked(msgspec.Struct, frozen=True, kw_only=True):
    """Work cannot go on; ``step`` is the one whose failure blocked it, if one did."""

    status: BlockedStatus
    summary: str
    reason_codes: tuple[str, ...]
    step: StepRef | None = None


class JobCompleted(msgspec.Struct, frozen=True, kw_only=True):
    """Work is done."""

    summary: str


class ArtifactRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was; ``mark`` as in ``Charged``."""

    artifact: Artifact
    mark: str = ""


class AcceptanceFailure(msgspec.Struct, frozen=True, kw_only=True):
    """One check that did not pass."""

    check: str
    code: str
    message: str
    artifact: str | None = None


class AcceptanceRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """Acceptance checks ran; ``config_digest`` says under which rules."""

    checks_run: int
    passed: int
    failures: tuple[AcceptanceFailure, ...]
    config_digest: str


class TimerSet(msgspec.Struct, frozen=True, kw_only=True):
    """The job sleeps until ``wake_at``; ``key`` tells the code which of its sleeps this is."""

    key: str
    wake_at: int


class PayloadsErased(msgspec.Struct, frozen=True, kw_only=True):
    """The key of an erasable job is removed from its store; ``reason`` itself is never sealed."""

    reason: str


class UnknownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a type this release does not know; its payload is kept as it is."""

    type: str
    payload: msgspec.Raw


KnownEvent = (
    JobSubmitted
    | EnvironmentCaptured
    | EnvironmentAccepted
    | LeaseTaken
    | LeaseReleased
    | StepStarted
    | StepFinished
    | StepFailed
    | Charged
    | BudgetReserved
    | BudgetSettled
    | BudgetExceeded
    | BudgetRaised
    | CheckpointRecorded
    | ApprovalGiven
    | ApprovalRefused
    | JobPaused
    | JobResumed
    | JobCanceled
    | JobBlocked
    | JobCompleted
    | ArtifactRecorded
    | AcceptanceRecorded
    | TimerSet
    | PayloadsErased
)
Event = KnownEvent | UnknownEvent


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place: ``seq`` in the stream, instant, actor, id and chain hash."""

    seq: int
    at: int
    by: str
    id: str
    hash: str
    event: Event
