"""Putting a signature into a jobpack that is there already; its id stays what it is.

The pack is copied entry by entry with one more among them, so it stays in its one legal form and is
never in memory as a whole. Whoever signs verifies the pack first; here only what is needed to sign
it is read.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import (
    InvalidInputError,
    UnsafeOperationError,
    VerifyError,
    VerifyMalformedError,
)
from wrkr_core.instants import to_text
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.attestations import (
    ATTESTATIONS,
    LARGEST,
    MOST,
    check_names,
    claim_for,
    name_of,
)
from wrkr_core.jobpack.manifest import MANIFEST, Manifest, pack_id, read_manifest
from wrkr_core.signing.claims import read_pack_claim

if TYPE_CHECKING:
    from wrkr_core.jobpack.archive import Entry
    from wrkr_core.signing.dsse import Envelope

# For a file that is only looked at when it is the very pack about to be written in its place.
_ANY: Final = Limits(
    archive_bytes=archive.LARGEST_ARCHIVE,
    entries=archive.MOST_ENTRIES,
    entry_bytes=archive.LARGEST_ARCHIVE,
    document_bytes=64 * 2**20,
)


@attrs.frozen(kw_only=True)
class OpenPack:
    """A jobpack of which container and manifest were checked; ``id`` is the pack's."""

    file: IO[bytes]
    entries: tuple[Entry, ...]
    manifest: Manifest
    id: str

    def attestations(self) -> dict[str, bytes]:
        """Return its attestations by name. Raises: VerifyMalformedError."""
        found = {each.name: each for each in self.entries if each.name.startswith(ATTESTATIONS)}
        check_names(found)
        return {name: archive.read(self.file, entry, LARGEST) for name, entry in found.items()}


def open_pack(file: IO[bytes], *, limits: Limits | None = None) -> OpenPack:
    """Return the jobpack in ``file``, which can seek and stays open.

    Raises: VerifyMalformedError: it is none; of its content only the manifest was looked at.
    """
    bounds = limits or Limits()
    entries = archive.scan(file, bounds)
    stated = next((each for each in entries if each.name == MANIFEST), None)
    if stated is None:
        raise VerifyMalformedError(f"the archive holds no {MANIFEST}, so it is no jobpack")
    data = archive.read(file, stated, bounds.document_bytes)
    return OpenPack(
        file=file, entries=tuple(entries), manifest=read_manifest(data), id=pack_id(data)
    )


def attach(pack: OpenPack, out: IO[bytes], envelope: Envelope, *, replace: bool = False) -> str:
    """Write the pack with one more attestation to ``out``; return the name of its entry.

    What is there already is written as it is. ``replace`` allows to put another statement of the
    same key and role in place of an earlier one.

    Raises:
        InvalidInputError: What was signed is not about this pack, or there is no room for more.
        UnsafeOperationError: The key has signed something else in this role before.
        VerifyMalformedError: The pack was changed meanwhile, or holds what is no attestation.

    """
    name = _name_for(pack, envelope)
    content = envelope.file_bytes()
    before = pack.attestations()
    if name in before and before[name] != content and not replace:
        raise UnsafeOperationError(
            f"{name} is in the jobpack already, with another statement",
            hint="--replace puts the new one in its place",
            entry=name,
        )
    if len(before.keys() | {name}) > MOST:
        raise InvalidInputError(f"a jobpack has at most {MOST} attestations", limit=MOST)
    contents: dict[str, bytes | archive.Stream] = {
        each.name: archive.Stream(
            size=each.size, crc32=each.crc32, chunks=archive.stream(pack.file, each)
        )
        for each in pack.entries
    }
    archive.write(out, sorted({**contents, name: content}.items()))
    return name


def kept_attestations(file: IO[bytes], wanted: str) -> dict[str, bytes]:
    """Return the attestations of the pack in ``file`` if it has the id ``wanted``, else none.

    So a pack that is exported again keeps what others have signed, however large it is.
    """
    try:
        pack = open_pack(file, limits=_ANY)
        return pack.attestations() if pack.id == wanted else {}
    except VerifyError:
        return {}


def _name_for(pack: OpenPack, envelope: Envelope) -> str:
    """Return the entry an envelope belongs into. Raises: InvalidInputError: none of this pack."""
    try:
        claim = read_pack_claim(envelope.payload, entry="the signature")
    except VerifyMalformedError as error:
        raise InvalidInputError(error.message) from error
    wanted = claim_for(
        pack.manifest,
        pack.id,
        role=claim.role,
        statement=claim.statement,
        signed_at=claim.signed_at,
    )
    if claim != wanted:
        raise InvalidInputError(
            f"the signature is for the jobpack sha256:{claim.pack_id} of job {claim.job_id}, not "
            f"for sha256:{pack.id} of job {pack.manifest.job_id}",
            hint="prepare and sign the statement for this jobpack",
            expected=pack.id,
            found=claim.pack_id,
        )
    if claim.signed_at is not None and claim.signed_at < pack.manifest.created_at:
        raise InvalidInputError(
            f"nothing can be signed at {to_text(claim.signed_at)} that ended with the job's last "
            f"event at {to_text(pack.manifest.created_at)}",
            hint="leave the time out, or give a later one",
        )
    return name_of(claim.role, envelope.keyid)
