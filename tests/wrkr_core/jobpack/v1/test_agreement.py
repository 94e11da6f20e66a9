"""Documents of v1 beside the log: each says what the log says, or is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.wrkr_core.jobpack.v1.forging import (
    APPROVED,
    changed,
    contents_of,
    fixture,
    packed,
    refusal,
    resealed,
    verified,
)
from wrkr_core.jobpack.v1.agreement import reference_digest

if TYPE_CHECKING:
    from collections.abc import Callable

Change = "Callable[[Any], object]"


def setting(**fields: object) -> Callable[[Any], object]:
    """Return a change of a document, or of the last record of a file of lines."""

    def change(value: Any) -> None:  # noqa: ANN401  # JSON
        (value[-1] if isinstance(value, list) else value).update(fields)

    return change


def test_a_file_is_stated_by_the_digest_of_a_reference_to_it() -> None:
    listed = json.loads(contents_of(fixture("12_unicode_html_chars"))["artifacts_manifest.json"])

    for each in listed["artifacts"]:
        assert reference_digest(each["path"]) == each["sha256"]


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("checkpoints.jsonl", setting(summary="all is well"), "another summary than the log"),
        ("checkpoints.jsonl", setting(status="running"), "another status"),
        ("checkpoints.jsonl", setting(type="plan"), "another type"),
        ("checkpoints.jsonl", setting(reason_codes=["E_X"]), "another reason_codes"),
        ("checkpoints.jsonl", setting(created_at="2026-02-14T06:00:00Z"), "another created_at"),
        ("checkpoints.jsonl", setting(required_action={}), "another required_action"),
        ("checkpoints.jsonl", setting(checkpoint_id="cp_19"), "the log says cp_20"),
        ("checkpoints.jsonl", setting(job_id="another"), "of job 'another'"),
        ("checkpoints.jsonl", lambda lines: lines.pop(), "cp_20 is in the log"),
        ("checkpoints.jsonl", lambda lines: lines.append(lines[-1]), "nothing more to say"),
        ("approvals.jsonl", setting(approved_by="mallory"), "another approved_by than the log"),
        ("approvals.jsonl", setting(reason="ok"), "another reason"),
        ("approvals.jsonl", setting(checkpoint_id="cp_8"), "another checkpoint_id"),
        ("approvals.jsonl", setting(producer_version="2"), "another producer_version"),
        ("approvals.jsonl", lambda lines: lines.append(lines[-1]), "nothing more to say"),
        ("approvals.jsonl", lambda lines: lines.clear(), "is in the log, not here"),
        ("job.json", setting(status="canceled"), "is 'canceled', the log says completed"),
        ("job.json", setting(job_id="another"), "of job 'another'"),
        ("job.json", setting(budgets={}), "states retry_count None, the log says 0"),
        ("artifacts_manifest.json", setting(job_id="another"), "of job 'another'"),
        ("artifacts_manifest.json", setting(artifacts=[]), "which the artifacts do not list"),
        ("artifacts_manifest.json", lambda it: it["artifacts"].reverse(), "out of order"),
    ],
)
def test_a_document_that_says_otherwise_than_the_log_is_refused(
    name: str, change: Callable[[Any], object], said: str
) -> None:
    error = refusal(changed(APPROVED, name, change))

    assert (error.code, error.exit_code) == ("E_VERIFY_HISTORY", 2)
    assert said in error.message
    assert error.message.startswith(str(error.details["entry"]))


@pytest.mark.parametrize("counter", ["retry_count", "step_count", "tool_call_count"])
def test_counters_must_be_those_of_the_log_and_whole_numbers(counter: str) -> None:
    counted = json.loads(contents_of(fixture(APPROVED))["job.json"])["budgets"]
    for wrong in (counted[counter] + 1, float(counted[counter]) + 0.5, str(counted[counter]), True):
        error = refusal(changed(APPROVED, "job.json", setting(budgets={**counted, counter: wrong})))
        assert f"it states {counter} {wrong!r}" in error.message


@pytest.mark.parametrize("wrong", [True, "1", [1]])
def test_a_counter_that_only_python_takes_for_the_number_is_refused(wrong: object) -> None:
    counted = {"retry_count": 0, "step_count": wrong, "tool_call_count": 1}

    error = refusal(changed("12_unicode_html_chars", "job.json", setting(budgets=counted)))

    assert f"it states step_count {wrong!r}, the log says 1" in error.message


def test_a_file_that_no_checkpoint_names_is_refused() -> None:
    def add(document: dict[str, Any]) -> None:
        document["artifacts"].append({"path": "z.md", "sha256": reference_digest("z.md")})

    error = refusal(changed(APPROVED, "artifacts_manifest.json", add))

    assert "'z.md' is listed, and no checkpoint names it" in error.message


def test_a_file_is_stated_by_a_reference_unless_contents_were_captured() -> None:
    def change(document: dict[str, Any]) -> None:
        document["artifacts"][0]["sha256"] = "0" * 64

    def raw(document: dict[str, Any]) -> None:
        change(document)
        document["capture_mode"] = "raw"

    error = refusal(changed(APPROVED, "artifacts_manifest.json", change))

    assert "has not the digest of a reference to it" in error.message
    assert verified(changed(APPROVED, "artifacts_manifest.json", raw)).ok


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"checks_passed": 6}, "6 of 5 checks cannot have passed"),
        ({"checks_passed": 5}, "5 of 5 checks passed, and 4 failures are listed"),
        ({"failures": []}, "1 of 5 checks passed, and 0 failures are listed"),
        ({"reason_codes": []}, "1 of 5 checks passed"),
        ({"job_id": "another"}, "of job 'another'"),
    ],
)
def test_acceptance_must_not_contradict_itself(fields: dict[str, object], said: str) -> None:
    error = refusal(changed("08_accept_failed", "accept/accept_result.json", setting(**fields)))

    assert (error.code, error.details["entry"]) == (
        "E_VERIFY_HISTORY",
        "accept/accept_result.json",
    )
    assert said in error.message


def test_an_empty_file_of_approvals_says_that_there_were_none() -> None:
    contents = {**contents_of(fixture("01_demo")), "approvals.jsonl": b""}

    assert verified(packed(resealed(contents))).answers.asserted == 0
    assert verified(fixture(APPROVED)).answers.asserted == 1
