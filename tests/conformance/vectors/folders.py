"""Folders of vectors for the tests: the frozen one, and small ones made by hand."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

FROZEN: Final = Path(__file__).resolve().parents[3] / "conformance" / "vectors"
FILES: Final = sorted(path.relative_to(FROZEN).as_posix() for path in FROZEN.glob("*/**/*.json"))


def read(name: str) -> dict[str, Any]:
    """Return a frozen file."""
    value: dict[str, Any] = json.loads((FROZEN / name).read_bytes())
    return value


def cases_of(kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return every frozen case of a kind, each with its file."""
    return [
        (fields, case)
        for fields in map(read, FILES)
        if fields["kind"] == kind
        for case in fields["cases"]
    ]


def folder(root: Path, **files: object) -> Path:
    """Make a folder of vectors: ``name=value`` becomes ``group/name.json`` with its sum."""
    sums = ""
    (root / "group").mkdir()
    for name, value in files.items():
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        (root / "group" / f"{name}.json").write_bytes(data)
        sums += f"{sha256(data).hexdigest()}  group/{name}.json\n"
    (root / "SHA256SUMS").write_text(sums)
    return root


def vectors(kind: str, *cases: dict[str, Any], **shared: object) -> dict[str, Any]:
    """Return a file of vectors."""
    return {"format": "wrkr.vectors/1", "kind": kind, "about": "x", **shared, "cases": [*cases]}


MOVE: Final = {
    "id": "a",
    "status": "queued",
    "event": "job_paused",
    "expect": {"status": "paused"},
}
