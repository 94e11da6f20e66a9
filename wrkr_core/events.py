"""Everything that can happen to a job: a closed union, no logic.

An event says what happened and holds what cannot be computed later. Who caused it, when and where in
the stream is said by the record around it (``RecordedEvent``). JSON values of others (results, data)
are held as canonical bytes. Amounts are in the meter's unit, instants and durations in microseconds.
"""

from __future__ import annotations

from typing import Final, Literal

import attrs
import msgspec
from attrs import validators

from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Overrun, Reservation
from wrkr_core.checkpoint import ArtifactChanges, Kind, RequiredAction
from wrkr_core.environment import Fingerprint
from wrkr_core.lease import Holder
from wrkr_core.spec import JobSpec

NULL: Final = msgspec.Raw(b"null")

BlockedStatus = Literal["blocked_decision", "blocked_budget", "blocked_error"]


@attrs.frozen(kw_only=True)
class ForkPoint:
    """The job a fork was made from, and the last of its records that the fork knows."""

    job: str
    seq: int
    hash: str


@attrs.frozen(kw_only=True)
class StepRef:
    """Which step: its name and its key, or the occurrence of the name when it has no key."""

    name: str
    occurrence: int = attrs.field(validator=validators.ge(1))
    key: str | None = None


@attrs.frozen(kw_only=True)
class JobSubmitted:
    """The job exists; ``engine`` is the release that took it."""

    spec: JobSpec
    spec_digest: str
    engine: str
    forked_from: ForkPoint | None = None


@attrs.frozen(kw_only=True)
class EnvironmentCaptured:
    """The environment the job was first worked on in."""

    fingerprint: Fingerprint


@attrs.frozen(kw_only=True)
class EnvironmentAccepted:
    """A person accepted another environment."""

    expected: str
    fingerprint: Fingerprint
    reason: str


@attrs.frozen(kw_only=True)
class LeaseTaken:
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


@attrs.frozen(kw_only=True)
class LeaseReleased:
    """The holder let go; ``usage`` is the running time not accounted for before."""

    worker: str
    epoch: int
    reason: str
    heartbeats: int
    usage: tuple[Amount, ...] = ()


@attrs.frozen(kw_only=True)
class StepStarted:
    """An attempt begins; ``approval`` is the checkpoint that allowed it, where one had to."""

    step: StepRef
    attempt: int
    epoch: int
    input_digest: str | None = None
    at_most_once: bool = False
    approval: str | None = None


@attrs.frozen(kw_only=True)
class StepFinished:
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


@attrs.frozen(kw_only=True)
class StepFailed:
    """An attempt failed; ``retry_at`` is when the next may begin, None when there is none."""

    step: StepRef
    attempt: int
    epoch: int
    code: str
    error_type: str
    message: str
    retry_at: int | None = None
    usage: tuple[Amount, ...] = ()


@attrs.frozen(kw_only=True)
class Charged:
    """Something was used, in or after ``step``; ``mark`` is the place in the code (see ``places``)."""

    amounts: tuple[Amount, ...]
    step: StepRef | None = None
    mark: str = ""


@attrs.frozen(kw_only=True)
class BudgetReserved:
    """Amounts were set aside before the act."""

    reservation: Reservation


@attrs.frozen(kw_only=True)
class BudgetSettled:
    """What a reservation really came to; the rest of it is free again."""

    reservation: str
    amounts: tuple[Amount, ...]


@attrs.frozen(kw_only=True)
class BudgetExceeded:
    """Meters are over their limit, or the next act would put them over it."""

    meters: tuple[Overrun, ...]


@attrs.frozen(kw_only=True)
class BudgetRaised:
    """A person set new limits."""

    limits: tuple[Amount, ...]
    reason: str


@attrs.frozen(kw_only=True)
class CheckpointRecorded:
    """The job says where it stands; ``budget`` is what was spent by then, ``mark`` as in ``Charged``."""

    checkpoint_id: str
    kind: Kind
    summary: str
    budget: tuple[Amount, ...] = ()
    artifacts: ArtifactChanges = ArtifactChanges()  # noqa: RUF009  # frozen, shared safely
    required_action: RequiredAction | None = None
    reason_codes: tuple[str, ...] = ()
    data: msgspec.Raw = NULL
    mark: str = ""


@attrs.frozen(kw_only=True)
class ApprovalGiven:
    """A person said yes to what ``subject`` (the hash of the asking event) showed."""

    checkpoint_id: str
    subject: str
    reason: str
    choice: str | None = None
    expires_at: int | None = None


@attrs.frozen(kw_only=True)
class ApprovalRefused:
    """A person said no."""

    checkpoint_id: str
    subject: str
    reason: str
    choice: str | None = None


@attrs.frozen(kw_only=True)
class JobPaused:
    """Work is to stop at the next step boundary."""

    reason: str


@attrs.frozen(kw_only=True)
class JobResumed:
    """Work may go on."""

    reason: str


@attrs.frozen(kw_only=True)
class JobCanceled:
    """Work is over without a result."""

    reason: str
    reason_codes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class JobBlocked:
    """Work cannot go on; ``step`` is the one whose failure blocked it, if one did."""

    status: BlockedStatus
    summary: str
    reason_codes: tuple[str, ...]
    step: StepRef | None = None


@attrs.frozen(kw_only=True)
class JobCompleted:
    """Work is done."""

    summary: str


@attrs.frozen(kw_only=True)
class ArtifactRecorded:
    """A file as it was; ``mark`` as in ``Charged``."""

    artifact: Artifact
    mark: str = ""


@attrs.frozen(kw_only=True)
class AcceptanceFailure:
    """One check that did not pass."""

    check: str
    code: str
    message: str
    artifact: str | None = None


@attrs.frozen(kw_only=True)
class AcceptanceRecorded:
    """Acceptance checks ran; ``config_digest`` says under which rules."""

    checks_run: int
    passed: int
    failures: tuple[AcceptanceFailure, ...]
    config_digest: str


@attrs.frozen(kw_only=True)
class TimerSet:
    """The job sleeps until ``wake_at``; ``key`` tells the code which of its sleeps this is."""

    key: str
    wake_at: int


@attrs.frozen(kw_only=True)
class UnknownEvent:
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
