"""What is signed: in-toto Statements (v1) about a jobpack, or about the answer to a decision.

A statement names its subject by SHA-256: a pack by the digest of its manifest, an answer by the hash
of the record that asked. The rest repeats what the signer saw, so that a signature can be moved to
no other pack, job, history or question. Each has one legal form, canonical JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import attrs
import msgspec

from wrkr_core.canonical import dumps, loads_strict
from wrkr_core.checkpoint import check_summary
from wrkr_core.decoding import decode_as
from wrkr_core.errors import InvalidInputError, VerifyMalformedError
from wrkr_core.instants import from_text, to_text
from wrkr_core.sealed_text import is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable

Role = Literal["producer", "reviewer"]
ROLES: Final[tuple[Role, ...]] = ("producer", "reviewer")
"""As what somebody signs: the one who did the work, or one who looked at it."""
Verdict = Literal["approved", "refused"]
VERDICTS: Final[tuple[Verdict, ...]] = ("approved", "refused")

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PACK_PREDICATE: Final = "urn:wrkr:jobpack-attestation:v1"
APPROVAL_PREDICATE: Final = "urn:wrkr:approval-attestation:v1"
PACK_SUBJECT: Final = "manifest.json"
APPROVAL_SUBJECT: Final = "checkpoint"

_Claim = TypeVar("_Claim", "PackClaim", "ApprovalClaim")


class _Digest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sha256: str


class _Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    digest: _Digest


class _Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    statement_type: str = msgspec.field(name="_type")
    subject: tuple[_Subject, ...]
    predicate_type: str
    predicate: msgspec.Raw


class _PackPredicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    job_id: str
    event_count: int
    events_root: str
    head_hash: str
    role: Role
    statement: str
    signed_at: str | None = None


class _ApprovalPredicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    job_id: str
    checkpoint_id: str
    decision: Verdict
    choice: str | None
    reason: str
    not_after: str | None


@attrs.frozen(kw_only=True)
class PackClaim:
    """What an attestation says of a jobpack.

    ``statement`` is the signer's own words, 1 to 2000 characters. ``signed_at`` (µs since 1970 UTC)
    is given only where it matters that it is later than the job's last event.
    """

    pack_id: str
    job_id: str
    event_count: int
    events_root: str
    head_hash: str
    role: Role
    statement: str
    signed_at: int | None = None

    def payload(self) -> bytes:
        """Return the statement's only legal bytes. Raises: InvalidInputError: no such statement."""
        check_summary(self.statement)
        predicate: dict[str, Any] = {
            "jobId": self.job_id,
            "eventCount": self.event_count,
            "eventsRoot": self.events_root,
            "headHash": self.head_hash,
            "role": self.role,
            "statement": self.statement,
        }
        if self.signed_at is not None:
            predicate["signedAt"] = to_text(self.signed_at)
        return _written(PACK_SUBJECT, self.pack_id, PACK_PREDICATE, predicate)


@attrs.frozen(kw_only=True)
class ApprovalClaim:
    """What somebody answered to the question that the record with hash ``subject`` asked.

    ``not_after`` (µs since 1970 UTC) is until when an approval may be used.
    """

    subject: str
    job_id: str
    checkpoint_id: str
    decision: Verdict
    reason: str
    choice: str | None = None
    not_after: int | None = None

    def payload(self) -> bytes:
        """Return the statement's only legal bytes. Raises: InvalidInputError: no such statement."""
        if not is_sealed(self.reason):  # of an erasable job; its length is not the reason's
            check_summary(self.reason)
        predicate = {
            "jobId": self.job_id,
            "checkpointId": self.checkpoint_id,
            "decision": self.decision,
            "choice": self.choice,
            "reason": self.reason,
            "notAfter": None if self.not_after is None else to_text(self.not_after),
        }
        return _written(APPROVAL_SUBJECT, self.subject, APPROVAL_PREDICATE, predicate)


def read_pack_claim(payload: bytes, *, entry: str) -> PackClaim:
    """Return what the payload of an attestation says; ``entry`` says where it was found.

    Raises: VerifyMalformedError: it is no statement about a jobpack in its one legal form.
    """
    return _read(payload, entry, _pack_claim)


def read_approval_claim(payload: bytes, *, entry: str) -> ApprovalClaim:
    """Return what the payload of an approval's signature says.

    Raises: VerifyMalformedError: it is no statement about an answer in its one legal form.
    """
    return _read(payload, entry, _approval_claim)


def _pack_claim(payload: bytes) -> PackClaim:
    digest, raw = _about(payload, PACK_SUBJECT, PACK_PREDICATE)
    said = decode_as(_PackPredicate, raw)
    return PackClaim(
        pack_id=digest,
        job_id=said.job_id,
        event_count=said.event_count,
        events_root=said.events_root,
        head_hash=said.head_hash,
        role=said.role,
        statement=said.statement,
        signed_at=None if said.signed_at is None else from_text(said.signed_at),
    )


def _approval_claim(payload: bytes) -> ApprovalClaim:
    digest, raw = _about(payload, APPROVAL_SUBJECT, APPROVAL_PREDICATE)
    said = decode_as(_ApprovalPredicate, raw)
    return ApprovalClaim(
        subject=digest,
        job_id=said.job_id,
        checkpoint_id=said.checkpoint_id,
        decision=said.decision,
        reason=said.reason,
        choice=said.choice,
        not_after=None if said.not_after is None else from_text(said.not_after),
    )


def _read(payload: bytes, entry: str, read: Callable[[bytes], _Claim]) -> _Claim:
    try:
        loads_strict(payload)  # also what is nested too deeply to be decoded
        claim = read(payload)
        legal = claim.payload()
    except (InvalidInputError, msgspec.MsgspecError, ValueError) as error:
        said = error.message if isinstance(error, InvalidInputError) else str(error)
        raise _malformed(entry, said) from error
    if legal != payload:
        raise _malformed(entry, "it is not in the one form it may have")
    return claim


def _malformed(entry: str, said: str) -> VerifyMalformedError:
    return VerifyMalformedError(
        f"what was signed in {entry} is no statement that belongs there: {said}", entry=entry
    )


def _about(payload: bytes, name: str, predicate_type: str) -> tuple[str, bytes]:
    """Return digest and predicate of a statement of one kind. Raises: as ``_read`` catches."""
    statement = decode_as(_Statement, payload)
    kinds = (statement.statement_type, statement.predicate_type)
    if kinds != (STATEMENT_TYPE, predicate_type):
        raise InvalidInputError(f"it is a {kinds[1]!r:.80} in a {kinds[0]!r:.80}")
    if len(statement.subject) != 1 or statement.subject[0].name != name:
        raise InvalidInputError(f"it has not the one subject {name}")
    return statement.subject[0].digest.sha256, bytes(statement.predicate)


def _written(name: str, digest: str, predicate_type: str, predicate: dict[str, Any]) -> bytes:
    return dumps(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": digest}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )
