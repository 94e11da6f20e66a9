"""The shape of every record in a v1 jobpack, as v1's own schemas have it: closed, and no more.

What the schemas do not ask (that times exist, that ids fit together, that the log says the same) is
asked elsewhere. One thing differs: a whole number written with a fraction (``1.0``) is refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wrkr_core.decoding import convert, decode_as
from wrkr_core.jobpack.v1.failures import UnexpectedShapeError, printable
from wrkr_core.jobpack.v1.names import ACCEPTANCE, APPROVALS, ARTIFACTS, CHECKPOINTS, EVENTS, JOB

Text = Annotated[str, Meta(min_length=1)]
Summary = Annotated[str, Meta(min_length=1, max_length=2000)]
Count = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Version = Annotated[str, Meta(pattern=r"\Av1(\.[0-9]+)?\Z")]
JobStatus = Literal[
    "queued",
    "running",
    "paused",
    "blocked_decision",
    "blocked_budget",
    "blocked_error",
    "completed",
    "canceled",
]
Kind = Literal["plan", "progress", "decision-needed", "blocked", "completed"]


class Closed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object that has these fields and no others."""


class Record(Closed, frozen=True, kw_only=True):
    """What every record states of itself; ``created_at`` is meant to be a time, and is any text."""

    schema_version: Version
    created_at: str
    producer_version: Text


class Job(Record, frozen=True, kw_only=True):
    """``job.json``: what the job came to; ``budgets`` holds its counters, not its limits."""

    schema_id: Literal["wrkr.job"]
    job_id: Text
    name: Text
    status: Text
    budgets: dict[str, Any]


class Event(Record, frozen=True, kw_only=True):
    """A line of ``events.jsonl``."""

    schema_id: Literal["wrkr.event"]
    event_id: Text
    job_id: Text
    type: Text
    executed: bool
    payload: dict[str, Any]


class BudgetState(Closed, frozen=True, kw_only=True):
    """What a job had used by a checkpoint."""

    wall_time_seconds: Count
    retry_count: Count
    step_count: Count
    tool_call_count: Count


class ArtifactsDelta(Closed, frozen=True, kw_only=True):
    """Paths that came, changed or went since the checkpoint before."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class RequiredAction(Closed, frozen=True, kw_only=True):
    """What a person has to do."""

    kind: str | UnsetType = UNSET
    instructions: str | UnsetType = UNSET


class Checkpoint(Record, frozen=True, kw_only=True):
    """A line of ``checkpoints.jsonl``."""

    schema_id: Literal["wrkr.checkpoint"]
    checkpoint_id: Text
    job_id: Text
    type: Kind
    summary: Summary
    status: JobStatus
    budget_state: BudgetState
    artifacts_delta: ArtifactsDelta
    reason_codes: tuple[Text, ...]
    required_action: RequiredAction | UnsetType = UNSET


class Approval(Record, frozen=True, kw_only=True):
    """A line of ``approvals.jsonl``; v1 knows no refusals."""

    schema_id: Literal["wrkr.approval_record"]
    job_id: Text
    checkpoint_id: Text
    reason: Text
    approved_by: Text


class PackedArtifact(Closed, frozen=True, kw_only=True):
    """A file the job made; ``sha256`` is that of ``reference:`` and its path, not of its content."""

    path: Text
    sha256: Digest
    redacted: bool | UnsetType = UNSET


class Artifacts(Record, frozen=True, kw_only=True):
    """``artifacts_manifest.json``."""

    schema_id: Literal["wrkr.artifacts_manifest"]
    job_id: str
    capture_mode: Literal["reference-only", "raw"]
    artifacts: tuple[PackedArtifact, ...]


class Failure(Closed, frozen=True, kw_only=True):
    """An acceptance check that did not pass."""

    check: Text
    message: Text
    artifact: str | UnsetType = UNSET


class Acceptance(Record, frozen=True, kw_only=True):
    """``accept/accept_result.json``: the last run of acceptance."""

    schema_id: Literal["wrkr.accept_result"]
    job_id: Text
    checks_run: Count
    checks_passed: Count
    failures: tuple[Failure, ...]
    reason_codes: tuple[Text, ...]


class PackedFile(Closed, frozen=True, kw_only=True):
    """A file of the jobpack and the SHA-256 of its content."""

    path: Text
    sha256: Digest


class Manifest(Record, frozen=True, kw_only=True):
    """``manifest.json``; ``manifest_sha256`` is its own digest, over itself with zeros there."""

    schema_id: Literal["wrkr.jobpack_manifest"]
    job_id: Text
    manifest_sha256: Digest
    files: tuple[PackedFile, ...]


R = TypeVar("R", bound=Record)

DOCUMENTS: Final[dict[str, type[Record]]] = {
    JOB: Job,
    ARTIFACTS: Artifacts,
    ACCEPTANCE: Acceptance,
}
"""Files that are one record each, in the order in which v1 looks at them."""
LINES: Final[dict[str, type[Record]]] = {
    EVENTS: Event,
    CHECKPOINTS: Checkpoint,
    APPROVALS: Approval,
}
"""Files that hold a record a line, in the order in which v1 looks at them."""


def decoded(data: bytes, kind: type[R]) -> R:
    """Return the record in a text of which everything else is known.

    Raises: UnexpectedShapeError: it is none of that kind.
    """
    try:
        return decode_as(kind, data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnexpectedShapeError(
            f"it is no {kind.__name__.lower()} of v1: {printable(error)}"
        ) from error


def shaped(value: object, kind: type[R]) -> R:
    """Return a JSON value as a record. Raises: UnexpectedShapeError: it is none of that kind."""
    try:
        return convert(value, kind)
    except msgspec.ValidationError as error:
        raise UnexpectedShapeError(
            f"it is no {kind.__name__.lower()} of v1: {printable(error)}"
        ) from error
