"""What a verification found, when it found nothing wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from wrkr_core.job.state import Status
    from wrkr_core.signing.claims import Role

Assurance = Literal["unsigned", "asserted", "signed"]


@attrs.frozen(kw_only=True)
class StageCheck:
    """One stage of a verification: its name, and in a sentence what it established."""

    stage: str
    said: str


@attrs.frozen(kw_only=True)
class SignatureFound:
    """An attestation of a pack: where it stands, whose it is, and whether it counts.

    ``identity`` is whose key it is in the trust file, None for a key that is not in it: of such a
    signature not even the bytes were checked. ``why`` says why it does not count.
    """

    entry: str
    role: Role
    keyid: str
    identity: str | None = None
    counts: bool = False
    why: str = ""


@attrs.frozen(kw_only=True)
class AnswersFound:
    """What the approvals and refusals in a log are worth.

    Attributes:
        asserted: How many nobody signed: somebody with access to the store says so.
        signed: How many were signed by a key that is trusted for it.
        unknown: How many by a key that is not known here.
        not_counted: How many by a trusted key that does not count for it.
        signed_by: Identities of those who signed, by name.
        objections: Why signatures do not count, each with its checkpoint.

    """

    asserted: int = 0
    signed: int = 0
    unknown: int = 0
    not_counted: int = 0
    signed_by: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Verification:
    """A job or jobpack that verified; what does not verify raises instead.

    Attributes:
        ok: True.
        job_id: The job.
        pack_id: SHA-256 of the manifest; None for a job verified in its store.
        format: ``v2`` or ``v1`` for a jobpack of that format, ``store`` for a job in its store.
        status: What the log folds to.
        events: How many events the log holds.
        head_hash: The chain hash of the last of them; None where a format has no chain.
        history: ``folded``: the log was folded by all rules of this release; ``not foldable``: it
            was written by another program, and only fits together.
        integrity: ``verified``: whole, unchanged, and every document says what the log says.
        assurance: Whether anybody vouches for it: ``signed`` by keys that are trusted here and are
            enough, ``asserted`` when it carries signatures and nobody was named whose would count,
            ``unsigned`` when it carries none.
        signed_by: Identities of those who do, by name.
        signatures: Every attestation it carries.
        answers: What its approvals are worth.
        payloads: How the job's content stands: ``plain``; ``sealed`` under a key that no jobpack
            holds; ``erased``, when the log says that the key was removed. Everything else is
            verified alike, on what is recorded.
        checks: Every stage, in the order they ran.

    """

    ok: bool = True
    job_id: str
    pack_id: str | None
    format: str
    status: Status
    events: int
    head_hash: str | None
    history: Literal["folded", "not foldable"] = "folded"
    integrity: Literal["verified"] = "verified"
    assurance: Assurance = "unsigned"
    signed_by: tuple[str, ...] = ()
    signatures: tuple[SignatureFound, ...] = ()
    answers: AnswersFound = AnswersFound()
    payloads: Literal["plain", "sealed", "erased"] = "plain"
    checks: tuple[StageCheck, ...]

    def view(self) -> dict[str, object]:
        """Return all of it as JSON values, as ``wrkr verify --json`` prints it."""
        return {
            "ok": self.ok,
            "job_id": self.job_id,
            "pack_id": self.pack_id,
            "format": self.format,
            "status": self.status,
            "events": self.events,
            "head_hash": self.head_hash,
            "history": self.history,
            "integrity": self.integrity,
            "assurance": self.assurance,
            "signed_by": list(self.signed_by),
            "signatures": [attrs.asdict(each) for each in self.signatures],
            "answers": {
                **attrs.asdict(self.answers),
                "signed_by": list(self.answers.signed_by),
                "objections": list(self.answers.objections),
            },
            "payloads": self.payloads,
            "checks": [{"stage": each.stage, "said": each.said} for each in self.checks],
        }
