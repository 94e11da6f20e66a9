"""A spec is carried out: step by step, once each, gates first, until something stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.elsewhere import QUICK, Elsewhere
from wrkr_core import events as e
from wrkr_core.budget import Budget
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec import CheckpointPolicy, Command, JobSpec, StepSpec
from wrkr_run.foreground import work_on
from wrkr_run.interruption import Interruption
from wrkr_run.spec_job import carry_out, is_workable, plan_text
from wrkr_run.supervision import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_core.ledger import Ledger

    Until = Callable[[Callable[[], object]], None]


def step(name: str, line: str, *, timeout: int | None = None, **given: Any) -> StepSpec:  # noqa: ANN401  # as StepSpec
    noted = f"echo {name} $WRKR_ATTEMPT >> effects; {line}"
    return StepSpec(id=name, command=Command(shell=noted, timeout=timeout), **given)


def submit(ledger: Ledger, workspace: Path, *steps: StepSpec, **given: Any) -> str:  # noqa: ANN401  # as JobSpec
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, steps=steps, **given)
    return ledger.submit(spec, job_id="j")


def effects(workspace: Path) -> list[str]:
    file = workspace / "effects"
    return file.read_text().splitlines() if file.exists() else []


def of_type(ledger: Ledger, wanted: type) -> list[Any]:
    return [each.event for each in ledger.events("j") if isinstance(each.event, wanted)]


def test_steps_run_in_order_and_the_job_is_completed(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, step("one", "true"), step("two", "true"))

    result = work_on(ledger, "j")

    assert (result.status, result.summary) == ("completed", "all 2 steps are done")
    assert effects(workspace) == ["one 1", "two 1"]


def test_the_result_of_a_step_is_what_its_command_said(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, step("one", "echo hello; echo hm >&2"))

    work_on(ledger, "j")

    (finished,) = of_type(ledger, e.StepFinished)
    result = msgspec.json.decode(finished.result)
    assert (result["exit_code"], result["stdout"]["text"]) == (0, "hello\n")
    assert result["stderr"] == {"text": "hm\n", "size": 3, "omitted": 0}


def test_a_plan_comes_first_and_progress_after_every_step_with_what_changed(
    ledger: Ledger, workspace: Path
) -> None:
    globs = ("*.txt",)
    submit(
        ledger,
        workspace,
        step("one", "echo a > a.txt; echo b > b.txt", artifacts=globs),
        step("two", "echo c > c.txt; echo B > b.txt; rm a.txt", artifacts=globs),
        objective="Make files",
    )

    work_on(ledger, "j")

    plan, first, second, done = of_type(ledger, e.CheckpointRecorded)
    assert (plan.kind, plan.summary) == ("plan", "Make files")
    assert msgspec.json.decode(plan.data) == {"steps": ["one", "two"]}
    assert (first.kind, first.summary) == ("progress", "1 of 2 steps done: one")
    assert first.artifacts.added == ("a.txt", "b.txt")
    assert second.artifacts.added == ("c.txt",)
    assert second.artifacts.changed == ("b.txt",)
    assert second.artifacts.removed == ("a.txt",)
    assert done.kind == "completed"


def test_progress_is_not_recorded_more_often_than_the_policy_wants(
    ledger: Ledger, workspace: Path
) -> None:
    policy = CheckpointPolicy(min_interval=3_600_000_000)
    submit(ledger, workspace, *(step(name, "true") for name in "abc"), checkpoints=policy)

    work_on(ledger, "j")

    kinds = [each.kind for each in of_type(ledger, e.CheckpointRecorded)]
    assert kinds == ["plan", "progress", "completed"]


def test_a_failing_step_is_retried_and_then_blocks_the_job(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, step("one", "true"), step("two", "echo why >&2; exit 3", retries=1))

    result = work_on(ledger, "j")

    assert (result.status, effects(workspace)) == ("blocked_error", ["one 1", "two 1", "two 2"])
    first, last = of_type(ledger, e.StepFailed)
    assert (first.code, first.message) == ("E_ADAPTER_FAIL", "exit code 3: why")
    assert (first.retry_at is not None, last.retry_at) == (True, None)
    assert "step two failed: exit code 3: why" in str(result.error)
    assert ledger.state("j").reason_codes == ("E_ADAPTER_FAIL",)


def test_a_blocked_job_is_resumed_behind_its_finished_steps(
    ledger: Ledger, workspace: Path
) -> None:
    submit(ledger, workspace, step("one", "true"), step("two", "test -f mended"))
    work_on(ledger, "j")
    (workspace / "mended").touch()

    result = work_on(ledger, "j", resume=True)

    assert result.status == "completed"
    assert effects(workspace) == ["one 1", "two 1", "two 2"]
    progress = [each.kind for each in of_type(ledger, e.CheckpointRecorded)]
    assert progress == ["plan", "progress", "blocked", "progress", "completed"]


def test_a_step_that_takes_too_long_is_stopped(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, step("one", "sleep 600", timeout=50_000))

    result = work_on(ledger, "j", surroundings=QUICK)

    (failed,) = of_type(ledger, e.StepFailed)
    assert (result.status, failed.code) == ("blocked_error", "E_STEP_TIMEOUT")
    assert ledger.state("j").reason_codes == ("E_ADAPTER_FAIL", "E_STEP_TIMEOUT")
    assert failed.message == "the command did not end within 50ms"


def test_a_refused_step_does_not_run_and_ends_the_job(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, step("merge", "true", gate="Merge?"), step("after", "true"))
    waiting = work_on(ledger, "j")
    ledger.refuse("j", waiting.checkpoint or "", reason="not today", by="bob")

    result = work_on(ledger, "j")

    assert (result.status, effects(workspace)) == ("canceled", [])
    (canceled,) = of_type(ledger, e.JobCanceled)
    assert canceled.reason == "step merge was refused by bob: not today"


def test_a_paused_job_goes_on_with_the_step_that_was_stopped_without_using_up_its_retries(
    ledger: Ledger, workspace: Path, until: Until
) -> None:
    line = "test $WRKR_ATTEMPT -gt 1 || { touch under-way; sleep 600; }"
    submit(ledger, workspace, step("one", line), budget=Budget(steps=1, retries=0))
    elsewhere = Elsewhere(ledger)
    until((workspace / "under-way").exists)
    ledger.pause("j", reason="lunch")
    assert elsewhere.result().status == "paused"

    result = work_on(ledger, "j", resume=True)

    assert (result.status, effects(workspace)) == ("completed", ["one 1", "one 2"])


def test_a_question_asked_by_the_command_itself_waits_for_the_end_of_the_step(
    ledger: Ledger, workspace: Path, until: Until
) -> None:
    submit(ledger, workspace, step("one", "touch under-way; until [ -f go ]; do sleep 0.01; done"))
    elsewhere = Elsewhere(ledger)
    until((workspace / "under-way").exists)

    ledger.emit("j", "decision-needed", "May I?")
    until(lambda: elsewhere_looked(ledger))
    (workspace / "go").touch()

    assert elsewhere.result().status == "blocked_decision"
    assert effects(workspace) == ["one 1"]
    assert ledger.state("j").steps.done == 1


def elsewhere_looked(ledger: Ledger) -> bool:
    """Tell whether enough time went by for the guard to have looked: its pause, twice."""
    opened = ledger.state("j").decisions[0].opened_at
    return ledger.machine.now() - opened > 600_000


@pytest.mark.parametrize("at_most_once", [False, True])
def test_an_interruption_leaves_a_resumable_job_and_asks_before_what_may_run_only_once(
    *, at_most_once: bool, ledger: Ledger, workspace: Path, until: Until
) -> None:
    line = "test $WRKR_ATTEMPT -gt 1 || { touch under-way; sleep 600; }"
    submit(ledger, workspace, step("one", line, at_most_once=at_most_once))
    interruption = Interruption()
    elsewhere = Elsewhere(ledger, Surroundings(grace=50_000, interruption=interruption))
    until((workspace / "under-way").exists)

    interruption.request()
    result = elsewhere.result()

    assert (result.status, result.interrupted) == ("queued", True)
    assert of_type(ledger, e.StepFailed) == []
    again = work_on(ledger, "j")
    assert again.status == ("blocked_decision" if at_most_once else "completed")


def test_a_request_to_stop_is_heard_while_a_retry_is_waited_for(
    ledger: Ledger, workspace: Path, until: Until
) -> None:
    submit(ledger, workspace, step("one", "exit 1", retries=5))
    interruption = Interruption()
    elsewhere = Elsewhere(ledger, Surroundings(interruption=interruption))
    until(lambda: of_type(ledger, e.StepFailed))

    interruption.request()

    assert elsewhere.result().interrupted


def test_a_single_command_is_one_step(ledger: Ledger, workspace: Path) -> None:
    line = "echo $WRKR_JOB_ID $WRKR_STEP $WRKR_ATTEMPT > effects"
    command = Command(argv=("/bin/sh", "-c", line))
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, command=command)
    ledger.submit(spec, job_id="j")

    result = work_on(ledger, "j")

    assert result.summary == "the command ended with exit code 0"
    assert effects(workspace) == ["j command 1"]


def test_a_python_function_works_and_the_job_is_completed_for_it(
    ledger: Ledger, workspace: Path
) -> None:
    (workspace / "spec_job_functions.py").write_text(
        "def main(job):\n    return f'{job.step(\"add\", sum, [1, 2])} in all'\n"
    )
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, python="spec_job_functions:main")
    ledger.submit(spec, job_id="j")

    result = work_on(ledger, "j")

    assert (result.status, result.summary) == ("completed", "3 in all")


def test_notes_on_artifacts_left_out_are_part_of_the_result(
    ledger: Ledger, workspace: Path
) -> None:
    submit(ledger, workspace, step("one", "ln -s /etc/hostname out", artifacts=("out",)))

    work_on(ledger, "j")

    (finished,) = of_type(ledger, e.StepFinished)
    assert msgspec.json.decode(finished.result)["notes"] == [
        "out leads out of the workspace and was left out"
    ]


def test_a_job_without_anything_to_do_is_not_carried_out(ledger: Ledger) -> None:
    job_id = ledger.submit(JobSpec(name="j"), job_id="j")

    with (
        pytest.raises(InvalidInputError, match="neither steps nor a command"),
        ledger.work(job_id, worker="w") as job,
    ):
        carry_out(ledger, job, Surroundings())

    assert not is_workable(ledger.spec("j"))


def test_a_plan_is_short_whatever_the_spec_says() -> None:
    many = [StepSpec(id=f"step-{number}", command=Command(argv=("true",))) for number in range(500)]

    assert plan_text(JobSpec(name="j", objective="x" * 3000, steps=many[:2])) == (
        "2 steps: step-0, step-1"
    )
    assert plan_text(JobSpec(name="j", steps=many[:1])) == "1 step: step-0"
    assert plan_text(JobSpec(name="j", steps=many)) == "500 steps"
    assert plan_text(JobSpec(name="j", python="a:b")) == "call a:b"


def test_progress_is_reported_line_by_line(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, step("one", "true"), step("two", "test -f mended"))
    work_on(ledger, "j")
    (workspace / "mended").touch()
    lines: list[str] = []

    work_on(ledger, "j", resume=True, report=lines.append)

    assert lines == ["step 1 of 2, one, was done before", "step 2 of 2, two, runs"]


def test_a_step_is_said_to_run_only_once_its_gate_is_open(ledger: Ledger, workspace: Path) -> None:
    lines: list[str] = []
    submit(ledger, workspace, step("one", "true"), step("two", "true", gate="Go on?"))
    surroundings = Surroundings(report=lines.append)

    work_on(ledger, "j", surroundings=surroundings)
    assert lines == ["step 1 of 2, one, runs"]
    ledger.approve("j", ledger.state("j").decisions[0].checkpoint_id, reason="yes")
    work_on(ledger, "j", surroundings=surroundings)

    assert lines[1:] == ["step 1 of 2, one, was done before", "step 2 of 2, two, runs"]
