"""A state while events are being applied to it: private to ``fold`` until it is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from wrkr_core.approval import Decision
from wrkr_core.budget import LARGEST, Amount, Reservation
from wrkr_core.environment import Fingerprint
from wrkr_core.events import ForkPoint, StepRef
from wrkr_core.job.state import (
    CheckpointCount,
    JobState,
    OpenStep,
    Payloads,
    Status,
    StepCounts,
)
from wrkr_core.lease import Lease
from wrkr_core.spec import CheckpointPolicy

if TYPE_CHECKING:
    from wrkr_core.events import JobSubmitted, RecordedEvent


class Draft(msgspec.Struct, kw_only=True):
    """The fields of ``JobState``, changeable.

    What every step changes is kept by key; the rest stays as it is in the state, so that freezing a
    draft after each single event stays cheap.
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
    spent: dict[str, Amount | int]  # whole numbers since it was last frozen: cheaper to add to
    reservations: tuple[Reservation, ...]
    lease: Lease | None
    epoch: int
    fingerprint: Fingerprint | None
    open_steps: dict[StepRef, OpenStep]
    steps: StepCounts
    decisions: tuple[Decision, ...]
    checkpoints: tuple[CheckpointCount, ...]
    wake_at: int | None
    retry_at: int | None
    artifacts: int
    unknown: tuple[str, ...]
    payloads: Payloads | msgspec.UnsetType

    @classmethod
    def begin(cls, job_id: str, recorded: RecordedEvent, event: JobSubmitted) -> Draft:
        """Return the draft of a job that was just submitted."""
        spec = event.spec
        return cls(
            job_id=job_id,
            seq=recorded.seq,
            hash=recorded.hash,
            at=recorded.at,
            status="queued",
            name=spec.name,
            objective=spec.objective,
            spec_digest=event.spec_digest,
            environment_rules=spec.environment,
            checkpoint_policy=spec.checkpoints,
            submitted_at=recorded.at,
            submitted_by=recorded.by,
            forked_from=event.forked_from,
            summary="waiting for a worker",
            reason_codes=(),
            limits=spec.budget.limits,
            spent={},
            reservations=(),
            lease=None,
            epoch=0,
            fingerprint=None,
            open_steps={},
            steps=StepCounts(total=len(spec.steps) or (1 if spec.command is not None else None)),
            decisions=(),
            checkpoints=(),
            wake_at=None,
            retry_at=None,
            artifacts=0,
            unknown=(),
            payloads="sealed" if spec.erasable else msgspec.UNSET,
        )

    @classmethod
    def of(cls, state: JobState) -> Draft:
        """Return a draft that begins where ``state`` is."""
        return cls(
            job_id=state.job_id,
            seq=state.seq,
            hash=state.hash,
            at=state.at,
            status=state.status,
            name=state.name,
            objective=state.objective,
            spec_digest=state.spec_digest,
            environment_rules=state.environment_rules,
            checkpoint_policy=state.checkpoint_policy,
            submitted_at=state.submitted_at,
            submitted_by=state.submitted_by,
            forked_from=state.forked_from,
            summary=state.summary,
            reason_codes=state.reason_codes,
            limits=state.limits,
            spent={each.meter: each for each in state.spent},
            reservations=state.reservations,
            lease=state.lease,
            epoch=state.epoch,
            fingerprint=state.fingerprint,
            open_steps={each.step: each for each in state.open_steps},
            steps=state.steps,
            decisions=state.decisions,
            checkpoints=state.checkpoints,
            wake_at=state.wake_at,
            retry_at=state.retry_at,
            artifacts=state.artifacts,
            unknown=state.unknown,
            payloads=state.payloads,
        )

    def freeze(self) -> JobState:
        """Return the state as it stands now."""
        for meter, total in self.spent.items():
            if isinstance(total, int):
                self.spent[meter] = Amount(meter=meter, amount=total)
        return JobState(
            job_id=self.job_id,
            seq=self.seq,
            hash=self.hash,
            at=self.at,
            status=self.status,
            name=self.name,
            objective=self.objective,
            spec_digest=self.spec_digest,
            environment_rules=self.environment_rules,
            checkpoint_policy=self.checkpoint_policy,
            submitted_at=self.submitted_at,
            submitted_by=self.submitted_by,
            forked_from=self.forked_from,
            summary=self.summary,
            reason_codes=self.reason_codes,
            limits=self.limits,
            spent=tuple([cast("Amount", self.spent[meter]) for meter in sorted(self.spent)]),
            reservations=self.reservations,
            lease=self.lease,
            epoch=self.epoch,
            fingerprint=self.fingerprint,
            open_steps=tuple(self.open_steps.values()),
            steps=self.steps,
            decisions=self.decisions,
            checkpoints=self.checkpoints,
            wake_at=self.wake_at,
            retry_at=self.retry_at,
            artifacts=self.artifacts,
            unknown=self.unknown,
            payloads=self.payloads,
        )

    def spend(self, amounts: tuple[Amount, ...]) -> None:
        """Add ``amounts`` to what was spent."""
        for each in amounts:
            self.add(each.meter, each.amount)

    def add(self, meter: str, amount: int) -> None:
        """Add to one meter of what was spent. Raises: ValueError: it is more than can be counted."""
        before = self.spent.get(meter, 0)
        total = (before if isinstance(before, int) else before.amount) + amount
        self.spent[meter] = total if total <= LARGEST else Amount(meter=meter, amount=total)

    def limit(self, amounts: tuple[Amount, ...]) -> None:
        """Set limits; meters not named keep theirs."""
        by_meter = {each.meter: each for each in (*self.limits, *amounts)}
        self.limits = tuple(by_meter[meter] for meter in sorted(by_meter))
