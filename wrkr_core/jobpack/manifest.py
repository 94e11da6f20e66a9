"""The manifest: the one document of a jobpack that names all others by size and digest.

Its SHA-256 is the pack's id and is stated nowhere inside, so there is no hash to be recomputed by
whoever changes something. The reader takes only the bytes the writer makes: canonical JSON, no
unknown fields, files ascending by path and each once, the required ones present.
"""

from __future__ import annotations

import re
from typing import Final, cast

import attrs
import msgspec

from wrkr_core.canonical import digest_bytes, dumps, loads_strict
from wrkr_core.errors import InvalidInputError, VerifyMalformedError
from wrkr_core.ids import check_job_id
from wrkr_core.instants import from_text, to_text
from wrkr_core.job.state import STATUSES, Status
from wrkr_core.jobpack.archive import check_name

SCHEMA_ID: Final = "wrkr.jobpack_manifest"
SCHEMA_VERSION: Final = "v2"

MANIFEST: Final = "manifest.json"
EVENTS: Final = "events.jsonl"
JOB: Final = "job.json"
CHECKPOINTS: Final = "checkpoints.jsonl"
APPROVALS: Final = "approvals.jsonl"
ARTIFACTS: Final = "artifacts_manifest.json"
ACCEPTANCE: Final = "accept/accept_result.json"
BLOBS: Final = "blobs/"
REQUIRED: Final = (APPROVALS, ARTIFACTS, CHECKPOINTS, EVENTS, JOB)
"""The files every pack has, besides the manifest."""
LONGEST_VERSION: Final = 100
"""How many characters a release's own version has at most."""
DOCUMENTS: Final = (ACCEPTANCE, ARTIFACTS, JOB)
"""The files that are one JSON document each, besides the manifest, and are made whole to compare."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_BLOB: Final = re.compile(rf"{BLOBS}[0-9a-f]{{64}}")


@attrs.frozen(kw_only=True)
class PackedFile:
    """A file of the pack: its entry's name, its size in bytes and the SHA-256 of its content."""

    path: str
    size: int
    sha256: str


@attrs.frozen(kw_only=True)
class Manifest:
    """What a pack states of itself.

    ``created_at`` is the instant of the job's last event (µs since 1970 UTC), not of the export;
    ``events_root`` the Merkle root over the log's lines, ``head_hash`` the chain hash of the last.
    ``files`` ascend by path and do not hold the manifest itself.
    """

    job_id: str
    created_at: int
    producer_version: str
    event_count: int
    head_hash: str
    events_root: str
    status: Status
    files: tuple[PackedFile, ...]

    def file(self, path: str) -> PackedFile | None:
        """Return the file of that path, None if there is none."""
        return next((each for each in self.files if each.path == path), None)


class _Written(msgspec.Struct, frozen=True):
    """The manifest as its bytes hold it."""

    schema_id: str
    schema_version: str
    job_id: str
    created_at: str
    producer_version: str
    event_count: int
    head_hash: str
    events_root: str
    status: str
    files: tuple[PackedFile, ...]


_decode = msgspec.json.Decoder(_Written).decode


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as its only legal bytes, canonical JSON without newline.

    Raises: InvalidInputError: it holds something the reader would refuse.
    """
    written = _Written(
        schema_id=SCHEMA_ID,
        schema_version=SCHEMA_VERSION,
        job_id=manifest.job_id,
        created_at=to_text(manifest.created_at),
        producer_version=manifest.producer_version,
        event_count=manifest.event_count,
        head_hash=manifest.head_hash,
        events_root=manifest.events_root,
        status=manifest.status,
        files=manifest.files,
    )
    problem = _problem(written)
    if problem:
        raise InvalidInputError(f"the manifest cannot be written: {problem}")
    return dumps(msgspec.to_builtins(written))


def pack_id(data: bytes) -> str:
    """Return the id of the pack whose ``manifest.json`` has these bytes: their SHA-256, in hex."""
    return digest_bytes(data)


def read_manifest(data: bytes) -> Manifest:
    """Return the manifest that these bytes are.

    Raises:
        VerifyMalformedError: They are not the canonical form of a manifest of this format.

    """
    try:
        value = loads_strict(data)
    except InvalidInputError as error:
        raise _malformed(error.message, offset=error.details.get("offset")) from error
    _require_format(value)
    try:
        written = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _malformed(str(error)) from error
    problem = _problem(written)
    if problem:
        raise _malformed(problem)
    manifest = Manifest(
        job_id=written.job_id,
        created_at=from_text(written.created_at),
        producer_version=written.producer_version,
        event_count=written.event_count,
        head_hash=written.head_hash,
        events_root=written.events_root,
        status=_status(written.status),
        files=written.files,
    )
    if manifest_bytes(manifest) != data:
        raise _malformed("it holds something that does not belong there, or has two forms")
    return manifest


def _require_format(value: object) -> None:
    """Say which format it is before judging its fields by ours. Raises: VerifyMalformedError."""
    found = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if found.get("schema_id") != SCHEMA_ID:
        raise _malformed(f"its schema_id is not {SCHEMA_ID}")
    version = found.get("schema_version")
    if version != SCHEMA_VERSION:
        raise VerifyMalformedError(
            f"the jobpack has format {version!r:.40}; this release verifies {SCHEMA_VERSION}",
            hint="use the release that wrote it, or a newer one",
            entry=MANIFEST,
        )


def _problem(written: _Written) -> str:
    """Return what is wrong with a manifest whose fields have the right types, or nothing."""
    problems = (
        (
            not 0 < len(written.producer_version) <= LONGEST_VERSION,
            f"producer_version must have 1 to {LONGEST_VERSION} characters",
        ),
        (written.event_count < 1, "a job has at least one event"),
        (written.status not in STATUSES, f"{written.status!r} is no status of a job"),
        (not _HASH.fullmatch(written.head_hash), "head_hash is not 64 lower-case hex digits"),
        (not _HASH.fullmatch(written.events_root), "events_root is not 64 lower-case hex digits"),
    )
    problem = next((said for is_wrong, said in problems if is_wrong), "")
    try:
        return problem or _problem_in_names(written)
    except InvalidInputError as error:
        return error.message


def _problem_in_names(written: _Written) -> str:
    """Return what is wrong with id, time and files, or nothing. Raises: InvalidInputError."""
    check_job_id(written.job_id)
    from_text(written.created_at)
    return _problem_in_files(written.files)


def _problem_in_files(files: tuple[PackedFile, ...]) -> str:
    """Return what is wrong with the list of files, or nothing. Raises: InvalidInputError."""
    last = ""
    for each in files:
        check_name(each.path)
        if each.path <= last:
            return f"{each.path!r} is listed twice or out of order"
        last = each.path
        if each.path not in REQUIRED and each.path != ACCEPTANCE and not _BLOB.fullmatch(each.path):
            return f"{each.path!r} is no file of a jobpack"
        if each.size < 0 or not _HASH.fullmatch(each.sha256):
            return f"size or sha256 of {each.path!r} cannot be right"
    missing = sorted(set(REQUIRED).difference(each.path for each in files))
    return f"it does not list {', '.join(missing)}" if missing else ""


def _status(text: str) -> Status:
    return next(each for each in STATUSES if each == text)


def _malformed(problem: str, *, offset: object = None) -> VerifyMalformedError:
    return VerifyMalformedError(
        f"{MANIFEST} is not the manifest of a jobpack: {problem}", entry=MANIFEST, offset=offset
    )
