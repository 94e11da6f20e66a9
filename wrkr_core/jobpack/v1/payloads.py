"""What the events of a v1 log say: the complete set of types, and the shape of each payload.

v1's schema takes any object for a payload, and its program reads only these. Fields besides them are
passed over. A log with another type of event is one that v1 itself cannot read. Every field whose
name ends with ``_at`` is a time.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wrkr_core.jobpack.v1.records import (
    ArtifactsDelta,
    BudgetState,
    Count,
    Digest,
    JobStatus,
    Kind,
    RequiredAction,
    Summary,
    Text,
)


class Initialized(msgspec.Struct, frozen=True, kw_only=True):
    """The job exists."""

    started_at: str
    status: Literal["queued"]


class FingerprintSet(msgspec.Struct, frozen=True, kw_only=True):
    """The environment the job began in."""

    rules: tuple[str, ...]
    values: dict[str, str]
    hash: Digest
    captured_at: str


class StatusChanged(msgspec.Struct, frozen=True, kw_only=True, rename={"before": "from"}):
    """The only event that changes the status."""

    before: JobStatus
    to: JobStatus


class CountersUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """What was used so far, as absolute numbers."""

    retry_count: Count
    step_count: Count
    tool_call_count: Count


class IdempotencyRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A key that must not be used again."""

    key: Text


class LeaseSet(msgspec.Struct, frozen=True, kw_only=True):
    """A worker took the job, or said that it lives."""

    worker_id: Text
    lease_id: Text
    acquired_at: str
    heartbeat_at: str
    expires_at: str


class LeaseReleased(msgspec.Struct, frozen=True, kw_only=True):
    """A worker let go."""

    worker_id: Text
    lease_id: Text


class CheckpointEmitted(msgspec.Struct, frozen=True, kw_only=True):
    """The job says where it stands; ``status`` in it changes nothing."""

    type: Kind
    summary: Summary
    status: JobStatus
    budget_state: BudgetState
    artifacts_delta: ArtifactsDelta
    required_action: RequiredAction | None = None
    reason_codes: tuple[Text, ...]


class AdapterStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step is about to run; that it ended is said by no event."""

    adapter: Text
    step_id: str
    step_index: Count
    summary: str
    command: str
    executed: bool
    artifacts: tuple[str, ...]


class EnvironmentOverridden(msgspec.Struct, frozen=True, kw_only=True):
    """A person let the job go on in another environment; the reason may be empty."""

    expected_hash: Digest
    actual_hash: Digest
    reason: str
    approved_by: str
    rules: tuple[str, ...]
    values: dict[str, str]
    captured_at: str


Payload = (
    Initialized
    | FingerprintSet
    | StatusChanged
    | CountersUpdated
    | IdempotencyRecorded
    | LeaseSet
    | LeaseReleased
    | CheckpointEmitted
    | AdapterStep
    | EnvironmentOverridden
)

APPROVAL: Final = "approval_recorded"
"""The one type whose payload is a whole record (``records.Approval``)."""
TYPES: Final[dict[str, type[Payload]]] = {
    "job_initialized": Initialized,
    "env_fingerprint_set": FingerprintSet,
    "status_changed": StatusChanged,
    "counters_updated": CountersUpdated,
    "idempotency_recorded": IdempotencyRecorded,
    "lease_set": LeaseSet,
    "lease_released": LeaseReleased,
    "checkpoint_emitted": CheckpointEmitted,
    "adapter_step": AdapterStep,
    "env_override_recorded": EnvironmentOverridden,
}
"""Every other type there is."""
