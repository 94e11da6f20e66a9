"""Whom somebody trusts to vouch for what, and when a signature counts.

A key is trusted by its public bytes, for roles, for jobs and for a time. Keys never come from what
is being verified. The instant that counts is the one the signature itself covers: the pack's last
event, or a later one the signer stated, so a verdict does not depend on the day it is asked for.
Who holds a lapsed key can state an earlier instant; a key that got out is revoked as
``compromised``, which voids everything it ever signed.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Literal

import attrs

from wrkr_core.instants import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_core.signing.claims import Role
    from wrkr_core.signing.keys import PublicKey

Reason = Literal["compromised", "retired"]
REASONS: Final[tuple[Reason, ...]] = ("compromised", "retired")
"""Why a key is trusted no more: from the beginning, or from an instant on."""


@attrs.frozen(kw_only=True)
class Revocation:
    """A key is trusted no more; ``at`` (µs since 1970 UTC) counts for a retired one."""

    at: int
    reason: Reason


@attrs.frozen(kw_only=True)
class TrustedKey:
    """Whose key it is and what it may vouch for.

    ``jobs`` are globs of job ids. The key is good from ``not_before`` on and before ``not_after``
    (µs since 1970 UTC, None without end).
    """

    public: PublicKey
    identity: str
    roles: tuple[Role, ...]
    jobs: tuple[str, ...] = ("*",)
    not_before: int | None = None
    not_after: int | None = None
    revoked: Revocation | None = None

    def objection(self, *, role: Role, job_id: str, at: int) -> str:
        """Return why a good signature made with it does not count, empty if it does."""
        revoked = self.revoked
        if revoked is not None and revoked.reason == "compromised":
            return "its key was revoked as compromised"
        if revoked is not None and at >= revoked.at:
            return f"its key was retired at {to_text(revoked.at)}"
        if role not in self.roles:
            return f"its key is not trusted as {role}"
        if not any(fnmatchcase(job_id, glob) for glob in self.jobs):
            return f"its key is not trusted for job {job_id}"
        if self.not_before is not None and at < self.not_before:
            return f"its key is good from {to_text(self.not_before)} on"
        if self.not_after is not None and at >= self.not_after:
            return f"its key was good until {to_text(self.not_after)}"
        return ""


@attrs.frozen(kw_only=True)
class Requirement:
    """How many different keys must have signed as ``role`` (None: as anything).

    ``distinct_from`` names a role whose keys, and whoever holds them, do not count here.
    """

    role: Role | None
    threshold: int = 1
    distinct_from: Role | None = None


ANY_SIGNATURE: Final = (Requirement(role=None),)
"""What is required where a trust file says nothing: that somebody in it signed."""


@attrs.frozen(kw_only=True)
class Trust:
    """The keys that are trusted, and what a jobpack must be signed by."""

    keys: tuple[TrustedKey, ...]
    require: tuple[Requirement, ...] = ANY_SIGNATURE

    def find(self, keyid: str) -> TrustedKey | None:
        """Return the trusted key of that id; ids are computed here from the public bytes."""
        return next((each for each in self.keys if each.public.keyid == keyid), None)

    def missing(self, signers: Iterable[tuple[TrustedKey, Role]]) -> tuple[str, ...]:
        """Return what is required and not met by keys that signed as a role; empty if all is."""
        found = tuple(signers)
        return tuple(
            said for requirement in self.require if (said := _shortfall(requirement, found))
        )


def _shortfall(wanted: Requirement, signers: tuple[tuple[TrustedKey, Role], ...]) -> str:
    """Return what is missing. Keys count by their bytes: one listed or used twice is one."""
    others = [key for key, role in signers if role == wanted.distinct_from]
    taken = {key.public.raw for key in others}
    names = {key.identity for key in others}
    counted = {
        key.public.raw
        for key, role in signers
        if wanted.role in (None, role) and key.public.raw not in taken and key.identity not in names
    }
    if len(counted) >= wanted.threshold:
        return ""
    many = "signatures" if wanted.threshold > 1 else "signature"
    who = f" as {wanted.role}" if wanted.role is not None else ""
    apart = f" by somebody else than the {wanted.distinct_from}" if wanted.distinct_from else ""
    return f"{wanted.threshold} trusted {many}{who}{apart} (it has {len(counted)})"
