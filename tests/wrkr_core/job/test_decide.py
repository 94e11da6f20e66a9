"""Random commands by everybody at once: what holds whatever is tried, in whatever order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.commands import COMMANDS, NAMES, NOT_THRIFTY, act
from tests.world import HOLDER_ACTS, World
from wrkr_core import events as e
from wrkr_core.canonical import is_canonical
from wrkr_core.errors import LeaseConflictError, MoveNotAllowedError, WrkrError
from wrkr_core.job.fold import fold_all
from wrkr_core.job.replay import Replay
from wrkr_core.job.state import FINAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.world import Worker
    from wrkr_core.job.state import JobState

NUMBERS = st.integers(0, 40)
WORKERS = st.integers(0, 2 * HOLDER_ACTS)
EXAMPLES = settings(max_examples=60, stateful_step_count=50, deadline=None)
# What only its holder may do; a question or checkpoint may also come from outside.
BY_HOLDER = (
    e.LeaseReleased
    | e.StepStarted
    | e.StepFinished
    | e.StepFailed
    | e.Charged
    | e.BudgetReserved
    | e.BudgetSettled
    | e.BudgetExceeded
    | e.ArtifactRecorded
    | e.AcceptanceRecorded
    | e.TimerSet
    | e.JobCompleted
)


def over(state: JobState, *, wall: bool) -> set[str]:
    """Return the meters of which more is spent and set aside than the limit allows."""
    spent, reserved = state.spent_by_meter(), state.reserved_by_meter()
    return {
        meter
        for meter, limit in state.limit_by_meter().items()
        if spent.get(meter, 0) + reserved.get(meter, 0) > limit and (wall or meter != "wall")
    }


class Everybody(RuleBasedStateMachine):
    """Three workers and any number of people on one job."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.holder: tuple[str, int] | None = None
        self.epoch = 0

    @rule(command=st.sampled_from(NAMES), worker=WORKERS, number=NUMBERS)
    def tries(self, command: str, worker: int, number: int) -> None:
        self.attempt(command, worker, number)

    def attempt(self, command: str, worker: int, number: int) -> None:
        world, who = self.world, self.world.who(worker)
        before, held = world.state, world.holds(who)
        kept, records = attrs.evolve(before), len(world.journal.records)

        outcome = act(world, command, who, number)

        assert before == kept
        if isinstance(outcome, WrkrError):
            assert isinstance(outcome, COMMANDS[command][1]), f"{command}: {outcome!r}"
            assert len(world.journal.records) == records
        else:
            self.check_batch(before, outcome, who, held=held)

    def check_batch(
        self, before: JobState, events: Sequence[e.Event], who: Worker, *, held: bool
    ) -> None:
        """Check what was appended to ``before`` in one batch."""
        if before.status in FINAL:
            assert self.world.state.status == before.status
        for event in events:
            if isinstance(event, BY_HOLDER):
                assert held, f"{event} by {who.name}, who does not hold the job"
            self.check_epoch(event, before, who)
            self.check_approval(event)
        used = [each for each in events if isinstance(each, e.Charged | e.BudgetSettled)]
        if used and before.status == "running" and over(self.world.state, wall=True):
            blocked = events[-1]
            assert isinstance(blocked, e.JobBlocked)
            assert blocked.status == "blocked_budget"
        if any(isinstance(each, e.StepStarted) for each in events):
            assert not over(self.world.state, wall=True)

    def check_epoch(self, event: e.Event, before: JobState, who: Worker) -> None:
        """Check that epochs count up and only the newest one writes (I2)."""
        if isinstance(event, e.LeaseTaken):
            assert event.epoch == self.epoch + 1
            if self.holder is not None and event.took_over is None:
                assert self.holder == (who.name, self.epoch), "a live lease was taken"
            if event.took_over is not None:
                assert before.lease is not None
                assert (event.took_over_from, self.epoch) == self.holder
            self.holder, self.epoch = (event.worker, event.epoch), event.epoch
        elif isinstance(event, e.StepStarted | e.StepFinished | e.StepFailed | e.LeaseReleased):
            assert self.holder is not None
            assert event.epoch == self.holder[1]
            if isinstance(event, e.LeaseReleased):
                self.holder = None

    def check_approval(self, event: e.Event) -> None:
        """Check that an answer is bound to what asked, and a guarded step to a yes (I5)."""
        log = self.world.journal
        if isinstance(event, e.ApprovalGiven | e.ApprovalRefused):
            asked = log.records[int(event.checkpoint_id.removeprefix("cp_")) - 1]
            assert isinstance(asked.event, e.CheckpointRecorded)
            assert asked.event.kind == "decision-needed"
            assert asked.hash == event.subject
            answers = [
                each
                for each in log.events
                if isinstance(each, e.ApprovalGiven | e.ApprovalRefused)
                and each.checkpoint_id == event.checkpoint_id
            ]
            assert answers == [event]
        elif isinstance(event, e.StepStarted) and event.approval is not None:
            assert any(
                isinstance(each, e.ApprovalGiven) and each.checkpoint_id == event.approval
                for each in log.events
            )

    @rule(command=st.sampled_from(["start", "finish", "charge", "reserve", "release", "complete"]),
          worker=st.integers(0, HOLDER_ACTS - 1), number=NUMBERS)  # fmt: skip
    def goes_on_under_a_lost_epoch(self, command: str, worker: int, number: int) -> None:
        """Hard case 11: whoever does not hold the job records nothing."""
        who = self.world.who(worker)
        if self.world.holds(who):
            return

        outcome = act(self.world, command, who, number)

        assert outcome == () or isinstance(outcome, LeaseConflictError | MoveNotAllowedError)

    @invariant()
    def the_model_and_the_state_agree_on_who_holds_the_job(self) -> None:
        lease = self.world.state.lease
        assert (None if lease is None else (lease.worker, lease.epoch)) == self.holder
        assert self.world.state.epoch == self.epoch
        if self.world.state.status == "running":
            assert lease is not None

    @invariant()
    def only_the_status_of_open_decisions_waits_for_them(self) -> None:
        if self.world.state.status == "blocked_decision":
            assert self.world.state.decisions

    @invariant()
    def everything_said_is_short_and_named_after_its_record(self) -> None:
        for recorded in self.world.journal.records[-4:]:
            if isinstance(recorded.event, e.CheckpointRecorded):
                assert 1 <= len(recorded.event.summary) <= 2000
                assert recorded.event.checkpoint_id == f"cp_{recorded.seq}"

    @invariant()
    def every_line_is_canonical(self) -> None:
        assert all(is_canonical(line) for line in self.world.journal.lines[-4:])

    def teardown(self) -> None:
        """The log alone gives the state and the cursor (I3, hard case 5)."""
        log = self.world.journal
        assert fold_all(None, log.records, log.job_id) == log.now
        again = Replay()
        again.feed(log.records)
        assert again.finished_steps() == self.world.replay.finished_steps()


class Thrifty(Everybody):
    """Everybody, but all is reserved before it is used and no actual is above its reservation."""

    def attempt(self, command: str, worker: int, number: int) -> None:
        if command not in NOT_THRIFTY:
            super().attempt(command, worker, number)

    @invariant()
    def what_is_spent_and_set_aside_is_within_every_limit(self) -> None:
        """I4. Running time is measured, not reserved: it stops the job once it is used up."""
        assert over(self.world.state, wall=False) == set()


Everybody.TestCase.settings = EXAMPLES
Thrifty.TestCase.settings = EXAMPLES
TestEverybody = Everybody.TestCase
TestThrifty = Thrifty.TestCase
