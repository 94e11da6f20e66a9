"""What clauses are written with."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target
from wrkr_conformance.expect import (
    MOST_BUSY,
    Broken,
    NotRun,
    bounded,
    claim,
    drain,
    head_of,
    ids,
    insist,
    is_the_suites_own,
    raises,
    read_all,
    records,
    same,
    shown,
    together,
)
from wrkr_core.errors import Busy
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from types import TracebackType

    from wrkr_core.store import Event


def test_claims_tell_what_was_wanted_and_what_was_found() -> None:
    same(1, 1, "heads")
    claim(condition=True, message="so")
    with pytest.raises(Broken, match="heads: expected 1, got 2"):
        same(2, 1, "heads")
    with pytest.raises(Broken, match="not so"):
        claim(condition=False, message="not so")
    with pytest.raises(Broken, match=r"…  *\(10002 characters\)"):
        same("x" * 10_000, "", "texts")


def test_a_broken_claim_has_its_parts() -> None:
    with pytest.raises(Broken) as caught:
        same([2], [1], "heads")
    assert (caught.value.done, caught.value.expected, caught.value.came) == ("heads", "[1]", "[2]")

    with pytest.raises(Broken) as caught:
        raises(KeyError, "int", int, "x")
    assert (caught.value.done, caught.value.expected) == ("int", "KeyError")
    assert caught.value.came.startswith("ValueError: invalid literal")

    with pytest.raises(Broken) as caught:
        raises(ValueError, "int", int, "7")
    assert caught.value.came == "it returned 7"


def test_anything_can_be_shown() -> None:
    class Coy:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert shown("x") == "'x'"
    assert shown("x" * 20, 5) == "'xxxx… (22 characters)"
    assert shown(Coy()) == "<a Coy that cannot be shown: RuntimeError>"


def test_only_the_suite_may_say_that_a_clause_was_not_run() -> None:
    with pytest.raises(NotRun) as caught:
        raise NotRun("not today")
    assert not is_the_suites_own(caught.value)

    with (
        pytest.raises(NotRun) as caught,
        Target.of(lambda _directory: MemoryStore()).fresh() as site,
    ):
        site.for_processes()
    own = caught.value.with_traceback(innermost(caught.value))
    assert is_the_suites_own(own)


def innermost(error: BaseException) -> TracebackType:
    """The traceback without this file's frame, as it is where the suite itself is the caller."""
    first = error.__traceback__
    assert first is not None
    assert first.tb_next is not None
    return first.tb_next


def test_an_error_that_must_come_is_returned_and_any_other_outcome_is_told() -> None:
    assert isinstance(raises(ValueError, "int", int, "x"), ValueError)
    with pytest.raises(Broken, match="int: expected KeyError, got ValueError: invalid literal"):
        raises(KeyError, "int", int, "x")
    with pytest.raises(Broken, match="int: expected ValueError, but it returned 7"):
        raises(ValueError, "int", int, "7")


def test_a_call_that_does_not_return_is_a_broken_promise() -> None:
    never = threading.Event()

    with pytest.raises(Broken, match=r"waiting: did not return within 0\.01 seconds"):
        bounded(never.wait, "waiting", 0.01)

    never.set()


def test_calls_run_together_answer_in_order_or_raise_the_first_error() -> None:
    meeting = threading.Barrier(3)

    def meet(number: int) -> int:
        meeting.wait(30)
        return number

    answers = together([lambda: meet(1), lambda: meet(2), lambda: meet(3)], "meeting")
    assert answers == [1, 2, 3]

    def refuse() -> bool:
        raise NotRun("later")

    with pytest.raises(NotRun, match="later"):
        together([refuse, lambda: True], "refusing")


def test_who_is_told_busy_tries_again_but_not_for_ever() -> None:
    told: list[str] = []

    def busy_at_first(times: int) -> int:
        told.append("busy")
        if len(told) <= times:
            raise Busy("not now")
        return len(told)

    assert insist(busy_at_first, 3) == 4
    told.clear()
    with pytest.raises(Broken, match=f"Busy {MOST_BUSY} times in a row"):
        insist(busy_at_first, MOST_BUSY)


def test_streams_and_the_feed_are_read_page_by_page_to_the_end() -> None:
    store = MemoryStore()
    names = [f"r{number}" for number in range(11)]
    store.append("a", 0, records(*names))

    assert ids(read_all(store, "a", limit=3)) == names
    assert ids(read_all(store, "a", after=4, limit=3)) == names[4:]
    assert ids(drain(store, limit=4)[0]) == names
    assert drain(store, drain(store)[1])[0] == []
    assert (head_of(store, "a"), head_of(store, "b")) == (11, 0)


class GoesInCircles(MemoryStore):
    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return super().read(stream, 0, limit)

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        return super().feed("", limit)


def test_a_store_that_goes_in_circles_is_told_so() -> None:
    store = GoesInCircles()
    store.append("a", 0, records("r1", "r2"))

    with pytest.raises(Broken, match=r"read\('a', 2\) gives seq 2 last"):
        read_all(store, "a")
    with pytest.raises(Broken, match=r"the feed holds \('a', 1\) twice"):
        drain(store)
