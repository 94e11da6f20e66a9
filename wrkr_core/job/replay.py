"""What a job's code has asked for before: which steps ended how, which questions were answered.

``JobState`` is small on purpose and cannot tell this. A worker builds a ``Replay`` from the stream
when it begins, feeds it every record it appends, and asks it before every step. Small results are
kept here; of larger ones only the record's seq is, and the caller reads that record again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core import events as e
from wrkr_core.approval import Answer
from wrkr_core.errors import NonDeterminismError
from wrkr_core.job.step_text import step_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import msgspec

    from wrkr_core.checkpoint import RequiredAction

KEPT_RESULT: Final = 1024  # bytes; a job of 100,000 steps then keeps at most 100 MB

_LOST: Final = ("expired", "holder_gone")  # how a lease was taken over from a worker that was lost


@attrs.define(kw_only=True)
class PastStep:
    """What the log says of one step.

    ``attempts`` is the number of the newest one, begun under ``epoch``, and ``is_open`` whether it
    has no outcome: it is under way, or it was interrupted. ``finished`` is the record with the
    result (None if there is none), ``result`` that record's event when it is small. ``failure`` is
    the newest failure, and ``gave_up`` whether it was the last try. ``losses`` counts the attempts
    since the last outcome, but for the newest, whose worker was lost.
    """

    step: e.StepRef
    attempts: int = 0
    epoch: int = 0
    is_open: bool = False
    losses: int = 0
    at_most_once: bool = False
    finished: int | None = None
    result: e.StepFinished | None = None
    failure: e.StepFailed | None = None
    gave_up: bool = False
    failures: int = 0  # a person's resume begins anew


@attrs.define(kw_only=True)
class PastQuestion:
    """A question that was asked, and its answer once there is one."""

    checkpoint_id: str
    question: str
    action: RequiredAction
    data: msgspec.Raw
    answer: Answer | None = None

    def require(self, asked: str, masked: str) -> None:
        """Refuse another question at this place; ``masked`` is how ``asked`` would be recorded.

        Raises: NonDeterminismError.
        """
        if self.question not in {asked, masked}:
            raise NonDeterminismError(
                f"the code asks {masked!r} where {self.question!r} was asked",
                hint="run the code the job was started with, or give the questions keys",
                asked=masked,
                recorded=self.question,
            )


class Replay:
    """An index of the stream for the code that is run again. Not thread-safe."""

    def __init__(self) -> None:
        """Begin with nothing recorded."""
        self.seq = 0
        self._steps: dict[tuple[str, str | int], PastStep] = {}
        self._unvisited: dict[tuple[str, str | int], None] = {}
        self._questions: dict[str, PastQuestion] = {}
        self._by_checkpoint: dict[str, PastQuestion] = {}
        self._timers: dict[str, int] = {}
        self._asked_for: set[tuple[str, str | int]] = set()
        self._marks: set[str] = set()
        self._acted_upon: set[str] = set()  # approvals that a step rested on
        self._lost: set[int] = set()  # epochs whose worker was lost

    def has_mark(self, mark: str) -> bool:
        """Tell whether what the code does at this place is in the log already."""
        return bool(mark) and mark in self._marks

    def feed(self, records: Iterable[e.RecordedEvent]) -> None:
        """Take in the next records of the stream; ones known already are passed over."""
        for recorded in records:
            if recorded.seq > self.seq:
                self._take_in(recorded)
                self.seq = recorded.seq

    def _take_in(self, recorded: e.RecordedEvent) -> None:
        event = recorded.event
        if isinstance(event, e.StepStarted):
            self._started(event)
        elif isinstance(event, e.StepFinished):
            past = self._steps[identity(event.step)]
            past.is_open, past.finished = False, recorded.seq
            past.result = event if len(memoryview(event.result)) <= KEPT_RESULT else None
        elif isinstance(event, e.StepFailed):
            past = self._steps[identity(event.step)]
            past.is_open, past.failure = False, event
            past.gave_up = event.retry_at is None
            past.failures += 1
            past.losses = 0
        elif isinstance(event, e.JobBlocked) and event.step is not None:
            past = self._steps[identity(event.step)]
            past.gave_up, past.failures, past.losses = False, 0, 0
        elif isinstance(event, e.LeaseTaken) and event.took_over in _LOST:
            self._lost.add(event.epoch - 1)
        elif isinstance(event, e.ApprovalGiven | e.ApprovalRefused):
            self._answered(recorded, event)
        else:
            self._note(event)

    def _note(self, event: e.Event) -> None:
        """Remember what the code does not do a second time at the same place."""
        if isinstance(event, e.CheckpointRecorded):
            self._asked(event)
        elif isinstance(event, e.TimerSet):
            self._timers[event.key] = event.wake_at
        elif isinstance(event, e.BudgetReserved):
            self._marks.add(event.reservation.id)
        elif isinstance(event, e.Charged | e.ArtifactRecorded):
            self._marks.add(event.mark)

    def _started(self, event: e.StepStarted) -> None:
        key = identity(event.step)
        past = self._steps.get(key)
        if past is None:
            past = self._steps[key] = PastStep(step=event.step)
            if key not in self._asked_for:
                self._unvisited[key] = None
        else:
            past.losses = self.losses(past)
        past.attempts, past.epoch, past.is_open = event.attempt, event.epoch, True
        past.at_most_once = event.at_most_once
        if event.approval is not None:
            self._acted_upon.add(event.approval)

    def _asked(self, event: e.CheckpointRecorded) -> None:
        self._marks.add(event.mark)
        action = event.required_action
        if event.kind != "decision-needed" or action is None:
            return
        past = PastQuestion(
            checkpoint_id=event.checkpoint_id,
            question=event.summary,
            action=action,
            data=event.data,
        )
        self._questions[action.key] = self._by_checkpoint[event.checkpoint_id] = past

    def _answered(
        self, recorded: e.RecordedEvent, event: e.ApprovalGiven | e.ApprovalRefused
    ) -> None:
        past = self._by_checkpoint[event.checkpoint_id]
        given = isinstance(event, e.ApprovalGiven)
        past.answer = Answer(
            checkpoint_id=event.checkpoint_id,
            approved=given,
            by=recorded.by,
            reason=event.reason,
            choice=event.choice,
            at=recorded.at,
            expires_at=event.expires_at if isinstance(event, e.ApprovalGiven) else None,
        )

    def visit(self, step: e.StepRef) -> PastStep | None:
        """Return what is known of ``step`` and note that the code has come by it.

        A step that was never recorded is new only if the code has come by everything that was, or
        is going through the same keyed fan-out in another order.

        Raises:
            NonDeterminismError: Another step is recorded where the code asks for this one.

        """
        key = identity(step)
        past = self._steps.get(key)
        self._asked_for.add(key)
        if past is not None:
            self._unvisited.pop(key, None)
            return past
        if self._unvisited:
            fan_out = step.key is not None and any(
                name == step.name and isinstance(key, str) for name, key in self._unvisited
            )
            if not fan_out:
                self._refuse(step)
        return None

    def _refuse(self, step: e.StepRef) -> None:
        recorded = self._steps[next(iter(self._unvisited))].step
        raise NonDeterminismError(
            f"the code asks for step {step_text(step)}, but step {step_text(recorded)} is recorded "
            f"at this place",
            hint="run the code the job was started with, or fork the job at an earlier checkpoint",
            asked=step_text(step),
            recorded=step_text(recorded),
        )

    def question(self, key: str) -> PastQuestion | None:
        """Return the newest question asked under ``key``, None if there is none."""
        return self._questions.get(key)

    def question_of(self, checkpoint_id: str) -> PastQuestion | None:
        """Return the question asked by this checkpoint, None if it asked none."""
        return self._by_checkpoint.get(checkpoint_id)

    def losses(self, past: PastStep) -> int:
        """Return how many attempts since the step's last outcome ended because a worker was lost."""
        return past.losses + (past.is_open and past.epoch in self._lost)

    def is_usable(self, past: PastQuestion, now: int) -> bool:
        """Tell whether the answer counts at ``now``: not expired, or a step rested on it before."""
        answer = past.answer
        if answer is None:
            return False
        return (
            answer.expires_at is None
            or now < answer.expires_at
            or past.checkpoint_id in self._acted_upon
        )

    def timer(self, key: str) -> int | None:
        """Return when the sleep ``key`` ends (µs since 1970 UTC), None if it was never begun."""
        return self._timers.get(key)

    def finished_steps(self) -> list[PastStep]:
        """Return the steps that have a result, in the order they were first started."""
        return [past for past in self._steps.values() if past.finished is not None]


def identity(step: e.StepRef) -> tuple[str, str | int]:
    """Return what makes two steps the same one: the name with the key, or with the occurrence."""
    return (step.name, step.occurrence if step.key is None else step.key)
