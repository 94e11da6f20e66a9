"""What is shown of a job: JSON for scripts, and lines that fit a terminal and cannot drive it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given

from tests.signers import signed_story
from tests.stories import SECOND, Story, canceled_story, small_story, submitted, whole_story
from tests.strategies import KNOWN_EVENTS
from tests.trying import HISTORIES
from wrkr_core import events as e
from wrkr_core.canonical import loads
from wrkr_core.lease import Heartbeat
from wrkr_core.record import read_line
from wrkr_core.spec import JobSpec
from wrkr_core.views import (
    WIDTH,
    budget_view,
    checkpoint_lines,
    checkpoint_view,
    decision_view,
    event_line,
    event_view,
    job_row,
    plain,
    status_lines,
    status_view,
)

if TYPE_CHECKING:
    from tests.histories import Journal
    from wrkr_core.job.state import JobState


def state_of(story: Story) -> JobState:
    assert story.log.state is not None
    return story.log.state


def records(story: Story) -> list[e.RecordedEvent]:
    return list(story.log.records())


def waiting() -> Story:
    """Return a job that is held, over nothing, and asks with choices."""
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    story.take(1)
    story.ask("Tag it?", key="ask/1", choices=("v1", "v2"))
    return story


def assert_is_fit_to_print(line: str) -> None:
    assert len(line) <= WIDTH
    assert line == "" or line.isprintable()


def test_status_says_what_scripts_rely_on() -> None:
    story = whole_story()

    view = status_view(state_of(story), now=story.machine.now())

    assert view["schema_id"] == "wrkr.status_response"
    assert {key: view[key] for key in ("job_id", "status", "summary", "reason_codes")} == {
        "job_id": "port-utils",
        "status": "completed",
        "summary": "merged",
        "reason_codes": [],
    }
    assert view["steps"] == {"done": 2, "failed_attempts": 1, "open": [], "total": 2}
    assert view["head"] == {"seq": 48, "hash": state_of(story).hash}
    assert view["open_decisions"] == []
    assert view["submitted"] == {"at": "2023-11-14T22:13:21Z", "by": "ann"}
    assert not {"lease", "wake_at", "forked_from", "unknown_events"} & view.keys()
    assert json.loads(json.dumps(view)) == view


def test_the_budget_is_shown_by_meter_with_text() -> None:
    view = budget_view(state_of(whole_story()))

    assert view["cost"] == {"spent": 100_000, "reserved": 0, "limit": 1_000_000, "text": "0.1 USD"}
    assert view["tokens"] == {"spent": 1200, "reserved": 0, "limit": None, "text": "1200"}
    assert list(view) == sorted(view)


@pytest.mark.parametrize(("later", "is_lapsed"), [(29, False), (30, True)])
def test_a_lease_without_heartbeat_lasts_from_when_it_was_taken(
    later: int,
    is_lapsed: bool,  # noqa: FBT001  # a row of the table
) -> None:
    story = waiting()
    taken_at = records(story)[1].at

    lease = status_view(state_of(story), now=taken_at + later * SECOND)["lease"]

    assert (lease["worker"], lease["epoch"], lease["heartbeats"]) == ("host-1", 1, 0)
    assert lease["lapsed"] is is_lapsed


@pytest.mark.parametrize(("epoch", "beats"), [(1, 7), (2, 0)])
def test_only_a_heartbeat_of_this_lease_prolongs_it(epoch: int, beats: int) -> None:
    story = waiting()
    beat = Heartbeat(
        epoch=epoch,
        beats=7,
        unrecorded=0,
        expires_at=story.machine.now() + 99 * SECOND,
        boot_id="",
        expires_uptime=0,
    )

    view = status_view(state_of(story), heartbeat=beat, now=story.machine.now() + 50 * SECOND)

    assert view["lease"]["heartbeats"] == beats
    assert view["lease"]["lapsed"] is (beats == 0)


def test_an_open_decision_is_shown_with_what_an_approval_must_name() -> None:
    story = waiting()
    (decision,) = state_of(story).decisions

    assert decision_view(decision) == {
        "checkpoint_id": "cp_3",
        "question": "Tag it?",
        "choices": ["v1", "v2"],
        "kind": "choice",
        "subject": records(story)[2].hash,
        "opened_at": "2023-11-14T22:13:23Z",
    }
    assert status_view(state_of(story), now=0)["open_decisions"] == [decision_view(decision)]


def test_a_fork_and_unknown_events_are_shown_where_there_are_any() -> None:
    fork, newer = canceled_story(), waiting()
    newer.tell(e.UnknownEvent(type="job_napped/1", payload=e.NULL))

    assert status_view(state_of(fork), now=0)["forked_from"] == {"job_id": "port-utils", "seq": 12}
    assert status_view(state_of(newer), now=0)["unknown_events"] == ["job_napped/1"]
    assert any("job_napped/1" in line for line in status_lines(status_view(state_of(newer), now=0)))


def test_a_sleeping_job_says_until_when() -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    story.take(1)
    story.tell(e.TimerSet(key="sleep/1", wake_at=story.machine.now() + 60 * SECOND))

    view = status_view(state_of(story), now=0)

    assert view["wake_at"] == "2023-11-14T22:14:22Z"
    assert any("asleep" in line and view["wake_at"] in line for line in status_lines(view))


def test_the_lines_of_a_status_say_what_a_person_asks_first() -> None:
    story = waiting()

    lines = status_lines(status_view(state_of(story), now=story.machine.now()))

    assert lines[0] == "port-utils  blocked_decision"
    text = "\n".join(lines)
    for said in ("Tag it? (v1 or v2)", "host-1, epoch 1, lasts until", "0 done", "record 4, "):
        assert said in text


def test_a_row_of_a_list_says_where_the_job_stands() -> None:
    row = job_row(state_of(waiting()))

    assert row == {
        "job_id": "port-utils",
        "name": "port-utils",
        "status": "blocked_decision",
        "summary": "Tag it?",
        "reason_codes": [],
        "updated_at": "2023-11-14T22:13:24Z",
        "seq": 4,
    }


def test_an_event_is_shown_as_its_log_line_says_it() -> None:
    story = whole_story()
    for stored, recorded in zip(story.store.read(story.job_id), records(story), strict=True):
        line = read_line(stored.data)
        view = event_view(story.job_id, recorded)

        assert (view["seq"], view["type"], view["by"], view["id"]) == (
            line.seq,
            line.type,
            line.by,
            line.id,
        )
        assert view["hash"] == line.hash
        assert view["payload"] == loads(bytes(line.payload))
    assert view["at"] == "2023-11-14T22:15:03Z"


@pytest.mark.parametrize(
    ("seq", "line"),
    [
        (1, "    1  22:13:21  job_submitted         port-utils: Port utils to pathlib line …"),
        (5, "    5  22:13:25  step_started          fetch attempt 1"),
        (
            7,
            "    7  22:13:27  step_failed           fetch attempt 1: E_ADAPTER_FAIL no rout…",
        ),
        (10, "   10  22:13:29  step_finished         fetch attempt 2, 3s"),
        (26, "   26  22:13:44  approval_given        cp_23 by ann: read the diff"),
        (45, "   45  22:15:01  acceptance_recorded   1 of 2 checks passed"),
    ],
)
def test_an_event_is_one_line_for_people(seq: int, line: str) -> None:
    assert event_line(records(whole_story())[seq - 1]) == line


@given(KNOWN_EVENTS)
def test_any_event_is_shown_on_one_line_that_fits(event: e.KnownEvent) -> None:
    recorded = e.RecordedEvent(seq=7, at=0, by="a\x1b[2Jnn", id="x", hash="ab" * 32, event=event)

    assert_is_fit_to_print(event_line(recorded))
    assert event_view("j", recorded)["payload"] == loads(msgspec.json.encode(event, order="sorted"))


def test_an_event_of_a_later_release_is_shown_as_one() -> None:
    event = e.UnknownEvent(type="job_\x07reopened/1", payload=msgspec.Raw(b'{"why":1}'))
    recorded = e.RecordedEvent(seq=7, at=0, by="ann", id="x", hash="ab" * 32, event=event)

    assert (
        event_line(recorded) == "    7  00:00:00  job_?reopened         an event of another release"
    )
    assert event_view("j", recorded)["payload"] == {"why": 1}


@given(HISTORIES)
def test_any_job_is_shown_in_json_and_in_lines_that_fit(journal: Journal) -> None:
    view = status_view(journal.now, now=journal.now.at)

    assert json.loads(json.dumps(view)) == view
    for line in status_lines(view):
        assert_is_fit_to_print(line)


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x1b]0;title\x07", "a\r\nb", "\u202egnp.exe", "a\tb", "x" * 200]
)
def test_what_a_job_says_of_itself_cannot_drive_a_terminal(text: str) -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    story.take(1, worker=f"host {text}"[:150])
    story.tell(story.checkpoint("plan", text, reason_codes=(text,)))
    recorded = records(story)[-1]

    shown = [
        event_line(recorded),
        *status_lines(status_view(state_of(story), now=0)),
        *checkpoint_lines(checkpoint_view("port-utils", recorded)),
    ]

    for line in shown:
        assert_is_fit_to_print(line)


def test_plain_text_stays_as_it_is() -> None:
    assert plain("12 von 40 Dateien: übersetzt ✓") == "12 von 40 Dateien: übersetzt ✓"
    assert plain("a\n  b\t\u2028c") == "a b c"


def checkpoint_of(story: Story, seq: int, *, answered: bool = True) -> dict[str, Any]:
    log = records(story)
    return checkpoint_view(story.job_id, log[seq - 1], log if answered else ())


def test_a_checkpoint_is_shown_with_all_it_holds() -> None:
    view = checkpoint_of(whole_story(), 4)

    assert view["checkpoint_id"] == "cp_4"
    assert (view["kind"], view["summary"], view["by"]) == ("plan", "fetch, then merge", "host-1")
    assert view["data"] == {"steps": ["fetch"]}
    assert view["artifacts"] == {"added": [], "changed": [], "removed": []}
    assert not {"required_action", "answer"} & view.keys()


def test_a_decision_is_shown_with_its_own_answer_and_what_that_is_worth() -> None:
    story = whole_story()

    approved, refused = checkpoint_of(story, 23), checkpoint_of(story, 36)

    assert approved["answer"]["approved"] is True
    assert approved["answer"]["by"] == "ann"
    assert approved["answer"]["assurance"] == "asserted"
    assert refused["answer"]["approved"] is False
    assert refused["required_action"]["choices"] == ["v1", "v2"]
    assert "answer" not in checkpoint_of(story, 23, answered=False)


def test_an_answer_with_a_signature_is_not_called_asserted() -> None:
    story = signed_story()
    asked = next(
        each.seq
        for each in records(story)
        if isinstance(each.event, e.CheckpointRecorded) and each.event.required_action
    )

    assert checkpoint_of(story, asked)["answer"]["assurance"] == "signed"


def test_the_lines_of_a_checkpoint_say_what_was_asked_and_answered() -> None:
    lines = "\n".join(checkpoint_lines(checkpoint_of(whole_story(), 36)))

    for said in (
        "cp_36 decision-needed",
        "Tag it?",
        "v1 or v2",
        "refused by bea: later",
        "0.1 USD",
    ):
        assert said in lines


def test_another_event_is_no_checkpoint() -> None:
    with pytest.raises(TypeError, match="record 1 is no checkpoint"):
        checkpoint_view("port-utils", records(small_story())[0])
