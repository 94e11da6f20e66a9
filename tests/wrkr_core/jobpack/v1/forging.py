"""Jobpacks of format v1 taken apart, changed, and put together again with all digests made anew."""

from __future__ import annotations

import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wrkr_core.canonical import dumps
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.v1.verify import verify_v1
from wrkr_core.jobpack.v1.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wrkr_core.jobpack.verification import Verification

FIXTURES: Final = Path(__file__).parents[3] / "fixtures" / "wrkr_v1"
GOOD: Final = sorted(path.stem for path in (FIXTURES / "jobpacks").glob("*.zip"))
BROKEN: Final = sorted(path.stem for path in (FIXTURES / "tampered").glob("*.zip"))
APPROVED: Final = "05_approved_resumed"
DEMO: Final = "01_demo"
JOB_ID: Final = "port-utils"
AT: Final = "2026-02-14T06:00:00Z"

Record = dict[str, Any]


def fixture(name: str) -> bytes:
    """Return the bytes of a pack of the fixtures."""
    folder = "jobpacks" if name in GOOD else "tampered"
    return (FIXTURES / folder / f"{name}.zip").read_bytes()


def expected(name: str) -> Record:
    """Return what the other implementation says of a pack."""
    folder = "jobpacks" if name in GOOD else "tampered"
    found: Record = json.loads((FIXTURES / folder / f"{name}.expected.json").read_bytes())
    return found


def contents_of(pack: bytes) -> dict[str, bytes]:
    """Return the files of a pack, read by the standard library."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {each.filename: archive.read(each) for each in archive.infolist()}


def packed(contents: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """Return an archive as v1 writes it; entries in the order given."""
    out = io.BytesIO()
    writer = Writer(out)
    pairs = contents.items() if hasattr(contents, "items") else contents
    for name, content in pairs:
        writer.add(name, [content])
    writer.end()
    return out.getvalue()


def zipped(contents: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive as the standard library writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compression)
    return out.getvalue()


def lines_of(content: bytes) -> list[Record]:
    """Return the records of a file that holds one a line."""
    return [json.loads(line) for line in content.split(b"\n") if line]


def in_lines(records: Iterable[Record]) -> bytes:
    """Return records as lines."""
    return b"".join(dumps(record) + b"\n" for record in records)


def sealed(contents: Mapping[str, bytes], **stated: object) -> dict[str, bytes]:
    """Return the files with a manifest that lists them, its digest made anew."""
    manifest = {
        "schema_id": "wrkr.jobpack_manifest",
        "schema_version": "v1",
        "created_at": AT,
        "producer_version": "1.0.1",
        "job_id": JOB_ID,
        "files": [
            {"path": name, "sha256": sha256(content).hexdigest()}
            for name, content in sorted(contents.items())
            if name != "manifest.json"
        ],
        **stated,
        "manifest_sha256": "0" * 64,
    }
    manifest["manifest_sha256"] = sha256(dumps(manifest)).hexdigest()
    return {**contents, "manifest.json": dumps(manifest)}


def resealed(contents: Mapping[str, bytes], **stated: object) -> dict[str, bytes]:
    """Return files of which some were changed, under a manifest like the one they had."""
    manifest: Record = json.loads(contents["manifest.json"])
    kept = {key: value for key, value in manifest.items() if key != "files"}
    return sealed(contents, **{**kept, **stated})


def changed(pack: str, name: str, change: Callable[[Any], object], **stated: object) -> bytes:
    """Return a fixture with one file changed by hand and everything sealed afresh.

    ``change`` is handed the document, or the list of records, and changes it in place.
    """
    contents = contents_of(fixture(pack))
    is_lines = name.endswith(".jsonl")
    value = lines_of(contents[name]) if is_lines else json.loads(contents[name])
    change(value)
    contents[name] = in_lines(value) if is_lines else dumps(value)
    return packed(resealed(contents, **stated))


def event(seq: int, kind: str, payload: Record, **fields: object) -> Record:
    """Return a line of a log."""
    return {
        "schema_id": "wrkr.event",
        "schema_version": "v1",
        "created_at": AT,
        "producer_version": "1.0.1",
        "job_id": JOB_ID,
        "event_id": f"evt_{seq}",
        "type": kind,
        "executed": True,
        "payload": payload,
        **fields,
    }


BEGUN: Final = {"started_at": AT, "status": "queued"}


def smallest() -> dict[str, bytes]:
    """Return the files of a job that exists and nothing more."""
    stated = {"schema_version": "v1", "created_at": AT, "producer_version": "1", "job_id": JOB_ID}
    counters = {"retry_count": 0, "step_count": 0, "tool_call_count": 0}
    job = {**stated, "schema_id": "wrkr.job", "name": JOB_ID, "status": "queued"}
    artifacts = {"schema_id": "wrkr.artifacts_manifest", "capture_mode": "reference-only"}
    return sealed(
        {
            "artifacts_manifest.json": dumps({**stated, **artifacts, "artifacts": []}),
            "checkpoints.jsonl": b"",
            "events.jsonl": in_lines([event(1, "job_initialized", BEGUN)]),
            "job.json": dumps({**job, "budgets": counters}),
        }
    )


def verified(pack: bytes, **asked: Any) -> Verification:  # noqa: ANN401  # as verify_v1
    """Return what is verified of a pack."""
    return verify_v1(io.BytesIO(pack), **asked)


def refusal(pack: bytes, **asked: Any) -> VerifyError:  # noqa: ANN401  # as verify_v1
    """Return why a pack is refused; it must be."""
    try:
        verified(pack, **asked)
    except VerifyError as error:
        return error
    raise AssertionError("it was accepted")
