"""Where in its code a job is: what comes by again is recognised, what is new is not mistaken."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import World
from wrkr_core import events as e
from wrkr_core.events import StepRef
from wrkr_core.work.places import Place, _places, forget, mark, move_to, open_root, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EDIT = StepRef(name="edit", occurrence=1, key="a.py")
MINE, THEIRS = 9001, 9002


@pytest.fixture(autouse=True)
def _nowhere() -> Iterator[None]:
    token = _places.set(None)
    open_root(MINE)
    open_root(THEIRS)
    yield
    forget(MINE)
    forget(THEIRS)
    _places.reset(token)


def test_marks_say_behind_which_step_what_and_which_of_them() -> None:
    marks = [mark(MINE, "charge"), mark(MINE, "ask"), mark(MINE, "charge")]
    move_to(MINE, Place(EDIT, inside=False))
    marks += [mark(MINE, "charge")]

    assert marks == ["charge@start/1", "ask@start/1", "charge@start/2", "charge@edit[a.py]/1"]


def test_inside_a_step_there_is_no_mark() -> None:
    move_to(MINE, Place(EDIT, inside=True))

    assert mark(MINE, "charge") == ""


def test_two_jobs_of_one_task_are_in_two_places() -> None:
    move_to(MINE, Place(EDIT, inside=True))

    assert mark(THEIRS, "charge") == "charge@start/1"
    assert mark(MINE, "charge") == ""


def test_a_place_is_forgotten_with_its_holding() -> None:
    move_to(MINE, Place(EDIT, inside=False))
    move_to(THEIRS, Place(EDIT, inside=False))

    forget(MINE)
    open_root(MINE)

    assert mark(MINE, "charge") == "charge@start/1"
    assert mark(THEIRS, "charge") == "charge@edit[a.py]/1"
    forget(9003)  # one that was never anywhere


def test_tasks_that_part_go_their_own_ways() -> None:
    move_to(MINE, Place(EDIT, inside=False))
    other = contextvars.copy_context()

    other.run(move_to, MINE, Place(None, inside=True))

    assert place_of(MINE).step == EDIT
    assert other.run(mark, MINE, "charge") == ""


@given(st.lists(st.sampled_from(["charge", "ask", "step a", "step b"]), max_size=20))
def test_the_same_code_gives_the_same_marks_and_no_mark_twice(code: list[str]) -> None:
    def walk() -> list[str]:
        open_root(MINE)
        found: list[str] = []
        occurrences: dict[str, int] = {}
        for each in code:
            if each.startswith("step"):
                occurrences[each] = occurrences.get(each, 0) + 1
                step = StepRef(name=each, occurrence=occurrences[each])
                move_to(MINE, Place(step, inside=False))
            else:
                found.append(mark(MINE, each))
        return found

    first, again = contextvars.Context().run(walk), contextvars.Context().run(walk)

    assert first == again
    assert len(set(first)) == len(first)


def test_steps_whose_texts_look_alike_have_marks_of_their_own() -> None:
    world = World()
    job_id = world.submit()
    with world.process().work(job_id) as job:
        job.step("edit", abs, -1, key="a")
        job.charge(tokens=1)
        job.step("edit[a]", abs, -1)
        job.charge(tokens=1)

    assert world.spent(job_id)["tokens"] == 2


def test_no_charge_of_threads_that_share_a_job_is_mistaken_for_another() -> None:
    world = World()
    job_id = world.submit()
    with world.process().work(job_id) as job:
        threads = [threading.Thread(target=job.charge, kwargs={"tokens": 1}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert world.spent(job_id) == {"tokens": 8}
    marks = [each.mark for each in world.events(job_id) if isinstance(each, e.Charged)]
    assert len(set(marks)) == 8


def test_each_thread_that_ran_a_step_charges_behind_its_own() -> None:
    world = World()
    job_id = world.submit()

    def work() -> None:
        with world.process().work(job_id) as job:

            def part(key: str) -> None:
                job.step("edit", abs, -1, key=key)
                job.charge(tokens=1)

            threads = [threading.Thread(target=part, args=(str(n),)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    work()
    work()  # everything is replayed

    assert world.spent(job_id) == {"steps": 8, "tokens": 8}
