"""Many handles, threads and processes on one store (S1, R2, A4)."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from wrkr_conformance import histories, race
from wrkr_conformance.clause import clause
from wrkr_conformance.expect import (
    claim,
    drain,
    head_of,
    ids,
    insist,
    raises,
    read_all,
    records,
    same,
    together,
)
from wrkr_conformance.stopped import beside_a_stopped_writer
from wrkr_core.errors import Conflict, Deleted, Trimmed

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_conformance.target import Site
    from wrkr_core.store import Store


@clause("S1.1", "S1")
def shows_each_handle_the_others_writes(site: Site) -> None:
    """A handle that has not yet seen another's append is refused, and then sees it."""
    one, two = site.open(), site.open()
    one.append("a", 0, records("a1"))
    same(two.append("a", 1, records("a2")).seq, 2, "the second handle's append")
    error = raises(Conflict, "the stale handle's append", one.append, "a", 1, records("a3"))
    same(error.head, 2, "the head in Conflict")
    same(ids(one.read("a")), ["a1", "a2"], "the stream through the first handle")
    version = two.put("k", b"2", 0)
    error = raises(Conflict, "the stale handle's put", one.put, "k", b"1", 0)
    same(error.head, version, "the version in Conflict")


@clause("S1.2", "S1")
def lets_one_of_many_win(site: Site) -> None:
    """Of threads that append at the same head, one wins; the others meet a Conflict."""
    shared = site.open()
    handles = [shared, shared, site.open(), site.open()]
    for number in range(site.size(15, 150)):
        won = together(
            [partial(_tries, handle, number, place) for place, handle in enumerate(handles)],
            "threads appending at one head",
        )
        same(sum(won), 1, f"threads that won head {number}")
        same(head_of(shared, "a"), number + 1, "the head afterwards")


def _tries(store: Store, head: int, number: int) -> bool:
    with suppress(Conflict):
        insist(store.append, "a", head, records(f"{head}-{number}"))
        return True
    return False


@clause("S1.3", "S1")
def loses_nothing_between_threads(site: Site) -> None:
    """Threads that append to one stream, each trying again, lose and double nothing."""
    count = site.size(15, 150)
    shared = site.open()
    handles = [shared, shared, site.open()]
    placed = together(
        [partial(_places, handle, place, count) for place, handle in enumerate(handles)],
        "threads appending to one stream",
    )
    wanted = sorted(place for places in placed for place in places)
    found = [(event.seq, event.id) for event in read_all(shared, "a")]
    same(found, wanted, "what the threads were told, and what is there")
    same(sorted(ids(drain(shared)[0])), sorted(name for _, name in wanted), "the feed")


def _places(store: Store, number: int, count: int) -> list[tuple[int, str]]:
    """Append ``count`` records; return where each went."""
    places: list[tuple[int, str]] = []
    while len(places) < count:
        name, head = f"{number}-{len(places)}", head_of(store, "a")
        with suppress(Conflict):
            result = insist(store.append, "a", head, records(name))
            same(result.seq, head + 1, f"seq of a record that was appended at {head}")
            places.append((result.seq, name))
    return places


@clause("A1.7", "A1")
def shows_no_part_of_a_batch(site: Site) -> None:
    """A thread that reads while batches are appended sees whole batches, in stream and feed."""
    size, batches = 20, site.size(12, 120)
    writer, reader = site.open(), site.open()
    done = threading.Event()

    def write() -> int:
        try:
            for number in range(batches):
                names = [f"{number}-{index}" for index in range(size)]
                writer.append("a", number * size, records(*names))
        finally:
            done.set()
        return 0

    def read() -> int:
        looks = 0
        while not done.is_set() or not looks:
            looks += 1
            same(len(reader.read("a", 0, 1 << 20)) % size, 0, "records over whole batches, read")
            same(head_of(reader, "a") % size, 0, "records over whole batches, head")
            same(len(reader.feed("", 1 << 20)[0]) % size, 0, "records over whole batches, feed")
        return looks

    together([write, read], "reading while batches are appended")


@clause("F2.6", "F2")
def misses_nothing_while_following(site: Site) -> None:
    """A reader that follows the feed while threads append sees every record once, in feed order."""
    writers, count = 3, site.size(20, 200)
    reader = site.open()
    left = threading.Semaphore(0)

    def write(number: int) -> list[str]:
        handle = site.open()
        try:
            for index in range(count):
                insist(handle.append, f"s{number}", index, records(f"{number}-{index}"))
        finally:
            left.release()
        return []

    def follow() -> list[str]:
        found: list[str] = []
        cursor, gone = "", 0
        while True:
            gone += left.acquire(blocking=False)
            page, cursor = reader.feed(cursor, 7)
            found += [f"{event.stream}/{event.seq}" for event in page]
            if gone == writers and not page:
                return found

    calls: list[Callable[[], list[str]]] = [
        follow,
        *(partial(write, number) for number in range(writers)),
    ]
    followed = together(calls, "following the feed while threads append")[0]
    final = [f"{event.stream}/{event.seq}" for event in drain(site.open())[0]]
    same(len(final), writers * count, "records in the feed")
    same(followed, final, "what the reader followed, and what the feed is now")


@clause("S1.4", "S1", needs=("multi_process",))
def races_processes(site: Site) -> None:
    """Processes appending to one stream lose and double nothing, nor does a reader beside them."""
    race.run(site, writers=3, appends=site.size(50, 400))


@clause("S1.5", "S1")
def tells_threads_one_story(site: Site) -> None:
    """There is one order of all calls in which every thread gets the answers that it got."""
    for number in range(site.size(3, 30)):
        with site.target.fresh(seed=site.seed + number) as fresh:
            histories.by_threads(fresh, callers=4, calls=site.size(60, 150))


@clause("S1.6", "S1", needs=("multi_process",))
def tells_processes_one_story(site: Site) -> None:
    """There is one order of all calls in which every process gets the answers that it got."""
    for number in range(site.size(1, 10)):
        with site.target.fresh(seed=site.seed + number) as fresh:
            histories.by_processes(fresh, callers=2, calls=site.size(120, 300))


@clause("R2.1", "R2", needs=("concurrent_readers",))
def reads_beside_a_writing_thread(site: Site) -> None:
    """Reads return while another thread appends without pause."""
    writer, reader = site.open(), site.open()
    writer.append("a", 0, records("a1"))
    done = threading.Event()

    def write() -> int:
        head = 1
        while not done.is_set():
            head = writer.append("a", head, records(f"r{head}")).seq
        return head

    def read() -> int:
        try:
            for _look in range(site.size(50, 500)):
                read_everything(reader)
        finally:
            done.set()
        return 0

    together([write, read], "reading beside a writing thread")


@clause("R2.2", "R2", needs=("concurrent_readers", "multi_process"))
def reads_past_a_stopped_writer(site: Site) -> None:
    """Reads return while another process stands still in the middle of an append."""
    reader = site.open()
    beside_a_stopped_writer(site, partial(read_everything, reader), moments=site.size(6, 60))
    claim(bool(reader.streams()), "the writer's streams are not there")


def read_everything(store: Store) -> None:
    """Use every method that only reads, once; a stream may go after it was listed."""
    for info in store.streams(limit=10):
        with suppress(Deleted, Trimmed):
            store.read(info.stream, max(info.first - 1, info.head - 10), 10)
            store.stream(info.stream)
    store.feed("", 10)
    store.keys()
    store.get("k")
