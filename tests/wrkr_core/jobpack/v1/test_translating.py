"""Our events in v1's words, one by one."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from tests.histories import (
    Journal,
    answered,
    asked,
    begun,
    checkpoint,
    failed,
    finished,
    released,
    started,
)
from tests.stories import DARWIN, LINUX
from tests.strategies import HOLDER, NOON
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.budget import amounts
from wrkr_core.errors import UnknownEventError
from wrkr_core.instants import LATEST
from wrkr_core.jobpack.v1 import translating
from wrkr_core.jobpack.v1.translating import Translation
from wrkr_core.spec import Command, StepSpec

BLOCKED = e.JobBlocked(status="blocked_decision", summary="merge?", reason_codes=())
Told = list[tuple[str, dict[str, Any]]]


def translation(journal: Journal) -> tuple[Translation, Told]:
    """Return a job in v1's words: what is known in the end, and type and payload of every event."""
    refused = {each.checkpoint_id for each in journal.events if isinstance(each, e.ApprovalRefused)}
    found = Translation(journal.job_id, refused)
    data = b"".join(found.take_in(recorded) for recorded in journal.records) + found.end()
    lines = [json.loads(line) for line in data.split(b"\n")[:-1]]
    return found, [(line["type"], line["payload"]) for line in lines]


def told(journal: Journal) -> Told:
    return translation(journal)[1]


def names(journal: Journal) -> list[str]:
    return [name for name, _ in told(journal)]


def payloads(journal: Journal, kind: str) -> list[dict[str, Any]]:
    return [payload for name, payload in told(journal) if name == kind]


def statuses(journal: Journal) -> list[str]:
    return [payload["to"] for payload in payloads(journal, "status_changed")]


def test_a_job_begins_queued() -> None:
    journal = Journal()
    journal.submit()

    assert told(journal) == [
        ("job_initialized", {"started_at": "2023-11-14T22:13:20Z", "status": "queued"})
    ]


def test_who_takes_a_job_runs_it_and_has_a_lease_under_its_process() -> None:
    journal = begun()

    _, changed, (_, lease) = told(journal)

    at = (NOON + 1) * 1000
    assert changed == ("status_changed", {"from": "queued", "to": "running"})
    assert lease["worker_id"] == f"dispatch-{HOLDER.pid}"
    assert lease["lease_id"] == f"lease-{HOLDER.pid}-{at}"
    assert lease["acquired_at"] == lease["heartbeat_at"] == "2023-11-14T22:13:20.000001Z"
    assert lease["expires_at"] == "2023-11-14T22:13:50.000001Z"


def test_a_lease_that_would_never_end_ends_with_the_calendar() -> None:
    journal = Journal()
    journal.submit()
    journal.take(ttl=LATEST)

    assert payloads(journal, "lease_set")[0]["expires_at"] == "9999-12-31T23:59:59.999999Z"


def test_a_lease_that_was_taken_over_is_let_go_first_and_one_let_go_twice_once() -> None:
    journal = begun()
    journal.take("bea", took_over="expired", took_over_from="ada")
    journal.append(released(epoch=2, worker="bea"))
    journal.take("ada")

    assert names(journal)[2:] == [
        "lease_set",
        "lease_released",
        "lease_set",
        "lease_released",
        "lease_set",
    ]
    assert statuses(journal) == ["running"]  # waiting for a worker again is running in v1


