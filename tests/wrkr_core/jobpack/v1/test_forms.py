"""The documents that are written, held to v1's shapes and to the contract's values."""

from __future__ import annotations

import json

from tests.strategies import NOON
from wrkr_core import __version__
from wrkr_core import events as e
from wrkr_core.jobpack.v1 import forms
from wrkr_core.jobpack.v1.payloads import CountersUpdated
from wrkr_core.jobpack.v1.records import (
    Acceptance,
    Approval,
    Artifacts,
    Event,
    Job,
    decoded,
    shaped,
)

COUNTERS = CountersUpdated(retry_count=1, step_count=2, tool_call_count=3)


def test_every_record_states_its_schema_its_job_and_its_time() -> None:
    found = forms.envelope("wrkr.job", "j", NOON + 120_000)

    assert found == {
        "schema_id": "wrkr.job",
        "schema_version": "v1",
        "created_at": "2023-11-14T22:13:20.12Z",
        "producer_version": __version__,
        "job_id": "j",
    }


def test_an_event_is_numbered_and_was_executed() -> None:
    line = forms.event("j", NOON, 7, "status_changed", {"from": "queued", "to": "running"})

    assert line.endswith(b"}\n")
    found = decoded(line, Event)
    assert (found.event_id, found.executed, found.type) == ("evt_7", True, "status_changed")


def test_a_checkpoint_says_nothing_where_its_event_says_null() -> None:
    said = {"summary": "s", "required_action": None}

    found = json.loads(forms.checkpoint("j", NOON, 7, said))

    assert "required_action" not in found
    assert (found["checkpoint_id"], found["producer_version"]) == ("cp_7", "dev")


def test_an_approval_names_who_approved_what() -> None:
    found = shaped(forms.approval("j", NOON, "cp_7", by="ada", reason="looked"), Approval)

    assert (found.checkpoint_id, found.approved_by, found.reason) == ("cp_7", "ada", "looked")
    assert found.producer_version == "dev"


def test_a_job_is_named_by_its_id() -> None:
    found = decoded(forms.job("j", NOON, "paused", COUNTERS), Job)

    assert (found.name, found.status) == ("j", "paused")
    assert found.budgets == {"retry_count": 1, "step_count": 2, "tool_call_count": 3}


def test_paths_are_listed_once_by_their_bytes_and_none_is_empty() -> None:
    paths = ["b", "", "a", "\U0001f680", "\ufffd", "b"]

    assert forms.in_order(paths) == ["a", "b", "\ufffd", "\U0001f680"]
    found = decoded(forms.artifacts("j", NOON, paths), Artifacts)
    assert [each.path for each in found.artifacts] == ["a", "b", "\ufffd", "\U0001f680"]
    assert found.capture_mode == "reference-only"


def test_a_result_of_acceptance_names_every_failure_and_its_codes_once() -> None:
    failures = (
        e.AcceptanceFailure(check="lint", code="E_ACCEPT_TEST_FAIL", message="exit 1"),
        e.AcceptanceFailure(check="tests", code="E_ACCEPT_TEST_FAIL", message=""),
        e.AcceptanceFailure(check="", code="E_ACCEPT_MISSING_ARTIFACT", message="no", artifact="a"),
    )
    event = e.AcceptanceRecorded(checks_run=3, passed=0, failures=failures, config_digest="")

    found = decoded(forms.acceptance("j", NOON, event), Acceptance)

    assert (found.checks_run, found.checks_passed) == (3, 0)
    assert found.reason_codes == ("E_ACCEPT_MISSING_ARTIFACT", "E_ACCEPT_TEST_FAIL")
    assert [each.check for each in found.failures] == [
        "lint",
        "tests",
        "E_ACCEPT_MISSING_ARTIFACT",
    ]
    assert found.failures[1].message == "E_ACCEPT_TEST_FAIL"
    assert found.failures[2].artifact == "a"
