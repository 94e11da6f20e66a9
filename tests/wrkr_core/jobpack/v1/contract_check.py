"""A check of v1 jobpacks written from CONTRACT.md alone, with nothing of the implementation.

It reads the bytes of the archive by itself and asks for every fact the contract states of a pack
that is written; what a reader may tolerate is not tolerated here. The letters are the contract's.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from hashlib import sha256
from typing import Any, Final

NAMES: Final = {
    "artifacts_manifest.json",
    "checkpoints.jsonl",
    "events.jsonl",
    "job.json",
    "manifest.json",
}
OPTIONAL: Final = {"approvals.jsonl", "accept/accept_result.json"}
ENVELOPE: Final = {"schema_id", "schema_version", "created_at", "producer_version"}
FIELDS: Final = {  # A2: schema_id -> required, optional
    "wrkr.job": ({"job_id", "name", "status", "budgets"}, set()),
    "wrkr.event": ({"event_id", "job_id", "type", "executed", "payload"}, set()),
    "wrkr.checkpoint": (
        {
            *("checkpoint_id", "job_id", "type", "summary", "status"),
            *("budget_state", "artifacts_delta", "reason_codes"),
        },
        {"required_action"},
    ),
    "wrkr.approval_record": ({"job_id", "checkpoint_id", "reason", "approved_by"}, set()),
    "wrkr.artifacts_manifest": ({"job_id", "capture_mode", "artifacts"}, set()),
    "wrkr.accept_result": (
        {"job_id", "checks_run", "checks_passed", "failures", "reason_codes"},
        set(),
    ),
    "wrkr.jobpack_manifest": ({"job_id", "manifest_sha256", "files"}, set()),
}
PAYLOADS: Final = {  # A4
    "job_initialized": {"started_at", "status"},
    "env_fingerprint_set": {"rules", "values", "hash", "captured_at"},
    "status_changed": {"from", "to"},
    "counters_updated": {"retry_count", "step_count", "tool_call_count"},
    "idempotency_recorded": {"key"},
    "lease_set": {"worker_id", "lease_id", "acquired_at", "heartbeat_at", "expires_at"},
    "lease_released": {"lease_id", "worker_id"},
    "checkpoint_emitted": {
        *("type", "summary", "status", "budget_state"),
        *("artifacts_delta", "required_action", "reason_codes"),
    },
    "approval_recorded": ENVELOPE | {"job_id", "checkpoint_id", "reason", "approved_by"},
    "adapter_step": {
        *("adapter", "step_id", "step_index", "summary", "command", "executed", "artifacts"),
    },
    "env_override_recorded": {
        *("expected_hash", "actual_hash", "reason", "approved_by", "rules", "values"),
        "captured_at",
    },
}
MOVES: Final = {  # A5
    "queued": {"running", "canceled"},
    "running": {"paused", "completed", "canceled"}
    | {"blocked_decision", "blocked_budget", "blocked_error"},
    "paused": {"running", "blocked_error", "canceled"},
    "blocked_decision": {"running", "blocked_error", "canceled"},
    "blocked_budget": {"running", "blocked_error", "canceled"},
    "blocked_error": {"running", "canceled"},
    "completed": set[str](),
    "canceled": set[str](),
}
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z")  # A1
JOB_ID: Final = re.compile(r"[a-zA-Z0-9._-]+")
DECISION: Final = "decision-needed"
COUNTERS: Final = ("retry_count", "step_count", "tool_call_count")
STAMP: Final = bytes.fromhex("5554 0500 01 00a6ce12")  # UT, 5 bytes, flags 1, 315532800

Record = dict[str, Any]


def check(pack: bytes) -> Record:
    """Assert that the bytes are a pack as the contract describes one; return its ``job.json``."""
    files = _files(pack)
    assert NAMES <= set(files) <= NAMES | OPTIONAL
    manifest = _document(files["manifest.json"])
    _check_manifest(manifest, files)
    _check_log(files, manifest["job_id"])
    job: Record = _document(files["job.json"])
    return job


def _files(pack: bytes) -> dict[str, bytes]:
    """A11, Zip: every byte of the archive."""
    files: dict[str, bytes] = {}
    expected_directory = b""
    at = 0
    while pack[at : at + 4] == b"PK\x03\x04":
        begin = at
        name_size, extra_size = struct.unpack_from("<2H", pack, at + 26)
        name = pack[at + 30 : at + 30 + name_size]
        fixed = struct.pack("<5H3L", 20, 8, 0, 0, 0x21, 0, 0, 0)
        assert pack[at + 4 : at + 26] == fixed
        at += 30 + name_size
        assert pack[at : at + extra_size] == STAMP
        at += extra_size
        # Where the content ends is known from what must stand behind it.
        end = at
        while True:
            end = pack.index(b"PK\x07\x08", end)
            content = pack[at:end]
            sums = struct.pack("<3L", zlib.crc32(content), len(content), len(content))
            if pack[end + 4 : end + 16] == sums:
                break
            end += 1
        at = end + 16
        files[name.decode("ascii")] = content
        expected_directory += b"PK\x01\x02" + struct.pack("<6H", 20, 20, 8, 0, 0, 0x21)
        expected_directory += sums + struct.pack("<5H2L", len(name), 9, 0, 0, 0, 0, begin)
        expected_directory += name + STAMP
    assert list(files) == sorted(files, key=str.encode)
    count, size = len(files), len(expected_directory)
    end_record = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, size, at, 0)
    assert pack[at:] == expected_directory + end_record
    return files


def _jcs(value: object) -> bytes:
    # Every key here is ASCII and every number whole, so that this is RFC 8785.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _document(data: bytes) -> Record:
    value: Record = json.loads(data)
    assert _jcs(value) == data
    required, optional = FIELDS[value["schema_id"]]
    assert required | ENVELOPE <= set(value) <= required | ENVELOPE | optional
    assert value["schema_version"] == "v1"
    assert value["producer_version"]
    assert TIME.fullmatch(value["created_at"])
    assert JOB_ID.fullmatch(value["job_id"])
    assert ".." not in value["job_id"]
    return value


def _lines(files: dict[str, bytes], name: str) -> list[Record]:
    content = files.get(name, b"")
    assert not content or content.endswith(b"\n")
    return [_document(line) for line in content.split(b"\n")[:-1]]


def _check_manifest(manifest: Record, files: dict[str, bytes]) -> None:
    listed = [
        {"path": name, "sha256": sha256(content).hexdigest()}
        for name, content in sorted(files.items())
        if name != "manifest.json"
    ]
    assert manifest["files"] == listed
    zeros = {**manifest, "manifest_sha256": "0" * 64}
    assert manifest["manifest_sha256"] == sha256(_jcs(zeros)).hexdigest()


class _Log:
    """What a log comes to, event by event (A4, A5, A9, A10)."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.status = "queued"
        self.counters: Record = dict.fromkeys(COUNTERS, 0)
        self.emitted: list[Record] = []
        self.approved: list[Record] = []
        self.environment = ""

    def take_in(self, event: Record, seq: int) -> None:
        kind, payload = event["type"], event["payload"]
        assert (event["event_id"], event["job_id"]) == (f"evt_{seq}", self.job_id)
        assert (kind == "job_initialized") == (seq == 1)
        assert set(payload) == PAYLOADS[kind]
        assert event["executed"] is payload.get("executed", True)
        for key, value in payload.items():
            assert not key.endswith("_at") or TIME.fullmatch(value)
        check_kind = getattr(self, f"_{kind}", None)
        if check_kind is not None:
            check_kind(payload)
        if kind == "checkpoint_emitted":
            self.emitted.append(_emitted(event, seq))

    def _job_initialized(self, payload: Record) -> None:
        assert payload["status"] == "queued"

    def _status_changed(self, payload: Record) -> None:
        assert payload["from"] == self.status
        assert payload["to"] in MOVES[self.status]
        asked = self._asked()
        if payload["to"] == "running" and self.status != "queued" and asked:
            assert asked[-1] in {each["checkpoint_id"] for each in self.approved}
        self.status = payload["to"]

    def _counters_updated(self, payload: Record) -> None:
        assert all(payload[name] >= self.counters[name] for name in COUNTERS)
        self.counters = payload

    def _checkpoint_emitted(self, payload: Record) -> None:
        _check_checkpoint(payload, self.counters)

    def _approval_recorded(self, payload: Record) -> None:
        _document(_jcs(payload))
        assert payload["checkpoint_id"] in self._asked()
        self.approved.append(payload)

    def _env_fingerprint_set(self, payload: Record) -> None:
        self.environment = _environment(payload)
        assert payload["hash"] == self.environment

    def _env_override_recorded(self, payload: Record) -> None:
        assert payload["expected_hash"] == self.environment
        self.environment = _environment(payload)
        assert payload["actual_hash"] == self.environment

    def _lease_set(self, payload: Record) -> None:
        assert re.fullmatch(r"dispatch-\d+", payload["worker_id"])  # A1
        assert re.fullmatch(r"lease-\d+-\d+", payload["lease_id"])

    def _asked(self) -> list[str]:
        return [each["checkpoint_id"] for each in self.emitted if each["type"] == DECISION]


