"""Real processes that write one store at the same time, and a reader that follows beside them.

They begin together: each opens its handle, says so, and waits until all the others have.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, cast

from wrkr_conformance.expect import (
    claim,
    drain,
    head_of,
    ids,
    insist,
    read_all,
    records,
    same,
)
from wrkr_conformance.processes import await_message, let_go, receive, spawned
from wrkr_core.errors import Conflict, Unknown

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection

    from wrkr_conformance.processes import Child
    from wrkr_conformance.target import Site
    from wrkr_core.store import Appended, Event, Store

    Acks = list[tuple[int, int, str]]

STREAM: Final = "raced"
COUNTER: Final = "counted"
CURSORS: Final = 12  # of those handed out during a race, so many are read on from afterwards


def run(site: Site, *, writers: int, appends: int) -> None:
    """Let processes append ``appends`` batches each to one stream and count up one cell.

    Raises: Broken unless what they were told is what is there, and the feed was stable throughout.
    """
    reader = site.open()
    with ExitStack() as stack:
        children = [
            stack.enter_context(spawned(site, f"{__name__}:racer", number, appends, held=True))
            for number in range(writers)
        ]
        let_go(children)
        followed, acked, cursors = _follow(reader, children)
    _compare(site.open(), followed, acked)
    for cursor, seen in cursors[:: max(1, len(cursors) // CURSORS)]:
        same(drain(reader, cursor)[0], followed[seen:], f"what stands behind cursor {cursor!r}")
    cell = reader.get(COUNTER)
    same(cell and int(cell.data), writers * appends, "what the processes counted")


def _follow(
    reader: Store, children: list[Child]
) -> tuple[list[Event], Acks, list[tuple[str, int]]]:
    """Follow the feed until every child has reported; return what it gave and their acks.

    And every cursor that was handed out, with the number of records before it.
    """
    pending = [*children]
    followed: list[Event] = []
    acked: Acks = []
    cursor = ""
    cursors: list[tuple[str, int]] = []
    while pending:
        page, cursor = reader.feed(cursor, 16)
        followed += page
        cursors.append((cursor, len(followed)))
        ready = wait([child.pipe for child in pending], timeout=0 if page else 0.002)
        for child in [child for child in pending if child.pipe in ready]:
            kind, value = receive(child)
            if kind == "acked":
                acked += cast("Acks", value)
                pending.remove(child)
    page, _cursor = drain(reader, cursor)
    return followed + page, acked, cursors


def _compare(store: Store, followed: list[Event], acked: Acks) -> None:
    found = read_all(store, STREAM)
    same(len({event.id for event in found}), len(found), "different ids in the raced stream")
    last_of = {event.id: (event.seq, event.pos) for event in found}
    told = {name: (seq, pos) for seq, pos, name in acked}
    same({name: last_of.get(name) for name in told}, told, "where acknowledged batches are")
    batches = [name.split(".")[:2] for name in ids(found)]
    whole = sorted(name for _seq, _pos, name in acked)
    lasts = sorted(
        event.id
        for event, here, following in zip(found, batches, [*batches[1:], None], strict=True)
        if here != following
    )
    same(lasts, whole, "the batches in the stream, and those that were acknowledged")
    same([event.seq for event in found], list(range(1, len(found) + 1)), "seq in the raced stream")
    final, _cursor = drain(store)
    same(followed, final, "what the reader followed, and what the feed is now")
    same(len(final), len(found), "records in the feed")


def racer(store: Store, pipe: Connection, number: int, appends: int) -> None:
    """Append and count ``appends`` times, then report where each batch went."""
    acks: Acks = []
    for turn in range(appends):
        names = [f"{number}.{turn}.{index}" for index in range(1 + turn % 3)]
        result = _win(store, names)
        acks.append((result.seq, result.pos, names[-1]))
        _count(store)
    pipe.send(("acked", acks))


def _win(store: Store, names: list[str]) -> Appended:
    """Append at the head until it is accepted."""
    head, unsure = head_of(store, STREAM), False
    while True:
        try:
            result = insist(store.append, STREAM, head, records(*names))
        except Conflict as error:
            claim(error.head != head, f"Conflict at {head} says that the head is {error.head}")
            head, unsure = head_of(store, STREAM), False
            continue
        except Unknown:
            unsure = True
            continue
        claim(unsure or not result.replayed, "Busy was raised though the batch was written (A4)")
        same(result.seq, head + len(names), "seq of an acknowledged batch")
        return result


def _count(store: Store) -> None:
    while True:
        cell = store.get(COUNTER)
        value, version = (int(cell.data), cell.version) if cell is not None else (0, 0)
        with suppress(Conflict):
            insist(store.put, COUNTER, b"%d" % (value + 1), version)
            return


@contextmanager
def append_elsewhere(site: Site, stream: str) -> Generator[None]:
    """Let another process append one record to a new stream, while the body runs."""
    with spawned(site, f"{__name__}:append_once", stream) as child:
        yield
        await_message(child, "done")


def append_once(store: Store, pipe: Connection, stream: str) -> None:
    """Append one record."""
    store.append(stream, 0, records("elsewhere"))
    pipe.send(("done", None))
