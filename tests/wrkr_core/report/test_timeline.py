"""The timeline tells in order what happened; the burn-down what was left of every limit."""

from __future__ import annotations

from tests.stories import canceled_story, small_story, whole_story
from tests.wrkr_core.report.subjects import subject_of
from wrkr_core import events as e
from wrkr_core.codec import CLASSES
from wrkr_core.report import timeline as module
from wrkr_core.report.timeline import Level, burn_down, timeline

# Told elsewhere in the report, or only bookkeeping.
NOT_TOLD = {
    e.EnvironmentCaptured,
    e.LeaseReleased,
    e.Charged,
    e.BudgetReserved,
    e.BudgetSettled,
}


def test_a_small_job_is_told_in_order() -> None:
    moments = timeline(subject_of(small_story()).events)

    assert [(each.what, each.said) for each in moments] == [
        ("submitted", "port-utils"),
        ("taken up", "by host-1"),
        ("checkpoint", "cp_3 (decision-needed): Merge 2 files into main?"),
        ("blocked", "Merge 2 files into main?"),
        ("approved", "cp_3: read the diff"),
        ("resumed", "approved"),
        ("taken up", "by host-1"),
        ("step started", "merge, allowed by cp_3"),
        ("step finished", "merge"),
        ("checkpoint", "cp_10 (completed): merged"),
        ("completed", "merged"),
    ]
    assert [each.seq for each in moments] == list(range(1, 12))
    assert (moments[0].at, moments[0].by, moments[0].kind) == (
        "2023-11-14T22:13:21Z",
        "ann",
        "people",
    )


def test_trouble_takeovers_and_sleeps_are_told() -> None:
    said = [each.said for each in timeline(subject_of(whole_story()).events)]

    assert "fetch: E_ADAPTER_FAIL no route to host; it is tried again" in said
    assert "by host-1 from host-2: holder_gone" in said
    assert "tool_calls: 6 used, limit 5" in said
    assert "tool_calls 20: worth it" in said
    assert "1 of 2 checks passed; lint: exit 1" in said
    assert "fetch, attempt 2" in said
    assert "fetch, 3s" in said
    assert "until 2023-11-14T22:14:56Z" in said


def test_every_event_is_told_or_left_out_on_purpose() -> None:
    assert set(CLASSES.values()) - set(module._TOLD) == NOT_TOLD


def test_every_kind_of_event_that_happens_can_be_told() -> None:
    for story in (whole_story(), canceled_story()):
        events = subject_of(story).events

        told = timeline(events)

        assert len(told) == sum(type(each.event) not in NOT_TOLD for each in events)
        assert {each.kind for each in told} == {"work", "people", "trouble"}


def test_the_burn_down_has_every_change_of_every_meter_with_a_limit() -> None:
    subject = subject_of(whole_story())

    levels = burn_down("port-utils", subject.events)

    assert list(levels) == ["cost", "tool_calls", "wall"]
    assert [(each.spent, each.limit) for each in levels["tool_calls"]] == [
        (0, 5),
        (3, 5),
        (6, 5),
        (6, 20),
    ]
    assert levels["cost"][0] == Level(at=subject.events[0].at, spent=0, limit=1_000_000)


def test_a_job_without_limits_has_no_burn_down() -> None:
    assert burn_down("port-utils", subject_of(small_story()).events) == {}
