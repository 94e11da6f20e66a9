"""Following a v1 log: what can have happened in which order, and what cannot."""

from __future__ import annotations

import itertools
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_core.jobpack.v1.forging import (
    AT,
    BEGUN,
    GOOD,
    JOB_ID,
    contents_of,
    event,
    expected,
    fixture,
    lines_of,
)
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.v1.history import History, environment_digest
from wrkr_core.jobpack.v1.moves import MOVES
from wrkr_core.jobpack.v1.records import Event, shaped

Told = tuple[str, dict[str, Any]]
BEGIN: Final[Told] = ("job_initialized", BEGUN)
RUN: Final[Told] = ("status_changed", {"from": "queued", "to": "running"})
RULES: Final = {"rules": ["os"], "values": {"os": "linux"}, "captured_at": AT}
LINUX: Final = environment_digest(["os"], {"os": "linux"})
CAPTURED: Final[Told] = ("env_fingerprint_set", {**RULES, "hash": LINUX})


def moved(before: str, to: str) -> Told:
    return "status_changed", {"from": before, "to": to}


def checkpoint(kind: str) -> Told:
    return "checkpoint_emitted", {
        "type": kind,
        "summary": "s",
        "status": "running",
        "budget_state": {
            "wall_time_seconds": 0,
            "retry_count": 0,
            "step_count": 0,
            "tool_call_count": 0,
        },
        "artifacts_delta": {"added": [], "changed": [], "removed": []},
        "required_action": None,
        "reason_codes": [],
    }


def approved(checkpoint_id: str, **fields: object) -> Told:
    return "approval_recorded", {
        "schema_id": "wrkr.approval_record",
        "schema_version": "v1",
        "created_at": AT,
        "producer_version": "dev",
        "job_id": JOB_ID,
        "checkpoint_id": checkpoint_id,
        "reason": "looked",
        "approved_by": "ada",
        **fields,
    }


def followed(*told: Told) -> History:
    """Return the history of these events, numbered as they stand."""
    history = History(JOB_ID)
    for seq, (kind, payload) in enumerate(told, 1):
        history.take_in(shaped(event(seq, kind, payload), Event))
    return history


def refusal(*told: Told) -> VerifyError:
    """Return why the last event is refused; those before must be fine."""
    history = followed(*told[:-1])
    kind, payload = told[-1]
    return refused_by(history, event(len(told), kind, payload))


def refused_by(history: History, line: dict[str, Any]) -> VerifyError:
    with pytest.raises(VerifyError) as caught:
        history.take_in(shaped(line, Event))
    return caught.value


@pytest.mark.parametrize("name", GOOD)
def test_the_log_of_another_implementation_comes_to_what_it_says(name: str) -> None:
    contents, said = contents_of(fixture(name)), expected(name)
    history = History(said["job_id"])

    for line in lines_of(contents["events.jsonl"]):
        history.take_in(shaped(line, Event))

    assert (history.count, history.status) == (said["events"], said["status"])


def test_the_digest_of_an_environment_is_the_one_the_contract_gives() -> None:
    assert LINUX == "6607c4f0e8bdc480711beb880b4fb15b64c8982db00ac24aef835311b54bc998"


def test_events_are_numbered_without_a_gap() -> None:
    history = followed(BEGIN)

    error = refused_by(history, event(3, *RUN))

    assert error.code == "E_VERIFY_HISTORY"
    assert "'evt_3' stands where evt_2 must" in error.message


def test_a_job_begins_once_and_first() -> None:
    assert "begins with job_initialized, once" in refusal(RUN).message
    assert "begins with job_initialized, once" in refusal(BEGIN, BEGIN).message


def test_an_event_of_another_job_is_refused() -> None:
    error = refused_by(History(JOB_ID), event(1, *BEGIN, job_id="another"))

    assert error.message == "it is of job 'another', in a jobpack of job 'port-utils'"


def test_an_event_that_v1_does_not_know_is_refused() -> None:
    assert "no event of type 'job_paused'" in refusal(BEGIN, ("job_paused", {})).message


@pytest.mark.parametrize(
    "told",
    [
        ("status_changed", {"from": "queued"}),
        ("status_changed", {"from": "queued", "to": "done"}),
        ("counters_updated", {"retry_count": 0, "step_count": -1, "tool_call_count": 0}),
        ("idempotency_recorded", {"key": ""}),
        ("lease_released", {"worker_id": "w"}),
        ("approval_recorded", {"job_id": JOB_ID}),
    ],
)
def test_a_payload_of_another_shape_is_refused(told: Told) -> None:
    error = refusal(BEGIN, told)

    assert error.code == "E_VERIFY_HISTORY"
    assert f"it is no {told[0]} of v1" in error.message


def test_fields_of_a_later_v1_are_passed_over() -> None:
    kind, payload = RUN

    assert followed(BEGIN, (kind, {**payload, "why": "later"})).status == "running"


