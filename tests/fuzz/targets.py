"""What is fuzzed: each reader of bytes that come from strangers, with what must be true of it.

A target is handed any bytes and tells whether they were accepted. It raises only where the reader
has a defect: another error than the one that is declared, or bytes accepted that are not the one
legal form of what they say.
"""

from __future__ import annotations

import io
import json
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rfc8785

from wrkr_core.canonical import dumps, is_canonical, loads, loads_strict
from wrkr_core.errors import InvalidInputError, VerifyError, VerifyMalformedError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.manifest import manifest_bytes, read_manifest
from wrkr_core.jobpack.proofs import read_proof
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.signing.dsse import read_envelope

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS: Final = Path(__file__).parent / "corpus"
_LIMITS: Final = archive.Limits(archive_bytes=2**20, entries=64, entry_bytes=2**18)


def read_archive(data: bytes) -> bool:
    """Read a container: what is accepted is what writing its entries gives."""
    file = io.BytesIO(data)
    try:
        found = archive.scan(file, _LIMITS)
        contents = [(each.name, archive.read(file, each, 2**18)) for each in found]
    except VerifyError:
        return False
    again = io.BytesIO()
    archive.write(again, contents)
    assert again.getvalue() == data
    return True


def read_pack(data: bytes) -> bool:
    """Verify a whole jobpack."""
    try:
        return verify_pack(io.BytesIO(data), limits=_LIMITS).ok
    except VerifyError:
        return False


def read_pack_manifest(data: bytes) -> bool:
    """Read a manifest: what is accepted is what writing it gives."""
    try:
        manifest = read_manifest(data)
    except VerifyMalformedError:
        return False
    assert manifest_bytes(manifest) == data
    return True


def read_canonical(data: bytes) -> bool:
    """Read strictly: two other implementations agree on the bytes and on the value.

    What is read without strictness and can be written is then read strictly.
    """
    try:
        written = dumps(loads(data))
    except InvalidInputError:
        pass
    else:
        assert is_canonical(written)
    try:
        value = loads_strict(data)
    except InvalidInputError:
        return False
    assert rfc8785.dumps(value) == data
    assert json.loads(data) == value
    return True


def read_signature(data: bytes) -> bool:
    """Read a DSSE envelope: what is accepted is what writing it gives."""
    try:
        envelope = read_envelope(data, entry="attestations/producer.0123456789abcdef.json")
    except VerifyMalformedError:
        return False
    assert envelope.file_bytes() == data
    return True


def read_any_proof(data: bytes) -> bool:
    """Read a proof: what is accepted is what writing it gives, whether it shows anything or not."""
    try:
        proof = read_proof(data)
    except VerifyMalformedError:
        return False
    assert proof.file_bytes() == data
    try:
        proof.check()
    except VerifyError:
        return False
    return True


TARGETS: Final[dict[str, Callable[[bytes], bool]]] = {
    "archive": read_archive,
    "canonical": read_canonical,
    "dsse": read_signature,
    "manifest": read_pack_manifest,
    "pack": read_pack,
    "proof": read_any_proof,
}
"""Every target by name."""


def corpus_of(name: str) -> list[bytes]:
    """Return the inputs that are kept for a target: a line of base64 each."""
    return [b64decode(line) for line in (CORPUS / f"{name}.txt").read_text("ascii").splitlines()]
