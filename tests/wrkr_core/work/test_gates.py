"""A guarded step begins while its approval counts, and at no other time."""

from __future__ import annotations

import pytest

from tests.worlds import HOUR, SECOND, World
from wrkr_core import events as e
from wrkr_core.approval import Answer
from wrkr_core.errors import ApprovalRequiredError


class Guarded:
    """A job that asks, takes its time, and then does what was allowed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.job_id = world.submit()
        self.takes = 0
        self.ran = 0
        self.dies = False

    def run(self) -> str:
        with self.world.process().work(self.job_id) as job:
            answer = job.ask("Merge?", choices=("squash", "merge"), data={"files": 12})
            job.step("prepare", self.world.clocks.advance, self.takes)
            job.step("merge", self.merge, gate=answer)
            job.complete()
        return self.world.state(self.job_id).status

    def merge(self) -> None:
        self.ran += 1
        if self.dies:
            raise KeyboardInterrupt

    def approve(self, *, lasts: int) -> str:
        (decision,) = self.world.state(self.job_id).decisions
        until = self.world.clocks.now() + lasts
        self.world.operator.approve(
            self.job_id, decision.checkpoint_id, reason="ok", choice="squash", expires_at=until
        )
        return decision.checkpoint_id

    def approvals(self) -> list[str | None]:
        return [
            each.approval
            for each in self.world.events(self.job_id)
            if isinstance(each, e.StepStarted) and each.step.name == "merge"
        ]


@pytest.fixture
def world() -> World:
    return World()


def test_an_approval_that_expires_before_the_guarded_step_begins_is_asked_for_again(
    world: World,
) -> None:
    guarded = Guarded(world)
    guarded.takes = HOUR
    guarded.run()
    guarded.approve(lasts=HOUR)

    assert guarded.run() == "blocked_decision"

    assert guarded.ran == 0
    asked = [
        each for each in world.events(guarded.job_id) if isinstance(each, e.CheckpointRecorded)
    ]
    assert (asked[0].summary, asked[0].data) == (asked[1].summary, asked[1].data)
    assert asked[0].required_action == asked[1].required_action
    again = guarded.approve(lasts=HOUR)
    assert guarded.run() == "completed"
    assert (guarded.ran, guarded.approvals()) == (1, [again])


def test_an_approval_lets_the_guarded_step_begin_until_the_instant_it_expires(
    world: World,
) -> None:
    guarded = Guarded(world)
    guarded.takes = HOUR - 1
    guarded.run()
    given = guarded.approve(lasts=HOUR)

    assert guarded.run() == "completed"
    assert guarded.approvals() == [given]


def test_a_guarded_step_that_was_interrupted_begins_again_only_under_a_fresh_approval(
    world: World,
) -> None:
    guarded = Guarded(world)
    guarded.run()
    first = guarded.approve(lasts=HOUR)
    guarded.dies = True
    with pytest.raises(KeyboardInterrupt):
        guarded.run()
    guarded.dies = False
    world.clocks.advance(HOUR)

    assert guarded.run() == "blocked_decision"
    second = guarded.approve(lasts=HOUR)
    assert guarded.run() == "completed"
    assert (guarded.ran, guarded.approvals()) == (2, [first, second])


def test_a_guarded_step_that_is_done_needs_no_approval_any_more(world: World) -> None:
    guarded = Guarded(world)
    guarded.run()
    guarded.approve(lasts=HOUR)
    guarded.run()
    job_id = guarded.job_id
    before = len(world.events(job_id))

    replay = world.operator.fork(job_id, at=before - 2)
    assert world.operator.state(replay).steps.done == 2
    assert guarded.ran == 1


def test_an_expired_answer_that_nobody_of_this_job_asked_for_is_refused(world: World) -> None:
    job_id = world.submit()
    answer = Answer(
        checkpoint_id="cp_9",
        approved=True,
        by="ann",
        reason="ok",
        choice=None,
        at=world.clocks.now(),
        expires_at=world.clocks.now(),
    )

    with (
        pytest.raises(ApprovalRequiredError, match="until 2023-11-14T22:13:20Z, which is over"),
        world.process().work(job_id) as job,
    ):
        job.step("merge", pytest.fail, gate=answer)

    assert world.state(job_id).status == "blocked_error"


def test_a_step_behind_an_answer_says_that_it_rests_on_it_even_when_it_is_not_guarded(
    world: World,
) -> None:
    job_id = world.submit()

    def program() -> None:
        with world.process().work(job_id) as job:
            job.ask("Merge?")
            job.step("merge", abs, -1)
            job.step("report", abs, -1)
            job.ask("Delete?")
            job.step("keep", abs, -1)

    program()
    world.approve(job_id)
    program()
    (decision,) = world.state(job_id).decisions
    world.operator.refuse(job_id, decision.checkpoint_id, reason="no")
    program()

    started = [each for each in world.events(job_id) if isinstance(each, e.StepStarted)]
    assert [(each.step.name, each.approval) for each in started] == [
        ("merge", "cp_3"),
        ("report", None),
        ("keep", None),
    ]


def test_a_step_that_is_not_guarded_does_not_rest_on_an_answer_that_has_expired(
    world: World,
) -> None:
    job_id = world.submit()

    def program(wait: int) -> None:
        with world.process().work(job_id) as job:
            job.ask("Merge?")
            world.clocks.advance(wait)
            job.step("merge", abs, -1)

    program(0)
    world.operator.approve(job_id, "cp_3", reason="ok", expires_at=world.clocks.now() + SECOND)
    program(SECOND)

    (started,) = [each for each in world.events(job_id) if isinstance(each, e.StepStarted)]
    assert started.approval is None