def test_a_step_is_told_when_it_begins_with_its_command_and_a_retry_as_the_same_step() -> None:
    steps = (
        StepSpec(
            id="plan",
            command=Command(shell="make plan"),  # noqa: S604  # nothing is started here
            artifacts=("b.md", "a.md", "b.md"),
        ),
        StepSpec(id="edit", command=Command(argv=("sed", "-i", "s/a/b/"))),
    )
    journal = begun(steps=steps)
    plan = e.StepRef(name="plan", occurrence=1)
    journal.append(started(step=plan), finished(step=plan))
    journal.append(started(), failed(), started(attempt=2))

    first, second, again = payloads(journal, "adapter_step")

    assert first == {
        "adapter": "reference",
        "step_id": "plan",
        "step_index": 0,
        "summary": "reference adapter step plan",
        "command": "make plan",
        "executed": True,
        "artifacts": ["a.md", "b.md"],
    }
    assert (second["step_index"], second["command"]) == (1, "sed -i s/a/b/")
    assert again == second
    counters = {"retry_count": 1, "step_count": 2, "tool_call_count": 0}
    assert payloads(journal, "counters_updated")[-1] == counters


def test_the_one_command_of_a_job_is_its_step() -> None:
    journal = begun(command=Command(argv=("make", "all")))
    journal.append(started(step=e.StepRef(name="command", occurrence=1)))

    assert payloads(journal, "adapter_step")[0]["command"] == "make all"


def test_a_step_of_a_program_has_no_command_and_is_named_with_its_key() -> None:
    journal = begun()
    journal.append(started(step=e.StepRef(name="edit", occurrence=1, key="src/a.py")))

    [step] = payloads(journal, "adapter_step")
    assert (step["step_id"], step["command"], step["artifacts"]) == ("edit[src/a.py]", "", [])


def test_what_was_used_is_told_where_v1_counts_it() -> None:
    journal = begun()
    journal.append(e.Charged(amounts=amounts(tokens=5)))
    assert payloads(journal, "counters_updated") == []
    journal.append(e.Charged(amounts=amounts(tool_calls=3, tokens=5)))

    assert [each["tool_call_count"] for each in payloads(journal, "counters_updated")] == [3]


def test_an_environment_is_told_with_v1s_digest_and_another_as_an_override() -> None:
    journal = begun()
    journal.append(e.EnvironmentCaptured(fingerprint=LINUX))
    journal.append(
        e.EnvironmentAccepted(expected=LINUX.digest, fingerprint=DARWIN, reason="same tools"),
        by="bea",
    )

    [captured] = payloads(journal, "env_fingerprint_set")
    [accepted] = payloads(journal, "env_override_recorded")

    assert (captured["rules"], captured["values"]) == (["os"], {"os": "linux"})
    assert accepted["expected_hash"] == captured["hash"] != accepted["actual_hash"]
    assert (accepted["approved_by"], accepted["reason"]) == ("bea", "same tools")
    assert accepted["values"] == {"os": "darwin"}


def test_a_decision_comes_before_the_status_and_its_approval_before_the_job_goes_on() -> None:
    journal = begun()
    asked(journal)
    journal.append(BLOCKED)
    answered(journal)
    journal.append(e.JobResumed(reason="approved"))

    found, events = translation(journal)

    assert [name for name, _ in events[3:]] == [
        "checkpoint_emitted",
        "status_changed",
        "approval_recorded",
        "checkpoint_emitted",
        "status_changed",
    ]
    approval, chosen = events[5][1], events[6][1]
    assert (approval["checkpoint_id"], approval["approved_by"]) == ("cp_4", "ann")
    assert json.loads(bytes(found.approvals)) == approval
    assert chosen["required_action"] == {"kind": "chosen", "instructions": "a"}
    assert statuses(journal) == ["running", "blocked_decision", "running"]


def test_a_decision_that_was_refused_blocks_and_the_refusal_is_said() -> None:
    journal = begun()
    asked(journal)
    journal.append(BLOCKED)
    answered(journal, yes=False)
    journal.append(e.JobResumed(reason="refused"))

    found, _ = translation(journal)
    question, refusal, chosen = payloads(journal, "checkpoint_emitted")

    assert (question["type"], question["summary"]) == ("blocked", "merge?")
    assert (refusal["type"], refusal["summary"]) == ("progress", "looked")
    assert refusal["required_action"]["instructions"] == "cp_4 was refused by ann"
    assert chosen["required_action"]["kind"] == "chosen"
    assert payloads(journal, "approval_recorded") == []
    assert found.approvals == b""
    assert statuses(journal)[-1] == "running"


