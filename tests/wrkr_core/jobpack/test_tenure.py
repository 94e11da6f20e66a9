"""A log says truly who held the job: whoever took it, let go of it, or was overtaken."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.forging import first, follow, forged, records, refusal, working
from tests.stories import Story, small_story, whole_story
from wrkr_core import events as e
from wrkr_core.jobpack.tenure import Tenure


def taken(worker: str, epoch: int = 1, **fields: str) -> e.LeaseTaken:
    log = records(small_story())
    event = log[first(log, e.LeaseTaken) - 1].event
    assert isinstance(event, e.LeaseTaken)
    return replace(event, worker=worker, epoch=epoch, **fields)


def test_a_job_is_not_taken_from_who_holds_it_without_saying_so() -> None:
    story = working()
    story.take(2, "host-2")

    assert "host-2 took the job while host-1 held it" in refusal(records(story))


def test_who_holds_a_job_may_take_it_once_more() -> None:
    story = working()
    story.take(2)

    follow(records(story))


@pytest.mark.parametrize("said", ["host-9", "host-1"])
def test_a_job_is_taken_over_from_who_held_it(said: str) -> None:
    log = records(whole_story())
    over = next(
        each.seq
        for each in log
        if isinstance(each.event, e.LeaseTaken) and each.event.took_over_from
    )

    assert f"took the job over from {said}, who did not hold it" in refusal(
        forged(log, over, took_over_from=said)
    )


def test_nobody_takes_over_from_who_does_not_hold_the_job() -> None:
    story = Story()
    story.tell(replace(first_event(), forked_from=None), by="ann")
    story.take(1, took_over="expired", took_over_from="host-9")

    assert "from host-9, who did not hold it" in refusal(records(story))


@pytest.mark.parametrize("said", [{"took_over": "expired"}, {"took_over_from": "host-1"}])
def test_a_takeover_says_from_whom_and_why(said: dict[str, str]) -> None:
    story = working()
    story.take(2, "host-2", **said)

    assert "from whom or why is not said" in refusal(records(story))


def first_event() -> e.JobSubmitted:
    event = records(small_story())[0].event
    assert isinstance(event, e.JobSubmitted)
    return event


def test_only_who_holds_a_job_lets_go_of_it() -> None:
    log = records(whole_story())

    assert "eve let go of the job, which host-1 held" in refusal(
        forged(log, first(log, e.LeaseReleased), worker="eve")
    )


def test_a_job_runs_from_a_claim_until_its_work_ends() -> None:
    tenure = Tenure()
    runs = [tenure.runs]
    assert not tenure.taken(taken("a"))
    runs.append(tenure.runs)
    tenure.end()

    assert [*runs, tenure.runs] == [False, True, False]
    assert tenure.worker == "a"
