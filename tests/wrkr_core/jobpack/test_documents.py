"""The documents of a jobpack, byte for byte: version v2 never changes."""

from __future__ import annotations

import pytest

from tests.signers import answered_story
from tests.stories import canceled_story, contents_of, packed, small_story, whole_story
from wrkr_core.canonical import is_canonical, loads
from wrkr_core.job.state import JobState
from wrkr_core.jobpack import documents

SMALL = contents_of(packed(small_story()))
WHOLE = contents_of(packed(whole_story()))
CANCELED = contents_of(packed(canceled_story()))

APPROVAL = {
    "schema_id": "wrkr.approval_record",
    "schema_version": "v2",
    "job_id": "port-utils",
    "checkpoint_id": "cp_3",
    "seq": 5,
    "at": "2023-11-14T22:13:25Z",
    "by": "ann",
    "decision": "approved",
    "choice": None,
    "reason": "read the diff",
    "expires_at": None,
    "assurance": "asserted",
}


@pytest.mark.parametrize("pack", [SMALL, WHOLE, CANCELED])
def test_every_document_is_canonical_and_says_whose_it_is(pack: dict[str, bytes]) -> None:
    for name, content in pack.items():
        lines = content.split(b"\n")[:-1] if name.endswith(".jsonl") else [content]
        for line in lines:
            assert is_canonical(line), name
            if name != "events.jsonl" and not name.startswith("blobs/"):
                assert loads(line)["schema_version"] == "v2"
                assert loads(line)["job_id"].startswith("port-utils")


def test_an_approval_is_written_with_what_it_is_worth() -> None:
    found = loads(SMALL["approvals.jsonl"])
    asked = loads(SMALL["events.jsonl"].split(b"\n")[2])
    given = loads(SMALL["events.jsonl"].split(b"\n")[4])

    assert found == {**APPROVAL, "subject": asked["_hash"], "hash": given["_hash"]}
    assert documents.ASSERTED == "asserted"


def test_an_approval_that_carries_a_signature_is_written_as_signed() -> None:
    found = loads(contents_of(packed(answered_story()))["approvals.jsonl"])

    assert found["assurance"] == "signed"
    assert found.keys() == APPROVAL.keys() | {"subject", "hash"}


def test_a_refusal_is_written_as_one() -> None:
    found = loads(WHOLE["approvals.jsonl"].split(b"\n")[1])

    assert (found["decision"], found["by"], found["expires_at"]) == ("refused", "bea", None)


def test_a_checkpoint_is_written_with_its_data_as_it_was() -> None:
    plan, blocked, _, progress, *_ = map(loads, WHOLE["checkpoints.jsonl"].split(b"\n")[:-1])

    assert plan["data"] == {"steps": ["fetch"]}
    assert plan["required_action"] is None
    assert blocked["reason_codes"] == ["E_BUDGET_EXCEEDED"]
    assert {"meter": "tool_calls", "amount": 6} in blocked["budget"]
    assert progress["artifacts"] == {
        "added": ["src/a.py"],
        "changed": [],
        "removed": ["src/old.py"],
    }


def test_a_decision_is_written_with_what_it_asks_for() -> None:
    asked = loads(WHOLE["checkpoints.jsonl"].split(b"\n")[4])

    assert asked["required_action"] == {
        "kind": "choice",
        "instructions": "Tag it?",
        "key": "ask/2",
        "choices": ["v1", "v2"],
    }


def test_the_job_is_written_as_it_stands() -> None:
    job = loads(WHOLE["job.json"])

    assert (job["status"], job["summary"], job["lease_epochs"]) == ("completed", "merged", 7)
    assert job["environment"]["rules"] == ["os"]
    assert job["steps"] == {"begun": 2, "done": 2, "failed_attempts": 1, "open": 0, "total": 2}
    assert job["budget"][-2:] == [
        {"meter": "tool_calls", "limit": 20, "spent": 6, "reserved": 0},
        {"meter": "wall", "limit": 3_600_000_000, "spent": 6_000_000, "reserved": 0},
    ]
    assert job["submitted_at"] == "2023-11-14T22:13:21Z"
    assert job["head"]["seq"] == 48


def test_a_fork_is_written_with_its_origin() -> None:
    assert loads(CANCELED["job.json"])["forked_from"] == {
        "job_id": "port-utils",
        "seq": 12,
        "hash": "9a" * 32,
    }


def test_an_artifact_is_written_as_it_was_last_recorded() -> None:
    found = loads(WHOLE["artifacts_manifest.json"])["artifacts"]

    assert [(each["path"], each["sha256"], each["seq"]) for each in found] == [
        ("README.md", "34" * 32, 12),
        ("src/a.py", "56" * 32, 44),
    ]


def test_acceptance_is_written_only_when_it_ran() -> None:
    found = loads(WHOLE["accept/accept_result.json"])

    assert (found["checks_run"], found["checks_passed"]) == (2, 1)
    assert found["failures"] == [
        {"check": "lint", "code": "E_ACCEPT_TEST_FAIL", "message": "exit 1", "artifact": None}
    ]
    assert "accept/accept_result.json" not in SMALL


def test_a_job_without_environment_origin_or_timer_says_so() -> None:
    state = small_story().log.state
    assert isinstance(state, JobState)

    found = documents.job(state, "0.1.0")

    assert [found[key] for key in ("environment", "forked_from", "wake_at")] == [None, None, None]