def test_a_decision_asked_while_a_worker_is_busy_is_told_when_somebody_answers_it() -> None:
    journal = begun()
    asked(journal)
    journal.append(e.JobPaused(reason="lunch"))
    journal.append(e.JobResumed(reason="back"))
    assert names(journal)[-1] == "checkpoint_emitted"  # at the end, if nobody does
    answered(journal)

    order = [name for name, _ in told(journal)][3:]

    assert order == [
        "status_changed",
        "status_changed",
        "checkpoint_emitted",
        "approval_recorded",
        "checkpoint_emitted",
    ]


def test_a_decision_that_waits_when_the_job_is_canceled_is_told_before() -> None:
    journal = begun()
    asked(journal)
    journal.append(e.JobCanceled(reason="wrong"))

    assert names(journal)[-2:] == ["checkpoint_emitted", "status_changed"]
    assert statuses(journal)[-1] == "canceled"


def test_a_job_that_never_ran_is_paused_by_way_of_running() -> None:
    journal = Journal()
    journal.submit()
    journal.append(e.JobPaused(reason="wait"))

    assert statuses(journal) == ["running", "paused"]


@pytest.mark.parametrize("status", ["blocked_budget", "blocked_error"])
def test_a_job_is_blocked_as_it_is_here(status: e.BlockedStatus) -> None:
    journal = begun()
    journal.append(e.JobBlocked(status=status, summary="no", reason_codes=()))
    journal.append(e.JobResumed(reason="again"))

    assert statuses(journal) == ["running", status, "running"]


def test_files_of_steps_and_single_ones_are_named_by_the_next_checkpoint() -> None:
    journal = begun()
    one = Artifact(path="one.md", sha256="12" * 32, size=1)
    two = Artifact(path="two.md", sha256="12" * 32, size=1)
    journal.append(started(), finished(artifacts=(one,)), e.ArtifactRecorded(artifact=two))
    journal.append(checkpoint(journal, "progress"))

    [found] = payloads(journal, "checkpoint_emitted")
    assert found["artifacts_delta"]["added"] == ["one.md", "two.md"]


def test_the_last_run_of_acceptance_counts() -> None:
    journal = begun()
    for passed in (1, 2):
        journal.append(
            e.AcceptanceRecorded(checks_run=2, passed=passed, failures=(), config_digest="")
        )

    found, _ = translation(journal)

    assert found.acceptance is not None
    assert json.loads(found.acceptance)["checks_passed"] == 2


def test_a_job_is_completed_by_its_checkpoint_and_its_status() -> None:
    journal = begun()
    journal.append(checkpoint(journal, "completed"), e.JobCompleted(summary="so far"))

    assert names(journal)[-2:] == ["checkpoint_emitted", "status_changed"]
    assert statuses(journal)[-1] == "completed"


def test_an_event_nobody_knows_is_refused() -> None:
    recorded = e.RecordedEvent(
        seq=3, at=NOON, by="ada", id="i", hash="", event=e.UnknownEvent(type="x/1", payload=e.NULL)
    )

    with pytest.raises(UnknownEventError, match="record 3 of job j is a x/1"):
        Translation("j", ()).take_in(recorded)


def test_every_event_is_told_or_is_one_of_those_that_show_in_the_counters_or_nowhere() -> None:
    untold = {cls.__name__ for cls in get_args(e.KnownEvent)} - {
        cls.__name__ for cls in translating._TELLING
    }

    assert untold == {
        "BudgetExceeded",
        "BudgetRaised",
        "BudgetReserved",
        "BudgetSettled",
        "Charged",
        "PayloadsErased",
        "StepFailed",
        "TimerSet",
    }
