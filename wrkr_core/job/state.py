"""Where a job stands: what folding its stream gives.

A state stays small however long the stream is: it holds what is open and what is counted, not what
is done (that is what ``job/replay.py`` is for). So a snapshot of it costs the same at a thousand
events and at a million.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wrkr_core.approval import Decision
from wrkr_core.budget import Amount, Reservation
from wrkr_core.environment import Fingerprint
from wrkr_core.events import ForkPoint, StepRef
from wrkr_core.lease import Lease
from wrkr_core.spec import CheckpointPolicy

Status = Literal[
    "queued",
    "running",
    "paused",
    "blocked_decision",
    "blocked_budget",
    "blocked_error",
    "completed",
    "canceled",
]
STATUSES: Final[tuple[Status, ...]] = (
    "queued",
    "running",
    "paused",
    "blocked_decision",
    "blocked_budget",
    "blocked_error",
    "completed",
    "canceled",
)
Payloads = Literal["sealed", "erased"]
FINAL: Final[frozenset[Status]] = frozenset({"completed", "canceled"})
MOST_OPEN: Final = 10_000
"""How many decisions, and how many reservations, a job may have open at once: all are in its state."""


class OpenStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step whose newest attempt was started and has no outcome yet."""

    step: StepRef
    attempt: int
    epoch: int
    at_most_once: bool
    seq: int


class StepCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many steps there are by outcome; ``total`` is None when the spec does not say."""

    begun: int = 0
    done: int = 0
    failed_attempts: int = 0
    total: int | None = None


class CheckpointCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many checkpoints of a kind there are, and when the newest was recorded."""

    kind: str
    count: int
    last_at: int


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """A job after its record ``seq``, whose chain hash is ``hash``.

    ``at`` is the instant of that record. ``lease`` is the newest claim that was not released;
    ``epoch`` the newest epoch ever. ``summary`` and ``reason_codes`` say why the job stands where it
    stands. ``unknown`` lists event types this release does not know. ``payloads`` is ``sealed`` or
    ``erased`` for an erasable job; of others it is unset, and their states are written without it.
    """

    job_id: str
    seq: int
    hash: str
    at: int
    status: Status
    name: str
    objective: str
    spec_digest: str
    environment_rules: tuple[str, ...]
    checkpoint_policy: CheckpointPolicy
    submitted_at: int
    submitted_by: str
    forked_from: ForkPoint | None
    summary: str
    reason_codes: tuple[str, ...]
    limits: tuple[Amount, ...]
    spent: tuple[Amount, ...]
    reservations: tuple[Reservation, ...]
    lease: Lease | None
    epoch: int
    fingerprint: Fingerprint | None
    open_steps: tuple[OpenStep, ...]
    steps: StepCounts
    decisions: tuple[Decision, ...]
    checkpoints: tuple[CheckpointCount, ...]
    wake_at: int | None
    retry_at: int | None
    artifacts: int
    unknown: tuple[str, ...]
    payloads: Payloads | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_final(self) -> bool:
        """Tell whether nothing can change the status any more."""
        return self.status in FINAL

    def spent_by_meter(self) -> dict[str, int]:
        """Return what was spent, by meter."""
        return {each.meter: each.amount for each in self.spent}

    def limit_by_meter(self) -> dict[str, int]:
        """Return the limits, by meter."""
        return {each.meter: each.amount for each in self.limits}

    def reserved_by_meter(self) -> dict[str, int]:
        """Return what is set aside and not settled, by meter."""
        open_amounts: dict[str, int] = {}
        for reservation in self.reservations:
            for each in reservation.amounts:
                open_amounts[each.meter] = open_amounts.get(each.meter, 0) + each.amount
        return open_amounts

    def decision(self, checkpoint_id: str) -> Decision | None:
        """Return the open decision with this checkpoint id, None if it is not open."""
        for each in self.decisions:
            if each.checkpoint_id == checkpoint_id:
                return each
        return None

    def checkpoint_count(self, kind: str) -> CheckpointCount | None:
        """Return the count of this kind, None if there was none."""
        for each in self.checkpoints:
            if each.kind == kind:
                return each
        return None
