"""The payloads of v1's events: the complete set of types, as another implementation writes them."""

from __future__ import annotations

import msgspec
import pytest

from tests.wrkr_core.jobpack.v1.forging import AT, GOOD, contents_of, fixture, lines_of
from wrkr_core.jobpack.v1.payloads import APPROVAL, TYPES, CheckpointEmitted, StatusChanged


def test_there_are_eleven_types_of_events() -> None:
    assert sorted([*TYPES, APPROVAL]) == [
        "adapter_step",
        "approval_recorded",
        "checkpoint_emitted",
        "counters_updated",
        "env_fingerprint_set",
        "env_override_recorded",
        "idempotency_recorded",
        "job_initialized",
        "lease_released",
        "lease_set",
        "status_changed",
    ]


@pytest.mark.parametrize("name", GOOD)
def test_every_payload_of_another_implementation_has_its_shape(name: str) -> None:
    for event in lines_of(contents_of(fixture(name))["events.jsonl"]):
        if event["type"] != APPROVAL:
            said = msgspec.convert(event["payload"], TYPES[event["type"]])
            assert set(event["payload"]) == set(said.__struct_encode_fields__)


def test_the_statuses_are_called_from_and_to() -> None:
    found = msgspec.convert({"from": "queued", "to": "running"}, StatusChanged)

    assert (found.before, found.to) == ("queued", "running")


def test_a_checkpoint_that_wants_nothing_says_null_or_nothing() -> None:
    counts = dict.fromkeys(("retry_count", "step_count", "tool_call_count"), 0)
    payload = {
        "type": "plan",
        "summary": "s",
        "status": "running",
        "budget_state": {"wall_time_seconds": 0, **counts},
        "artifacts_delta": {"added": [], "changed": [], "removed": []},
        "reason_codes": [],
    }

    without = msgspec.convert(payload, CheckpointEmitted)

    assert without.required_action is None
    assert msgspec.convert({**payload, "required_action": None}, CheckpointEmitted) == without


def test_times_are_told_by_their_name() -> None:
    for kind in TYPES.values():
        for field in msgspec.structs.fields(kind):
            assert field.name.endswith("_at") is (
                field.name in {"started_at", "captured_at", "acquired_at"}
                or field.name in {"heartbeat_at", "expires_at"}
            )
    assert AT.endswith("Z")
