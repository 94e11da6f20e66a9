"""The job as the code that works on it sees it: what it says is recorded once, in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worlds import HOUR, SECOND, World
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.errors import ApprovalRequiredError, InvalidInputError, NonDeterminismError
from wrkr_core.spec import CheckpointPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.approval import Answer
    from wrkr_core.work.job import Job

ARTIFACT = Artifact(path="a.py", sha256="0" * 64, size=3)


@pytest.fixture
def world() -> World:
    return World()


def run(world: World, job_id: str, program: Callable[[Job], object]) -> None:
    with world.process().work(job_id) as job:
        program(job)


def of_type(world: World, job_id: str, cls: type) -> list[object]:
    return [each for each in world.events(job_id) if isinstance(each, cls)]


def test_a_job_knows_its_spec_its_inputs_and_its_state(world: World) -> None:
    job_id = world.submit(objective="Port", inputs={"files": ["a"]})
    with world.process().work(job_id) as job:
        assert (job.id, job.spec.objective, job.inputs) == (job_id, "Port", {"files": ["a"]})
        job.inputs["files"].append("b")
        assert job.inputs == {"files": ["a"]}
        assert job.state == world.state(job_id)


def test_what_a_program_says_is_recorded_once_however_often_it_runs(world: World) -> None:
    job_id = world.submit()

    def program(job: Job) -> None:
        job.charge(tokens=1)
        job.charge(tokens=2, cost="0.5")
        job.checkpoint("plan", "first", added=["a"], changed=["b"], removed=["c"], data={"n": 1})
        job.artifact(ARTIFACT)
        job.step("edit", abs, -1)
        job.charge(tokens=4)
        job.checkpoint("progress", "second")
        job.checkpoint("progress", "third")
        job.artifact(ARTIFACT)

    for _ in range(3):
        run(world, job_id, program)

    assert world.spent(job_id) == {"cost": 500_000, "steps": 1, "tokens": 7}
    state = world.state(job_id)
    assert {each.kind: each.count for each in state.checkpoints} == {"plan": 1, "progress": 2}
    assert state.artifacts == 2
    assert len(of_type(world, job_id, e.Charged)) == 3


def test_a_charge_says_which_step_it_belongs_to(world: World) -> None:
    job_id = world.submit()

    def program(job: Job) -> None:
        job.charge(tokens=1)
        job.step("edit", lambda: job.charge(tokens=2), key="a")
        job.charge(tokens=4)

    run(world, job_id, program)

    steps = [each.step for each in world.events(job_id) if isinstance(each, e.Charged)]
    edit = e.StepRef(name="edit", occurrence=1, key="a")
    assert steps == [None, edit, edit]


def test_what_an_attempt_used_is_used_and_the_next_attempt_uses_it_again(world: World) -> None:
    job_id = world.submit()
    ran: list[int] = []

    def act(job: Job) -> None:
        ran.append(1)
        job.charge(tokens=5)
        if len(ran) == 1:
            raise OSError("no")

    run(world, job_id, lambda job: job.step("edit", act, job, retries=1))
    run(world, job_id, lambda job: job.step("edit", act, job, retries=1))

    assert world.spent(job_id)["tokens"] == 10


def test_charging_nothing_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError, match="nothing is charged"):
        run(world, world.submit(), lambda job: job.charge())


@pytest.mark.parametrize(
    ("kind", "summary"),
    [
        ("decision-needed", "x"),
        ("completed", "x"),
        ("blocked", "x"),
        ("nonsense", "x"),
        ("progress", ""),
        ("progress", "x" * 2001),
    ],
)
def test_a_checkpoint_that_cannot_be_is_refused(world: World, kind: str, summary: str) -> None:
    with pytest.raises(InvalidInputError):
        run(world, world.submit(), lambda job: job.checkpoint(kind, summary))


def ask(world: World, job_id: str, question: str = "Merge?", **options: object) -> list[Answer]:
    """Ask in a process of its own; return the answer if there is one."""
    answers: list[Answer] = []
    run(world, job_id, lambda job: answers.append(job.ask(question, **options)))  # type: ignore[arg-type]
    return answers


def test_a_question_lets_go_of_the_job_until_a_person_has_decided(world: World) -> None:
    job_id = world.submit()

    assert ask(world, job_id, data={"diff": 3}, instructions="read the diff") == []
    state = world.state(job_id)
    assert (state.status, state.lease, state.summary) == ("blocked_decision", None, "Merge?")
    (decision,) = state.decisions
    world.operator.approve(job_id, decision.checkpoint_id, reason="fine", by="bob")

    (answer,) = ask(world, job_id)
    assert (answer.approved, answer.by, answer.reason) == (True, "bob", "fine")
    assert answer.checkpoint_id == decision.checkpoint_id
    assert ask(world, job_id) == [answer]
    assert len(of_type(world, job_id, e.ApprovalGiven)) == 1


def test_a_refusal_is_an_answer_too(world: World) -> None:
    job_id = world.submit()
    ask(world, job_id)
    world.operator.refuse(job_id, "cp_3", reason="not now")

    (answer,) = ask(world, job_id)
    assert (answer.approved, answer.reason) == (False, "not now")


def test_a_choice_comes_with_the_answer(world: World) -> None:
    job_id = world.submit()
    ask(world, job_id, choices=["squash", "rebase"])
    world.operator.approve(job_id, "cp_3", reason="tidy", choice="squash")

    assert ask(world, job_id, choices=["squash", "rebase"])[0].choice == "squash"


@pytest.mark.parametrize("question", ["", " ", "x" * 2001])
def test_a_question_that_cannot_be_recorded_is_refused_and_never_skipped(
    world: World, question: str
) -> None:
    job_id = world.submit()

    with pytest.raises(InvalidInputError, match="summary"):
        ask(world, job_id, question)
    assert world.state(job_id).status == "blocked_error"


def test_an_approval_that_expired_before_it_was_acted_upon_is_asked_for_again(
    world: World,
) -> None:
    job_id = world.submit()
    ask(world, job_id)
    world.operator.approve(
        job_id, "cp_3", reason="until noon", expires_at=world.clocks.now() + SECOND
    )
    world.clocks.advance(SECOND)

    assert ask(world, job_id) == []
    assert world.state(job_id).status == "blocked_decision"
    assert len(world.state(job_id).decisions) == 1


def test_an_approval_that_was_acted_upon_in_time_stays_good(world: World) -> None:
    job_id = world.submit()
    answers: list[bool] = []

    def program(job: Job) -> None:
        answers.append(job.ask("Merge?").approved)
        job.step("merge", abs, -1)

    run(world, job_id, program)
    world.operator.approve(
        job_id, "cp_3", reason="until noon", expires_at=world.clocks.now() + SECOND
    )
    run(world, job_id, program)
    world.clocks.advance(HOUR)
    run(world, job_id, program)

    assert answers == [True, True]


def test_several_questions_wait_for_their_own_answers_in_turn(world: World) -> None:
    job_id = world.submit()
    seen: list[bool] = []

    def program(job: Job) -> None:
        seen.clear()
        seen.append(job.ask("Read it?").approved)
        seen.append(job.ask("Delete it?").approved)
        job.complete()

    run(world, job_id, program)
    world.approve(job_id)
    run(world, job_id, program)
    assert world.state(job_id).summary == "Delete it?"
    world.operator.refuse(
        job_id, world.state(job_id).decisions[0].checkpoint_id, reason="better not"
    )
    run(world, job_id, program)

    assert seen == [True, False]


def test_a_yes_to_one_question_is_never_a_yes_to_another(world: World) -> None:
    job_id = world.submit()
    ask(world, job_id, "Delete 1 file?")
    world.approve(job_id)

    try:
        assert ask(world, job_id, "Delete 900 files?") == []
    except NonDeterminismError:
        return  # noticing that the code has changed is as good
    assert world.state(job_id).summary == "Delete 900 files?"


def test_inside_a_step_a_question_and_a_sleep_need_a_key(world: World) -> None:
    for act in (lambda job: job.ask("Merge?"), lambda job: job.sleep("1h")):
        errors: list[BaseException] = []

        def inside(job: Job, act: Callable[[Job], object] = act) -> None:
            try:
                act(job)
            except InvalidInputError as error:
                errors.append(error)  # noqa: B023  # called in this turn

        run(world, world.submit(), lambda job: job.step("edit", inside, job))
        assert "needs a key" in str(errors[0])


def test_a_question_with_a_key_may_be_asked_inside_a_step(world: World) -> None:
    job_id = world.submit()
    answers: list[Answer] = []

    def program(job: Job) -> None:
        job.step("edit", lambda: answers.append(job.ask("Merge?", key="m")))
        job.complete()

    run(world, job_id, program)
    assert (world.state(job_id).status, answers) == ("blocked_decision", [])
    world.approve(job_id)
    run(world, job_id, program)

    assert [answer.approved for answer in answers] == [True]
    assert world.state(job_id).status == "completed"


def test_a_sleep_lets_go_of_the_job_and_is_over_when_it_is_over(world: World) -> None:
    job_id = world.submit()
    awake: list[int] = []

    def program(job: Job) -> None:
        job.sleep("2h")
        awake.append(1)
        job.sleep(1800, key="nap")
        awake.append(2)

    began = world.clocks.now()
    run(world, job_id, program)
    assert (awake, world.state(job_id).wake_at) == ([], began + 2 * HOUR)
    assert world.state(job_id).lease is None
    world.clocks.advance(2 * HOUR)
    run(world, job_id, program)
    assert awake == [1]
    world.clocks.advance(HOUR // 2)
    run(world, job_id, program)

    assert awake == [1, 1, 2]
    assert len(of_type(world, job_id, e.TimerSet)) == 2


def test_a_sleep_of_no_time_goes_on_at_once(world: World) -> None:
    job_id = world.submit()
    awake: list[int] = []

    def program(job: Job) -> None:
        job.sleep(0)
        awake.append(1)

    run(world, job_id, program)

    assert awake == [1]


def test_completing_is_final(world: World) -> None:
    job_id = world.submit()

    run(world, job_id, lambda job: job.complete("merged"))

    state = world.state(job_id)
    assert (state.status, state.summary, state.lease) == ("completed", "merged", None)
    released = [each.reason for each in world.events(job_id) if isinstance(each, e.LeaseReleased)]
    assert released == ["completed"]


def test_a_job_is_not_complete_without_the_checkpoints_its_policy_requires(world: World) -> None:
    job_id = world.submit(checkpoints=CheckpointPolicy(required=("plan", "completed")))

    with pytest.raises(InvalidInputError, match="without a plan checkpoint"):
        run(world, job_id, lambda job: job.complete())
    world.operator.resume(job_id, reason="there will be one")

    def program(job: Job) -> None:
        job.checkpoint("plan", "here it is")
        job.complete()

    run(world, job_id, program)
    assert world.state(job_id).status == "completed"


def test_an_error_behind_completion_does_not_undo_it(world: World) -> None:
    job_id = world.submit()

    def program(job: Job) -> None:
        job.complete()
        raise ValueError("too late")

    with pytest.raises(ValueError, match="too late"):
        run(world, job_id, program)
    assert world.state(job_id).status == "completed"
    assert world.state(job_id).lease is None


def test_blocking_says_why_and_waits_for_somebody(world: World) -> None:
    job_id = world.submit()

    run(world, job_id, lambda job: job.block("no disk", reason_codes=["E_STORE_UNAVAILABLE"]))

    state = world.state(job_id)
    assert (state.status, state.summary) == ("blocked_error", "no disk")
    assert state.reason_codes == ("E_STORE_UNAVAILABLE",)
    assert world.operator.resume(job_id, reason="there is one now").status == "queued"


def test_an_acceptance_is_recorded_with_what_failed(world: World) -> None:
    job_id = world.submit()
    failure = e.AcceptanceFailure(check="tests", code="E_ACCEPT_TEST_FAIL", message="2 failed")
    outcome = e.AcceptanceRecorded(
        checks_run=2, passed=1, failures=(failure,), config_digest="0" * 64
    )

    run(world, job_id, lambda job: job.acceptance(outcome))

    assert of_type(world, job_id, e.AcceptanceRecorded) == [outcome]


def test_completing_while_a_decision_is_open_is_not_possible(world: World) -> None:
    job_id = world.submit()
    world.operator.emit(job_id, "decision-needed", "Merge?")

    with pytest.raises(ApprovalRequiredError):
        run(world, job_id, lambda job: job.complete())
    assert world.state(job_id).status == "blocked_decision"
