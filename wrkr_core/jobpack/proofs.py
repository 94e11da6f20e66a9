"""Proofs that travel without the log: one event of it, or that it still begins as it once did.

A proof holds the manifests of the packs it speaks of. A pack's id is the digest of its manifest, and
the manifest states the root over the log, so a receipt, which is 32 bytes and a name, is enough to
check a proof against: receipt, manifest, root, path, line. Without a receipt or a pack that somebody
else kept, a proof shows only that it agrees with itself.

The file is canonical JSON; a reader writes again what it read and takes nothing but the same bytes.
"""

from __future__ import annotations

from typing import Any, Final, TypeGuard

import attrs
import msgspec

from wrkr_core import chain
from wrkr_core.canonical import dumps, loads_strict
from wrkr_core.decoding import decode_as
from wrkr_core.errors import (
    Corrupt,
    InvalidInputError,
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifyMalformedError,
)
from wrkr_core.jobpack.manifest import Manifest, pack_id, read_manifest
from wrkr_core.jobpack.merkle import leaf_hash, proves_consistency, proves_inclusion
from wrkr_core.record import read_line

INCLUSION: Final = "wrkr.inclusion_proof"
CONSISTENCY: Final = "wrkr.consistency_proof"
SCHEMA_VERSION: Final = "v1"
LARGEST: Final = 2**23
"""How many bytes a proof has at most: a line and two manifests of 1 MiB each, written as text."""


@attrs.frozen(kw_only=True)
class PackState:
    """A job as a pack of it was, or would have been: the pack's manifest, and what it says."""

    data: bytes
    manifest: Manifest

    @classmethod
    def of(cls, data: bytes) -> PackState:
        """Return what a manifest with these bytes states. Raises: VerifyMalformedError."""
        return cls(data=data, manifest=read_manifest(data))

    @property
    def pack_id(self) -> str:
        """The pack's id, which a receipt of it names."""
        return pack_id(self.data)

    @property
    def root(self) -> bytes:
        """The root over the log's lines, 32 bytes."""
        return bytes.fromhex(self.manifest.events_root)

    def view(self) -> dict[str, Any]:
        """Return it as a proof holds it; all but the manifest itself is there to be read."""
        return {
            "pack_id": self.pack_id,
            "event_count": self.manifest.event_count,
            "events_root": self.manifest.events_root,
            "head_hash": self.manifest.head_hash,
            "manifest": self.data.decode(),
        }


@attrs.frozen(kw_only=True)
class InclusionProof:
    """That ``line`` is record ``seq`` of the job in ``pack``; ``path`` as RFC 6962, 2.1.1."""

    pack: PackState
    seq: int
    line: bytes
    path: tuple[bytes, ...]

    @property
    def packs(self) -> tuple[PackState, ...]:
        """The packs it speaks of."""
        return (self.pack,)

    def file_bytes(self) -> bytes:
        """Return the only legal bytes of the proof, canonical JSON without newline."""
        return dumps(
            {
                "schema_id": INCLUSION,
                "schema_version": SCHEMA_VERSION,
                "job_id": self.pack.manifest.job_id,
                "seq": self.seq,
                "line": self.line.decode(),
                "path": [each.hex() for each in self.path],
                "pack": self.pack.view(),
            }
        )

    def check(self) -> None:
        """Check the line and its way to the root.

        Raises:
            VerifyMalformedError: It is not a log line in its one legal form.
            VerifyHistoryError: It is another record than the proof says, or another job's.
            VerifyHashError: It was changed, or is not under the root that the manifest states.

        """
        self._check_line()
        manifest = self.pack.manifest
        if not proves_inclusion(
            self.path,
            leaf=leaf_hash(self.line),
            index=self.seq - 1,
            size=manifest.event_count,
            root=self.pack.root,
        ):
            raise VerifyHashError(
                f"record {self.seq} of job {manifest.job_id} is not under the root "
                f"{manifest.events_root} of {manifest.event_count} records",
                seq=self.seq,
                events_root=manifest.events_root,
            )

    def _check_line(self) -> None:
        try:
            loads_strict(self.line)
            fields = read_line(self.line)
            own, _prev = chain.stated(self.line)
        except (InvalidInputError, Corrupt) as error:
            raise VerifyMalformedError(
                f"the proven line is no log line: {error.message}"
            ) from error
        if chain.hash_of(self.line) != own:
            raise VerifyHashError("the proven line was changed: it has not the hash it states")
        job_id = self.pack.manifest.job_id
        if (fields.job, fields.seq) != (job_id, self.seq):
            raise VerifyHistoryError(
                f"the proof is of record {self.seq} of job {job_id}; its line is record "
                f"{fields.seq} of job {fields.job}",
                expected=self.seq,
                found=fields.seq,
            )


