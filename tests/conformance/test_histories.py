"""Histories of real calls: a right store's have an order, and a contradiction is told in full."""

from __future__ import annotations

import random  # noqa: TID251  # seeded, as the suite's own
import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target, histories
from wrkr_conformance.expect import Broken
from wrkr_conformance.linear import Operation
from wrkr_conformance.registers import Append, Done, Head
from wrkr_core.errors import Conflict, Unknown
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, NewEvent


def told(call: object, answer: object, invoked: int, returned: int) -> Operation:
    return Operation(caller="t0", invoked=invoked, returned=returned, call=call, answer=answer)


def test_threads_that_call_a_right_store_have_one_story() -> None:
    with Target.from_url("memory://{name}").fresh(seed=4) as site:
        histories.by_threads(site, callers=3, calls=40)

        assert site.open().stream(histories.STREAMS[0]) is not None


def test_a_contradiction_is_told_with_the_calls_that_make_it() -> None:
    log = {
        "h0": [
            told(Append(0, ("a",)), Done(1), 1000, 2000),
            told(Head(), 0, 3000, 4000),
        ],
        "h1": [told(Head(), 0, 1000, 2000)],
        "h": [],
    }

    with pytest.raises(
        Broken, match=r"^h0: no order of the calls gives the answer of t0 .*Head"
    ) as caught:
        histories.check([log])

    assert caught.value.done == "1 callers made 2 calls on h0 at the same time"
    (story,) = caught.value.__notes__
    assert story.split("\n") == ["# from ('a',):", "#   t0 0.002..0.003 ms: Head() -> 0"]


class SometimesUnknown(MemoryStore):
    """Writes and says that it does not know, every third time."""

    times = 0

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        done = super().append(stream, expected, events)
        self.times += 1
        if self.times % 3 == 0:
            raise Unknown("perhaps")
        return done

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        version = super().put(key, data, expected)
        self.times += 1
        if self.times % 3 == 0:
            raise Unknown("perhaps")
        return version


def test_a_call_whose_outcome_is_unknown_is_repeated_and_fits_the_story() -> None:
    witness = histories.Witness(SometimesUnknown(), "t0")
    schedule = random.Random(1)  # noqa: S311  # repeatable on purpose
    for _call in range(60):
        witness.act(schedule)

    histories.check([witness.log])

    unknown = [each for each in witness.log["h0"] if each.returned is None]
    assert unknown
    assert all(each.answer is None for each in unknown)


class Lies(MemoryStore):
    """Refuses with a head it made up."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        try:
            return super().append(stream, expected, events)
        except Conflict as conflict:
            raise Conflict(stream, expected, conflict.head + 1) from None


def test_a_store_that_lies_about_the_head_has_no_story() -> None:
    witness = histories.Witness(Lies(), "t0")
    for stream in histories.STREAMS:
        witness.append(stream, Append(0, ("a",)))
        witness.append(stream, Append(0, ("b",)))

    with pytest.raises(Broken, match="Refused"):
        histories.check([witness.log])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the bad stores lock by flock")
def test_processes_that_call_a_right_store_have_one_story() -> None:
    from tests.conformance.badstores.processes import Right

    with Target.of(Right).fresh(seed=4) as site:
        histories.by_processes(site, callers=2, calls=30)

        assert site.open().stream(histories.STREAMS[0]) is not None
