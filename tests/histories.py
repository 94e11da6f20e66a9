"""One job's log in memory, and the events that tests put into it by hand."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from tests.strategies import HOLDER, NOON
from wrkr_core import events as e
from wrkr_core.chain import GENESIS
from wrkr_core.checkpoint import RequiredAction
from wrkr_core.job.fold import fold_all
from wrkr_core.record import seal_all
from wrkr_core.spec import JobSpec, spec_digest

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState
    from wrkr_core.store import NewEvent

EDIT: Final = e.StepRef(name="edit", occurrence=1)
ASKED: Final = RequiredAction(
    kind="approval", instructions="look", key="ask@start/1", choices=("a", "b")
)


class Journal:
    """One job's log in memory: sealed and folded as for a store, without a ledger's rules."""

    def __init__(self, job_id: str = "j-1") -> None:
        self.job_id = job_id
        self.state: JobState | None = None
        self.records: list[e.RecordedEvent] = []
        self.stored: list[NewEvent] = []
        self._ids = (f"id.{number}" for number in itertools.count(1))

    @property
    def now(self) -> JobState:
        """The state; there must be one."""
        assert self.state is not None
        return self.state

    @property
    def events(self) -> list[e.Event]:
        return [recorded.event for recorded in self.records]

    @property
    def lines(self) -> list[bytes]:
        return [record.data for record in self.stored]

    def append(self, *events: e.Event, at: int | None = None, by: str = "ann") -> JobState:
        """Seal and fold ``events``, all or none, and return the state after them."""
        state = self.state
        sealed, recorded = seal_all(
            self.job_id,
            after=state.seq if state else 0,
            prev=state.hash if state else GENESIS,
            events=events,
            at=at if at is not None else NOON + len(self.records),
            by=by,
            ids=self._ids,
        )
        self.state = fold_all(state, recorded, self.job_id)
        self.records += recorded
        self.stored += sealed
        return self.now

    def submit(self, **fields: Any) -> JobState:  # noqa: ANN401  # the fields of a spec
        spec = JobSpec(**{"name": "refactor", **fields})
        return self.append(e.JobSubmitted(spec=spec, spec_digest=spec_digest(spec), engine="0"))

    def take(self, worker: str = "ada", **fields: Any) -> int:  # noqa: ANN401  # of LeaseTaken
        """Have ``worker`` take the next lease; return its epoch."""
        epoch = self.now.epoch + 1
        given = {"worker": worker, "epoch": epoch, "ttl": 30_000_000, "holder": HOLDER, **fields}
        self.append(e.LeaseTaken(**given), by=worker)
        return epoch


def begun(**fields: Any) -> Journal:  # noqa: ANN401  # the fields of a spec
    """Return the log of a job that ada holds under epoch 1."""
    journal = Journal()
    journal.submit(**fields)
    journal.take()
    return journal


def started(attempt: int = 1, epoch: int = 1, **fields: Any) -> e.StepStarted:  # noqa: ANN401
    return e.StepStarted(**{"step": EDIT, "attempt": attempt, "epoch": epoch, **fields})


def finished(attempt: int = 1, epoch: int = 1, **fields: Any) -> e.StepFinished:  # noqa: ANN401
    return e.StepFinished(**{"step": EDIT, "attempt": attempt, "epoch": epoch, **fields})


def failed(attempt: int = 1, epoch: int = 1, **fields: Any) -> e.StepFailed:  # noqa: ANN401
    told = {"code": "E_ADAPTER_FAIL", "error_type": "OSError", "message": "no"}
    return e.StepFailed(**{"step": EDIT, "attempt": attempt, "epoch": epoch, **told, **fields})


def released(epoch: int = 1, **fields: Any) -> e.LeaseReleased:  # noqa: ANN401
    told = {"worker": "ada", "reason": "left", "heartbeats": 0}
    return e.LeaseReleased(**{"epoch": epoch, **told, **fields})


def checkpoint(journal: Journal, kind: str = "plan", **fields: Any) -> e.CheckpointRecorded:  # noqa: ANN401
    """Return a checkpoint that can be the next record of ``journal``."""
    named = {"checkpoint_id": f"cp_{journal.now.seq + 1}", "kind": kind, "summary": "so far"}
    return e.CheckpointRecorded(**{**named, **fields})


def keyed(key: str, name: str = "edit") -> e.StepRef:
    return e.StepRef(name=name, occurrence=1, key=key)


def having_done(*steps: e.StepRef) -> Journal:
    journal = begun()
    for step in steps:
        journal.append(started(step=step), finished(step=step))
    return journal


def asked(journal: Journal, *, key: str = "ask@start/1") -> e.CheckpointRecorded:
    action = replace(ASKED, key=key)
    event = checkpoint(journal, "decision-needed", summary="merge?", required_action=action)
    journal.append(event)
    return event


def answered(journal: Journal, *, yes: bool = True, expires_at: int | None = None) -> None:
    asked_last = journal.now.decisions[0]
    answer = e.ApprovalRefused(
        checkpoint_id=asked_last.checkpoint_id,
        subject=asked_last.subject,
        reason="looked",
        choice="a",
    )
    if yes:
        fields = msgspec.structs.asdict(answer)
        journal.append(e.ApprovalGiven(**fields, expires_at=expires_at), by="ann")
    else:
        journal.append(answer, by="ann")
