"""The reference store: what is its own. The contract's clauses are run in tests/conformance."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import Conflict, Deleted, HandleClosed, InvalidInputError, Trimmed
from wrkr_core.finding import open_store as find_store
from wrkr_core.memory import MemoryStore, open_store
from wrkr_core.store import Appended, NewEvent, Store

if TYPE_CHECKING:
    from wrkr_core.store import Event


def batch(*names: str) -> list[NewEvent]:
    return [NewEvent(name, "noted/1", 1, name.encode()) for name in names]


def feed_ids(store: Store, cursor: str = "") -> list[str]:
    return [event.id for event in store.feed(cursor)[0]]


def until_somebody_waits(store: MemoryStore) -> None:
    # Condition has no public count of its waiters.
    while not store._contents.changed._waiters:  # type: ignore[attr-defined]
        threading.Event().wait(0.001)


def test_it_is_a_store_of_this_process_that_outlives_nothing() -> None:
    info = MemoryStore().info

    assert isinstance(MemoryStore(), Store)
    assert (info.name, info.durability, info.local) == ("memory", "none", True)
    assert "multi_process" not in info.capabilities


def test_each_anonymous_store_is_its_own() -> None:
    one, two = open_store("memory://"), open_store("memory://")

    one.append("a", 0, batch("a1"))

    assert two.stream("a") is None


def test_one_name_is_one_store_also_after_every_handle_was_closed() -> None:
    one = open_store("memory://shared-by-test")
    two = find_store("memory://shared-by-test")

    one.append("a", 0, batch("a1"))
    one.close()

    assert feed_ids(two) == ["a1"]
    two.close()
    assert feed_ids(MemoryStore("shared-by-test")) == ["a1"]
    assert open_store("memory://another-name").streams() == []


def test_another_scheme_is_refused_with_the_way_to_write_it() -> None:
    with pytest.raises(InvalidInputError, match="not a memory store URL") as caught:
        open_store("sqlite:///a.db")

    assert "memory://" in caught.value.hint


def test_a_cursor_that_was_never_handed_out_is_refused() -> None:
    store = MemoryStore()
    store.append("a", 0, batch("a1", "a2"))

    for cursor in ("3", "-1", "1.0", "one", "٣", " 1", "9" * 5000):
        with pytest.raises(ValueError, match=r"not handed out|digits"):
            store.feed(cursor)


def test_a_cursor_stays_good_when_all_before_it_was_deleted() -> None:
    store = MemoryStore()
    store.append("a", 0, batch("a1", "a2"))
    _page, cursor = store.feed()
    store.delete("a")

    later = store.append("b", 0, batch("b1"))

    assert later.pos == 3
    assert feed_ids(store, cursor) == ["b1"]


def test_a_trimmed_batch_cannot_be_replayed() -> None:
    store = MemoryStore()
    store.append("a", 0, batch("a1", "a2", "a3"))
    store.trim("a", 1)

    with pytest.raises(Conflict) as caught:
        store.append("a", 0, batch("a1", "a2", "a3"))

    assert caught.value.head == 3
    assert store.append("a", 1, batch("a2", "a3")) == Appended(3, 3, replayed=True)


def test_a_kept_record_is_no_replay_of_a_trimmed_place() -> None:
    store = MemoryStore()
    store.append("a", 0, batch("a1", "a2", "a3", "a4", "a5", "a6"))
    store.trim("a", 3)

    with pytest.raises(Conflict):
        store.append("a", 0, batch("a4"))


def test_a_buffer_that_is_changed_afterwards_changes_no_record() -> None:
    store = MemoryStore()
    data = bytearray(b"before")
    store.append("a", 0, [NewEvent("a1", "t", 0, data)])  # type: ignore[arg-type]  # the misuse tested

    data[:] = b"after!"

    assert store.read("a")[0].data == b"before"


def test_closing_wakes_a_thread_that_waits_on_the_handle() -> None:
    store = MemoryStore()
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            store.wait("", 60)
        except HandleClosed as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until_somebody_waits(store)
    store.close()
    thread.join(30)

    assert len(caught) == 1


def test_waiting_without_end_ends_with_a_record() -> None:
    store = MemoryStore("waited-for-by-test")

    def append() -> None:
        until_somebody_waits(store)
        MemoryStore("waited-for-by-test").append("a", 0, batch("a1"))

    thread = threading.Thread(target=append, daemon=True)
    thread.start()

    assert store.wait("", float("inf"))
    thread.join()


def test_waiting_a_negative_time_only_looks() -> None:
    store = MemoryStore()

    assert not store.wait("", -1)
    store.append("a", 0, batch("a1"))
    assert store.wait("", -1)


NAMES = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(NAMES, st.integers(1, 4))), st.integers(1, 5), st.data())
def test_the_feed_in_pages_is_every_append_in_order(
    appends: list[tuple[str, int]], limit: int, data: st.DataObject
) -> None:
    store = MemoryStore()
    heads = dict.fromkeys("abc", 0)
    wanted: list[tuple[str, int]] = []
    for stream, size in appends:
        names = [f"{stream}{heads[stream] + index + 1}" for index in range(size)]
        result = store.append(stream, heads[stream], batch(*names))
        wanted += [(stream, heads[stream] + index + 1) for index in range(size)]
        heads[stream] = result.seq
        assert result.pos == len(wanted)

    found: list[Event] = []
    cursor = ""
    while page := store.feed(cursor, limit):
        if not page[0]:
            break
        found += page[0]
        cursor = page[1]

    assert [(event.stream, event.seq) for event in found] == wanted
    start = data.draw(st.integers(0, len(wanted)))
    assert [event.pos for event in store.feed(str(start), limit)[0]] == list(
        range(start + 1, min(start + limit, len(wanted)) + 1)
    )


@given(st.integers(1, 12), st.lists(st.integers(0, 12), max_size=4), st.integers(0, 14))
def test_what_is_left_after_trimming_is_the_end_of_what_was_there(
    count: int, cuts: list[int], after: int
) -> None:
    store = MemoryStore()
    names = [f"r{number}" for number in range(1, count + 1)]
    store.append("a", 0, batch(*names))
    first = 1
    for through in cuts:
        if first - 1 <= through < count:
            store.trim("a", through)
            first = through + 1
        else:
            with pytest.raises(ValueError, match="can be trimmed from"):
                store.trim("a", through)

    info = store.stream("a")
    assert info is not None
    assert (info.head, info.first) == (count, first)
    if after + 1 < first:
        with pytest.raises(Trimmed) as caught:
            store.read("a", after)
        assert caught.value.first == first
    else:
        assert [event.id for event in store.read("a", after)] == names[after:]
    assert feed_ids(store) == names[first - 1 :]


@given(
    st.lists(st.tuples(NAMES, st.booleans()), max_size=12),
    st.sampled_from(["", "a", "b"]),
    st.integers(1, 4),
)
def test_lists_hold_what_is_there_now_in_order(
    acts: list[tuple[str, bool]], after: str, limit: int
) -> None:
    store = MemoryStore()
    there: dict[str, int] = {}
    streams: set[str] = set()
    dead: set[str] = set()
    for name, adds in acts:
        if adds:
            there[name] = store.put(name, b"x", there.get(name, 0))
            if name not in dead | streams:
                store.append(name, 0, batch("x"))
                streams.add(name)
        else:
            store.put(name, None, there.pop(name, 0))
            store.delete(name)
            dead.add(name)

    assert store.keys("", after, limit) == sorted(k for k in there if k > after)[:limit]
    listed = [info.stream for info in store.streams(after, limit)]
    assert listed == sorted(name for name in streams - dead if name > after)[:limit]
    for name in dead:
        with pytest.raises(Deleted, match=f"stream {name} was deleted"):
            store.stream(name)