def _check_log(files: dict[str, bytes], job_id: str) -> None:
    log = _Log(job_id)
    for seq, event in enumerate(_lines(files, "events.jsonl"), 1):
        log.take_in(event, seq)
    assert log.status in MOVES
    assert _lines(files, "checkpoints.jsonl") == log.emitted
    assert _lines(files, "approvals.jsonl") == log.approved
    assert ("approvals.jsonl" in files) == bool(log.approved)
    _check_documents(files, log)


def _check_checkpoint(payload: Record, counters: Record) -> None:
    kinds = {"plan", "progress", DECISION, "blocked", "completed"}
    assert payload["type"] in kinds
    assert payload["status"] in MOVES
    assert 1 <= len(payload["summary"]) <= 2000
    budget = payload["budget_state"]
    assert set(budget) == {"wall_time_seconds", *COUNTERS}
    assert budget["wall_time_seconds"] >= 0
    assert {name: budget[name] for name in COUNTERS} == counters
    assert set(payload["artifacts_delta"]) == {"added", "changed", "removed"}
    for paths in payload["artifacts_delta"].values():
        assert paths == sorted(set(paths), key=str.encode)
    assert set(payload["required_action"] or {}) <= {"kind", "instructions"}
    assert all(payload["reason_codes"])


def _emitted(event: Record, seq: int) -> Record:
    """A11: a checkpoint's record is what its event says, and ``dev`` its producer."""
    said = {key: value for key, value in event["payload"].items() if value is not None}
    return {
        **said,
        "schema_id": "wrkr.checkpoint",
        "schema_version": "v1",
        "producer_version": "dev",
        "created_at": event["created_at"],
        "job_id": event["job_id"],
        "checkpoint_id": f"cp_{seq}",
    }


def _environment(payload: Record) -> str:
    """A9."""
    assert payload["rules"] == sorted(set(payload["values"]))
    return sha256(_jcs({"rules": payload["rules"], "values": payload["values"]})).hexdigest()


def _check_documents(files: dict[str, bytes], log: _Log) -> None:
    job = _document(files["job.json"])
    assert (job["job_id"], job["name"], job["status"]) == (log.job_id, log.job_id, log.status)
    assert job["budgets"] == log.counters
    artifacts = _document(files["artifacts_manifest.json"])
    deltas = [each["artifacts_delta"] for each in log.emitted]
    paths = {path for delta in deltas for path in (*delta["added"], *delta["changed"])}
    assert artifacts["capture_mode"] == "reference-only"
    assert artifacts["artifacts"] == [
        {"path": path, "sha256": sha256(f"reference:{path}".encode()).hexdigest()}
        for path in sorted(paths, key=str.encode)
    ]
    if "accept/accept_result.json" in files:
        result = _document(files["accept/accept_result.json"])
        assert result["checks_passed"] <= result["checks_run"]
        for each in result["failures"]:
            assert {"check", "message"} <= set(each) <= {"check", "message", "artifact"}
            assert each["check"]
            assert each["message"]
