"""What a log says of its budget: nothing goes over it in silence, and nothing is over that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.forging import follow, records, refusal, refused_telling, started, working
from tests.stories import FETCH, submitted
from wrkr_core import events as e
from wrkr_core.budget import Budget, Overrun, Reservation, amounts
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from tests.stories import Story

OVER = Overrun(meter="tokens", used=6, wanted=0, limit=5)
BLOCKED = e.JobBlocked(status="blocked_budget", summary="x", reason_codes=())


def spending(**limits: Any) -> Story:  # noqa: ANN401  # of a budget
    return working(budget=Budget(**limits))


def test_what_goes_over_the_budget_says_so_at_once() -> None:
    story = spending(tokens=5)
    story.tell(e.Charged(amounts=amounts(tokens=6)))
    follow(records(story))

    refused = refused_telling(story, story.checkpoint("completed", "done"))

    assert "record 4: the record before put the job over its budget" in refused


def test_what_a_reservation_came_to_says_so_too() -> None:
    story = spending(tokens=5)
    story.tell(e.BudgetReserved(reservation=Reservation(id="a", amounts=amounts(tokens=5))))
    story.tell(e.BudgetSettled(reservation="a", amounts=amounts(tokens=6)))

    assert "over its budget" in refused_telling(story, e.JobCompleted(summary="done"))


def test_what_is_used_in_a_step_is_used_in_one_that_had_begun() -> None:
    story = working()
    story.tell(started(), e.Charged(amounts=amounts(tokens=1), step=FETCH))
    follow(records(story))
    other = e.StepRef(name="never", occurrence=1)

    refused = refused_telling(story, e.Charged(amounts=amounts(tokens=1), step=other))

    assert "step never had not begun" in refused


def test_saying_so_blocks_the_job_and_that_is_legal() -> None:
    story = spending(tokens=5)
    story.tell(e.Charged(amounts=amounts(tokens=6)), e.BudgetExceeded(meters=(OVER,)))
    story.tell(story.checkpoint("blocked", "tokens"), BLOCKED)

    follow(records(story))


@pytest.mark.parametrize(
    "ends",
    [
        e.JobPaused(reason="lunch"),
        e.LeaseReleased(worker="host-1", epoch=1, reason="left", heartbeats=0),
        e.JobBlocked(status="blocked_error", summary="x", reason_codes=()),
        e.JobCanceled(reason="no"),
    ],
)
def test_who_does_not_work_any_more_may_still_say_what_was_used(ends: e.KnownEvent) -> None:
    story = spending(tokens=5)
    story.tell(ends)
    story.tell(e.Charged(amounts=amounts(tokens=6)))
    story.tell(e.Charged(amounts=amounts(tokens=1)))

    follow(records(story))


def test_a_fork_takes_over_what_was_spent_beyond_the_budget() -> None:
    story = type(working())()
    origin = e.ForkPoint(job="origin", seq=9, hash="ab" * 32)
    story.tell(submitted(JobSpec(name="j", budget=Budget(tokens=5)), origin), by="ann")
    story.take(1, "fork")
    story.tell(e.Charged(amounts=amounts(tokens=6)), e.Charged(amounts=amounts(tokens=1)))
    story.release(1, "fork")

    follow(records(story))


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ((), "names no meter"),
        ((Overrun(meter="tokens", used=7, wanted=0, limit=5),), "7 used"),
        ((Overrun(meter="tokens", used=6, wanted=0, limit=4),), "limit 4"),
        ((Overrun(meter="tool_calls", used=6, wanted=0, limit=5),), "tool_calls"),
        ((OVER, Overrun(meter="wall", used=0, wanted=0, limit=60_000_000)), "wall"),
    ],
)
def test_a_budget_is_exceeded_only_as_it_stood(over: tuple[Overrun, ...], said: str) -> None:
    story = spending(tokens=5, wall="1m")
    story.tell(e.Charged(amounts=amounts(tokens=6)))

    refused = refused_telling(story, e.BudgetExceeded(meters=over))

    assert said in refused
    assert "is not how the budget stood" in refused or not over


def test_a_budget_that_is_kept_is_not_exceeded() -> None:
    story = spending(tokens=5)
    fine = Overrun(meter="tokens", used=0, wanted=5, limit=5)

    assert "is not how the budget stood" in refused_telling(story, e.BudgetExceeded(meters=(fine,)))


def test_running_time_may_be_more_than_is_recorded() -> None:
    story = spending(wall="1m")
    ran = Overrun(meter="wall", used=61_000_000, wanted=0, limit=60_000_000)
    story.tell(e.BudgetExceeded(meters=(ran,)))
    story.tell(story.checkpoint("blocked", "wall"), BLOCKED)

    follow(records(story))


def test_a_job_does_not_go_on_while_it_is_over_its_budget() -> None:
    story = spending(tokens=5)
    story.tell(e.Charged(amounts=amounts(tokens=6)), e.BudgetExceeded(meters=(OVER,)), BLOCKED)

    assert "went on while over its budget" in refused_telling(story, e.JobResumed(reason="go on"))


def test_a_job_is_blocked_only_by_a_budget_that_was_exceeded_just_then() -> None:
    story = spending(tokens=5)
    story.tell(e.Charged(amounts=amounts(tokens=6)), e.BudgetExceeded(meters=(OVER,)), BLOCKED)
    story.tell(
        e.BudgetRaised(limits=amounts(tokens=9), reason="worth it"), e.JobResumed(reason="go on")
    )
    follow(records(story))

    story.tell(BLOCKED)

    assert "nothing says was exceeded" in refusal(records(story))


@pytest.mark.parametrize("limit", [{"steps": 0}, {"wall": "0s"}])
def test_no_step_begins_that_the_budget_does_not_allow(limit: dict[str, Any]) -> None:
    """I4."""
    story = working(budget=Budget(**limit))

    assert "the budget did not allow it" in refused_telling(story, started())


def test_no_retry_begins_that_the_budget_does_not_allow() -> None:
    """I4; hard case 13: retries never counted."""
    failed = e.StepFailed(
        step=FETCH, attempt=1, epoch=1, code="E_ADAPTER_FAIL", error_type="E", message="x"
    )
    story = working(budget=Budget(retries=0))
    story.tell(started(), failed)

    assert "retries: 0 used, 1 more wanted, limit 0" in refused_telling(story, started(2))


def test_nothing_is_reserved_that_does_not_fit() -> None:
    """I4."""
    story = working(budget=Budget(tokens=9))
    story.tell(e.BudgetReserved(reservation=Reservation(id="a", amounts=amounts(tokens=5))))

    more = e.BudgetReserved(reservation=Reservation(id="b", amounts=amounts(tokens=5)))

    assert "the budget did not allow it" in refused_telling(story, more)
