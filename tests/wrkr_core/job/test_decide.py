"""Commands by everybody at once: what holds whatever is tried, in whatever order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from tests.actors import HOLDER_ACTS, TTL, World
from tests.commands import COMMANDS, NOT_THRIFTY
from tests.trying import ANY, NUMBERS, WORKERS, act, likely
from wrkr_core import events as e
from wrkr_core.canonical import is_canonical
from wrkr_core.errors import LeaseConflictError, MoveNotAllowedError, WrkrError
from wrkr_core.job.fold import fold_all
from wrkr_core.job.replay import Replay
from wrkr_core.job.state import FINAL
from wrkr_core.jobpack.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.actors import Worker
    from wrkr_core.job.state import JobState

AMOUNT = st.integers(0, NUMBERS - 1)
WORKER = st.integers(0, WORKERS - 1)
EXAMPLES = settings(max_examples=70, stateful_step_count=50, deadline=None)
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
        self.clock_was_set = False

    @rule(choice=st.integers(0, 26), worker=WORKER, number=AMOUNT)
    def goes_on(self, choice: int, worker: int, number: int) -> None:
        self.attempt(likely(self.world, choice), worker, number)

    @rule(choice=st.integers(0, 26), worker=WORKER, number=AMOUNT)
    def goes_on_further(self, choice: int, worker: int, number: int) -> None:
        self.attempt(likely(self.world, choice), worker, number)

    @rule(command=st.sampled_from(ANY), worker=WORKER, number=AMOUNT)
    def tries_anything(self, command: str, worker: int, number: int) -> None:
        self.attempt(command, worker, number)

    def attempt(self, command: str, worker: int, number: int) -> None:
        world, who = self.world, self.world.who(worker)
        before, held = world.state, world.holds(who)
        kept, records = replace(before), len(world.journal.records)
        self.clock_was_set |= command == "jump"

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
        after, kinds = self.world.state, {type(event) for event in events}
        if before.status in FINAL:
            assert after.status == before.status
        for event in events:
            if isinstance(event, BY_HOLDER):
                assert held, f"{event} by {who.name}, who does not hold the job"
            self.check_epoch(event, who)
            self.check_approval(event)
        if kinds & {e.Charged, e.BudgetSettled} and before.status == "running":
            assert not over(after, wall=True) or after.status == "blocked_budget"
        if e.StepStarted in kinds:
            assert not over(after, wall=True)
        if e.JobResumed in kinds and before.status == "blocked_decision":
            assert not after.decisions
        if e.JobResumed in kinds and before.status == "blocked_budget":
            assert not over(after, wall=True)
        if e.JobCompleted in kinds:
            assert not after.decisions

    def check_epoch(self, event: e.Event, who: Worker) -> None:
        """Check that epochs count up and only the newest one writes (I2)."""
        if isinstance(event, e.LeaseTaken):
            assert event.epoch == self.epoch + 1
            if event.took_over is not None:
                assert (event.took_over_from, self.epoch) == self.holder
                self.check_takeover(event.took_over)
            elif self.holder is not None:
                assert self.holder == (who.name, self.epoch), "a lease was taken that is not over"
            self.holder, self.epoch = (event.worker, event.epoch), event.epoch
            self.world.note_sign_of_life()
        elif isinstance(event, e.StepStarted | e.StepFinished | e.StepFailed | e.LeaseReleased):
            assert self.holder is not None
            assert event.epoch == self.holder[1]
            if isinstance(event, e.LeaseReleased):
                self.holder = None

    def check_takeover(self, why: str) -> None:
        """Check that the holder had ended, or gave no sign of life for a whole TTL."""
        if why == "holder_gone":
            assert self.world.holder_has_ended
        elif not self.clock_was_set:
            assert self.world.elapsed - self.world.alive_at >= TTL

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

    @rule(
        command=st.sampled_from(["start", "finish", "charge", "reserve", "release", "complete"]),
        worker=st.integers(0, HOLDER_ACTS - 1),
        number=AMOUNT,
    )
    def goes_on_under_a_lost_epoch(self, command: str, worker: int, number: int) -> None:
        """Hard case 11: whoever does not hold the job records nothing."""
        who = self.world.who(worker)
        if self.world.holds(who):
            return

        outcome = act(self.world, command, who, number)

        assert outcome == () or isinstance(outcome, LeaseConflictError | MoveNotAllowedError)

    @invariant()
    def the_model_and_the_state_agree_on_who_holds_the_job(self) -> None:
        state = self.world.state
        lease = state.lease
        assert (None if lease is None else (lease.worker, lease.epoch)) == self.holder
        assert state.epoch == self.epoch
        assert state.status != "running" or lease is not None

    @invariant()
    def a_job_that_waits_for_a_decision_has_one_open(self) -> None:
        if self.world.state.status == "blocked_decision":
            assert self.world.state.decisions

    @invariant()
    def everything_said_is_canonical_short_and_named_after_its_record(self) -> None:
        log = self.world.journal
        for recorded, line in zip(log.records[-4:], log.lines[-4:], strict=True):
            assert is_canonical(line)
            if isinstance(recorded.event, e.CheckpointRecorded):
                assert 1 <= len(recorded.event.summary) <= 2000
                assert recorded.event.checkpoint_id == f"cp_{recorded.seq}"

    def teardown(self) -> None:
        """The log alone gives the state and the cursor (I3, hard case 5), and a stranger follows it."""
        log = self.world.journal
        assert fold_all(None, log.records, log.job_id) == log.now
        again = Replay()
        again.feed(log.records)
        assert vars(again) == vars(self.world.replay)
        assert History(log.job_id).follow(log.records) == log.now


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
