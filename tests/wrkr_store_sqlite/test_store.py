"""The store as its users see it: clauses, handles, threads, forks and closing.

The conformance suite asks every clause of it; here is what is particular to this store.
"""

from __future__ import annotations

import gc
import os
import threading
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import grown, new, sql, store_at
from wrkr_core.errors import Conflict, Deleted, HandleClosed, StoreUnavailable, Trimmed
from wrkr_core.store import CAPABILITIES, PROTOCOL, Cell, NewEvent, Store, StreamInfo
from wrkr_store_sqlite import store as stores
from wrkr_store_sqlite.writer import LOOK_EVERY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_store_sqlite import SqliteStore


def test_it_declares_everything_and_keeps_to_one_host(store: SqliteStore) -> None:
    assert isinstance(store, Store)
    assert store.info.protocol == PROTOCOL
    assert store.info.capabilities == CAPABILITIES
    assert (store.info.durability, store.info.local) == ("power", True)


def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.append("a", 0, new(1, 2), durable=False)
    version = store.put("k", b"v", 0, durable=False)
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wrkr.db", "wrkr.db.lock"]

    store = store_at(tmp_path)

    assert [event.id for event in store.read("a")] == ["e1", "e2"]
    assert store.get("k") == Cell("k", b"v", version)
    assert store.append("a", 2, new(3)).seq == 3
    store.close()


def test_a_stale_handle_is_refused_with_the_real_head(store: SqliteStore, tmp_path: Path) -> None:
    other = store_at(tmp_path)
    store.append("a", 0, new(1))
    other.append("a", 1, new(2))

    with pytest.raises(Conflict) as caught:
        store.append("a", 1, new(3))

    assert (caught.value.expected, caught.value.head) == (1, 2)
    assert store.append("a", 2, new(3)).pos == 3
    assert other.read("a") == store.read("a")
    other.close()


def test_any_bytes_come_back_as_they_were(store: SqliteStore) -> None:
    kept = [b"", b"\n", "\u2028é".encode(), bytes(range(256)), b"\0" * 10, b"\xff\0\n" * 300_000]
    for number, data in enumerate(kept):
        store.append("a", number, new(number, data=data))
        store.put(f"k{number}", data, 0)

    assert [event.data for event in store.read("a")] == kept
    cells = [store.get(f"k{number}") for number in range(len(kept))]
    assert [cell.data for cell in cells if cell] == kept


