"""5: the log alone says where to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import effects, step, submit
from tests.hard_cases.places import KINDS, Place, copy_log, forget_cells
from tests.worlds import HOUR, World
from wrkr_run.foreground import work_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_core.ledger import Ledger
    from wrkr_core.work.job import Job


class Program:
    """All a job can wait for and replay, in one program; it notes what its functions did."""

    def __init__(self) -> None:
        self.did: list[str] = []

    def run(self, ledger: Ledger, job_id: str) -> None:
        with ledger.work(job_id) as job:
            parts = job.step("plan", self._do, "plan", ["a", "b"])
            for part in parts:
                job.step("edit", self._do, f"edit {part}", None, key=part)
                job.charge(tokens=10)
            answer = job.ask("Merge two parts?")
            job.sleep("1h")
            self._finish(job, answer.approved)

    def _do(self, name: str, result: object) -> object:
        self.did.append(name)
        return result

    def _finish(self, job: Job, is_allowed: bool) -> None:  # noqa: FBT001  # an answer
        job.step("merge", self._do, f"merge {is_allowed}", None)
        job.complete("merged")


def after(world: World, job_id: str, program: Program) -> list[Callable[[], object]]:
    """Return what happens to the job, one after the other, until it is done."""
    return [
        lambda: program.run(world.process(), job_id),
        lambda: world.approve(job_id),
        lambda: program.run(world.process(), job_id),
        lambda: world.clocks.advance(2 * HOUR),
        lambda: program.run(world.process(), job_id),
    ]


DONE = ["plan", "edit a", "edit b", "merge True"]


def test_05_without_anything_that_is_kept_beside_it_the_log_says_where_to_go_on(
    place: Place,
) -> None:
    world, program = World(place.open()), Program()
    job_id = world.submit()

    for act in after(world, job_id, program):
        act()
        forget_cells(place.open())

    state = world.state(job_id)
    assert program.did == DONE
    assert (state.status, state.spent_by_meter()["tokens"]) == ("completed", 20)


@pytest.mark.parametrize("kind", KINDS)
def test_05_a_log_copied_into_another_store_says_where_to_go_on(
    place: Place, kind: str, tmp_path: Path
) -> None:
    world, program = World(place.open()), Program()
    job_id = world.submit()
    for act in after(world, job_id, program)[:2]:
        act()
    other = Place(kind, tmp_path)
    copy_log(place.open(), other.open(), job_id)

    there = World(other.open())
    there.clocks.at = world.clocks.at
    for act in after(there, job_id, program)[2:]:
        act()

    assert program.did == DONE
    assert there.state(job_id).status == "completed"
    other.close()


def test_05_a_job_of_commands_goes_on_behind_its_last_finished_step_by_its_log_alone(
    on_disk: Place, workspace: Path
) -> None:
    ledger = on_disk.ledger()
    submit(ledger, workspace, step("one"), step("two", "test -f mended"), step("three"))
    assert work_on(ledger, "j").status == "blocked_error"
    (workspace / "mended").touch()
    forget_cells(ledger.store)

    assert work_on(on_disk.ledger(), "j", resume=True).status == "completed"

    assert effects(workspace) == ["one 1", "two 1", "two 2", "three 1"]
