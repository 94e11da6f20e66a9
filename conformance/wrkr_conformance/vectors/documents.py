"""Vectors of canonical JSON, its digests, and receipts."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from wrkr_conformance.vectors.outcomes import bytes_of, compare
from wrkr_core.canonical import digest_bytes, dumps, loads, loads_strict
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.jobpack.receipt import read_receipt, receipt_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Fields = Mapping[str, Any]


def check_canonical_json(_root: Path, _fields: Fields, case: Fields) -> None:
    """Read a JSON text and write it canonically."""

    def found() -> dict[str, Any]:
        data = dumps(loads(bytes_of(case)))
        return {"canonical": data.decode(), "sha256": digest_bytes(data)}

    compare(case, found)


def check_canonical_number(_root: Path, _fields: Fields, case: Fields) -> None:
    """Write a number given by its 64 bits."""

    def found() -> dict[str, Any]:
        number = struct.unpack(">d", bytes.fromhex(case["ieee754"]))[0]
        return {"canonical": dumps(number).decode()}

    compare(case, found)


def check_strict_json(_root: Path, _fields: Fields, case: Fields) -> None:
    """Read bytes that must be canonical already."""

    def found() -> dict[str, Any]:
        loads_strict(bytes_of(case))
        return {"accepted": True}

    compare(case, found)


def check_fingerprint(_root: Path, _fields: Fields, case: Fields) -> None:
    """Digest what the rules of an environment yielded."""
    seen = [Observation(rule=each["rule"], value=each["value"]) for each in case["observations"]]
    compare(case, lambda: {"digest": fingerprint(seen).digest})


def check_receipt(_root: Path, _fields: Fields, case: Fields) -> None:
    """Read a receipt; one that is read is also written again."""

    def found() -> dict[str, Any]:
        receipt = read_receipt(case["text"])
        line = receipt_line(receipt.job_id, receipt.pack_id)
        return {"job_id": receipt.job_id, "pack_id": receipt.pack_id, "line": line}

    compare(case, found)
