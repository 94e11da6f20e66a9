"""Vectors of jobpacks: good and hostile files, and what a verifier must say of each."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from wrkr_conformance.expect import same
from wrkr_conformance.vectors.outcomes import agree
from wrkr_core.canonical import loads
from wrkr_core.errors import WrkrError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.manifest import MANIFEST
from wrkr_core.jobpack.receipt import receipt_line
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wrkr_core.jobpack.verification import Verification

    Fields = Mapping[str, Any]


def check_jobpack(root: Path, _fields: Fields, case: Fields) -> None:
    """Verify a pack, with what the verifier is told besides."""
    agree(judged((root / case["file"]).read_bytes(), case.get("asked", {})), case["expect"])


def judged(pack: bytes, asked: Fields) -> dict[str, Any]:
    """Return what verifying a pack comes to: what it is, or code, exit code and stage."""
    try:
        found = verify_pack(
            io.BytesIO(pack),
            limits=Limits(**asked["limits"]) if "limits" in asked else None,
            expect_receipt=asked.get("receipt"),
            expect_job=asked.get("job_id"),
        )
    except WrkrError as error:
        stage = error.details.get("stage", "asked")
        return {"refused": error.code, "exit_code": error.exit_code, "stage": stage}
    return _said(found)


def _said(found: Verification) -> dict[str, Any]:
    return {
        "job_id": found.job_id,
        "pack_id": found.pack_id,
        "status": found.status,
        "events": found.events,
        "head_hash": found.head_hash,
        "receipt": receipt_line(found.job_id, found.pack_id or ""),
    }


def check_export(root: Path, _fields: Fields, case: Fields) -> None:
    """Make a pack from nothing but the log and blobs of one; it must be the same again.

    Only ``producer_version`` may differ, by which two releases are told apart.
    """
    given = (root / case["file"]).read_bytes()
    store, out = MemoryStore(), io.BytesIO()
    job_id, _ = import_pack(io.BytesIO(given), store)
    export_pack(store, job_id, out)
    before, after = _entries(given), _entries(out.getvalue())
    stated = [loads(entries.pop(MANIFEST)) for entries in (before, after)]
    versions = [each.pop("producer_version") for each in stated]
    agree(stated[1], stated[0])
    same(after, before, "entries")
    if versions[0] == versions[1]:
        same(out.getvalue(), given, "the pack")
    agree({"entries": sorted([*after, MANIFEST])}, case["expect"])


def _entries(pack: bytes) -> dict[str, bytes]:
    file = io.BytesIO(pack)
    return {each.name: archive.read(file, each, each.size) for each in archive.scan(file)}