@attrs.frozen(kw_only=True)
class ConsistencyProof:
    """That the log of ``new`` begins with the whole log of ``old``; ``path`` as RFC 6962, 2.1.2."""

    old: PackState
    new: PackState
    path: tuple[bytes, ...]

    @property
    def packs(self) -> tuple[PackState, ...]:
        """The packs it speaks of, the older one first."""
        return (self.old, self.new)

    def file_bytes(self) -> bytes:
        """Return the only legal bytes of the proof, canonical JSON without newline."""
        return dumps(
            {
                "schema_id": CONSISTENCY,
                "schema_version": SCHEMA_VERSION,
                "job_id": self.new.manifest.job_id,
                "old": self.old.view(),
                "new": self.new.view(),
                "path": [each.hex() for each in self.path],
            }
        )

    def check(self) -> None:
        """Check that the newer log continues the older one.

        Raises: VerifyHistoryError: ``details["reason"]`` is ``another_job``, ``rollback`` or
            ``fork``.
        """
        old, new = self.old.manifest, self.new.manifest
        require_continued(old, job_id=new.job_id, size=new.event_count)
        if not proves_consistency(
            self.path,
            old_size=old.event_count,
            old_root=self.old.root,
            size=new.event_count,
            root=self.new.root,
        ):
            raise VerifyHistoryError(
                f"fork: the {new.event_count} records of job {new.job_id} do not begin with the "
                f"{old.event_count} whose root is {old.events_root}",
                hint="one of the two histories was written anew; compare: wrkr job diff JOB PACK",
                reason="fork",
                expected=old.events_root,
                found=new.events_root,
            )


Proof = InclusionProof | ConsistencyProof


def require_no_rollback(job_id: str, *, had: int, has: int) -> None:
    """Require that a job that had ``had`` records has no fewer. Raises: VerifyHistoryError."""
    if had > has:
        raise VerifyHistoryError(
            f"rollback: job {job_id} had {had} records once, and has {has} now",
            hint="its last records were lost or taken away; an earlier jobpack still has them",
            reason="rollback",
            expected=had,
            found=has,
        )


def require_continued(old: Manifest, *, job_id: str, size: int) -> None:
    """Require that ``size`` records of a job can continue ``old``. Raises: VerifyHistoryError."""
    if old.job_id != job_id:
        raise VerifyHistoryError(
            f"the earlier state is of job {old.job_id}, the later one of job {job_id}",
            reason="another_job",
            expected=old.job_id,
            found=job_id,
        )
    require_no_rollback(job_id, had=old.event_count, has=size)


class _Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pack_id: str
    event_count: int
    events_root: str
    head_hash: str
    manifest: str


class _Inclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema_id: str
    schema_version: str
    job_id: str
    seq: int
    line: str
    path: tuple[str, ...]
    pack: _Pack


class _Consistency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema_id: str
    schema_version: str
    job_id: str
    old: _Pack
    new: _Pack
    path: tuple[str, ...]


def read_proof(data: bytes) -> Proof:
    """Return the proof that these bytes are; what it claims is still to be checked (``check``).

    Raises: VerifyMalformedError: not a proof, or not in its one legal form.
    """
    try:
        proof = _read(data)
    except VerifyError as error:
        raise _malformed(error.message) from error
    except (InvalidInputError, msgspec.MsgspecError, ValueError) as error:
        said = error.message if isinstance(error, InvalidInputError) else str(error)
        raise _malformed(said) from error
    if proof.file_bytes() != data:
        raise _malformed("it says of a pack what its manifest does not, or has two forms")
    return proof


def _read(data: bytes) -> Proof:
    """Return the proof. Raises: VerifyError, InvalidInputError, MsgspecError, ValueError."""
    if len(data) > LARGEST:
        raise InvalidInputError(f"it has {len(data)} bytes, {LARGEST} are allowed")
    found = loads_strict(data)
    kind = (found.get("schema_id"), found.get("schema_version")) if _is_object(found) else None
    if kind == (INCLUSION, SCHEMA_VERSION):
        one = decode_as(_Inclusion, data)
        pack = PackState.of(one.pack.manifest.encode())
        return InclusionProof(pack=pack, seq=one.seq, line=one.line.encode(), path=_path(one.path))
    if kind == (CONSISTENCY, SCHEMA_VERSION):
        both = decode_as(_Consistency, data)
        old, new = (PackState.of(each.manifest.encode()) for each in (both.old, both.new))
        return ConsistencyProof(old=old, new=new, path=_path(both.path))
    raise InvalidInputError(f"its schema is neither {INCLUSION} nor {CONSISTENCY} {SCHEMA_VERSION}")


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _path(hashes: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(each) for each in hashes)


def _malformed(problem: str) -> VerifyMalformedError:
    return VerifyMalformedError(
        f"the file is not a proof: {problem}", hint="wrkr job prove writes proofs"
    )
