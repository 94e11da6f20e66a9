"""Kill a writing process at random moments and look at what it leaves.

The writer reports each acknowledgement on a pipe. What was reported must be there; what was not may
be there, but only whole, and only the one write that was under way. A reader in another process
beside it may never have seen what is gone afterwards (R1). Every choice follows from the seed, but
for what the operating system makes of it.
"""

from __future__ import annotations

import hashlib
import random  # noqa: TID251  # a seeded schedule
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_conformance.expect import (
    bounded,
    claim,
    drain,
    head_of,
    insist,
    read_all,
    record,
    records,
    same,
)
from wrkr_conformance.processes import PipeEnded, receive, spawned
from wrkr_core.errors import Deleted, Unknown
from wrkr_core.store import Event

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from wrkr_conformance.processes import Child
    from wrkr_conformance.target import Site
    from wrkr_core.store import Appended, NewEvent, Store

STREAMS: Final = ("c0", "c1", "c2")
KEYS: Final = ("k0", "k1")
PROBE: Final = "probe"
LONGEST: Final = 9000
LIFE: Final = 12  # writes after which a writer deletes its own stream


Batch = tuple[int, list[str]]  # where it was expected, and its ids


@attrs.frozen
class AppendAcked:
    """The store acknowledged an append."""

    stream: str
    expected: int
    names: list[str]


@attrs.frozen
class PutAcked:
    """The store acknowledged a put."""

    key: str
    version: int
    data: bytes


@attrs.frozen
class DeleteAcked:
    """The store acknowledged a delete."""

    stream: str


@attrs.define
class Told:
    """What the writers were told so far.

    Attributes:
        batches: The batches of each stream.
        buried: The streams that were deleted.
        cells: Version and data of each cell.
        spent: Every version each cell was given.
        followed: What a reader beside them was given.
        cursor: Where that reader is.

    """

    batches: dict[str, list[Batch]] = attrs.Factory(dict[str, list[Batch]])
    buried: set[str] = attrs.Factory(set[str])
    cells: dict[str, tuple[int, bytes]] = attrs.Factory(dict[str, tuple[int, bytes]])
    spent: dict[str, set[int]] = attrs.Factory(dict[str, set[int]])
    followed: list[Event] = attrs.Factory(list[Event])
    cursor: str = ""


