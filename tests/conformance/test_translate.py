"""Answers that differ only where the contract lets stores differ mean the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_conformance.expect import Broken, records
from wrkr_conformance.translate import Follower, Positions, Versions, answer_of, meaning_of
from wrkr_core.errors import Conflict, Deleted, Trimmed
from wrkr_core.memory import MemoryStore
from wrkr_core.store import Appended, Cell, Event, StreamInfo


class Vanished(Deleted):
    """A store's own kind of Deleted."""


@given(st.integers(1, 99), st.integers(1, 99))
def test_only_pos_may_differ(one: int, two: int) -> None:
    def answers(pos: int) -> list[object]:
        return [
            Appended(3, pos, replayed=False),
            StreamInfo("a", 3, 1, pos),
            [Event("a", 1, pos, "r1", "t", 0, b"x")],
        ]

    assert meaning_of(answers(one)) == meaning_of(answers(two))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (Appended(3, 1, replayed=False), Appended(3, 1, replayed=True)),
        (StreamInfo("a", 3, 1, 1), StreamInfo("a", 3, 2, 1)),
        (Event("a", 1, 1, "r1", "t", 0, b"x"), Event("a", 1, 1, "r1", "t", 0, b"y")),
        (Conflict("a", 0, 1), Conflict("a", 0, 2)),
        (Trimmed("a", 1), Trimmed("a", 2)),
        (Deleted("a"), ValueError("a")),
        (["a"], ["b"]),
        (None, []),
    ],
)
def test_every_other_difference_counts(one: object, two: object) -> None:
    assert meaning_of(one) != meaning_of(two)


def test_the_pos_of_a_head_is_that_of_its_record() -> None:
    positions = Positions()
    positions.learn("a", Appended(3, 7, replayed=False))

    positions.compare(StreamInfo("a", 3, 1, 7))
    positions.compare([StreamInfo("a", 4, 1, 9), None])
    for wrong in (StreamInfo("a", 3, 1, 8), [Event("a", 3, 8, "r3", "t", 0, b"x")]):
        with pytest.raises(Broken, match="pos of"):
            positions.compare(wrong)


def test_errors_are_compared_by_the_contracts_class() -> None:
    assert meaning_of(Vanished("a is no more")) == meaning_of(Deleted("a"))
    assert meaning_of(UnicodeEncodeError("utf-8", "x", 0, 1, "no")) == meaning_of(ValueError())


def test_only_the_contracts_errors_are_answers() -> None:
    store = MemoryStore()

    assert isinstance(answer_of(store, lambda s: s.read("a b")), ValueError)
    assert answer_of(store, lambda s: s.read("a")) == []
    with pytest.raises(ZeroDivisionError):
        answer_of(store, lambda _s: 1 // 0)


def test_a_pos_only_grows_and_stays_with_its_record() -> None:
    positions = Positions()
    positions.learn("a", Appended(1, 5, replayed=False))
    positions.learn("a", Appended(1, 5, replayed=True))
    positions.compare([Event("a", 1, 5, "r1", "t", 0, b"")])

    with pytest.raises(Broken, match="pos 5 was given after 5"):
        positions.learn("b", Appended(1, 5, replayed=False))
    with pytest.raises(Broken, match="replayed"):
        positions.learn("a", Appended(1, 6, replayed=True))
    with pytest.raises(Broken, match="expected 5, got 7"):
        positions.compare([Event("a", 1, 7, "r1", "t", 0, b"")])


def test_versions_are_matched_pair_by_pair() -> None:
    model = MemoryStore()
    versions = Versions()
    first = model.put("k", b"1", 0)
    versions.compare_put("k", first, 1001)
    second = model.put("k", b"2", first)
    versions.compare_put("k", second, 1007)

    assert versions.guess(model, "k", "present") == (second, 1007)
    assert versions.guess(model, "k", "stale") == (first, 1001)
    assert versions.guess(model, "k", "absent") == (0, 0)
    assert versions.guess(model, "l", "present") == (0, 0)
    versions.compare_get("k", model.get("k"), Cell("k", b"2", 1007))
    versions.compare_put("k", Conflict("k", first, second), Conflict("k", 1001, 1007))


def test_a_version_that_comes_back_or_does_not_match_is_told() -> None:
    versions = Versions()
    versions.compare_put("k", 1, 1001)

    with pytest.raises(Broken, match="which it had before"):
        versions.compare_put("k", 2, 1001)
    with pytest.raises(Broken, match="the version of 'k'"):
        versions.compare_get("k", Cell("k", b"1", 1), Cell("k", b"1", 1002))
    with pytest.raises(Broken, match="the version in Conflict"):
        versions.compare_put("k", Conflict("k", 0, 1), Conflict("k", 0, 0))
    with pytest.raises(Broken, match="put of 'k'"):
        versions.compare_put("k", 2, Conflict("k", 0, 1001))
    with pytest.raises(Broken, match=r"get\('k'\)"):
        versions.compare_get("k", Cell("k", b"1", 1), None)


def two_alike() -> tuple[MemoryStore, MemoryStore]:
    stores = (MemoryStore(), MemoryStore())
    for store in stores:
        store.append("a", 0, records("a1", "a2", "a3"))
        store.append("b", 0, records("b1"))
    return stores


def test_a_follower_agrees_with_a_store_that_has_the_same() -> None:
    store, model = two_alike()
    follower = Follower()

    for _page in range(3):
        follower.check_rest(store, model)
        follower.check_wait(store, model)
        follower.step(store, model, 2)

    assert follower.seen == {("a", 1), ("a", 2), ("a", 3), ("b", 1)}


def test_a_follower_misses_nothing_that_the_model_has() -> None:
    store, model = two_alike()
    model.append("b", 1, records("b2"))

    with pytest.raises(Broken, match="the feed behind a cursor"):
        Follower().check_rest(store, model)
    with pytest.raises(Broken, match=r"the feed ends though \[\('b', 2\)\] were not seen"):
        Follower(cursor="4", seen={("a", 1), ("a", 2), ("a", 3), ("b", 1)}).step(store, model, 2)
    with pytest.raises(Broken, match="wait"):
        Follower(cursor="4", seen={("a", 1), ("a", 2), ("a", 3), ("b", 1)}).check_wait(store, model)


def test_a_follower_sees_nothing_twice_and_skips_nothing() -> None:
    store, model = two_alike()

    with pytest.raises(Broken, match="a/1, seen or not there"):
        Follower(seen={("a", 1)}).step(store, model, 1)
    with pytest.raises(Broken, match="the feed skips before 2"):
        Follower(cursor="1").step(store, model, 1)
