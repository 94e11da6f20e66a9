"""Logs that are no legal history: made from those of stories by changing one thing."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.stories import FETCH, Story, submitted
from wrkr_core import events as e
from wrkr_core.errors import VerifyHistoryError
from wrkr_core.jobpack.history import History
from wrkr_core.spec import JobSpec

Records = list[e.RecordedEvent]


def records(story: Story) -> Records:
    return list(story.log.records())


def follow(log: Records) -> None:
    History("port-utils").follow(log)


def forged(log: Records, seq: int, **changes: object) -> Records:
    """Return the log with fields of one event changed."""
    at = seq - 1
    event: Any = log[at].event
    return [*log[:at], replace(log[at], event=replace(event, **changes)), *log[at + 1 :]]


def first(log: Records, kind: type) -> int:
    return next(each.seq for each in log if isinstance(each.event, kind))


def refusal(log: Records) -> str:
    with pytest.raises(VerifyHistoryError) as caught:
        follow(log)
    return caught.value.message


def refused_telling(story: Story, *events: e.Event) -> str:
    """Return why the story cannot go on so, though a state alone allows it."""
    story.tell(*events)
    return refusal(records(story))


def working(**spec: Any) -> Story:  # noqa: ANN401  # the fields of a spec
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils", **spec)), by="ann")
    story.take(1)
    return story


def started(attempt: int = 1, **fields: Any) -> e.StepStarted:  # noqa: ANN401  # of the event
    return e.StepStarted(**{"step": FETCH, "attempt": attempt, "epoch": 1, **fields})
