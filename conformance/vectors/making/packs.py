"""The files of jobpacks: good ones, hostile ones, and what a verifier is asked besides."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from vectors.making.hostile_archives import archives
from vectors.making.hostile_documents import attestations, documents, file_sets, logs
from vectors.making.hostile_histories import histories
from vectors.making.hostile_manifests import manifests
from vectors.making.pack_bases import good
from vectors.making.packing import unpacked
from vectors.making.writing import Case, hold, vectors
from wrkr_conformance.vectors.packs import judged
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.manifest import MANIFEST
from wrkr_core.jobpack.verify import verify_pack

if TYPE_CHECKING:
    from collections.abc import Mapping

ABOUT: Final = {
    "good": "Packs that verify, and what they are.",
    "archives": "Files that are no archive in the one legal form.",
    "manifests": "Packs whose manifest is not one.",
    "attestations": "Packs with an attestation that is none; no key is needed to see it.",
    "files": "Packs whose files are not those the manifest lists.",
    "logs": "Packs whose log is damaged or not this job's; digests and manifest fit it.",
    "documents": "Packs of which a document says otherwise than the log; every digest fits.",
    "histories": "Packs whose log cannot have happened; every digest and every document fits.",
}
CODES: Final = {"E_VERIFY_MALFORMED": 6, "E_VERIFY_HASH_MISMATCH": 2, "E_VERIFY_HISTORY": 2}


def files() -> dict[str, bytes]:
    """Return the files of this group by name."""
    packs: dict[str, Mapping[str, bytes]] = {
        "good": good(),
        "archives": {name: pack for name, (pack, _) in archives().items()},
        "manifests": manifests(),
        "attestations": attestations(),
        "files": {name: pack for name, (pack, _) in file_sets().items()},
        "logs": {name: pack for name, (pack, _) in logs().items()},
        "documents": {name: pack for name, (pack, _) in documents().items()},
        "histories": {name: pack for name, (pack, _) in histories().items()},
    }
    _hold_tables()
    found: dict[str, bytes] = {}
    for group, named in packs.items():
        cases: list[Case] = []
        for name, pack in named.items():
            path = f"jobpacks/{group}/{name}.zip"
            found[path] = pack
            cases.append({"id": name, "file": path, "expect": judged(pack, {})})
        found[f"jobpacks/{group}.json"] = vectors("jobpack", ABOUT[group], cases)
    return {**found, "jobpacks/asked.json": _asked(), "jobpacks/exports.json": _exports()}


def _hold_tables() -> None:
    """Hold every hostile pack to the stage, code and words its table says by hand."""
    for name, (pack, stage) in archives().items():
        changed = stage == "digests"
        _hold(name, pack, stage, "E_VERIFY_HASH_MISMATCH" if changed else "E_VERIFY_MALFORMED")
    for name, pack in manifests().items():
        _hold(name, pack, "manifest", "E_VERIFY_MALFORMED")
    for name, pack in attestations().items():
        _hold(name, pack, "signatures", "E_VERIFY_MALFORMED")
    for name, (pack, stage) in file_sets().items():
        _hold(name, pack, stage, "E_VERIFY_HASH_MISMATCH")
    for name, (pack, code) in logs().items():
        _hold(name, pack, "log", code)
    for name, (pack, stage) in documents().items():
        _hold(name, pack, stage, "E_VERIFY_HISTORY")
    for name, (pack, said) in histories().items():
        _hold(name, pack, "history", "E_VERIFY_HISTORY", said)


def _hold(name: str, pack: bytes, stage: str, code: str, said: str = "") -> None:
    refusal = {"refused": code, "exit_code": CODES[code], "stage": stage}
    hold(judged(pack, {}), refusal, name)
    try:
        verify_pack(io.BytesIO(pack))
    except VerifyError as error:
        hold(said in error.message, True, f"{name}: {error.message}")  # noqa: FBT003  # what holds


def _asked() -> bytes:
    """Return cases of good packs that are not what the caller wants."""
    packs = good()
    pack = packs["approved"]
    found = judged(pack, {})
    other = judged(packs["completed"], {})
    largest = max(len(content) for content in unpacked(pack).values())
    rows: dict[str, tuple[dict[str, Any], tuple[str, str] | None]] = {
        "job-and-receipt": ({"job_id": "port-utils", "receipt": found["receipt"]}, None),
        "another-job": ({"job_id": "another"}, ("E_VERIFY_HISTORY", "expectations")),
        "receipt-of-another-pack": (
            {"receipt": other["receipt"]},
            ("E_VERIFY_HASH_MISMATCH", "expectations"),
        ),
        "no-receipt": ({"receipt": "sha256:0"}, ("E_INVALID_INPUT_SCHEMA", "asked")),
        "exactly-as-large": ({"limits": {"archive_bytes": len(pack)}}, None),
        "larger": ({"limits": {"archive_bytes": len(pack) - 1}}, ("E_VERIFY_MALFORMED", "limits")),
        "as-many-entries": ({"limits": {"entries": len(unpacked(pack))}}, None),
        "more-entries": (
            {"limits": {"entries": len(unpacked(pack)) - 1}},
            ("E_VERIFY_MALFORMED", "container"),
        ),
        "larger-entry": (
            {"limits": {"entry_bytes": largest - 1}},
            ("E_VERIFY_MALFORMED", "container"),
        ),
        "larger-manifest": (
            {"limits": {"document_bytes": len(unpacked(pack)[MANIFEST]) - 1}},
            ("E_VERIFY_MALFORMED", "manifest"),
        ),
    }
    cases: list[Case] = []
    for name, (asked, refusal) in rows.items():
        came = judged(pack, asked)
        hold((came["refused"], came["stage"]) if "refused" in came else None, refusal, name)
        path = "jobpacks/good/approved.zip"
        cases.append({"id": name, "file": path, "asked": asked, "expect": came})
    return vectors("jobpack", "A good pack that is not what the caller asks for.", cases)


def _exports() -> bytes:
    cases: list[Case] = [
        {
            "id": name,
            "file": f"jobpacks/good/{name}.zip",
            "expect": {"entries": sorted(unpacked(pack))},
        }
        for name, pack in good().items()
    ]
    return vectors("export", "Make the same pack again from its log and its blobs alone.", cases)
