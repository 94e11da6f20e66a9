"""Jobpacks of an engine under test: read, verified by this project's own code, and tampered with."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from wrkr_conformance.engine.claiming import ended
from wrkr_conformance.expect import Broken
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import WrkrError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.manifest import APPROVALS, EVENTS, JOB, MANIFEST
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.verify import verify_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wrkr_conformance.engine.bench import Bench
    from wrkr_core.jobpack.verification import Verification

    Tamper = Callable[[bytes], bytes]


def exported(bench: Bench, job_id: str, *options: str) -> bytes:
    """Export a job and return the bytes at the path that was answered. Raises: Broken."""
    view = ended(bench.ask("export", job_id, *options), 0).result()
    path = bench.workspace / str(view.get("path"))
    if not path.is_file():
        raise Broken(f"export answers the path {view.get('path')!r}, where no file is")
    return path.read_bytes()


def verified(pack: bytes) -> Verification:
    """Verify a pack as a stranger does. Raises: Broken, with what was found."""
    try:
        return verify_pack(io.BytesIO(pack))
    except WrkrError as error:
        raise Broken(f"the jobpack does not verify: {error.code}: {error.message}") from error


def entries_of(pack: bytes) -> dict[str, bytes]:
    """Return the entries of a pack by name. Raises: Broken: it is no archive in the one legal form."""
    file = io.BytesIO(pack)
    try:
        return {each.name: archive.read(file, each, each.size) for each in archive.scan(file)}
    except WrkrError as error:
        raise Broken(f"the jobpack cannot be read: {error.code}: {error.message}") from error


def documents_of(pack: bytes) -> dict[str, Any]:
    """Return the documents of a pack: an object for ``.json``, a list of them for ``.jsonl``."""
    return {
        name: [loads(line) for line in data.split(b"\n")[:-1]]
        if name.endswith(".jsonl")
        else loads(data)
        for name, data in entries_of(pack).items()
        if not name.startswith("blobs/")
    }


def _packed(entries: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    archive.write(out, sorted(entries.items()))
    return out.getvalue()


def _fitting(entries: Mapping[str, bytes], **stated: object) -> bytes:
    """Return the pack of these entries, with digests and sizes in the manifest that fit them."""
    manifest = loads(entries[MANIFEST])
    for each in manifest["files"]:
        content = entries[each["path"]]
        each["size"], each["sha256"] = len(content), sha256(content).hexdigest()
    manifest.update(stated)
    return _packed({**entries, MANIFEST: dumps(manifest)})


def _other_approver(pack: bytes) -> bytes:
    entries = entries_of(pack)
    forged = entries[APPROVALS].replace(b'"by":"ann"', b'"by":"bob"')
    return _fitting({**entries, APPROVALS: forged})


def _other_status(pack: bytes) -> bytes:
    entries = entries_of(pack)
    job = entries[JOB].replace(b'"status":"completed"', b'"status":"canceled"')
    return _fitting({**entries, JOB: job}, status="canceled")


def _event_altered(pack: bytes) -> bytes:
    entries = entries_of(pack)
    return _packed({**entries, EVENTS: entries[EVENTS].replace(b"read it", b"read at")})


def _event_altered_and_listed(pack: bytes) -> bytes:
    entries = entries_of(pack)
    return _fitting({**entries, EVENTS: entries[EVENTS].replace(b"read it", b"read at")})


def _event_dropped(pack: bytes) -> bytes:
    """Take the last event out of the log, and let the manifest fit what is left."""
    entries = entries_of(pack)
    lines = entries[EVENTS].split(b"\n")[:-2]
    tree = Tree()
    for line in lines:
        tree.append(line)
    return _fitting(
        {**entries, EVENTS: b"".join(line + b"\n" for line in lines)},
        event_count=len(lines),
        head_hash=loads(lines[-1])["_hash"],
        events_root=tree.root().hex(),
    )


def _file_dropped(pack: bytes) -> bytes:
    return _packed({name: data for name, data in entries_of(pack).items() if name != APPROVALS})


TAMPERINGS: Final[Mapping[str, tuple[Tamper, str]]] = {
    "event-altered": (_event_altered, "E_VERIFY_HASH_MISMATCH"),
    "event-altered-and-listed": (_event_altered_and_listed, "E_VERIFY_HASH_MISMATCH"),
    "event-dropped": (_event_dropped, "E_VERIFY_HISTORY"),
    "file-dropped": (_file_dropped, "E_VERIFY_HASH_MISMATCH"),
    "another-approver": (_other_approver, "E_VERIFY_HISTORY"),
    "another-status": (_other_status, "E_VERIFY_HISTORY"),
}
"""Ways to change the pack of a completed job that ann approved, and the code that names each."""
