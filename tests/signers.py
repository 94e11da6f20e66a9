"""People with keys, what they sign, and whom to trust: for tests of signatures.

Every private key here is a letter 32 times over, so it is worth nothing and always the same.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from tests.stories import QUESTION, Story, contents_of, packed, small_story, submitted
from wrkr_core import events as e
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.attaching import OpenPack, attach, open_pack
from wrkr_core.jobpack.attestations import claim_for
from wrkr_core.signing import sshsig
from wrkr_core.signing.claims import ApprovalClaim, PackClaim, Role
from wrkr_core.signing.dsse import Envelope, pae, signed_envelope
from wrkr_core.signing.keys import PublicKey, public_of, sign
from wrkr_core.signing.trust import Requirement, Trust, TrustedKey
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

ANN: Final = b"a" * 32
BEA: Final = b"b" * 32
EVE: Final = b"e" * 32

FOUR_EYES: Final = (
    Requirement(role="producer"),
    Requirement(role="reviewer", distinct_from="producer"),
)


def trusted(seed: bytes, identity: str, *roles: Role, **fields: Any) -> TrustedKey:  # noqa: ANN401  # as TrustedKey
    """Return the key of somebody who may sign as ``roles``."""
    return TrustedKey(public=public_of(seed), identity=identity, roles=roles, **fields)


ANNS: Final = trusted(ANN, "ann", "producer", "reviewer")
BEAS: Final = trusted(BEA, "bea", "reviewer")
TRUST: Final = Trust(keys=(ANNS, BEAS))


def opened(pack: bytes) -> OpenPack:
    return open_pack(io.BytesIO(pack))


def claimed(pack: bytes, role: Role = "producer", **fields: Any) -> PackClaim:  # noqa: ANN401  # as PackClaim
    """Return what somebody honest says of a pack; ``fields`` of it may be lies."""
    found = opened(pack)
    claim = claim_for(found.manifest, found.id, role=role, statement="Looked at it.")
    return attrs.evolve(claim, **fields)


def signed(pack: bytes, seed: bytes = ANN, role: Role = "producer", **fields: Any) -> bytes:  # noqa: ANN401  # as PackClaim
    """Return the pack with one more signature, put in as it should be."""
    out = io.BytesIO()
    attach(opened(pack), out, signed_envelope(claimed(pack, role, **fields).payload(), seed))
    return out.getvalue()


def with_entries(pack: bytes, entries: Mapping[str, bytes]) -> bytes:
    """Return the pack with these entries besides, whatever they are."""
    out = io.BytesIO()
    archive.write(out, sorted({**contents_of(pack), **entries}.items()))
    return out.getvalue()


def with_envelope(pack: bytes, envelope: Envelope, role: Role = "producer") -> bytes:
    """Return the pack with an envelope where one of its role and key id would stand."""
    return with_entries(
        pack, {f"attestations/{role}.{envelope.keyid[:16]}.json": envelope.file_bytes()}
    )


def ssh_envelope(payload: bytes, seed: bytes, *, hash_name: bytes = b"sha512") -> Envelope:
    """Return what ``ssh-keygen -Y sign`` would have made, had it this key."""
    public = PublicKey(raw=public_of(seed).raw, scheme="ssh-ed25519")
    draft = sshsig.SshSignature(public=public.raw, hash_name=hash_name, signature=b"")
    signature = sign(seed, draft.signed_bytes(pae(payload)))
    blob = attrs.evolve(draft, signature=signature).blob()
    return Envelope(payload=payload, keyid=public.keyid, signature=blob)


def signature_of(claim: ApprovalClaim, seed: bytes) -> msgspec.Raw:
    """Return somebody's signature of an answer as an event holds it."""
    return msgspec.Raw(signed_envelope(claim.payload(), seed).file_bytes())


def answered_story(
    seed: bytes | None = BEA,
    *,
    signed: Mapping[str, Any] | None = None,
    recorded: Mapping[str, Any] | None = None,
) -> Story:
    """Return a job that waited once and was given a yes by whoever has the key.

    ``signed`` are lies in what was signed, ``recorded`` in what was recorded.
    """
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    story.take(1)
    checkpoint_id, subject = story.ask(QUESTION, key="ask@start/1")
    claim = ApprovalClaim(
        subject=subject,
        job_id=story.job_id,
        checkpoint_id=checkpoint_id,
        decision="approved",
        reason="read the diff",
    )
    fields: dict[str, Any] = {
        "checkpoint_id": checkpoint_id,
        "subject": subject,
        "reason": claim.reason,
    }
    if seed is not None:
        fields["signature"] = signature_of(attrs.evolve(claim, **(signed or {})), seed)
    yes = e.ApprovalGiven(**{**fields, **(recorded or {})})
    story.tell(yes, e.JobResumed(reason="approved"), by="bea")
    return story


def signed_story() -> Story:
    """Return a job that asked three times: a signed yes, a signed no, and a yes nobody signed."""
    story = answered_story()
    story.take(2)
    checkpoint_id, subject = story.ask("Tag it?", key="ask@start/2", choices=("v1", "v2"))
    claim = ApprovalClaim(
        subject=subject,
        job_id=story.job_id,
        checkpoint_id=checkpoint_id,
        decision="refused",
        reason="too early",
        choice="v1",
    )
    no = e.ApprovalRefused(
        checkpoint_id=checkpoint_id,
        subject=subject,
        reason=claim.reason,
        choice=claim.choice,
        signature=signature_of(claim, BEA),
    )
    story.tell(no, e.JobResumed(reason="refused"), by="bea")
    story.take(3)
    checkpoint_id, subject = story.ask("Push it?", key="ask@start/3")
    yes = e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="go")
    story.tell(yes, e.JobResumed(reason="approved"), by="ann")
    story.take(4)
    story.tell(story.checkpoint("completed", "pushed"), e.JobCompleted(summary="pushed"))
    return story


SMALL: Final = packed(small_story())
