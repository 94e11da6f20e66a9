"""A job is accepted when it meets every rule, and told every one that it does not meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.stories import Story, canceled_story, small_story, whole_story
from wrkr_core import events as e
from wrkr_core.acceptance.config import AcceptanceConfig
from wrkr_core.acceptance.judging import CheckResult, JobFacts, decide_outcome, judge, outcome
from wrkr_core.artifact import Artifact
from wrkr_core.budget import amounts
from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.ledger import Ledger

if TYPE_CHECKING:
    from wrkr_core.job.state import Status

A = Artifact(path="src/a.py", sha256="56" * 32, size=11)


def facts_of(story: Story) -> JobFacts:
    ledger = Ledger(story.store)
    return JobFacts.of(ledger.state(story.job_id), ledger.events(story.job_id))


def judged(facts: JobFacts, *, matched: Any = (), **rules: Any) -> dict[str, CheckResult]:  # noqa: ANN401  # fields of the config
    config = AcceptanceConfig(**rules)
    found = judge(config, facts, matched=dict(matched), contents={})
    return {each.name: each for each in found}


def test_the_facts_have_the_newest_record_of_every_file_and_what_was_refused() -> None:
    facts = facts_of(whole_story())

    assert {path: each.sha256[:2] for path, each in facts.recorded.items()} == {
        "README.md": "34",
        "src/a.py": "56",
    }
    assert facts.refused == ("cp_36",)


def test_a_completed_job_without_open_decisions_passes_where_nothing_else_is_asked() -> None:
    found = judged(facts_of(small_story()))

    assert list(found) == ["status", "decisions"]
    assert all(each.has_passed for each in found.values())


@pytest.mark.parametrize(
    "status",
    ["queued", "running", "paused", "blocked_decision", "blocked_budget", "blocked_error"],
)
def test_a_job_that_is_not_completed_never_passes(status: Status) -> None:
    facts = facts_of(small_story())
    unfinished = JobFacts(
        state=replace(facts.state, status=status), recorded=facts.recorded, refused=()
    )

    found = judged(unfinished)["status"]

    assert found.code == "E_ACCEPT_TEST_FAIL"
    assert found.message == f"the job is {status}, not completed"


def test_an_open_decision_fails_and_is_named() -> None:
    story = small_story()
    asking = Story(job_id="asks")
    for each in list(Ledger(story.store).events(story.job_id))[:2]:
        asking.tell(each.event)
    asking.ask("Merge?", key="ask/1")

    found = judged(facts_of(asking))["decisions"]

    assert (found.code, found.message) == ("E_CHECKPOINT_APPROVAL_REQUIRED", "cp_3: open")


def test_a_refused_decision_fails_only_where_approval_is_asked() -> None:
    facts = facts_of(whole_story())

    assert judged(facts)["decisions"].has_passed
    found = judged(facts, must_be_approved=True)["decisions"]
    assert (found.has_passed, found.message) == (False, "cp_36: refused")
    assert judged(facts_of(small_story()), must_be_approved=True)["decisions"].has_passed


def test_a_required_file_has_to_be_there_with_the_content_that_was_recorded() -> None:
    facts = facts_of(whole_story())
    rules = {"artifacts": ("src/*",)}

    assert judged(facts, matched={"src/*": (A,)}, **rules)["artifact:src/*"].has_passed
    gone = judged(facts, matched={"src/*": ()}, **rules)["artifact:src/*"]
    assert (gone.code, gone.artifact) == ("E_ACCEPT_MISSING_ARTIFACT", "src/*")
    other = replace(A, sha256="99" * 32)
    changed = judged(facts, matched={"src/*": (other,)}, **rules)["artifact:src/*"]
    assert (changed.code, changed.artifact) == ("E_ACCEPT_MISSING_ARTIFACT", "src/a.py")
    assert "99" * 32 in changed.message
    unrecorded = replace(A, path="src/new.py")
    assert judged(facts, matched={"src/*": (unrecorded,)}, **rules)["artifact:src/*"].has_passed


@pytest.mark.parametrize(
    ("found", "said"),
    [("ab" * 32, ""), (None, "there is no file a.txt"), ("cd" * 32, "a.txt has the content cd")],
)
def test_a_content_is_compared_by_digest(found: str | None, said: str) -> None:
    facts = facts_of(small_story())

    config = AcceptanceConfig(contents=(("a.txt", "ab" * 32),))
    result = judge(config, facts, matched={}, contents={"a.txt": found})[-1]

    assert result.has_passed == (not said)
    assert result.message.startswith(said)


def test_recorded_paths_are_held_against_the_globs() -> None:
    facts = facts_of(whole_story())

    found = judged(facts, allowed=("src/**",), forbidden=("**/*.py",))

    assert found["paths:allowed"].message == "no glob allows README.md"
    assert found["paths:forbidden"].message == "a glob forbids src/a.py"
    fine = judged(facts, allowed=("src/**", "*.md"), forbidden=("*.pem",))
    assert all(each.has_passed for each in fine.values())


def test_of_many_paths_some_are_named_and_the_rest_counted() -> None:
    facts = facts_of(small_story())
    many = JobFacts(
        state=facts.state, recorded={f"f{each:02}": A for each in range(13)}, refused=()
    )

    said = judged(many, allowed=("x",))["paths:allowed"].message

    assert said.startswith("no glob allows f00, f01")
    assert said.endswith("f09 and 3 more")


def test_what_was_spent_is_held_against_the_most_that_is_accepted() -> None:
    facts = facts_of(whole_story())

    found = judged(facts, budget=amounts(cost="0.10", tokens=1199, pages=1))

    assert found["budget:cost"].has_passed
    assert found["budget:pages"].has_passed
    assert found["budget:tokens"].code == "E_BUDGET_EXCEEDED"
    assert found["budget:tokens"].message == "1200 spent, at most 1199 accepted"


def test_the_event_counts_what_ran_and_lists_what_failed() -> None:
    results = [
        CheckResult(name="status"),
        CheckResult(name="check:a", code="E_ACCEPT_TEST_FAIL", message="exit code 1", output="x"),
    ]

    event = outcome(results, "78" * 32)

    assert (event.checks_run, event.passed, event.config_digest) == (2, 1, "78" * 32)
    (failure,) = event.failures
    assert (failure.check, failure.code, failure.message) == (
        "check:a",
        "E_ACCEPT_TEST_FAIL",
        "exit code 1",
    )


def test_nothing_is_recorded_of_a_job_that_went_on_or_is_canceled() -> None:
    event = e.AcceptanceRecorded(checks_run=1, passed=1, failures=(), config_digest="78" * 32)
    state = facts_of(small_story()).state

    assert decide_outcome(state, state.seq, event) == (event,)
    with pytest.raises(MoveNotAllowedError, match="went on while acceptance ran"):
        decide_outcome(state, state.seq - 1, event)
    canceled = facts_of(canceled_story()).state
    with pytest.raises(MoveNotAllowedError):
        decide_outcome(canceled, canceled.seq, event)


def test_failures_beyond_what_a_record_holds_are_counted_and_the_outcome_is_recorded() -> None:
    results = [
        CheckResult(name="status"),
        *(
            CheckResult(
                name=f"artifact:{each}", code="E_ACCEPT_MISSING_ARTIFACT", message="é" * 300
            )
            for each in range(2000)
        ),
    ]
    story = small_story()

    event = outcome(results, "ab" * 32)
    story.tell(event)

    assert (event.checks_run, event.passed) == (2001, 1)
    *recorded, last = event.failures
    assert 500 < len(recorded) < 2000
    assert last.message == f"{2000 - len(recorded)} more checks failed; no record holds them all"
    assert outcome(results[:3], "ab" * 32).failures[-1].check == "artifact:1"
