"""Other rules judge a recorded job by its records, and say what those cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories import Story, small_story, submitted, whole_story
from wrkr_core import events as e
from wrkr_core.acceptance.config import AcceptanceConfig
from wrkr_core.acceptance.custom import CustomCheck
from wrkr_core.acceptance.promises import promises_digest
from wrkr_core.acceptance.simulating import Simulated, simulate, verdict
from wrkr_core.artifact import Artifact
from wrkr_core.budget import amounts
from wrkr_core.checkpoint import ArtifactChanges
from wrkr_core.ledger import Ledger
from wrkr_core.spec import Check, Command, JobSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

TESTS = Check(name="tests", command=Command(argv=("make", "test")))
SIZES = CustomCheck(name="sizes", custom="sizes", settings={"most": 5})
A = Artifact(path="dist/a.whl", sha256="ab" * 32, size=11)


def simulated(story: Story, **rules: Any) -> dict[str, Simulated]:  # noqa: ANN401  # fields of the config
    ledger = Ledger(story.store)
    found = simulate(
        AcceptanceConfig(**rules),
        story.job_id,
        ledger.spec(story.job_id),
        list(ledger.events(story.job_id)),
    )
    return {each.result.name: each for each in found}


def outcomes(found: Iterable[Simulated]) -> dict[str, str]:
    return {each.result.name: each.outcome for each in found}


def finished(*events: e.Event, spec: JobSpec | None = None) -> Story:
    """Tell of a job that was completed, with these events before the end or behind it."""
    story = Story()
    story.tell(submitted(spec or JobSpec(name="port")))
    story.take(1)
    for each in events:
        if not isinstance(each, e.AcceptanceRecorded):
            story.tell(each)
    for each in events:
        if isinstance(each, e.AcceptanceRecorded):
            story.tell(each, by="ann")
    completed = story.checkpoint("completed", "all ported")
    story.tell(completed, e.JobCompleted(summary="all ported"))
    return story


def accepted(digest: str, *failed: str) -> e.AcceptanceRecorded:
    failures = tuple(
        e.AcceptanceFailure(check=each, code="E_ACCEPT_TEST_FAIL", message="exit code 1")
        for each in failed
    )
    return e.AcceptanceRecorded(
        checks_run=3, passed=3 - len(failed), failures=failures, config_digest=digest
    )


def test_what_the_records_tell_is_judged() -> None:
    found = simulated(
        whole_story(),
        artifacts=("src/*.py", "dist/*"),
        contents=(("./src/a.py", "56" * 32), ("README.md", "99" * 32), ("gone", "99" * 32)),
        allowed=("src/**",),
        forbidden=("*.md",),
        budget=amounts(steps=0),
        must_be_approved=True,
    )

    assert outcomes(found.values()) == {
        "schema": "passed",
        "status": "passed",
        "decisions": "failed",
        "artifact:src/*.py": "passed",
        "artifact:dist/*": "failed",
        "content:./src/a.py": "passed",
        "content:README.md": "failed",
        "content:gone": "failed",
        "paths:allowed": "failed",
        "paths:forbidden": "failed",
        "budget:steps": "failed",
    }
    assert found["artifact:dist/*"].result.message == "no file that the job recorded matches dist/*"
    assert found["artifact:dist/*"].result.code == "E_ACCEPT_MISSING_ARTIFACT"
    assert found["content:gone"].result.message == "there is no file gone that the job recorded"
    assert verdict(found.values()) == "would_fail"


def test_rules_that_ask_for_what_was_recorded_would_pass() -> None:
    found = simulated(finished(e.ArtifactRecorded(artifact=A)), artifacts=("dist/*.whl",))

    assert verdict(found.values()) == "would_pass"


def test_a_job_that_is_not_completed_would_fail() -> None:
    story = small_story()
    asking = Story(job_id="asks")
    for each in list(Ledger(story.store).events(story.job_id))[:2]:
        asking.tell(each.event)
    asking.ask("Merge?", key="ask/1")

    found = simulated(asking)

    assert outcomes(found.values()) == {
        "schema": "passed",
        "status": "failed",
        "decisions": "failed",
    }


def test_a_file_that_was_taken_away_later_is_missing_and_one_that_came_back_is_not() -> None:
    gone = e.CheckpointRecorded(
        checkpoint_id="cp_4",
        kind="progress",
        summary="cleaned up",
        artifacts=ArtifactChanges(removed=("dist/a.whl",)),
    )
    made = e.ArtifactRecorded(artifact=A)

    without = simulated(finished(made, gone), artifacts=("dist/*",))
    again = simulated(finished(made, gone, made), artifacts=("dist/*",))

    assert without["artifact:dist/*"].outcome == "failed"
    assert again["artifact:dist/*"].outcome == "passed"


def test_a_check_that_never_ran_is_not_known() -> None:
    found = simulated(small_story(), checks=(TESTS, SIZES))

    assert (found["check:tests"].outcome, found["check:tests"].before) == ("not_known", None)
    assert (found["check:sizes"].outcome, found["check:sizes"].before) == ("not_known", None)
    assert verdict(found.values()) == "not_known"


@pytest.mark.parametrize("check", [TESTS, SIZES])
def test_under_the_same_rules_a_check_is_the_same_and_its_last_run_is_told(
    check: Check | CustomCheck,
) -> None:
    digest, name = AcceptanceConfig(checks=(check,)).digest, f"check:{check.name}"
    bad, good = accepted(digest, name), accepted(digest)

    passed = simulated(finished(bad, good), checks=(check,))[name]
    failed = simulated(finished(good, bad), checks=(check,))[name]

    assert passed.outcome == "not_known"
    assert passed.before is not None
    assert (passed.before.by, passed.before.result.has_passed) == ("ann", True)
    assert failed.outcome == "failed"
    assert (failed.result.name, failed.result.message) == (name, "exit code 1")
    assert failed.before is not None
    assert failed.before.seq == passed.before.seq


def test_a_check_that_the_job_promised_is_the_same_by_its_command() -> None:
    spec = JobSpec(name="port", acceptance=[TESTS])
    renamed = Check(name="suite", command=TESTS.command)
    other = Check(name="tests", command=Command(argv=("make", "lint")))
    story = finished(accepted(promises_digest(spec), "tests"), spec=spec)

    found = simulated(story, checks=(renamed, other))

    assert found["check:suite"].outcome == "failed"
    assert (found["check:tests"].outcome, found["check:tests"].before) == ("not_known", None)


def test_under_other_rules_of_which_only_the_digest_is_known_nothing_is_the_same() -> None:
    story = finished(accepted("cd" * 32, "check:tests"))

    assert simulated(story, checks=(TESTS,))["check:tests"].before is None
