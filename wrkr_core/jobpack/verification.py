"""What a verification found, when it found nothing wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from wrkr_core.job.state import Status

Assurance = Literal["unsigned", "asserted", "signed"]


@attrs.frozen(kw_only=True)
class StageCheck:
    """One stage of a verification: its name, and in a sentence what it established."""

    stage: str
    said: str


@attrs.frozen(kw_only=True)
class Verification:
    """A job or jobpack that verified; what does not verify raises instead.

    Attributes:
        ok: True.
        job_id: The job.
        pack_id: SHA-256 of the manifest; None for a job verified in its store.
        format: ``v2`` for a jobpack of that format, ``store`` for a job in its store.
        status: What the log folds to.
        events: How many events the log holds.
        head_hash: The chain hash of the last of them.
        integrity: ``verified``: whole, unchanged, and every document says what the log says.
        assurance: Whether anybody vouches for it: ``unsigned`` when nobody does.
        signed_by: Identities of those who do.
        checks: Every stage, in the order they ran.

    """

    ok: bool = True
    job_id: str
    pack_id: str | None
    format: str
    status: Status
    events: int
    head_hash: str
    integrity: Literal["verified"] = "verified"
    assurance: Assurance = "unsigned"
    signed_by: tuple[str, ...] = ()
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
            "integrity": self.integrity,
            "assurance": self.assurance,
            "signed_by": list(self.signed_by),
            "checks": [{"stage": each.stage, "said": each.said} for each in self.checks],
        }
