"""Workers, people and clocks around one job; what they may try is in ``tests/commands.py``.

Nothing here knows what is allowed. Everybody acts on what they believe, which may be long out of
date: a worker that was taken over goes on with its old epoch until it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from tests.fakes import FakeMachine
from tests.histories import Journal
from tests.strategies import NOON
from wrkr_core import events as e
from wrkr_core.budget import Budget
from wrkr_core.job.replay import Replay
from wrkr_core.lease import Heartbeat, Holder, Observer

if TYPE_CHECKING:
    from wrkr_core.approval import Answer
    from wrkr_core.job.state import JobState

    Events = tuple[e.Event, ...]

TTL: Final = 30_000_000
BUDGET: Final = Budget(tokens=20, steps=12, retries=8, cost="0.00002", wall="120s")
HOLDER_ACTS: Final = 3
"""From this number on, it is not a certain worker who acts but whoever holds the job."""


@attrs.define
class Worker:
    """A worker with what it believes: its epoch, and the attempt it is in."""

    name: str
    machine: FakeMachine
    epoch: int = 0
    running: tuple[e.StepRef, int] | None = None
    seen: tuple[object, int] = (None, 0)


class World:
    """One job and everybody who acts on it."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.journal.submit(budget=BUDGET)
        self.replay = Replay()
        self.replay.feed(self.journal.records)
        self.beat: Heartbeat | None = None
        self.asked = 0
        self.elapsed = 0
        self.alive_at = 0
        self.ended: set[Holder] = set()
        here = FakeMachine(at=NOON)
        machines = (here, here.twin(pid=101), here.elsewhere("host-b"))
        self.workers = [
            Worker(name, machine)
            for name, machine in zip(("ada", "bob", "cyd"), machines, strict=True)
        ]

    @property
    def state(self) -> JobState:
        return self.journal.now

    def who(self, number: int) -> Worker:
        """Return the worker of this number, or the present holder."""
        if number < HOLDER_ACTS:
            return self.workers[number]
        held = [each for each in self.workers if self.holds(each)]
        return held[0] if held else self.workers[number % HOLDER_ACTS]

    def holds(self, who: Worker) -> bool:
        """Tell whether the job is this worker's, as the log says."""
        lease = self.state.lease
        return lease is not None and (lease.worker, lease.epoch) == (who.name, who.epoch)

    @property
    def holder_has_ended(self) -> bool:
        """Tell whether the process whose lease was taken over really is gone."""
        taken = [event for event in self.journal.events if isinstance(event, e.LeaseTaken)]
        return taken[-2].holder in self.ended

    def note_sign_of_life(self) -> None:
        """Note that the holder claimed the job or beat at this moment."""
        self.alive_at = self.elapsed

    def append(self, who: Worker, events: Events) -> None:
        """Record what ``who`` decided, and let it believe so."""
        if events:
            self.journal.append(*events, at=max(who.machine.at, self.state.at), by=who.name)
            self.replay.feed(self.journal.records[-len(events) :])
        for event in events:
            if isinstance(event, e.LeaseTaken):
                if who.epoch != event.epoch - 1:
                    who.running = None
                who.epoch = event.epoch
            elif isinstance(event, e.StepStarted):
                who.running = (event.step, event.attempt)
            elif isinstance(event, e.StepFinished | e.StepFailed):
                who.running = None

    def observer(self, who: Worker) -> Observer:
        """Return what the worker can know at this moment."""
        key = (self.state.epoch, self.beat)
        if who.seen[0] != key:
            who.seen = (key, who.machine.up)
        lease = self.state.lease
        return Observer(
            now=who.machine.at,
            uptime=who.machine.up,
            boot_id=who.machine.boot,
            holder_is_gone=lease is not None and who.machine.is_gone(lease.holder),
            unchanged_for=who.machine.up - who.seen[1],
            same_clock=who.machine.boot == self.workers[0].machine.boot,
        )

    def answers(self) -> list[Answer]:
        """Return every answer given so far, whatever it says."""
        past = [self.replay.question(f"ask:{number}") for number in range(self.asked)]
        return [each.answer for each in past if each is not None and each.answer is not None]

    def next_attempt(self, number: int) -> tuple[e.StepRef, int]:
        """Return the first occurrence of step ``number`` without result, and its next attempt."""
        name = f"s{number % 3}"
        done = sum(past.step.name == name for past in self.replay.finished_steps())
        step = e.StepRef(name=name, occurrence=1 + done)
        begun = [
            event.attempt
            for event in self.journal.events
            if isinstance(event, e.StepStarted) and event.step == step
        ]
        return step, 1 + len(begun)
