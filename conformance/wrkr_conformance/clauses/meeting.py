"""Deletes, trims, appends and looks at the feed that meet, in one process or in two (A1, S1, T1)."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final, cast

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import (
    PATIENCE,
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
from wrkr_conformance.processes import await_message, spawned
from wrkr_core.errors import Conflict, Deleted, Trimmed

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from wrkr_conformance.target import Site
    from wrkr_core.store import Store

HANDLES: Final = 20
SIGN: Final = "go"  # the cell by which one process tells another to go on


@clause("A1.11", "A1")
def feeds_at_once(site: Site) -> None:
    """An append that has returned is in the feed at once, though others are still under way."""
    appends = site.size(25, 250)

    def write(number: int) -> None:
        handle, cursor = site.open(), ""
        for index in range(appends):
            name = f"{number}-{index}"
            insist(handle.append, f"s{number}", index, records(name))
            page, cursor = drain(handle, cursor)
            claim(name in ids(page), f"{name!r} is not in the feed though its append had returned")

    together([partial(write, number) for number in range(4)], "appending, and looking at the feed")


@clause("T1.8", "T1")
def buries_under_writers(site: Site) -> None:
    """What is appended while another thread deletes the stream is refused or goes with it."""
    shared = site.open()
    handles = [shared, site.open(), site.open()]
    for number in range(site.size(12, 120)):
        stream, begun = f"s{number}", threading.Event()
        writers = [
            partial(_write_until_deleted, handle, stream, f"{place}", begun)
            for place, handle in enumerate(handles)
        ]
        bury = partial(_delete, shared, stream, begun)
        together([*writers, bury], "deleting a stream that is written")
        raises(Deleted, "stream() of a deleted stream", shared.stream, stream)
        same(shared.streams("", 10), [], "streams() after a delete under writers")
        same(drain(shared)[0], [], "the feed after a delete under writers")


def _write_until_deleted(store: Store, stream: str, writer: str, begun: threading.Event) -> None:
    with suppress(Deleted):
        for index in count():
            head = head_of(store, stream)
            with suppress(Conflict):
                insist(store.append, stream, head, records(f"{writer}-{index}"))
                begun.set()


def _delete(store: Store, stream: str, begun: threading.Event) -> None:
    begun.wait(PATIENCE)
    insist(store.delete, stream)


@clause("T2.4", "T2", needs=("trim",))
def trims_under_writers(site: Site) -> None:
    """What is appended while another thread trims the stream stays, and is the next seq."""
    writer, trimmer = site.open(), site.open()
    writer.append("a", 0, records("r1"))
    names = ["r1"]
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            names.append(f"r{len(names) + 1}")
            placed = insist(writer.append, "a", len(names) - 1, records(names[-1]))
            same(placed.seq, len(names), "seq of the next record")

    def trim() -> None:
        try:
            for _time in range(site.size(25, 250)):
                insist(trimmer.trim, "a", head_of(trimmer, "a") - 1)
        finally:
            done.set()

    together([write, trim], "trimming a stream that is written")
    info = writer.stream("a")
    first = info.first if info is not None else 0
    same(info and info.head, len(names), "the head after trims under a writer")
    for handle in (writer, site.open()):
        same(ids(read_all(handle, "a", after=first - 1)), names[first - 1 :], "what is left")
        same(ids(drain(handle)[0]), names[first - 1 :], "the feed")


@clause("S1.7", "S1")
def opens_many_handles(site: Site) -> None:
    """Twenty handles are open at once, and twenty threads use one of them."""
    handles = [site.open() for _number in range(HANDLES)]
    for number, handle in enumerate(handles):
        handle.append(f"h{number}", 0, records("x"))
    calls = [partial(_use, handles[0], f"t{number}") for number in range(HANDLES)]
    same(together(calls, "threads that use one handle"), [3] * HANDLES, "heads of their streams")
    same(len(handles[-1].streams()), 2 * HANDLES, "streams that handles and threads have written")


@clause("S1.10", "S1")
def lists_one_instant(site: Site) -> None:
    """A list of streams is of one instant, though others are appending to these streams."""
    rounds = site.size(100, 1000)
    writer, reader = site.open(), site.open()
    for stream in ("a", "b"):
        writer.append(stream, 0, records("r0"))
    done = threading.Event()

    def write() -> None:
        try:
            for number in range(1, rounds):
                for stream in ("a", "b"):
                    insist(writer.append, stream, number, records(f"r{number}"), durable=False)
        finally:
            done.set()

    def look() -> None:
        while not done.is_set():
            first, second = (info.head for info in reader.streams())
            claim(
                first - second in (0, 1),
                f"streams() gives heads {first} and {second}, of which the second was never ahead",
            )

    together([write, look], "listing streams while they are written")


def _use(store: Store, stream: str) -> int:
    for head in range(3):
        insist(store.append, stream, head, records(f"r{head}"))
        same(len(store.read(stream)), head + 1, f"records of {stream!r}")
    return head_of(store, stream)


@clause("S1.8", "S1", needs=("multi_process",))
def tells_other_processes(site: Site) -> None:
    """What one process deletes, trims and appends another sees at once; cursors mean the same."""
    store = site.open()
    store.append("dead", 0, records("d1", "d2"))
    store.append("old", 0, records("o1", "o2", "o3"))
    _page, cursor = store.feed("", 2)
    trims = "trim" in store.info.capabilities
    with spawned(site, f"{__name__}:look_twice", trims) as child:
        await_message(child, "looked")
        store.delete("dead")
        if trims:
            store.trim("old", 2)
        store.append("old", 3, records("o4"))
        store.put(SIGN, json.dumps(cursor).encode(), 0)
        theirs, behind = cast("tuple[str, list[str]]", await_message(child, "looked again"))
    left = ["o3", "o4"] if trims else ["o1", "o2", "o3", "o4"]
    same(behind, left, "the feed behind another process's cursor")
    same(ids(drain(store, theirs)[0]), [], "the feed behind the cursor of its end")
    same(head_of(store, "old"), 5, "the head after another process's append")


def look_twice(store: Store, pipe: Connection, trims: bool) -> None:  # noqa: FBT001  # by position
    """Look at everything, wait for the sign, and look again."""
    same((head_of(store, "dead"), head_of(store, "old")), (2, 3), "heads in another process")
    same(len(store.read("dead")) + len(store.read("old")) + len(drain(store)[0]), 10, "records")
    same(store.get(SIGN), None, "a cell that was not put yet")
    pipe.send(("looked", None))
    deadline = time.monotonic() + PATIENCE
    while (sign := store.get(SIGN)) is None:
        claim(time.monotonic() < deadline, "another process's cell is never seen")
        time.sleep(0.001)
    for use in (store.read, store.stream):
        raises(Deleted, "a look at a stream that another process deleted", use, "dead")
    raises(Deleted, "an append to it", store.append, "dead", 2, records("late"))
    same(head_of(store, "old"), 4, "the head of another process's append")
    if trims:
        raises(Trimmed, "a read below another process's trim", store.read, "old", 1)
    page, _cursor = drain(store, json.loads(sign.data))
    store.append("old", 4, records("o5"))
    pipe.send(("looked again", (drain(store)[1], ids(page))))
