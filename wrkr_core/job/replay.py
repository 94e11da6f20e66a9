"""What a job's code has asked for before: which steps ended how, which questions were answered.

``JobState`` is small on purpose and cannot tell this. A worker builds a ``Replay`` from the stream
when it begins, feeds it every record it appends, and asks it before every step. Small results are
kept here; of larger ones only the record's seq is, and the caller reads that record again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core import events as e
from wrkr_core.approval import Answer
from wrkr_core.errors import BudgetExceededError, InterruptedByUserError, NonDeterminismError

if TYPE_CHECKING:
    from collections.abc import Iterable

KEPT_RESULT: Final = 1024  # bytes; a job of 100,000 steps then keeps at most 100 MB

_NAME_MARKS: Final = re.compile(r"[\\\[\]#!]")
_KEY_MARKS: Final = re.compile(r"[\\\]]")
_ESCAPED: Final = r"\\\g<0>"
NOT_THE_STEPS_FAULT: Final = frozenset({BudgetExceededError.code, InterruptedByUserError.code})


@attrs.define(kw_only=True)
class PastStep:
    """What the log says of one step.

    ``attempts`` is the number of the newest one, ``is_open`` whether it has no outcome yet,
    ``finished`` the record with the result (None if there is none), ``result`` that record's event
    when it is small. ``failure`` is the newest failure, and ``gave_up`` whether it was the last try.
    """

    step: e.StepRef
    attempts: int = 0
    is_open: bool = False
    at_most_once: bool = False
    finished: int | None = None
    result: e.StepFinished | None = None
    failure: e.StepFailed | None = None
    gave_up: bool = False
    failures: int = 0  # that count against the retries; a person's resume begins anew


@attrs.define(kw_only=True)
class PastQuestion:
    """A question that was asked, and its answer once there is one."""

    checkpoint_id: str
    question: str
    kind: str
    answer: Answer | None = None
    answered_seq: int = 0


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
        self._last_step_seq = 0

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
            self._started(recorded.seq, event)
        elif isinstance(event, e.StepFinished):
            past = self._steps[identity(event.step)]
            past.is_open, past.finished = False, recorded.seq
            past.result = event if len(memoryview(event.result)) <= KEPT_RESULT else None
            self._last_step_seq = recorded.seq
        elif isinstance(event, e.StepFailed):
            past = self._steps[identity(event.step)]
            past.is_open, past.failure = False, event
            past.gave_up = event.retry_at is None
            past.failures += event.code not in NOT_THE_STEPS_FAULT
        elif isinstance(event, e.JobBlocked) and event.step is not None:
            past = self._steps[identity(event.step)]
            past.gave_up, past.failures = False, 0
        elif isinstance(event, e.CheckpointRecorded):
            self._asked(event)
        elif isinstance(event, e.ApprovalGiven | e.ApprovalRefused):
            self._answered(recorded, event)
        elif isinstance(event, e.TimerSet):
            self._timers[event.key] = event.wake_at
        elif isinstance(event, e.BudgetReserved):
            self._marks.add(event.reservation.id)
        elif isinstance(event, e.Charged | e.ArtifactRecorded):
            self._marks.add(event.mark)

    def _started(self, seq: int, event: e.StepStarted) -> None:
        key = identity(event.step)
        past = self._steps.get(key)
        if past is None:
            past = self._steps[key] = PastStep(step=event.step)
            if key not in self._asked_for:
                self._unvisited[key] = None
        past.attempts, past.is_open = event.attempt, True
        past.at_most_once = event.at_most_once
        self._last_step_seq = seq

    def _asked(self, event: e.CheckpointRecorded) -> None:
        self._marks.add(event.mark)
        action = event.required_action
        if event.kind != "decision-needed" or action is None:
            return
        past = PastQuestion(
            checkpoint_id=event.checkpoint_id, question=event.summary, kind=action.kind
        )
        self._questions[action.key] = self._by_checkpoint[event.checkpoint_id] = past

    def _answered(
        self, recorded: e.RecordedEvent, event: e.ApprovalGiven | e.ApprovalRefused
    ) -> None:
        past = self._by_checkpoint[event.checkpoint_id]
        given = isinstance(event, e.ApprovalGiven)
        past.answered_seq = recorded.seq
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

    def is_usable(self, past: PastQuestion, now: int) -> bool:
        """Tell whether the answer counts at ``now``: not expired, or acted upon before it was."""
        answer = past.answer
        if answer is None:
            return False
        used = self._last_step_seq > past.answered_seq
        return answer.expires_at is None or now < answer.expires_at or used

    def timer(self, key: str) -> int | None:
        """Return when the sleep ``key`` ends (µs since 1970 UTC), None if it was never begun."""
        return self._timers.get(key)

    def finished_steps(self) -> list[PastStep]:
        """Return the steps that have a result, in the order they were first started."""
        return [past for past in self._steps.values() if past.finished is not None]


def identity(step: e.StepRef) -> tuple[str, str | int]:
    """Return what makes two steps the same one: the name with the key, or with the occurrence."""
    return (step.name, step.occurrence if step.key is None else step.key)


def step_text(step: e.StepRef) -> str:
    r"""Return how a step is written: ``edit[src/a.py]`` or ``plan#2``; no two are written alike.

    A ``\`` goes before what would be mistaken: ``\ [ ] # !`` in a name, ``\ ]`` in a key.
    """
    name = _NAME_MARKS.sub(_ESCAPED, step.name)
    if step.key is not None:
        return f"{name}[{_KEY_MARKS.sub(_ESCAPED, step.key)}]"
    return name if step.occurrence == 1 else f"{name}#{step.occurrence}"
