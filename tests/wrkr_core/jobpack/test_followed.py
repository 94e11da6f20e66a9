"""A history is followed beside its log; what is wrong with it is kept until it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories import contents_of, packed, whole_story
from wrkr_core import events as e
from wrkr_core.errors import VerifyError, VerifyHashError, VerifyHistoryError
from wrkr_core.jobpack.followed import Followed
from wrkr_core.jobpack.problems import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.events import RecordedEvent

WHOLE = whole_story()
RECORDS = list(WHOLE.log.records())
DOCUMENTS = {
    name: [content]
    for name, content in contents_of(packed(WHOLE)).items()
    if name in {"checkpoints.jsonl", "approvals.jsonl"}
}


def followed(
    events: Iterator[RecordedEvent], documents: dict[str, list[bytes]] = DOCUMENTS
) -> Followed:
    found = Followed(WHOLE.job_id, None, documents)
    found.follow(events)
    return found


def test_a_legal_log_gives_its_state() -> None:
    found = followed(iter(RECORDS))

    assert found.state(refuse) == WHOLE.log.state
    assert found.answers.counted().asserted == 2
    found.end()


def test_an_illegal_event_is_kept_and_what_follows_it_is_left() -> None:
    twice = RECORDS[0]
    events = iter([*RECORDS[:5], twice, *RECORDS[5:]])

    found = followed(events)

    assert next(events) is RECORDS[5]
    assert isinstance(found.outcome, VerifyHistoryError)
    with pytest.raises(VerifyHistoryError, match="no legal history"):
        found.state(refuse)


def test_what_is_wrong_with_the_log_itself_is_not_kept() -> None:
    def broken() -> Iterator[RecordedEvent]:
        yield from RECORDS[:3]
        raise VerifyHashError("line 4 was changed")

    with pytest.raises(VerifyHashError):
        followed(broken())


def test_a_document_that_says_otherwise_is_told_of_when_it_is_asked_for() -> None:
    other = {**DOCUMENTS, "checkpoints.jsonl": [b"{}\n"]}
    problems: list[VerifyError] = []

    found = followed(iter(RECORDS), other)

    found.state(problems.append)
    found.end()
    assert [each.details["entry"] for each in problems] == ["checkpoints.jsonl"]
    with pytest.raises(VerifyHistoryError, match=r"checkpoints\.jsonl was not made from this log"):
        found.state(refuse)


def test_a_document_that_goes_on_is_told_of_at_the_end() -> None:
    longer = {**DOCUMENTS, "approvals.jsonl": [*DOCUMENTS["approvals.jsonl"], b"{}\n"]}
    found = followed(iter(RECORDS), longer)
    found.state(refuse)

    with pytest.raises(VerifyHistoryError, match="goes on where the log has nothing more to say"):
        found.end()


def test_what_is_wrong_first_is_told_of_first() -> None:
    events = iter([*RECORDS, RECORDS[0]])
    problems: list[VerifyError] = []
    found = followed(events, {**DOCUMENTS, "approvals.jsonl": []})

    with pytest.raises(VerifyHistoryError, match="no legal history"):
        found.state(problems.append)

    assert [each.details["entry"] for each in problems] == ["approvals.jsonl"]
    assert isinstance(RECORDS[0].event, e.JobSubmitted)
