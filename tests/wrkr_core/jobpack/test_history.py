"""What a whole log tells that no state can: each test forges one legal history into an illegal one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from tests.stories import (
    SECOND,
    Story,
    canceled_story,
    small_story,
    whole_story,
)
from tests.trying import HISTORIES
from wrkr_core import events as e
from wrkr_core.budget import amounts
from wrkr_core.errors import VerifyHistoryError
from wrkr_core.job.fold import fold_all
from wrkr_core.jobpack.history import History

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.histories import Journal

    Records = list[e.RecordedEvent]


def records(story: Story) -> Records:
    return list(story.log.records())


def follow(log: Records) -> Any:  # noqa: ANN401  # the state
    return History("port-utils").follow(log)


def forged(log: Records, seq: int, **changes: object) -> Records:
    """Return the log with fields of one event changed."""
    at = seq - 1
    event: Any = log[at].event
    event = replace(event, **changes)
    return [*log[:at], replace(log[at], event=event), *log[at + 1 :]]


def first(log: Records, kind: type) -> int:
    return next(each.seq for each in log if isinstance(each.event, kind))


def refusal(log: Records) -> str:
    with pytest.raises(VerifyHistoryError) as caught:
        follow(log)
    details = caught.value.details
    assert details["job_id"] == "port-utils"
    assert details["line"] == details["seq"]
    return caught.value.message


def refused_telling(story: Story, *events: e.Event) -> str:
    """Return why the story cannot go on so, though a state alone allows it."""
    story.tell(*events)
    return refusal(records(story))


@pytest.mark.parametrize("tell", [small_story, whole_story, canceled_story])
def test_a_true_history_folds_to_its_state(tell: Callable[[], Story]) -> None:
    story = tell()

    assert History(story.job_id).follow(story.log.records()) == story.log.state


@given(HISTORIES)
def test_whatever_the_rules_decide_is_a_legal_history(journal: Journal) -> None:
    assert History(journal.job_id).follow(journal.records) == journal.state


def test_a_history_may_be_followed_in_parts() -> None:
    log = records(whole_story())
    history = History("port-utils")

    for begin in range(0, len(log), 7):
        history.follow(log[begin : begin + 7])

    assert history.state == fold_all(None, log, "port-utils")
    assert history.follow([]) == history.state


def test_every_event_is_handed_to_the_watchers_once_it_was_allowed() -> None:
    seen: list[int] = []
    log = records(small_story())

    with pytest.raises(VerifyHistoryError):
        History("port-utils", lambda each: seen.append(each.seq)).follow(
            forged(log, 8, approval="cp_1")
        )

    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_an_empty_history_is_none() -> None:
    with pytest.raises(VerifyHistoryError, match="is empty"):
        follow([])


def test_a_move_the_table_does_not_know_is_refused_with_its_record() -> None:
    log = records(small_story())

    with pytest.raises(VerifyHistoryError, match=r"record 2: .*queued") as caught:
        follow([log[0], replace(log[10], seq=2)])

    assert caught.value.details["seq"] == 2


def test_a_job_is_submitted_once() -> None:
    log = records(small_story())

    assert "submitted before" in refusal([log[0], replace(log[0], seq=2)])


def test_time_never_runs_back() -> None:
    log = records(small_story())
    late = [*log[:4], replace(log[4], at=log[3].at - 1), *log[5:]]

    assert "record 5: time runs back" in refusal(late)


@pytest.mark.parametrize("by", ["", "ann\nbea", "\u202enna"])
def test_nobody_acts_under_a_name_that_cannot_be_one(by: str) -> None:
    log = records(small_story())

    assert "cannot name who did it" in refusal([*log[:4], replace(log[4], by=by), *log[5:]])


def test_sums_beyond_what_can_be_counted_are_refused_not_crashed_on() -> None:
    log = records(whole_story())
    seq = first(log, e.Charged)
    huge = forged(log, seq, amounts=amounts(tokens=2**53 - 1))

    assert "record" in refusal([*huge[:seq], replace(huge[seq - 1], seq=seq + 1)])


def test_a_lease_of_no_time_is_refused_not_crashed_on() -> None:
    assert "record 2" in refusal(forged(records(small_story()), 2, ttl=0)[:2])


def test_an_event_at_a_time_that_has_no_text_is_no_concern_of_the_history() -> None:
    log = records(small_story())
    later = [replace(each, at=each.at + SECOND) for each in log]

    assert follow(later).at == log[-1].at + SECOND
