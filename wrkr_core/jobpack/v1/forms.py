"""The form of each document in a v1 jobpack that is written: what is in it and what it is called.

Canonical JSON throughout. Checkpoints and approvals state ``dev`` as their producer's version, as
the contract has it; everything else states this release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_core._version import __version__
from wrkr_core.canonical import dumps
from wrkr_core.instants import to_text
from wrkr_core.jobpack.v1.agreement import reference_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wrkr_core.events import AcceptanceRecorded
    from wrkr_core.jobpack.v1.payloads import CountersUpdated
    from wrkr_core.jobpack.v1.records import JobStatus

SCHEMA_VERSION: Final = "v1"
DEVELOPMENT: Final = "dev"
"""What v1 states as the version of the program that wrote a checkpoint or an approval."""


def envelope(schema_id: str, job_id: str, at: int, producer: str = __version__) -> dict[str, Any]:
    """Return what every record states of itself and its job; ``at`` is µs since 1970."""
    return {
        "schema_id": schema_id,
        "schema_version": SCHEMA_VERSION,
        "created_at": to_text(at),
        "producer_version": producer,
        "job_id": job_id,
    }


def event(job_id: str, at: int, seq: int, kind: str, payload: Mapping[str, Any]) -> bytes:
    """Return a line of ``events.jsonl`` with its newline; all that is written was executed."""
    fields = {"event_id": f"evt_{seq}", "executed": True, "payload": payload, "type": kind}
    return line({**envelope("wrkr.event", job_id, at), **fields})


def checkpoint(job_id: str, at: int, seq: int, payload: Mapping[str, Any]) -> bytes:
    """Return the line of ``checkpoints.jsonl`` for the event ``seq``, with its newline."""
    said = {key: value for key, value in payload.items() if value is not None}
    stated = envelope("wrkr.checkpoint", job_id, at, DEVELOPMENT)
    return line({**stated, **said, "checkpoint_id": f"cp_{seq}"})


def approval(job_id: str, at: int, checkpoint_id: str, *, by: str, reason: str) -> dict[str, Any]:
    """Return an approval, as it stands in its event and as a line of ``approvals.jsonl``."""
    return {
        **envelope("wrkr.approval_record", job_id, at, DEVELOPMENT),
        "checkpoint_id": checkpoint_id,
        "approved_by": by,
        "reason": reason,
    }


def line(record: Mapping[str, Any]) -> bytes:
    """Return a record as a line with its newline."""
    return dumps(record) + b"\n"


def job(job_id: str, at: int, status: JobStatus, counters: CountersUpdated) -> bytes:
    """Return ``job.json``."""
    return dumps(
        {
            **envelope("wrkr.job", job_id, at),
            "name": job_id,
            "status": status,
            "budgets": counters_of(counters),
        }
    )


def counters_of(counters: CountersUpdated) -> dict[str, int]:
    """Return counters as JSON values."""
    return {name: getattr(counters, name) for name in counters.__struct_fields__}


def artifacts(job_id: str, at: int, paths: Iterable[str]) -> bytes:
    """Return ``artifacts_manifest.json``."""
    return dumps(
        {
            **envelope("wrkr.artifacts_manifest", job_id, at),
            "capture_mode": "reference-only",
            "artifacts": [
                {"path": path, "sha256": reference_digest(path)} for path in in_order(paths)
            ],
        }
    )


def in_order(paths: Iterable[str]) -> list[str]:
    """Return the paths as v1 lists them: each once, by their bytes, none that is empty."""
    return sorted({path for path in paths if path}, key=str.encode)


def acceptance(job_id: str, at: int, event: AcceptanceRecorded) -> bytes:
    """Return ``accept/accept_result.json``."""
    failures = [
        {
            "check": each.check or each.code,
            "message": each.message or each.code,
            **({} if each.artifact is None else {"artifact": each.artifact}),
        }
        for each in event.failures
    ]
    return dumps(
        {
            **envelope("wrkr.accept_result", job_id, at),
            "checks_run": event.checks_run,
            "checks_passed": event.passed,
            "failures": failures,
            "reason_codes": sorted({each.code for each in event.failures if each.code}),
        }
    )
