"""The manifest of a v1 jobpack, which states its own digest and so proves nothing of who wrote it.

The digest is over the manifest as v1 writes it: canonical, with zeros in place of the digest and the
time rewritten. So white space in the file is free, and its bytes are not what a receipt names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core.canonical import digest_bytes, dumps
from wrkr_core.errors import VerifyHashError, VerifyMalformedError
from wrkr_core.jobpack.v1.failures import Overlooked, UnexpectedShapeError
from wrkr_core.jobpack.v1.names import MANIFEST, REQUIRED
from wrkr_core.jobpack.v1.records import Manifest, PackedFile, shaped
from wrkr_core.jobpack.v1.texts import has_equal_keys, value_of
from wrkr_core.jobpack.v1.times import is_time, rewritten

if TYPE_CHECKING:
    from collections.abc import Iterable

JOB_ID: Final = r"[a-zA-Z0-9._-]+"
"""What a job id of v1 matches in whole; besides, it holds no ``..``."""
SCHEMA_ID: Final = "wrkr.jobpack_manifest"

_ZEROS: Final = "0" * 64
_LONGEST_NAMED: Final = 5


def sealed(manifest: Manifest) -> Manifest:
    """Return the manifest with its own digest in it."""
    return msgspec.structs.replace(manifest, manifest_sha256=_digest(manifest))


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as canonical JSON without newline."""
    return dumps(msgspec.to_builtins(manifest))


def _digest(manifest: Manifest) -> str:
    return digest_bytes(manifest_bytes(msgspec.structs.replace(manifest, manifest_sha256=_ZEROS)))


def read_manifest(data: bytes) -> tuple[Manifest, Overlooked]:
    """Return the manifest these bytes are, and what v1 lets pass in it.

    Raises:
        UnexpectedShapeError: They are no manifest by v1's schema.
        VerifyHashError: It has not the digest it states.
        VerifyMalformedError: Not UTF-8, or nested too deeply.

    """
    value = value_of(data)
    manifest = shaped(value, Manifest)
    written = rewritten(manifest.created_at)
    if written is None:
        raise UnexpectedShapeError(f"created_at is {manifest.created_at!r:.80}, which is no time")
    found = _digest(msgspec.structs.replace(manifest, created_at=written))
    if found != manifest.manifest_sha256:
        raise VerifyHashError(
            "it has not the manifest_sha256 it states",
            expected=manifest.manifest_sha256,
            found=found,
        )
    problem = _problem(manifest, has_equal_keys=has_equal_keys(data, value))
    overlooked = VerifyMalformedError(f"{MANIFEST}: {problem}", entry=MANIFEST) if problem else None
    return manifest, overlooked


def _problem(manifest: Manifest, *, has_equal_keys: bool) -> str:
    """Return what v1 lets pass and should not, or nothing."""
    paths = [each.path for each in manifest.files]
    missing = [name for name in REQUIRED if name not in paths]
    twice = _twice(paths)
    problems = (
        (has_equal_keys, "an object in it has the same key twice"),
        (
            not re.fullmatch(JOB_ID, manifest.job_id) or ".." in manifest.job_id,
            f"{manifest.job_id!r:.80} cannot be the id of a job",
        ),
        (not is_time(manifest.created_at), f"created_at {manifest.created_at} is not in UTC"),
        (missing, f"it does not list {', '.join(missing)}"),
        (twice, f"it lists {', '.join(twice)} twice"),
    )
    return next((said for is_wrong, said in problems if is_wrong), "")


def _twice(paths: Iterable[str]) -> list[str]:
    """Return some of the paths that are there more than once."""
    seen: set[str] = set()
    twice: list[str] = []
    for path in paths:
        if path in seen and len(twice) < _LONGEST_NAMED:
            twice.append(path[:200])
        seen.add(path)
    return twice


def unsealed(
    job_id: str, *, created_at: str, producer_version: str, files: Iterable[PackedFile]
) -> Manifest:
    """Return a manifest of these files that has no digest yet."""
    return Manifest(
        schema_id=SCHEMA_ID,
        schema_version="v1",
        created_at=created_at,
        producer_version=producer_version,
        job_id=job_id,
        manifest_sha256=_ZEROS,
        files=tuple(sorted(files, key=lambda each: each.path.encode())),
    )
