"""The attestations of a jobpack: where they are, and which of them count.

Nothing in the pack is believed for being in the pack. An envelope is looked up by the key it names
among those that are trusted, its signature checked with the public bytes from there, and only then
are the same bytes read for what they say. A bad signature under the name of a trusted key, or a good
one about something else than this pack, condemns the pack. One of a key nobody here knows is
reported; nothing can be said about it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import VerifyMalformedError, VerifySignatureError
from wrkr_core.instants import to_text
from wrkr_core.jobpack.verification import SignatureFound
from wrkr_core.signing.claims import ROLES, PackClaim, Role, read_pack_claim
from wrkr_core.signing.dsse import LARGEST_ENVELOPE, read_envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wrkr_core.jobpack.manifest import Manifest
    from wrkr_core.signing.dsse import Envelope
    from wrkr_core.signing.trust import Trust, TrustedKey

ATTESTATIONS: Final = "attestations/"
MOST: Final = 16
"""How many attestations a pack has at most."""
LARGEST: Final = LARGEST_ENVELOPE
"""How many bytes one of them has at most."""
KEYID_DIGITS: Final = 16

_NAME: Final = re.compile(rf"{ATTESTATIONS}({'|'.join(ROLES)})\.([0-9a-f]{{{KEYID_DIGITS}}})\.json")


def name_of(role: Role, keyid: str) -> str:
    """Return the entry in which the attestation of a key for a role stands."""
    return f"{ATTESTATIONS}{role}.{keyid[:KEYID_DIGITS]}.json"


def claim_for(
    manifest: Manifest, pack_id: str, *, role: Role, statement: str, signed_at: int | None = None
) -> PackClaim:
    """Return what somebody states who signs the pack of this manifest."""
    return PackClaim(
        pack_id=pack_id,
        job_id=manifest.job_id,
        event_count=manifest.event_count,
        events_root=manifest.events_root,
        head_hash=manifest.head_hash,
        role=role,
        statement=statement,
        signed_at=signed_at,
    )


def check_names(names: Iterable[str]) -> None:
    """Check the names of the entries below ``ATTESTATIONS``.

    Raises: VerifyMalformedError: there are too many, or one is of a kind that is not known.
    """
    found = list(names)
    if len(found) > MOST:
        raise VerifyMalformedError(
            f"the jobpack has {len(found)} attestations, {MOST} are allowed",
            entry=found[MOST],
            reason="too_many",
            limit=MOST,
        )
    for name in found:
        if _NAME.fullmatch(name) is None:
            raise VerifyMalformedError(
                f"{name} is no attestation of a kind this release knows",
                hint=f"an attestation is named {name_of('producer', '0' * KEYID_DIGITS)}",
                entry=name,
            )


def check_contents(contents: Mapping[str, bytes]) -> None:
    """Check that a jobpack may hold these attestations, whoever made them.

    Raises: VerifyMalformedError: as ``check_names``; one is not in its one legal form, or not where
        it belongs.
    """
    check_names(contents)
    for name, content in contents.items():
        _read(name, content)


def judged(
    contents: Mapping[str, bytes], manifest: Manifest, pack_id: str, trust: Trust | None
) -> tuple[SignatureFound, ...]:
    """Return what was found of every attestation; ``contents`` are theirs, by name.

    Raises:
        VerifyMalformedError: One is not in its one legal form, or not where it belongs.
        VerifySignatureError: A trusted key did not sign what is said to be signed by it, or signed
            something else.
        NotSupportedHereError: PyNaCl is not installed.

    """
    return tuple(
        _judged(name, contents[name], manifest, pack_id, trust) for name in sorted(contents)
    )


def require(found: Iterable[SignatureFound], trust: Trust) -> None:
    """Require that those who signed are enough for ``trust``. Raises: VerifySignatureError."""
    signatures = tuple(found)
    missing = _missing(signatures, trust)
    if not missing:
        return
    others = [f"{each.entry}: {each.why}" for each in signatures if not each.counts]
    said = f"; {'; '.join(others)}" if others else "" if signatures else "; it is not signed at all"
    raise VerifySignatureError(
        f"the jobpack needs {' and '.join(missing)}{said}",
        hint="wrkr keys sign puts a signature into a jobpack, wrkr keys trust a key into a trust file",
        missing=list(missing),
        not_counted=others,
    )


def are_enough(found: Iterable[SignatureFound], trust: Trust) -> bool:
    """Tell whether those who signed are enough for ``trust``."""
    return not _missing(found, trust)


def _missing(found: Iterable[SignatureFound], trust: Trust) -> Sequence[str]:
    signed: list[tuple[TrustedKey, Role]] = [
        (key, each.role)
        for each in found
        if each.counts and (key := trust.find(each.keyid)) is not None
    ]
    return trust.missing(signed)


def signers(found: Iterable[SignatureFound]) -> tuple[str, ...]:
    """Return the identities of those whose signatures count, by name."""
    return tuple(sorted({each.identity for each in found if each.counts and each.identity}))


def _judged(
    name: str, content: bytes, manifest: Manifest, pack_id: str, trust: Trust | None
) -> SignatureFound:
    role, envelope = _role_of(name), _read(name, content)
    key = trust.find(envelope.keyid) if trust is not None else None
    if key is None:
        return SignatureFound(
            entry=name, role=role, keyid=envelope.keyid, why="its key is not known here"
        )
    at = _signed_at(name, envelope, key, manifest, pack_id)
    why = key.objection(role=role, job_id=manifest.job_id, at=at)
    return SignatureFound(
        entry=name,
        role=role,
        keyid=envelope.keyid,
        identity=key.identity,
        counts=not why,
        why=why,
    )


def _read(name: str, content: bytes) -> Envelope:
    """Return the envelope of an attestation. Raises: VerifyMalformedError: it does not stand there."""
    envelope = read_envelope(content, entry=name)
    if name_of(_role_of(name), envelope.keyid) != name:
        raise VerifyMalformedError(
            f"{name} holds a signature of the key {envelope.keyid[:KEYID_DIGITS]}", entry=name
        )
    return envelope


def _role_of(name: str) -> Role:
    """Return the role that the name of an attestation states."""
    match = _NAME.fullmatch(name)
    return next(role for role in ROLES if match is not None and match[1] == role)


def _signed_at(
    name: str, envelope: Envelope, key: TrustedKey, manifest: Manifest, pack_id: str
) -> int:
    """Return when a trusted key signed, by its own word. Raises: VerifySignatureError: it did not."""
    if not envelope.is_signed_by(key.public):
        raise VerifySignatureError(
            f"{name} is not signed by {key.identity}, whose key it names",
            hint="do not trust this jobpack: it, or the signature, was changed or forged",
            entry=name,
            keyid=envelope.keyid,
        )
    claim = read_pack_claim(envelope.payload, entry=name)
    wanted = claim_for(
        manifest,
        pack_id,
        role=claim.role,
        statement=claim.statement,
        signed_at=claim.signed_at,
    )
    if claim != wanted or name_of(claim.role, envelope.keyid) != name:
        raise VerifySignatureError(
            f"{name} was signed by {key.identity} for something else than this jobpack",
            hint="do not trust this jobpack: the signature was moved here",
            entry=name,
            keyid=envelope.keyid,
            expected=wanted.pack_id,
            found=claim.pack_id,
        )
    at = manifest.created_at if claim.signed_at is None else claim.signed_at
    if at < manifest.created_at:
        raise VerifySignatureError(
            f"{name} says it was signed at {to_text(at)}, before the job's last event",
            entry=name,
            keyid=envelope.keyid,
        )
    return at
