"""A v1 log in the making: moves that v1 has, decisions told in time, files named once."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.strategies import NOON
from wrkr_core import events as e
from wrkr_core.checkpoint import ArtifactChanges, Kind, RequiredAction
from wrkr_core.jobpack.v1.history import NO_COUNTERS
from wrkr_core.jobpack.v1.moves import MOVES
from wrkr_core.jobpack.v1.payloads import CountersUpdated
from wrkr_core.jobpack.v1.telling import Telling

if TYPE_CHECKING:
    from wrkr_core.jobpack.v1.records import JobStatus


def telling(*refused: str, status: JobStatus = "running") -> Telling:
    found = Telling("j", refused)
    found.at = found.began_at = NOON
    found.status = status
    return found


def told(found: Telling) -> list[tuple[str, dict[str, Any]]]:
    """Return type and payload of the events told since this was called last."""
    lines = found.told().split(b"\n")[:-1]
    return [(line["type"], line["payload"]) for line in map(json.loads, lines)]


def checkpoint(kind: Kind = "progress", number: int = 5, **fields: Any) -> e.CheckpointRecorded:  # noqa: ANN401
    if kind == "decision-needed":
        action = RequiredAction(kind="approval", instructions="look", key="k")
        fields = {"required_action": action, **fields}
    named = {"checkpoint_id": f"cp_{number}", "kind": kind, "summary": f"number {number}"}
    return e.CheckpointRecorded(**{**named, **fields})


@pytest.mark.parametrize(
    ("before", "to"),
    [pair for pair in itertools.product(MOVES, MOVES) if MOVES[pair[0]] and pair[1] != "queued"],
)
def test_a_job_gets_from_every_open_status_to_every_other_by_moves_of_v1(
    before: JobStatus, to: JobStatus
) -> None:
    found = telling(status=before)

    found.move(to)

    path = [payload for _, payload in told(found)]
    statuses = [before, *(step["to"] for step in path)]
    assert found.status == statuses[-1] == to
    assert [step["from"] for step in path] == statuses[:-1]
    assert all(b in MOVES[a] for a, b in itertools.pairwise(statuses))
    assert len(path) == (0 if to == before else 1 if to in MOVES[before] else 2)


def test_counters_are_told_when_they_are_news() -> None:
    found = telling()

    found.use(NO_COUNTERS)
    assert told(found) == []
    found.use(CountersUpdated(retry_count=0, step_count=1, tool_call_count=0))

    counters = {"retry_count": 0, "step_count": 1, "tool_call_count": 0}
    assert told(found) == [("counters_updated", counters)]
    found.checkpoint(checkpoint())
    assert told(found)[0][1]["budget_state"] == {**counters, "wall_time_seconds": 0}


def test_a_checkpoint_says_how_long_the_job_takes_waiting_included() -> None:
    found = telling()
    found.at = NOON + 90_999_999

    found.checkpoint(checkpoint())

    assert told(found)[0][1]["budget_state"]["wall_time_seconds"] == 90


@pytest.mark.parametrize(
    ("kind", "codes", "status"),
    [
        ("plan", (), "running"),
        ("progress", (), "running"),
        ("blocked", ("E_ADAPTER_FAIL", ""), "blocked_error"),
        ("blocked", ("E_BUDGET_EXCEEDED",), "blocked_budget"),
        ("completed", (), "completed"),
    ],
)
def test_a_checkpoint_states_the_status_the_job_is_about_to_have(
    kind: Kind, codes: tuple[str, ...], status: str
) -> None:
    found = telling()

    found.checkpoint(checkpoint(kind, reason_codes=codes))

    [(event, payload)] = told(found)
    assert event == "checkpoint_emitted"
    assert (payload["type"], payload["status"]) == (kind, status)
    assert payload["reason_codes"] == [code for code in codes if code]
    assert payload["required_action"] is None


def test_every_kind_of_checkpoint_can_be_told() -> None:
    for kind in get_args(Kind):
        found = telling()
        found.checkpoint(checkpoint(kind))
        found.ask_all()
        assert told(found)[0][1]["type"] == kind


def test_a_decision_is_told_when_the_job_waits_and_then_once() -> None:
    found = telling()

    found.checkpoint(checkpoint("decision-needed", 5))
    found.checkpoint(checkpoint("decision-needed", 6))
    assert told(found) == []
    found.ask("cp_6")
    found.ask("cp_6")
    found.ask_all()

    events = told(found)
    assert [payload["summary"] for _, payload in events] == ["number 6", "number 5"]
    assert {payload["status"] for _, payload in events} == {"blocked_decision"}
    assert events[0][1]["required_action"] == {"kind": "approval", "instructions": "look"}
    assert found.ids == {"cp_6": "cp_1", "cp_5": "cp_2"}


def test_a_decision_that_will_be_refused_is_told_at_once_and_blocks() -> None:
    found = telling("cp_5")

    found.checkpoint(checkpoint("decision-needed", 5))

    [(_, payload)] = told(found)
    assert (payload["type"], payload["status"]) == ("blocked", "blocked_decision")
    assert found.ids == {"cp_5": "cp_1"}


def test_a_remark_is_progress_and_changes_nothing() -> None:
    found = telling(status="blocked_decision")

    found.remark("later", "refused", "cp_1 was refused by ada")

    [(_, payload)] = told(found)
    assert (payload["type"], payload["status"]) == ("progress", "blocked_decision")
    assert payload["required_action"] == {
        "kind": "refused",
        "instructions": "cp_1 was refused by ada",
    }


def test_files_recorded_between_checkpoints_are_named_by_the_later_one() -> None:
    found = telling()

    found.keep("new.md", "12")
    found.keep("gone.md", "12")
    found.keep("said.md", "12")
    changes = ArtifactChanges(changed=("said.md", ""), removed=("gone.md",))
    found.checkpoint(checkpoint(artifacts=changes))
    found.keep("new.md", "12")
    found.checkpoint(checkpoint())
    found.keep("new.md", "34")
    found.checkpoint(checkpoint())

    deltas = [payload["artifacts_delta"] for _, payload in told(found)]
    assert deltas == [
        {"added": ["new.md"], "changed": ["said.md"], "removed": ["gone.md"]},
        {"added": [], "changed": [], "removed": []},
        {"added": [], "changed": ["new.md"], "removed": []},
    ]
    assert found.paths == {"new.md", "said.md"}


def test_the_lines_of_checkpoints_are_those_of_the_events() -> None:
    found = telling()

    found.checkpoint(checkpoint(number=5))
    found.checkpoint(checkpoint("completed", 6))

    lines = [json.loads(line) for line in bytes(found.checkpoints).split(b"\n")[:-1]]
    assert [line["checkpoint_id"] for line in lines] == ["cp_1", "cp_2"]
    assert [line["summary"] for line in lines] == ["number 5", "number 6"]
