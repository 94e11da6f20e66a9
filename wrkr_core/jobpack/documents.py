"""The form of each document in a jobpack, version ``v2``: what is in it and what it is called.

Times are RFC 3339 text, amounts whole numbers of the meter's unit (``wall`` in microseconds,
``cost`` in micro-USD), lists in the order of the log unless they say otherwise. ``schema_version``
and ``job_id`` are put in by ``projections``. Nothing here may change without another version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_core import events as e
from wrkr_core.instants import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_core.artifact import Artifact
    from wrkr_core.budget import Amount
    from wrkr_core.job.state import JobState

ASSERTED: Final = "asserted"
"""What an approval is worth that nobody signed: somebody with access to the store says so."""
SIGNED: Final = "signed"
"""What one is worth that carries a signature; whose it is, verifying with a trust file tells."""


def job(state: JobState, engine: str) -> dict[str, Any]:
    """Return ``job.json``: where the job stands; ``engine`` is the release that took it."""
    limits, spent = state.limit_by_meter(), state.spent_by_meter()
    reserved = state.reserved_by_meter()
    origin = state.forked_from
    environment = state.fingerprint
    return {
        "schema_id": "wrkr.job",
        "name": state.name,
        "objective": state.objective,
        "status": state.status,
        "summary": state.summary,
        "reason_codes": state.reason_codes,
        "spec_digest": state.spec_digest,
        "engine": engine,
        "submitted_by": state.submitted_by,
        "submitted_at": to_text(state.submitted_at),
        "updated_at": to_text(state.at),
        "forked_from": (
            {"job_id": origin.job, "seq": origin.seq, "hash": origin.hash} if origin else None
        ),
        "budget": [
            {
                "meter": meter,
                "limit": limits.get(meter),
                "spent": spent.get(meter, 0),
                "reserved": reserved.get(meter, 0),
            }
            for meter in sorted(limits.keys() | spent.keys() | reserved.keys())
        ],
        "steps": {
            "begun": state.steps.begun,
            "done": state.steps.done,
            "failed_attempts": state.steps.failed_attempts,
            "open": len(state.open_steps),
            "total": state.steps.total,
        },
        "checkpoints": {each.kind: each.count for each in state.checkpoints},
        "open_decisions": [each.checkpoint_id for each in state.decisions],
        "lease_epochs": state.epoch,
        "environment": (
            {
                "digest": environment.digest,
                "rules": [each.rule for each in environment.observations],
            }
            if environment
            else None
        ),
        "wake_at": _time(state.wake_at),
        "unknown_events": state.unknown,
        "head": {"seq": state.seq, "hash": state.hash},
    }


def checkpoint(recorded: e.RecordedEvent, event: e.CheckpointRecorded) -> dict[str, Any]:
    """Return a line of ``checkpoints.jsonl``."""
    action = event.required_action
    return {
        "schema_id": "wrkr.checkpoint",
        "checkpoint_id": event.checkpoint_id,
        "kind": event.kind,
        **_place(recorded),
        "summary": event.summary,
        "reason_codes": event.reason_codes,
        "budget": _amounts(event.budget),
        "artifacts": {
            "added": event.artifacts.added,
            "changed": event.artifacts.changed,
            "removed": event.artifacts.removed,
        },
        "required_action": (
            {
                "kind": action.kind,
                "instructions": action.instructions,
                "key": action.key,
                "choices": action.choices,
            }
            if action
            else None
        ),
        "data": event.data,
    }


def approval(
    recorded: e.RecordedEvent, event: e.ApprovalGiven | e.ApprovalRefused
) -> dict[str, Any]:
    """Return a line of ``approvals.jsonl``; ``subject`` is the hash of the record that asked."""
    return {
        "schema_id": "wrkr.approval_record",
        "checkpoint_id": event.checkpoint_id,
        "subject": event.subject,
        "decision": "approved" if isinstance(event, e.ApprovalGiven) else "refused",
        "choice": event.choice,
        "reason": event.reason,
        "expires_at": _time(event.expires_at) if isinstance(event, e.ApprovalGiven) else None,
        "assurance": ASSERTED if event.signature == e.NULL else SIGNED,
        **_place(recorded),
    }


def artifacts(found: Iterable[tuple[Artifact, int]]) -> dict[str, Any]:
    """Return ``artifacts_manifest.json`` of the newest record (its seq) of each path, by path."""
    return {
        "schema_id": "wrkr.artifacts_manifest",
        "artifacts": [
            {
                "path": artifact.path,
                "sha256": artifact.sha256,
                "size": artifact.size,
                "capture": artifact.capture,
                "redacted": artifact.redacted,
                "seq": seq,
            }
            for artifact, seq in found
        ],
    }


def acceptance(recorded: e.RecordedEvent, event: e.AcceptanceRecorded) -> dict[str, Any]:
    """Return ``accept/accept_result.json``."""
    return {
        "schema_id": "wrkr.accept_result",
        **_place(recorded),
        "checks_run": event.checks_run,
        "checks_passed": event.passed,
        "config_digest": event.config_digest,
        "failures": [
            {
                "check": each.check,
                "code": each.code,
                "message": each.message,
                "artifact": each.artifact,
            }
            for each in event.failures
        ],
    }


def _place(recorded: e.RecordedEvent) -> dict[str, Any]:
    """Return where in the log it stands, when it was, and who did it."""
    return {
        "seq": recorded.seq,
        "hash": recorded.hash,
        "at": to_text(recorded.at),
        "by": recorded.by,
    }


def _amounts(amounts: tuple[Amount, ...]) -> list[dict[str, Any]]:
    return [{"meter": each.meter, "amount": each.amount} for each in amounts]


def _time(at: int | None) -> str | None:
    return None if at is None else to_text(at)
