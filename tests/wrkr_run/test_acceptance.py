"""A job is complete when what it promised is there and passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wrkr_core import events as e
from wrkr_core.acceptance.promises import promises_digest
from wrkr_core.errors import AcceptanceTestError, MissingArtifactError
from wrkr_core.spec import Check, Command, JobSpec, StepSpec
from wrkr_run.foreground import work_on

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.ledger import Ledger


def check(name: str, line: str, timeout: int | None = None) -> Check:
    return Check(name=name, command=Command(shell=line, timeout=timeout))


def submit(ledger: Ledger, workspace: Path, line: str = "true", **given: Any) -> None:  # noqa: ANN401  # as JobSpec
    steps = [StepSpec(id="make", command=Command(shell=line))]
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, steps=steps, **given)
    ledger.submit(spec, job_id="j")


def recorded(ledger: Ledger) -> list[e.AcceptanceRecorded]:
    return [
        each.event for each in ledger.events("j") if isinstance(each.event, e.AcceptanceRecorded)
    ]


def test_a_job_that_keeps_its_promises_is_completed(ledger: Ledger, workspace: Path) -> None:
    submit(
        ledger,
        workspace,
        "echo x > out.txt",
        expected_artifacts=["*.txt"],
        acceptance=[check("is there", "test -f out.txt")],
    )

    assert work_on(ledger, "j").status == "completed"

    (acceptance,) = recorded(ledger)
    assert (acceptance.checks_run, acceptance.passed, acceptance.failures) == (2, 2, ())
    assert acceptance.config_digest == promises_digest(ledger.spec("j"))
    artifacts = [
        each.event for each in ledger.events("j") if isinstance(each.event, e.ArtifactRecorded)
    ]
    assert [each.artifact.path for each in artifacts] == ["out.txt"]


def test_hard_case_18_a_promised_file_that_does_not_exist_blocks_the_job(
    ledger: Ledger, workspace: Path
) -> None:
    submit(ledger, workspace, expected_artifacts=["gone/*.txt"])

    result = work_on(ledger, "j")

    assert (result.status, ledger.state("j").reason_codes) == (
        "blocked_error",
        ("E_ACCEPT_MISSING_ARTIFACT",),
    )
    assert isinstance(result.error, MissingArtifactError)
    (acceptance,) = recorded(ledger)
    (failure,) = acceptance.failures
    assert (failure.check, failure.artifact) == ("artifact:gone/*.txt", "gone/*.txt")


def test_a_check_that_fails_blocks_the_job_and_all_checks_are_run(
    ledger: Ledger, workspace: Path
) -> None:
    checks = [
        check("first", "echo nope >&2; exit 1"),
        check("second", "touch second"),
        check("third", "sleep 600", timeout=50_000),
        Check(name="fourth", command=Command(argv=("no-such-program",))),
    ]
    submit(ledger, workspace, acceptance=checks)

    result = work_on(ledger, "j")

    assert ledger.state("j").reason_codes == ("E_ACCEPT_TEST_FAIL",)
    assert isinstance(result.error, AcceptanceTestError)
    assert (workspace / "second").exists()
    (acceptance,) = recorded(ledger)
    assert (acceptance.checks_run, acceptance.passed) == (4, 1)
    assert [(each.check, each.message) for each in acceptance.failures] == [
        ("first", "exit code 1: nope"),
        ("third", "it did not end within 50ms"),
        ("fourth", "command not found: 'no-such-program'"),
    ]


def test_after_mending_a_job_is_accepted_without_running_its_steps_again(
    ledger: Ledger, workspace: Path
) -> None:
    submit(
        ledger,
        workspace,
        "echo ran >> effects",
        expected_artifacts=["out.txt"],
        acceptance=[check("mended", "grep good out.txt")],
    )
    work_on(ledger, "j")
    (workspace / "out.txt").write_text("bad\n")
    assert work_on(ledger, "j", resume=True).status == "blocked_error"
    (workspace / "out.txt").write_text("good\n")

    result = work_on(ledger, "j", resume=True)

    assert result.status == "completed"
    assert (workspace / "effects").read_text() == "ran\n"
    assert [each.passed for each in recorded(ledger)] == [0, 1, 2]
    sizes = [
        each.event.artifact.size
        for each in ledger.events("j")
        if isinstance(each.event, e.ArtifactRecorded)
    ]
    assert sizes == [4, 5]


def test_a_file_a_step_has_recorded_is_not_recorded_twice(ledger: Ledger, workspace: Path) -> None:
    command = Command(argv=("/bin/sh", "-c", "echo x > out.txt"))
    spec = JobSpec(
        name="j",
        inputs={"workspace": str(workspace)},
        steps=[StepSpec(id="make", command=command, artifacts=("out.txt",))],
        expected_artifacts=["out.txt"],
    )
    ledger.submit(spec, job_id="j")

    assert work_on(ledger, "j").status == "completed"

    assert not [each for each in ledger.events("j") if isinstance(each.event, e.ArtifactRecorded)]


def test_a_python_job_cannot_complete_itself_past_its_checks(
    ledger: Ledger, workspace: Path
) -> None:
    (workspace / "hasty.py").write_text("def main(job):\n    job.complete('all good')\n")
    spec = JobSpec(
        name="j",
        inputs={"workspace": str(workspace)},
        python="hasty:main",
        acceptance=[check("tests", "exit 1")],
    )
    ledger.submit(spec, job_id="j")

    result = work_on(ledger, "j")

    assert (result.status, len(recorded(ledger))) == ("blocked_error", 1)


def test_without_promises_nothing_is_recorded(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace)

    assert work_on(ledger, "j").status == "completed"

    assert recorded(ledger) == []