def test_an_empty_cell_is_not_an_absent_one(store: SqliteStore) -> None:
    version = store.put("k", b"", 0)

    assert store.get("k") == Cell("k", b"", version)
    assert store.put("k", None, version, durable=False) == version + 1
    assert store.get("k") is None
    assert store.keys() == []
    assert store.put("k", b"", 0) == version + 2


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("append", ("a", 0, [])),
        ("append", ("a b", 0, new(1))),
        ("append", ("a", -1, new(1))),
        ("append", ("a", 0, [NewEvent("e", "t", 1, "text")])),  # type: ignore[arg-type]
        ("append", ("a", 0, [NewEvent("e", "t", 1.5, b"")])),  # type: ignore[arg-type]
        ("append", ("a", 0, [NewEvent("e", "t", 1 << 63, b"")])),
        ("put", ("k", "text", 0)),
        ("put", ("k", b"", -1)),
        ("put", ("", b"", 0)),
        ("read", ("a", -1)),
        ("read", ("a", 0, 0)),
        ("feed", ("", 0)),
        ("feed", ("here",)),
        ("wait", ("here", 0)),
        ("streams", ("", 0)),
        ("keys", ("", "", 0)),
        ("delete", ("",)),
        ("trim", ("a", 0)),
    ],
)
def test_what_can_never_be_right_is_a_value_error(
    store: SqliteStore, method: str, values: tuple[object, ...]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        getattr(store, method)(*values)

    assert store.feed() == ([], "")


def test_a_record_too_large_for_a_row_is_refused_before_it_spoils_others(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MOST_BYTES", 100)

    with pytest.raises(ValueError, match="data has 101 bytes; allowed are 100"):
        store.append("a", 0, new(1, data=b"x" * 101))


def test_trimmed_and_deleted_are_told_apart(store: SqliteStore) -> None:
    store.append("a", 0, new(1, 2, 3))
    store.trim("a", 0)
    assert store.stream("a") == StreamInfo("a", 3, 1, 3)
    store.trim("a", 2)

    assert store.stream("a") == StreamInfo("a", 3, 3, 3)
    with pytest.raises(Trimmed) as caught:
        store.read("a", 1)
    assert caught.value.first == 3
    assert [event.seq for event in store.read("a", 2)] == [3]
    assert store.append("a", 3, new(4)).seq == 4

    store.delete("a")
    store.delete("a")
    store.delete("never")
    for call in (store.read, store.stream):
        with pytest.raises(Deleted):
            call("a")
    assert store.streams() == []


def test_a_cursor_stays_right_whatever_is_erased(store: SqliteStore) -> None:
    store.append("a", 0, new(1, 2))
    store.append("b", 0, new(3))
    _, cursor = store.feed()
    store.delete("b")
    assert store.feed(cursor) == ([], cursor)

    store.append("c", 0, new(4))

    assert [event.stream for event in store.feed(cursor)[0]] == ["c"]
    assert [event.stream for event in store.feed()[0]] == ["a", "a", "c"]


def test_waiting_ends_with_a_record_of_this_handle(store: SqliteStore) -> None:
    assert not store.wait("", 0)
    writer = threading.Thread(target=lambda: store.append("a", 0, new(1)))
    writer.start()

    assert store.wait("", 60)
    assert not store.wait("1", 0)
    writer.join()
    assert store._bell.rings == 1  # it was woken, and did not look by chance


def test_waiting_ends_with_a_record_of_another_handle(store: SqliteStore, tmp_path: Path) -> None:
    other = store_at(tmp_path)
    writer = threading.Thread(target=lambda: other.append("a", 0, new(1)))
    writer.start()

    assert store.wait("", 60)
    writer.join()
    other.close()


def test_waiting_ends_when_the_handle_is_closed(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    outcome: list[Exception] = []

    def wait() -> None:
        try:
            store.wait("", 60)
        except HandleClosed as error:
            outcome.append(error)

    waiter = threading.Thread(target=wait)
    waiter.start()
    while not store._bell._sleepers:
        threading.Event().wait(0.001)
    store.close()
    waiter.join()

    assert len(outcome) == 1


def every_use(store: SqliteStore) -> list[Callable[[], object]]:
    return [
        lambda: store.append("a", 1, new(2)),
        lambda: store.read("a"),
        store.feed,
        lambda: store.stream("a"),
        store.streams,
        lambda: store.get("k"),
        lambda: store.put("k", b"", 0),
        store.keys,
        lambda: store.delete("a"),
        lambda: store.trim("a", 0),
        lambda: store.wait("", 0),
        store.check,
        lambda: store.backup("copy.db"),
        store.doctor,
        store.compact,
        store.checkpoint,
    ]


def test_a_closed_handle_refuses_every_use(store: SqliteStore) -> None:
    store.close()
    store.close()

    for use in every_use(store):
        with pytest.raises(HandleClosed, match="was closed"):
            use()


def test_a_handle_carried_over_a_fork_refuses_every_use(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, new(1))
    child = os.fork()
    if child == 0:
        refused = 0
        for use in every_use(store):
            try:
                use()
            except HandleClosed as error:
                refused += "before a fork" in error.message
        assert store._writer is not None
        refused += store._writer._lock._handle == -1  # else it would outlive the parent's lock
        store.close()
        del store
        gc.collect()
        own = store_at(tmp_path)
        own.append("a", 1, new(2))
        own.close()
        os._exit(0 if refused == 17 else 1)
    assert os.waitpid(child, 0)[1] == 0

    assert [event.id for event in store.read("a")] == ["e1", "e2"]
    assert store.append("a", 2, new(3)).seq == 3
    assert store.check() == []


def test_a_store_opened_for_reading_refuses_every_write(tmp_path: Path) -> None:
    store_at(tmp_path).close()
    store = store_at(tmp_path, "?mode=ro")

    for call in (
        lambda: store.append("a", 0, new(1)),
        lambda: store.put("k", b"", 0),
        lambda: store.delete("a"),
        lambda: store.trim("a", 0),
        store.compact,
        store.checkpoint,
    ):
        with pytest.raises(StoreUnavailable, match="opened for reading only") as caught:
            call()

    assert caught.value.hint == "open it without mode=ro"
    store.close()


def test_many_threads_read_and_write_through_one_handle(store: SqliteStore) -> None:
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            for number in range(20):
                store.append(name, number, new(number), durable=number % 5 == 0)
                assert [event.seq for event in store.read(name)] == list(range(1, number + 2))
                assert store.feed("", 10)[0]
        except Exception as error:  # noqa: BLE001  # told below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"s{number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert [(info.stream, info.head) for info in store.streams()] == sorted(
        (f"s{number}", 20) for number in range(12)
    )
    assert store.check() == []


def test_closing_lets_other_threads_finish_or_refuses_them(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.append("a", 0, new(0))
    done: list[int] = [1]
    unexpected: list[BaseException] = []

    def work(call: Callable[[int], object]) -> None:
        try:
            while True:
                call(len(done))
        except HandleClosed:
            pass
        except BaseException as error:  # noqa: BLE001  # told below
            unexpected.append(error)

    def append(_: int) -> None:
        done.append(store.append("a", len(done), new(len(done))).seq)

    threads = [
        threading.Thread(target=work, args=(append,)),
        *(threading.Thread(target=work, args=(lambda _: store.read("a", 0, 5),)) for _ in range(3)),
    ]
    for thread in threads:
        thread.start()
    while len(done) < 20:
        threading.Event().wait(0.001)
    store.close()
    for thread in threads:
        thread.join()

    assert unexpected == []
    store = store_at(tmp_path)
    info = store.stream("a")
    assert info is not None
    assert info.head == len(done)
    store.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_moved_away_under_a_handle_soon_takes_no_more_writes(
    store: SqliteStore,
    tmp_path: Path,
    replaced: bool,  # noqa: FBT001
) -> None:
    def write(count: int) -> None:
        for number in range(count):
            grown(store, "a", number)

    write(1)
    (tmp_path / "wrkr.db").rename(tmp_path / "moved.db")
    if replaced:
        (tmp_path / "wrkr.db").touch()

    with pytest.raises(StoreUnavailable, match="was moved, deleted or replaced"):
        store.delete("a")
    with pytest.raises(StoreUnavailable, match="was moved, deleted or replaced") as caught:
        write(LOOK_EVERY)

    assert caught.value.hint == "put it back or open the store again"
    assert caught.value.details == {"path": str(tmp_path / "wrkr.db")}
    (tmp_path / "moved.db").rename(tmp_path / "wrkr.db")
    grown(store, "a", "again")
    assert store.check() == []


def test_an_append_costs_the_same_in_a_long_stream(store: SqliteStore, tmp_path: Path) -> None:
    for number in range(40):
        grown(store, "a", *range(number * 50, number * 50 + 50), durable=False)
    store.checkpoint()

    store.append("a", 2000, new("last"))

    assert (tmp_path / "wrkr.db-wal").stat().st_size < 10 * 4096
    assert sql(tmp_path / "wrkr.db", "SELECT count(*) FROM events") == [(2001,)]
