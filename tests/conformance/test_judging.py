"""What must be left of the script: each kind of damage is found, and a right store has none."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from wrkr_conformance.judging import Finding, Sight, Topic, inspect, inspected, judge, look
from wrkr_conformance.script import Account, Begun, Done, Failed, Player, script
from wrkr_core.errors import Corrupt
from wrkr_core.memory import INFO, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wrkr_core.store import Event

STEPS = script(INFO.capabilities)


def played(count: int, *, store: MemoryStore | None = None) -> tuple[Account, MemoryStore]:
    """Return the account and the store after ``count`` steps were done."""
    account, store = Account(STEPS), store or MemoryStore()
    Player(store, account.take).play(STEPS[:count])
    return account, store


def topics(found: Sequence[Finding]) -> list[Topic]:
    return list(dict.fromkeys(finding.topic for finding in found))


def without(sight: Sight, stream: str, count: int) -> Sight:
    """Return the sight of a store that has lost the last ``count`` records of a stream."""
    streams = {**sight.streams, stream: sight.streams[stream][:-count]}
    places = {(stream, event.seq) for event in sight.streams[stream][-count:]}
    feed = [event for event in sight.feed if (event.stream, event.seq) not in places]
    return attrs.evolve(sight, streams=streams, feed=feed)


def changed(sight: Sight, stream: str, place: int, event: Event) -> Sight:
    events = [*sight.streams[stream]]
    events[place] = event
    return attrs.evolve(sight, streams={**sight.streams, stream: events})


@given(st.integers(0, len(STEPS)), st.booleans())
def test_a_store_that_holds_all_that_was_done_is_right(count: int, power: bool) -> None:  # noqa: FBT001  # drawn
    account, store = played(count)

    assert judge(account, look(store, account), power=power) == []
    assert inspect(lambda: store, account, power=power) in ([], [CLOSED])


CLOSED = Finding("repair", "the store refuses to be used: HandleClosed: this handle was closed")


@given(st.integers(1, len(STEPS)))
def test_a_step_that_was_only_begun_may_be_done_or_not(count: int) -> None:
    account, store = played(count)
    account.fates[count] = Begun(count)
    before, less = played(count - 1)

    assert judge(account, look(store, account), power=False) == []
    before.fates[count] = Begun(count)
    assert judge(before, look(less, before), power=False) == []


def test_a_durable_append_that_is_gone_is_lost() -> None:
    account, store = played(6)
    sight = look(store, account)

    assert topics(judge(account, without(sight, "b", 2), power=True)) == ["durable", "seen"]
    assert topics(judge(account, without(sight, "b", 1), power=True))[0] == "whole"


def test_a_relaxed_append_may_be_lost_with_the_power_only_and_only_from_the_end() -> None:
    account, store = played(5)
    sight = look(store, account)
    last = without(sight, "a", 3)

    assert judge(account, last, power=True) == []
    assert topics(judge(account, last, power=False)) == ["relaxed"]
    first = attrs.evolve(
        sight,
        streams={"a": sight.streams["a"]},
        feed=[event for event in sight.feed if event.stream == "a"],
    )
    assert topics(judge(account, first, power=True)) == ["relaxed"]


def test_a_relaxed_append_before_a_durable_one_may_not_be_lost() -> None:
    account, store = played(6)

    found = judge(account, without(look(store, account), "a", 3), power=True)

    assert topics(found) == ["relaxed"]


def test_changed_records_are_found() -> None:
    account, store = played(4)
    sight = look(store, account)
    event = sight.streams["a"][1]

    other = changed(sight, "a", 1, replace(event, data=b"other"))
    assert "bytes" in topics(judge(account, other, power=False))
    other = changed(sight, "a", 1, replace(event, id="x"))
    assert "whole" in topics(judge(account, other, power=False))
    other = changed(sight, "a", 1, sight.streams["a"][2])
    assert "whole" in topics(judge(account, other, power=False))


def test_what_was_removed_must_stay_so() -> None:
    account, store = played(len(STEPS))
    sight = look(store, account)

    dug_up = attrs.evolve(sight, buried=frozenset())
    assert "removal" in topics(judge(account, dug_up, power=True))
    grown = attrs.evolve(sight, first={**sight.first, "a": 2})
    assert "removal" in topics(judge(account, grown, power=True))
    account, store = played(4)
    buried = attrs.evolve(look(store, account), buried=frozenset({"a"}))
    assert "removal" in topics(judge(account, buried, power=True))


def test_a_cell_is_as_it_was_last_put_durably_or_as_it_was_put_since() -> None:
    account, store = played(5)
    sight = look(store, account)
    older, _store = played(2)
    old = look(_store, older).cells["k"]

    back = attrs.evolve(sight, cells={"k": old})
    assert judge(account, back, power=True) == []
    assert topics(judge(account, back, power=False)) == ["cell"]
    gone = attrs.evolve(sight, cells={})
    assert topics(judge(account, gone, power=True)) == ["cell"]
    again = attrs.evolve(sight, cells={"k": type(old)("k", sight.cells["k"].data, 9)})
    assert topics(judge(account, again, power=True)) == ["version"]


def test_the_feed_holds_what_the_streams_hold_in_their_order() -> None:
    account, store = played(6)
    sight = look(store, account)

    for feed in (sight.feed[:-1], [*sight.feed, sight.feed[0]], sight.feed[::-1]):
        found = judge(account, attrs.evolve(sight, feed=feed), power=True)
        assert topics(found) == ["feed"]


def test_what_was_said_not_to_be_written_is_not_there() -> None:
    account, store = played(1)
    account.fates[1] = Failed(1, written=False, error="Busy")

    assert "refused" in topics(judge(account, look(store, account), power=False))


class Keeps(MemoryStore):
    """Stays open."""

    def close(self) -> None:
        pass


@pytest.mark.parametrize("count", [0, 5, len(STEPS)])
def test_a_right_store_goes_on(count: int) -> None:
    account, store = played(count, store=Keeps())

    assert inspect(lambda: store, account, power=False) == []


class SlipsBehind(Keeps):
    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        page, _behind = super().feed("", limit)
        return page[int(cursor or 0) :], str(len(page) + 1)


class BeginsAgain(Keeps):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        if data == b"later":
            self._contents.versions[key] = 0
        return super().put(key, data, expected)


class DigsUp(Keeps):
    def append(self, stream: str, *rest: object, **named: object) -> object:  # type: ignore[override]
        if stream == "b" and rest[0] == 0:
            self._contents.deleted.discard("b")
        return super().append(stream, *rest, **named)  # type: ignore[arg-type]


class GoesOnElsewhere(Keeps):
    def append(self, stream: str, expected: int, *rest: object, **named: object) -> object:  # type: ignore[override]
        done = super().append(stream, expected, *rest, **named)  # type: ignore[arg-type]
        return type(done)(done.seq + (stream == "probe"), done.pos, done.replayed)


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        (SlipsBehind, "cursor"),
        (BeginsAgain, "version"),
        (DigsUp, "removal"),
        (GoesOnElsewhere, "repair"),
    ],
)
def test_what_goes_on_wrongly_is_found(kind: type[Keeps], topic: Topic) -> None:
    account, store = played(len(STEPS))
    wrong = kind()
    wrong._contents = store._contents

    assert topic in topics(inspect(lambda: wrong, account, power=False))


class Refuses(Keeps):
    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        raise Corrupt("torn")


def test_a_store_that_refuses_is_told_with_what_it_raised() -> None:
    account, store = played(2)
    wrong = Refuses()
    wrong._contents = store._contents

    (finding,) = inspect(lambda: wrong, account, power=False)

    assert finding == Finding("repair", "the store refuses to be read: Corrupt: torn")


def test_a_store_is_looked_at_in_a_process_of_its_own(tmp_path: Path) -> None:
    from wrkr_conformance import Target

    target = Target.from_url("memory://{name}")
    account = Account(STEPS)
    with closing(target.open(tmp_path)):
        assert inspected(target, tmp_path, account) == []
        account.take_all([Begun(1), Done(1)])
        (finding,) = inspected(target, tmp_path, account)

    assert finding == Finding("durable", "append('a', 0, 2 records) had returned and is lost")
