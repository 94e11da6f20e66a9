"""A v1 log that is being written: where the job stands by it, and what a checkpoint still has to say.

Three things here are v1's and not ours. Where v1 has no direct way from one status to another, the
job goes by ``running``. A decision is told when the job blocks for it or somebody approves it, and
not when it was asked, because v1 lets no job go on behind an open one. Files are named by
checkpoints alone, so those recorded between two are named by the later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wrkr_core.errors import BudgetExceededError
from wrkr_core.instants import SECOND
from wrkr_core.jobpack.v1 import forms
from wrkr_core.jobpack.v1.history import NO_COUNTERS
from wrkr_core.jobpack.v1.moves import MOVES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from wrkr_core.events import CheckpointRecorded
    from wrkr_core.jobpack.v1.payloads import CountersUpdated
    from wrkr_core.jobpack.v1.records import JobStatus


class Telling:
    """What was told so far, and what is kept for later.

    Attributes:
        job_id: The job.
        at: When what is told now happened, in µs since 1970.
        began_at: When the job began.
        count: How many events of v1 there are.
        status: What they come to.
        counters: What was used.
        paths: Every file that a checkpoint named as added or changed.
        checkpoints: The lines of ``checkpoints.jsonl``.
        ids: What v1 calls the decisions that are told, by our id.

    """

    def __init__(self, job_id: str, refused: Collection[str]) -> None:
        """Begin before the first event; ``refused`` are the decisions that will be refused."""
        self.job_id = job_id
        self.at = self.began_at = 0
        self.count = 0
        self.status: JobStatus = "queued"
        self.counters = NO_COUNTERS
        self.paths: set[str] = set()
        self.checkpoints = bytearray()
        self.ids: dict[str, str] = {}
        self._refused = refused
        self._lines: list[bytes] = []
        self._waiting: dict[str, CheckpointRecorded] = {}
        self._digests: dict[str, str] = {}
        self._unnamed: list[str] = []

    def told(self) -> bytes:
        """Return the lines of ``events.jsonl`` since this was called last."""
        told, self._lines = b"".join(self._lines), []
        return told

    def tell(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Write an event."""
        self.count += 1
        self._lines.append(forms.event(self.job_id, self.at, self.count, kind, payload))

    def move(self, to: JobStatus) -> None:
        """Write what brings the job into a status, if it is not in it."""
        if to != self.status and to not in MOVES[self.status]:
            self.move("running")
        if to != self.status:
            self.tell("status_changed", {"from": self.status, "to": to})
            self.status = to

    def use(self, counters: CountersUpdated) -> None:
        """Write what was used by now, if that is news."""
        if counters != self.counters:
            self.counters = counters
            self.tell("counters_updated", forms.counters_of(counters))

    def keep(self, path: str, digest: str) -> None:
        """Remember a file for the next checkpoint to name, if its content is news."""
        if self._digests.get(path) != digest:
            self._digests[path] = digest
            self._unnamed.append(path)

    def checkpoint(self, event: CheckpointRecorded) -> None:
        """Write a checkpoint, or keep a decision until the job waits for it."""
        if event.kind == "decision-needed" and event.checkpoint_id not in self._refused:
            self._waiting[event.checkpoint_id] = event
        else:
            self._write(event)

    def ask_all(self) -> None:
        """Write every decision that is kept."""
        for checkpoint_id in list(self._waiting):
            self.ask(checkpoint_id)

    def ask(self, checkpoint_id: str) -> None:
        """Write a decision, unless it is written."""
        kept = self._waiting.pop(checkpoint_id, None)
        if kept is not None:
            self._write(kept)

    def remark(self, summary: str, kind: str, instructions: str) -> None:
        """Write a progress checkpoint for something that v1 has no event for."""
        self._emit(
            {
                "type": "progress",
                "summary": summary,
                "status": self.status,
                "artifacts_delta": {"added": [], "changed": [], "removed": []},
                "required_action": {"kind": kind, "instructions": instructions},
                "reason_codes": [],
            }
        )

    def _write(self, event: CheckpointRecorded) -> None:
        action = event.required_action
        wanted = {"kind": action.kind, "instructions": action.instructions} if action else None
        self._emit(
            {
                "type": "blocked" if event.checkpoint_id in self._refused else event.kind,
                "summary": event.summary,
                "status": self._status_in(event),
                "artifacts_delta": self._delta(event),
                "required_action": wanted,
                "reason_codes": [code for code in event.reason_codes if code],
            }
        )
        if action is not None:
            self.ids[event.checkpoint_id] = f"cp_{self.count}"

    def _emit(self, said: dict[str, Any]) -> None:
        wall = {"wall_time_seconds": (self.at - self.began_at) // SECOND}
        payload = {**said, "budget_state": {**wall, **forms.counters_of(self.counters)}}
        self.tell("checkpoint_emitted", payload)
        self.checkpoints += forms.checkpoint(self.job_id, self.at, self.count, payload)

    def _status_in(self, event: CheckpointRecorded) -> JobStatus:
        """Return the status a checkpoint states: in v1 the one the job is about to have."""
        if event.kind == "completed":
            return "completed"
        if event.kind == "decision-needed":
            return "blocked_decision"
        if event.kind == "blocked":
            is_budget = BudgetExceededError.code in event.reason_codes
            return "blocked_budget" if is_budget else "blocked_error"
        return self.status

    def _delta(self, event: CheckpointRecorded) -> dict[str, list[str]]:
        """Return what a checkpoint says of files, and what was recorded since the one before."""
        stated = event.artifacts
        added, changed, removed = (
            set(paths) for paths in (stated.added, stated.changed, stated.removed)
        )
        for path in self._unnamed:
            if path not in added | changed | removed:
                (changed if path in self.paths else added).add(path)
        self._unnamed = []
        delta = {
            "added": forms.in_order(added),
            "changed": forms.in_order(changed),
            "removed": forms.in_order(removed),
        }
        self.paths.update(delta["added"], delta["changed"])
        return delta