def run(site: Site, *, kills: int) -> None:
    """Kill a writer ``kills`` times. Raises: Broken if a kill took or broke anything."""
    schedule = random.Random(site.seed)  # noqa: S311  # repeatable on purpose
    for _time in range(max(1, kills // 4)):
        _kill_in_opening(site, schedule)
    told = Told()
    many = "multi_process" in site.open().info.capabilities
    site.close()
    reader = site.open() if many else None
    for number in range(kills):
        with spawned(site, f"{__name__}:writer", site.seed, number) as child:
            _listen(child, told, reader, acks=schedule.randint(1, 40))
            time.sleep(schedule.uniform(0, 0.004))  # so that the kill falls anywhere in a write
            child.process.kill()
            _rest(child, told)
        bounded(partial(_inspect, site, told, number), "a store whose writer was killed")
        if reader is not None:
            page, told.cursor = drain(reader, told.cursor)
            told.followed = [e for e in told.followed + page if e.stream not in told.buried]
            same(told.followed, drain(reader)[0], "what a reader saw, and what is there now")


def _kill_in_opening(site: Site, schedule: random.Random) -> None:
    """Kill a process that makes a new store or writes its first records."""
    with site.target.fresh() as fresh:
        told = Told()
        with spawned(fresh, f"{__name__}:writer", site.seed, -1) as child:
            receive(child)
            time.sleep(schedule.uniform(0, 0.02))
            child.process.kill()
            _rest(child, told)
        bounded(lambda: _inspect(fresh, told, 0), "a store whose maker was killed")


def _listen(child: Child, told: Told, reader: Store | None, *, acks: int) -> None:
    """Take messages until ``acks`` writes were acknowledged."""
    receive(child)
    for _ack in range(acks):
        _note(receive(child)[1], told)
        if reader is not None:
            page, told.cursor = reader.feed(told.cursor, 50)
            told.followed += page


def _rest(child: Child, told: Told) -> None:
    """Take what the writer had still sent before it was killed."""
    with suppress(PipeEnded):
        while True:
            _note(receive(child)[1], told)


def _note(acked: object, told: Told) -> None:
    if isinstance(acked, AppendAcked):
        told.batches.setdefault(acked.stream, []).append((acked.expected, acked.names))
    elif isinstance(acked, DeleteAcked):
        told.buried.add(acked.stream)
    elif isinstance(acked, PutAcked):
        spent = told.spent.setdefault(acked.key, set())
        claim(acked.version not in spent, f"cell {acked.key!r} has version {acked.version} again")
        spent.add(acked.version)
        told.cells[acked.key] = (acked.version, acked.data)


def _inspect(site: Site, told: Told, number: int) -> None:
    """Look at the store through a new handle, use it, and look again.

    The first write may complete what the killed one had begun, which is why it is looked at twice.
    """
    store = site.open()
    _look(store, told, number)
    same(store.append(PROBE, number, records(f"probe-{number}")).seq, number + 1, "the next append")
    _look(store, told, number)
    for stream in _streams(told, number):
        if _is_buried(store, stream):
            told.buried.add(stream)
        else:
            told.batches[stream] = _batches(read_all(store, stream))
    cells = {key: store.get(key) for key in KEYS}
    told.cells = {key: (cell.version, cell.data) for key, cell in cells.items() if cell is not None}
    store.close()


def _look(store: Store, told: Told, number: int = 0) -> None:
    """Raises: Broken unless what was told is there, and at most one write besides."""
    unacknowledged = _inspect_cells(store, told)
    streams = _streams(told, number)
    buried = {stream for stream in streams if _is_buried(store, stream)}
    back = sorted(told.buried - buried)
    claim(not back, f"{', '.join(back)}: deleted, and there again after a kill")
    unacknowledged += len(buried - told.buried)
    live = [stream for stream in streams if stream not in buried]
    for stream in live:
        unacknowledged += _inspect_stream(read_all(store, stream), told.batches.get(stream, []))
    claim(unacknowledged <= 1, f"{unacknowledged} writes are there that were never acknowledged")
    found, _cursor = drain(store)
    count = sum(head_of(store, stream) for stream in (*live, PROBE))
    same(len(found), count, "records in the feed, and in all streams")


def _streams(told: Told, number: int) -> list[str]:
    """Return every stream that may be there once the ``number``-th writer was killed."""
    return sorted({*STREAMS, *told.batches, *told.buried, mortal(number)})


def _is_buried(store: Store, stream: str) -> bool:
    try:
        store.stream(stream)
    except Deleted:
        return True
    return False


def mortal(number: int) -> str:
    """Return the stream that the ``number``-th writer deletes when it has got so far."""
    return f"mortal{max(0, number)}"


def _inspect_stream(found: list[Event], told: list[Batch]) -> int:
    """Return how many batches nobody acknowledged. Raises: Broken for a loss, a half, a change."""
    same([event.seq for event in found], list(range(1, len(found) + 1)), "seq after a kill")
    for event in found:
        same(event.data, data_of(event.id), f"the data of {event.id} after a kill")
    there = _batches(found)
    for expected, names in there:
        size = int(names[0].rpartition(".")[2])
        same(len(names), size, f"records of the batch at {expected} after a kill")
    known = dict(there)
    for expected, names in told:
        same(known.get(expected), names, f"the acknowledged batch at {expected} after a kill")
    return len(there) - len(told)


def _batches(found: list[Event]) -> list[Batch]:
    """Return (expected, ids) of each batch, told apart by the ids."""
    batches: dict[str, Batch] = {}
    for event in found:
        name = event.id.partition("/")[0]
        batches.setdefault(name, (event.seq - 1, []))[1].append(event.id)
    return list(batches.values())


def _inspect_cells(store: Store, told: Told) -> int:
    """Return how many puts nobody acknowledged. Raises: Broken for a cell that went back."""
    later = 0
    for key in KEYS:
        cell = store.get(key)
        wanted = told.cells.get(key)
        found = (cell.version, cell.data) if cell is not None else None
        if found == wanted:
            continue
        claim(
            cell is not None and (wanted is None or int(cell.data) == int(wanted[1]) + 1),
            f"cell {key!r} is {found}, acknowledged was {wanted}",
        )
        later += 1
    return later


def data_of(name: str) -> bytes:
    """Return the data that belongs to a record id: 0 to 9000 bytes."""
    digest = hashlib.sha256(name.encode()).digest()
    size = int.from_bytes(digest[:4]) % LONGEST
    return (digest * (size // len(digest) + 1))[:size]


def writer(store: Store, pipe: Connection, seed: int, number: int) -> None:
    """Write until killed, reporting each acknowledgement."""
    schedule = random.Random(f"{seed}/{number}")  # noqa: S311  # repeatable on purpose
    short = mortal(number)
    there = STREAMS if _is_buried(store, short) else (*STREAMS, short)
    heads = {stream: head_of(store, stream) for stream in there}
    turn = 0
    while True:
        turn += 1
        if turn == LIFE and short in heads:
            store.delete(short)
            del heads[short]
            pipe.send(("acked", DeleteAcked(short)))
        durable = schedule.random() < 0.7
        if schedule.random() < 0.2:
            _put(store, pipe, schedule.choice(KEYS), durable=durable)
            continue
        stream = schedule.choice([*heads])
        size = schedule.randint(1, 5)
        names = [f"{number}-{turn}/{index}.{size}" for index in range(size)]
        batch = [record(name, data_of(name)) for name in names]
        result = append_surely(store, stream, heads[stream], batch, durable=durable)
        pipe.send(("acked", AppendAcked(stream, heads[stream], names)))
        heads[stream] = result.seq


def append_surely(
    store: Store, stream: str, expected: int, batch: list[NewEvent], *, durable: bool
) -> Appended:
    """Append, repeating the call while the store asks for it (A3, A4)."""
    while True:
        with suppress(Unknown):
            return insist(store.append, stream, expected, batch, durable=durable)


def _put(store: Store, pipe: Connection, key: str, *, durable: bool) -> None:
    cell = store.get(key)
    value, version = (int(cell.data), cell.version) if cell is not None else (0, 0)
    data = b"%d" % (value + 1)
    new = insist(store.put, key, data, version, durable=durable)
    pipe.send(("acked", PutAcked(key, new, data)))
