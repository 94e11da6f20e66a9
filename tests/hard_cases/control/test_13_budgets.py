"""13: a limit is the most there is: nothing runs beyond it, everything counts that should, no more."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.elsewhere import QUICK
from tests.hard_cases.jobs import effects, step, submit
from tests.worlds import HOUR, SECOND, World
from wrkr_core.budget import Budget, amounts
from wrkr_core.errors import BudgetExceededError
from wrkr_core.spec import JobSpec
from wrkr_core.work.attempts import Backoff
from wrkr_run.foreground import work_on

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hard_cases.places import Place
    from wrkr_core.ledger import Ledger
    from wrkr_core.work.job import Job


def test_13_a_budget_of_two_runs_two_and_never_three(place: Place, workspace: Path) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, *(step(name) for name in "abc"), budget=Budget(steps=2))

    result = work_on(ledger, "j")

    assert (result.status, effects(workspace)) == ("blocked_budget", ["a 1", "b 1"])
    assert ledger.state("j").reason_codes == ("E_BUDGET_EXCEEDED",)
    assert result.next[0].startswith("wrkr budget raise j")
    with suppress(BudgetExceededError):
        work_on(place.ledger(), "j", resume=True)
    assert ledger.state("j").status == "blocked_budget"
    assert effects(workspace) == ["a 1", "b 1"]


@pytest.mark.parametrize("meter", ["tool_calls", "tokens", "pages"])
def test_13_a_budget_of_two_of_any_meter_lets_nothing_begin_behind_the_third(
    place: Place, meter: str
) -> None:
    ledger = place.ledger()
    ledger.submit(JobSpec(name="j", budget=Budget(**{meter: 2})), job_id="j")
    ran: list[int] = []

    with ledger.work("j") as job:
        for number in range(6):
            job.step("read", ran.append, number, key=str(number))
            job.charge(**{meter: 1})

    # What was used is recorded although it is one too many; nothing more is begun.
    assert ran == [0, 1, 2]
    state = ledger.state("j")
    assert (state.status, state.spent_by_meter()[meter]) == ("blocked_budget", 3)


def test_13_what_is_reserved_before_the_act_is_refused_before_the_act(place: Place) -> None:
    ledger = place.ledger()
    ledger.submit(JobSpec(name="j", budget=Budget(tool_calls=2)), job_id="j")
    called: list[int] = []

    with ledger.work("j") as job:
        for number in range(6):
            with job.reserve(tool_calls=1):
                called.append(number)

    assert called == [0, 1]
    state = ledger.state("j")
    assert (state.status, state.spent_by_meter()["tool_calls"]) == ("blocked_budget", 2)


def test_13_retries_are_counted_and_limited(place: Place, workspace: Path) -> None:
    ledger = place.ledger()
    ran: list[int] = []
    ledger.submit(JobSpec(name="p", budget=Budget(retries=2)), job_id="p")

    def fail() -> None:
        ran.append(1)
        raise OSError("no")

    with ledger.work("p") as job:
        job.step("edit", fail, retries=9, backoff=Backoff(first=1))

    state = ledger.state("p")
    assert (len(ran), state.status) == (3, "blocked_budget")
    assert state.spent_by_meter()["retries"] == 2
    submit(ledger, workspace, step("one", "exit 1", retries=1), budget=Budget(retries=5))
    assert work_on(ledger, "j").status == "blocked_error"
    assert effects(workspace) == ["one 1", "one 2"]
    assert ledger.state("j").spent_by_meter()["retries"] == 1


def test_13_raising_a_limit_runs_nothing_again(place: Place, workspace: Path) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, *(step(name) for name in "abc"), budget=Budget(steps=2))
    work_on(ledger, "j")

    ledger.raise_budget("j", amounts(steps=3), reason="one more")
    assert effects(workspace) == ["a 1", "b 1"]
    result = work_on(place.ledger(), "j")

    assert (result.status, effects(workspace)) == ("completed", ["a 1", "b 1", "c 1"])
    assert ledger.state("j").spent_by_meter()["steps"] == 3


def test_13_raising_the_limit_a_charge_went_over_does_not_run_the_charged_step_again(
    place: Place,
) -> None:
    ledger = place.ledger()
    ledger.submit(JobSpec(name="j", budget=Budget(cost="1")), job_id="j")
    ran: list[str] = []

    def run() -> None:
        with ledger.work("j") as job:
            for name in ("a", "b", "c"):
                job.step("buy", ran.append, name, key=name)
                job.charge(cost="0.60")
            job.complete()

    run()
    assert ran == ["a", "b"]
    ledger.raise_budget("j", amounts(cost="9"), reason="worth it")
    run()

    assert ran == ["a", "b", "c"]
    assert ledger.state("j").spent_by_meter()["cost"] == 1_800_000


def program(ledger: Ledger, job_id: str, world: World) -> None:
    """Work for three seconds, ask, sleep two hours, work for three seconds."""

    def act(job: Job, name: str) -> None:
        job.step(name, world.clocks.advance, 3 * SECOND)

    with ledger.work(job_id) as job:
        act(job, "edit")
        job.ask("Merge?")
        job.sleep("2h")
        act(job, "merge")
        job.complete()


def test_13_waiting_for_a_person_or_a_timer_or_nobody_is_not_work(place: Place) -> None:
    world = World(place.open())
    job_id = world.submit(budget=Budget(wall="10s"))

    program(world.process(), job_id, world)
    world.clocks.advance(5 * HOUR)
    world.approve(job_id)
    world.clocks.advance(5 * HOUR)
    program(world.process(), job_id, world)
    world.clocks.advance(2 * HOUR)
    world.operator.pause(job_id, reason="lunch")
    world.clocks.advance(HOUR)
    world.operator.resume(job_id, reason="back")
    program(world.process(), job_id, world)

    state = world.state(job_id)
    assert state.status == "completed"
    assert state.spent_by_meter()["wall"] == 6 * SECOND


def test_13_a_long_command_does_not_outlive_the_wall_limit(place: Place, workspace: Path) -> None:
    ledger = place.ledger()
    budget = Budget(wall="300ms")
    submit(ledger, workspace, step("one", "sleep 600; touch ended"), budget=budget)

    result = work_on(ledger, "j", surroundings=QUICK)

    assert result.status == "blocked_budget"
    assert not (workspace / "ended").exists()
    state = ledger.state("j")
    assert (state.reason_codes, state.steps.done) == (("E_BUDGET_EXCEEDED",), 0)


def test_13_a_long_function_does_not_outlive_the_wall_limit(place: Place) -> None:
    world = World(place.open())
    job_id = world.submit(budget=Budget(wall="100ms"))
    ran: list[int] = []

    def spin() -> None:
        ran.append(1)
        world.clocks.advance(HOUR)
        while True:
            pass

    with world.process().work(job_id) as job:
        job.step("edit", spin, retries=3)

    state = world.state(job_id)
    assert (state.status, state.steps.done, ran) == ("blocked_budget", 0, [1])
    assert state.reason_codes == ("E_BUDGET_EXCEEDED",)