@pytest.mark.parametrize("field", ["acquired_at", "heartbeat_at", "expires_at"])
def test_a_time_inside_that_does_not_exist_is_refused(field: str) -> None:
    lease = {"worker_id": "w", "lease_id": "l"}
    times = {"acquired_at": AT, "heartbeat_at": AT, "expires_at": AT, field: "2026-02-30T00:00:00Z"}

    error = refusal(BEGIN, ("lease_set", {**lease, **times}))

    assert error.code == "E_VERIFY_MALFORMED"
    assert field in error.message


def test_executed_is_said_twice_and_the_same() -> None:
    step = {
        "adapter": "reference",
        "step_id": "a",
        "step_index": 0,
        "summary": "a",
        "command": "",
        "executed": False,
        "artifacts": [],
    }
    history = followed(BEGIN)

    assert "executed" in refused_by(history, event(2, "adapter_step", step)).message
    followed(BEGIN).take_in(shaped(event(2, "adapter_step", step, executed=False), Event))


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=8))
def test_a_status_follows_from_the_one_before_by_the_table_and_in_no_other_way(
    statuses: list[str],
) -> None:
    told, status = [BEGIN], "queued"
    for to in statuses:
        if to in MOVES[status]:  # type: ignore[index]  # they are all there
            told.append(moved(status, to))
            status = to
        else:
            error = refusal(*told, moved(status, to))
            assert f"a job that is {status} cannot be {to}" in error.message

    assert followed(*told).status == status


def test_a_status_that_never_was_is_refused() -> None:
    error = refusal(BEGIN, RUN, moved("paused", "running"))

    assert "it says that the job was paused, which was running" in error.message


def test_no_job_goes_on_past_a_decision_that_nobody_approved() -> None:
    asked = (BEGIN, RUN, checkpoint("decision-needed"), moved("running", "blocked_decision"))
    on = moved("blocked_decision", "running")

    assert "nobody had approved cp_3" in refusal(*asked, on).message
    assert followed(*asked, approved("cp_3"), on).status == "running"
    assert followed(*asked, moved("blocked_decision", "canceled")).status == "canceled"


def test_the_newest_decision_is_the_one_that_counts() -> None:
    two = (BEGIN, RUN, checkpoint("decision-needed"), checkpoint("decision-needed"))
    paused = (*two, moved("running", "paused"))

    assert "nobody had approved cp_4" in refusal(*paused, moved("paused", "running")).message
    assert (
        "cp_4" in refusal(*paused, approved("cp_3"), moved("paused", "running")).message
    )  # a decoy
    assert followed(*paused, approved("cp_4"), moved("paused", "running")).approvals == 1


@pytest.mark.parametrize("kind", ["plan", "progress", "blocked", "completed"])
def test_only_what_was_asked_is_approved(kind: str) -> None:
    assert "which asked nothing" in refusal(BEGIN, checkpoint(kind), approved("cp_2")).message
    assert "which asked nothing" in refusal(BEGIN, approved("cp_9")).message


def test_an_approval_of_another_job_is_refused() -> None:
    error = refusal(BEGIN, checkpoint("decision-needed"), approved("cp_2", job_id="another"))

    assert "it is of job 'another'" in error.message


def test_an_environment_has_the_digest_stated_for_it_and_replaces_the_one_that_was() -> None:
    darwin = {**RULES, "values": {"os": "darwin"}}
    digest = environment_digest(["os"], {"os": "darwin"})
    said = {"reason": "", "approved_by": "ada", **darwin}
    accepted = {**said, "expected_hash": LINUX, "actual_hash": digest}

    history = followed(BEGIN, CAPTURED, ("env_override_recorded", accepted))

    assert history.environment == digest
    wrong = ("env_fingerprint_set", {**RULES, "hash": "0" * 64})
    assert "has not the digest" in refusal(BEGIN, wrong).message
    wrong = ("env_override_recorded", {**accepted, "actual_hash": LINUX})
    assert "has not the digest" in refusal(BEGIN, CAPTURED, wrong).message
    wrong = ("env_override_recorded", {**accepted, "expected_hash": digest})
    assert "was not the job's" in refusal(BEGIN, CAPTURED, wrong).message


def test_counters_are_the_last_that_were_stated() -> None:
    first = {"retry_count": 1, "step_count": 2, "tool_call_count": 3}
    last = {"retry_count": 1, "step_count": 1, "tool_call_count": 3}

    history = followed(BEGIN, ("counters_updated", first), ("counters_updated", last))

    assert msgspec.to_builtins(history.counters) == last


def test_what_changes_nothing_changes_nothing() -> None:
    lease = {"worker_id": "w", "lease_id": "l"}
    times = {"acquired_at": AT, "heartbeat_at": AT, "expires_at": AT}
    told: list[Told] = [
        ("idempotency_recorded", {"key": "k"}),
        ("lease_set", {**lease, **times}),
        ("lease_released", lease),
        checkpoint("completed"),
    ]

    for order in itertools.permutations(told):
        assert followed(BEGIN, *order).status == "queued"
