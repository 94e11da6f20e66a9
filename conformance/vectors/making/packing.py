"""Jobpacks made of any log, and packs of which one file says something else."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from vectors.making.zips import Part, zipped
from wrkr_core.canonical import digest_bytes, dumps, loads
from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.instants import to_text
from wrkr_core.job.fold import Folding
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.manifest import APPROVALS, BLOBS, CHECKPOINTS, EVENTS, MANIFEST
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.projections import Projections
from wrkr_core.record import open_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.job.state import JobState

RELEASE: Final = "0.1.0"

Contents = dict[str, bytes]


def contents_of(
    lines: Sequence[str], *, job_id: str = "port-utils", blobs: Sequence[bytes] = ()
) -> Contents:
    """Return the files of the pack of a log, the manifest too.

    All that follows from the log is as the log says, also when the log is not legal: what cannot be
    folded is passed over.
    """
    checkpoints, approvals = bytearray(), bytearray()
    made = Projections(job_id, checkpoints=checkpoints.extend, approvals=approvals.extend)
    data = [line.encode() for line in lines]
    state = _state(job_id, data, made)
    files = {
        EVENTS: b"".join(line + b"\n" for line in data),
        CHECKPOINTS: bytes(checkpoints),
        APPROVALS: bytes(approvals),
        **made.documents(state),
        **{BLOBS + digest_bytes(blob): blob for blob in blobs},
    }
    return {**files, MANIFEST: dumps(_manifest(job_id, data, state, files))}


def _state(job_id: str, data: list[bytes], made: Projections) -> JobState:
    """Return the last state there is, having made everything else on the way."""
    folding, state = Folding(job_id), None
    for recorded in open_lines(job_id, data):
        made.take_in(recorded)
        try:
            state = folding.add((recorded,))
        except MoveNotAllowedError:
            continue
    if state is None:
        raise ValueError("a log without a beginning has no state")
    return state


def _manifest(job_id: str, data: list[bytes], state: JobState, files: Contents) -> dict[str, Any]:
    tree = Tree()
    for line in data:
        tree.append(line)
    last = loads(data[-1])
    return {
        "schema_id": "wrkr.jobpack_manifest",
        "schema_version": "v2",
        "job_id": job_id,
        "created_at": to_text(last["at"]),
        "producer_version": RELEASE,
        "event_count": len(data),
        "head_hash": last["_hash"],
        "events_root": tree.root().hex(),
        "status": state.status,
        "files": _listed(files),
    }


def _listed(files: Contents) -> list[dict[str, Any]]:
    return [
        {"path": name, "size": len(files[name]), "sha256": digest_bytes(files[name])}
        for name in sorted(files)
        if name != MANIFEST
    ]


def parts_of(contents: Contents) -> list[Part]:
    """Return the entries of an archive, in order."""
    return [Part(name=name.encode(), content=contents[name]) for name in sorted(contents)]


def packed(contents: Contents) -> bytes:
    """Return the archive of these files as they are."""
    return zipped(parts_of(contents))


def stating(contents: Contents, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the pack under a changed manifest, which is then canonical again."""
    manifest = loads(contents[MANIFEST])
    change(manifest)
    return packed({**contents, MANIFEST: dumps(manifest)})


def with_files(contents: Contents, files: dict[str, bytes | None], **stated: object) -> bytes:
    """Return the pack with other files (None: without) under a manifest that fits them."""
    merged = {**contents, **files}
    kept = {name: content for name, content in merged.items() if content is not None}

    def fit(manifest: dict[str, Any]) -> None:
        manifest.update({"files": _listed(kept), **stated})

    return stating(kept, fit)


def with_log(contents: Contents, log: bytes, **stated: object) -> bytes:
    """Return the pack with another log, and the manifest fitting what can be said of it."""
    lines = log.split(b"\n")
    tree = Tree()
    for line in lines[:-1] if not lines[-1] else lines:
        tree.append(line)
    return with_files(contents, {EVENTS: log}, **{"events_root": tree.root().hex(), **stated})


def unpacked(pack: bytes) -> Contents:
    """Return the files of a pack in the one legal form."""
    file = io.BytesIO(pack)
    return {each.name: archive.read(file, each, each.size) for each in archive.scan(file)}
