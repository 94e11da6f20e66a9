"""10: pause and cancel stop what runs, wherever it runs, and nothing runs after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.elsewhere import Elsewhere
from tests.hard_cases.jobs import (
    STAYS,
    all_gone,
    effects,
    events_of,
    pids_in,
    step,
    submit,
    worker_process,
)
from wrkr_core import events as e
from wrkr_core.spec import JobSpec
from wrkr_run.worker import Worker

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hard_cases.jobs import Until
    from tests.hard_cases.places import Place

STATUS: Final = {"pause": "paused", "cancel": "canceled"}
SIX: Final = ("one", "two", "three", "four", "five", "six")


@pytest.mark.parametrize("command", STATUS)
def test_10_a_stop_at_step_two_of_six_stops_the_running_command_and_the_four_behind_it(
    command: str, place: Place, workspace: Path, until: Until
) -> None:
    ledger = place.ledger()
    lines = {"two": "touch under-way; sleep 600; touch ended"}
    submit(ledger, workspace, *(step(name, lines.get(name, "true")) for name in SIX))
    elsewhere = Elsewhere(ledger)
    until((workspace / "under-way").exists)

    getattr(place.ledger(), command)("j", reason="enough")

    assert elsewhere.result().status == STATUS[command]
    assert effects(workspace) == ["one 1", "two 1"]
    assert not (workspace / "ended").exists()
    state = ledger.state("j")
    assert (state.steps.done, state.lease) == (1, None)
    if command == "cancel":  # a paused job may leave the attempt open
        assert state.open_steps == ()
        assert [each.code for each in events_of(ledger, e.StepFailed)] == ["E_INTERRUPTED"]


@pytest.mark.parametrize("command", STATUS)
def test_10_a_stop_from_another_process_ends_the_command_and_its_children(
    command: str, on_disk: Place, workspace: Path, until: Until
) -> None:
    ledger = on_disk.ledger()
    submit(ledger, workspace, step("one"), step("two", STAYS), step("three"))
    worker = worker_process(on_disk.url, "--grace", "100ms")
    until((workspace / "pids").exists)

    getattr(ledger, command)("j", reason="enough")
    worker.communicate()

    assert worker.returncode == 0
    assert effects(workspace) == ["one 1", "two 1"]
    assert ledger.state("j").status == STATUS[command]
    until(lambda: all_gone(pids_in(workspace)))


@pytest.mark.parametrize("command", STATUS)
def test_10_a_stop_takes_effect_before_the_next_step_of_a_program(
    command: str, place: Place
) -> None:
    worker, operator = place.ledger(), place.ledger()
    worker.submit(JobSpec(name="j"), job_id="j")
    ran: list[str] = []

    def act(name: str) -> None:
        ran.append(name)
        if name == "two":
            getattr(operator, command)("j", reason="enough")

    with worker.work("j") as job:
        for name in SIX:
            job.step("edit", act, name, key=name)
        ran.append("it went on")

    assert ran == ["one", "two"]
    state = operator.state("j")
    assert (state.status, state.steps.done, state.lease) == (STATUS[command], 2, None)


@pytest.mark.parametrize("command", STATUS)
def test_10_what_was_stopped_before_it_began_is_begun_by_no_worker(
    command: str, place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one"))
    getattr(ledger, command)("j", reason="enough")

    assert Worker(place.ledger(), drain=True, poll=5_000).run().worked_on == 0

    assert effects(workspace) == []
    assert ledger.state("j").status == STATUS[command]


def test_10_a_pause_that_is_over_lets_the_stopped_command_begin_again_and_the_rest_follow(
    place: Place, workspace: Path, until: Until
) -> None:
    ledger = place.ledger()
    waits = "test $WRKR_ATTEMPT -gt 1 || { touch under-way; sleep 600; }"
    submit(ledger, workspace, step("one"), step("two", waits), step("three"))
    elsewhere = Elsewhere(ledger)
    until((workspace / "under-way").exists)
    ledger.pause("j", reason="lunch")
    assert elsewhere.result().status == "paused"

    ledger.resume("j", reason="back")
    again = Elsewhere(ledger)

    assert again.result().status == "completed"
    assert effects(workspace) == ["one 1", "two 1", "two 2", "three 1"]
