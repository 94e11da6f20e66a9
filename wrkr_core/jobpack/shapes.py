"""What the documents of a jobpack may hold, as types: the check of each before it is written.

The JSON Schemas of these documents are made of these types, so the check that is compiled here is
the schema's (decision 0014). ``documents`` says where each value comes from.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from wrkr_core.checkpoint import Kind
from wrkr_core.decoding import decoder
from wrkr_core.errors import VerifyMalformedError
from wrkr_core.job.state import Status
from wrkr_core.jobpack.manifest import ACCEPTANCE, APPROVALS, ARTIFACTS, CHECKPOINTS, JOB

# `$` also matches before a last newline, which is why none may follow.
Hash: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Instant: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$(?!\n)"
    ),
]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Seq: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every document has."""

    schema_version: Literal["v2"]
    job_id: str


class _Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record a fork was made from."""

    job_id: str
    seq: int
    hash: str


class _Meter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one meter stands, in its unit; ``limit`` is null where there is none."""

    meter: str
    limit: Count | None
    spent: Count
    reserved: Count


class _Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So much of one meter, in its unit."""

    meter: str
    amount: Count


class _Steps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many steps; ``total`` is null where nobody knows."""

    begun: Count
    done: Count
    failed_attempts: Count
    open: Count
    total: Count | None


class _Environment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The environment the job is bound to: the digest of what was observed, and by which rules."""

    digest: str
    rules: tuple[str, ...]


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last record."""

    seq: Seq
    hash: Hash


class JobDocument(_Document, frozen=True, forbid_unknown_fields=True):
    """Where the job stands: job.json."""

    schema_id: Literal["wrkr.job"]
    name: str
    objective: str
    status: Status
    summary: str
    reason_codes: tuple[str, ...]
    spec_digest: Hash
    engine: str
    submitted_by: str
    submitted_at: Instant
    updated_at: Instant
    forked_from: _Origin | None
    budget: tuple[_Meter, ...]
    steps: _Steps
    checkpoints: dict[Kind, Seq]
    open_decisions: tuple[str, ...]
    lease_epochs: Count
    environment: _Environment | None
    wake_at: Instant | None
    unknown_events: tuple[str, ...]
    head: _Head


class _Changes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Paths of artifacts since the checkpoint before."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class _Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person is asked to do."""

    kind: str
    instructions: str
    key: str
    choices: tuple[str, ...]


class CheckpointLine(_Document, frozen=True, forbid_unknown_fields=True):
    """One checkpoint: a line of checkpoints.jsonl."""

    schema_id: Literal["wrkr.checkpoint"]
    checkpoint_id: str
    kind: Kind
    seq: Seq
    hash: Hash
    at: Instant
    by: str
    summary: str
    reason_codes: tuple[str, ...]
    budget: tuple[_Amount, ...]
    artifacts: _Changes
    required_action: _Action | None
    data: msgspec.Raw


class ApprovalLine(_Document, frozen=True, forbid_unknown_fields=True):
    """One approval or refusal: a line of approvals.jsonl; ``subject`` is the hash of what asked."""

    schema_id: Literal["wrkr.approval_record"]
    checkpoint_id: str
    subject: str
    decision: Literal["approved", "refused"]
    choice: str | None
    reason: str
    expires_at: Instant | None
    assurance: Literal["asserted", "signed"]
    seq: Seq
    hash: Hash
    at: Instant
    by: str


class _Artifact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest record of one path."""

    path: Text
    sha256: Hash
    size: Count
    capture: Literal["reference", "content"]
    redacted: bool
    seq: Seq


class ArtifactsDocument(_Document, frozen=True, forbid_unknown_fields=True):
    """Every recorded artifact, by path: artifacts_manifest.json."""

    schema_id: Literal["wrkr.artifacts_manifest"]
    artifacts: tuple[_Artifact, ...]


class _Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One check that did not pass."""

    check: str
    code: str
    message: str
    artifact: str | None


class AcceptanceDocument(_Document, frozen=True, forbid_unknown_fields=True):
    """How acceptance came out: accept/accept_result.json."""

    schema_id: Literal["wrkr.accept_result"]
    seq: Seq
    hash: Hash
    at: Instant
    by: str
    checks_run: int
    checks_passed: int
    config_digest: str
    failures: tuple[_Failure, ...]


SHAPES: Final[dict[str, type[_Document]]] = {
    JOB: JobDocument,
    CHECKPOINTS: CheckpointLine,
    APPROVALS: ApprovalLine,
    ARTIFACTS: ArtifactsDocument,
    ACCEPTANCE: AcceptanceDocument,
}
"""What each document is, or each line of it, by the entry it stands in."""

_decoders: Final = {name: decoder(shape) for name, shape in SHAPES.items()}


def check_document(name: str, data: bytes) -> None:
    """Check a document, or a line of one, by its schema.

    Raises: VerifyMalformedError: the schema forbids it; ``details`` hold the entry.
    """
    try:
        _decoders[name].decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise VerifyMalformedError(
            f"what the log says cannot stand in {name}: {error}",
            hint="by its schema it cannot be so; wrkr schema list names the schemas",
            entry=name,
        ) from error
