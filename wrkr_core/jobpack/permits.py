"""What the approvals in a log allow: which guarded steps may begin, and which only once may again.

An approval allows what its question asked: one guarded step of the spec, told by the question it
asks, or another run of a step that may run only once and was interrupted. Until it expires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.checkpoint import CONFIRM_RERUN
from wrkr_core.instants import to_text
from wrkr_core.job.replay import identity
from wrkr_core.job.step_text import rerun_key, step_text
from wrkr_core.jobpack.seen import Checkpoints, Noted
from wrkr_core.redaction.mask import is_masked_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_core import events as e
    from wrkr_core.checkpoint import RequiredAction


GATE_KEY: Final = "ask:gate:"
"""What the key of a guarded step's question begins with, before the step's id."""


class Permits:
    """Which approvals there are, and what rested on them.

    Attributes:
        unused: How many approvals let a step run again that has not done so.

    """

    def __init__(self, gates: Mapping[str, str]) -> None:
        """Begin with none; ``gates`` are the questions of the guarded steps, by their names."""
        self._gates = gates
        self._numbers = {name: number for number, name in enumerate(gates)}
        self._names = tuple(gates)
        self._approved = Checkpoints()
        self._until = Noted()
        self._allowed = {question: Checkpoints() for question in gates.values()}
        self._rested = Noted()  # approval of a guarded step -> number of the step that rested on it
        self._once: dict[tuple[str, str | int], str] = {}  # such steps without outcome -> question
        self._again: set[str] = set()

    @property
    def unused(self) -> int:
        """How many approvals let a step run again that has not done so."""
        return len(self._again)

    def asked(self, question: str, action: RequiredAction) -> str:
        """Return which permit a decision asks for, empty for none; hand it back to ``give``.

        A spec keeps secrets that were allowed in it, and its question is recorded without them.
        """
        if action.kind == CONFIRM_RERUN:
            return action.key
        if question in self._allowed:
            return question
        asks = action.key.startswith(GATE_KEY)
        gate = self._gates.get(action.key.removeprefix(GATE_KEY)) if asks else None
        return gate if gate is not None and is_masked_form(question, gate) else ""

    def give(self, checkpoint_id: str, asked: str, until: int | None) -> None:
        """Take in an approval of what was asked, which is over at ``until`` (None: never)."""
        self._approved.add(checkpoint_id)
        if until is not None:
            self._until.note(checkpoint_id, until)
        if asked in self._allowed:
            self._allowed[asked].add(checkpoint_id)
        elif asked:
            self._again.add(asked)

    def begin(self, event: e.StepStarted, at: int, *, is_copied: bool) -> str:
        """Return why the attempt could not begin ``at`` that instant, empty if it could.

        One that is copied into a fork rests on the approvals of the job it was copied from.
        """
        problem = "" if event.approval is None else self._of(event.approval, at)
        if not problem and not is_copied:
            problem = self._of_guarded(event) or self._of_another_run(event)
        if problem:
            return f"step {step_text(event.step)} {problem}"
        if event.at_most_once:
            self._once[identity(event.step)] = rerun_key(event.step, event.attempt)
        return ""

    def end(self, step: tuple[str, str | int]) -> None:
        """Take in that the attempt under way has an outcome."""
        self._once.pop(step, None)

    def _of(self, approval: str, at: int) -> str:
        """Return why nothing can rest on this approval, empty if something can."""
        if approval not in self._approved:
            return f"rests on {approval}, which nobody had approved"
        until = self._until.of(approval)
        if until is not None and at >= until:
            return f"rests on {approval}, whose approval was over at {to_text(until)}"
        return ""

    def _of_guarded(self, event: e.StepStarted) -> str:
        """Return why a guarded step had not the approval it needs, empty if it had or needs none."""
        name, approval = event.step.name, event.approval
        gate = self._gates.get(name)
        if gate is None:
            return ""
        if approval is None:
            return "is guarded and nobody had approved it"
        if approval not in self._allowed[gate]:
            return f"rests on {approval}, which asked something else"
        rested = self._rested.of(approval)
        if rested is not None and rested != self._numbers[name]:
            return f"rests on {approval}, which allowed step {self._names[rested]}"
        self._rested.note(approval, self._numbers[name])
        return ""

    def _of_another_run(self, event: e.StepStarted) -> str:
        """Return why a step could not run again that may have run and may only once."""
        question = self._once.pop(identity(event.step), None) if self._once else None
        if question is None:
            return ""
        if question not in self._again:
            return "may run only once, may have run, and nobody had allowed it to run again"
        self._again.discard(question)
        return ""
