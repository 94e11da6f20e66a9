"""24: every limit limits, whichever way it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worlds import SECOND, World
from wrkr_core.budget import Budget, amounts
from wrkr_core.work.attempts import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hard_cases.places import Place
    from wrkr_core.work.job import Job


def fail() -> None:
    raise OSError("no")


def use_wall(job: Job, world: World, number: int) -> None:
    job.step("use", world.clocks.advance, SECOND, key=str(number))


def use_step(job: Job, _world: World, number: int) -> None:
    job.step("use", abs, -1, key=str(number))


def use_retries(job: Job, _world: World, number: int) -> None:
    job.step("use", fail, key=str(number), retries=9, backoff=Backoff(first=1))


def charging(meter: str) -> Callable[[Job, World, int], None]:
    def use(job: Job, _world: World, number: int) -> None:
        job.step("use", abs, -1, key=str(number))
        job.charge(**{meter: 1})

    return use


# For each meter, how one of it is used: a second, a step, a retry, a call, a token, a dollar, a page.
USES = {
    "wall": use_wall,
    "steps": use_step,
    "retries": use_retries,
    "tool_calls": charging("tool_calls"),
    "tokens": charging("tokens"),
    "cost": charging("cost"),
    "pages": charging("pages"),
}


def stops_at(world: World, meter: str, limit: int, *, raised_from: int | None = None) -> bool:
    """Tell whether a program that uses five of the meter is stopped by the limit."""
    first = limit if raised_from is None else raised_from
    job_id = world.submit(budget=Budget(**{meter: first}))
    if raised_from is not None:
        world.operator.raise_budget(job_id, amounts(**{meter: limit}), reason="worth it")
    try:
        with world.process().work(job_id) as job:
            for number in range(5):
                USES[meter](job, world, number)
            job.complete()
    except Exception:  # noqa: BLE001  # what a step that fails ends with, when no limit comes first
        assert meter == "retries"
    return world.state(job_id).status == "blocked_budget"


@pytest.mark.parametrize("meter", USES)
def test_24_a_limit_on_any_meter_stops_what_goes_beyond_it_and_nothing_below(
    place: Place, meter: str
) -> None:
    world = World(place.open())

    assert stops_at(world, meter, 2)
    assert not stops_at(world, meter, 1000)
    assert stops_at(world, meter, 3, raised_from=1)
    assert not stops_at(world, meter, 1000, raised_from=1)
