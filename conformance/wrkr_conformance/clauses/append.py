"""Appending: all or nothing, at the expected head, and safe to repeat (A1 to A3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import (
    claim,
    drain,
    head_of,
    ids,
    raises,
    read_all,
    record,
    records,
    same,
)
from wrkr_core.errors import Conflict
from wrkr_core.store import Appended

if TYPE_CHECKING:
    from wrkr_conformance.target import Site
    from wrkr_core.store import NewEvent, Store

ALIKE: Final = (  # ids that are not the same, however a database compares texts
    ("x" * 254 + "1", "x" * 254 + "2"),
    ("\u00e9", "e\u0301"),
    ("\u00e9", "\u00c9"),
    ("ss", "\u00df"),
    ("1", "01"),
)


@clause("A1.1", "A1")
def counts_without_gaps(site: Site) -> None:
    """Records get seq 1, 2, 3… in their stream, whatever is appended to others in between."""
    store = site.open()
    first = store.append("a", 0, records("a1", "a2"))
    other = store.append("b", 0, records("b1"))
    third = store.append("a", 2, records("a3", "a4", "a5"))
    same([first.seq, other.seq, third.seq], [2, 1, 5], "seq of the last record of each batch")
    same([event.seq for event in read_all(store, "a")], [1, 2, 3, 4, 5], "seq in stream a")
    same(ids(read_all(store, "a")), ["a1", "a2", "a3", "a4", "a5"], "ids in stream a")


@clause("A1.2", "A1")
def is_visible_at_once(site: Site) -> None:
    """When `append` has returned, every handle sees the whole batch, in stream and feed."""
    writer, reader = site.open(), site.open()
    for number in range(5):
        names = [f"{number}-{index}" for index in range(4)]
        writer.append("a", number * 4, records(*names))
        same(ids(read_all(reader, "a", after=number * 4)), names, "another handle's read")
        same(head_of(reader, "a"), number * 4 + 4, "another handle's head")
        same(ids(drain(reader)[0])[-4:], names, "the end of another handle's feed")


@clause("A1.3", "A1")
def tells_where_it_went(site: Site) -> None:
    """The result's seq and pos are those of the batch's last record, and pos only grows."""
    store = site.open()
    results = [
        store.append(name, expected, records(*(f"{name}{expected}{n}" for n in range(size))))
        for name, expected, size in (("a", 0, 3), ("b", 0, 1), ("a", 3, 2), ("c", 0, 4))
    ]
    lasts = [store.read("a")[2], store.read("b")[0], store.read("a")[4], store.read("c")[3]]
    same(
        [(result.seq, result.pos, result.replayed) for result in results],
        [(last.seq, last.pos, False) for last in lasts],
        "where the results say the records are",
    )
    positions = [event.pos for event in drain(store)[0]]
    claim(positions == sorted(set(positions)), f"pos does not grow over the feed: {positions}")


@clause("A1.4", "A1")
def refuses_a_bad_batch_whole(site: Site) -> None:
    """A batch with one record that can never be right is a ValueError, and none of it is kept."""
    store = site.open()
    store.append("a", 0, records("a1"))
    bad: dict[str, list[NewEvent]] = {
        "no records": [],
        "two records with one id": records("x", "y", "x"),
        "an empty id": [record("x"), record("")],
        "an id with a space": [record("x"), record("y z")],
        "an id of 256 bytes": [record("x"), record("y" * 256)],
        "an empty type": [record("x"), record("y", kind="")],
        "an at beyond 64 bits": [record("x"), record("y", at=1 << 63)],
        "an at below 64 bits": [record("x"), record("y", at=-(1 << 63) - 1)],
    }
    for what, batch in bad.items():
        _must_refuse(store, "a", 1, batch, what)
        _must_refuse(store, "new", 0, batch, what)
    same(ids(drain(store)[0]), ["a1"], "the feed after refused batches")
    same(store.stream("new"), None, "a stream after refused batches")


def _must_refuse(
    store: Store, stream: str, expected: int, batch: list[NewEvent], what: str
) -> None:
    raises(ValueError, f"append with {what}", store.append, stream, expected, batch)


@clause("A1.5", "A1")
def leaves_nothing_of_a_conflict(site: Site) -> None:
    """A batch that meets a conflict leaves nothing, not even its first records."""
    store = site.open()
    store.append("a", 0, records("a1", "a2"))
    for expected in (0, 1, 3):
        batch = records(*(f"x{expected}-{n}" for n in range(6)))
        raises(Conflict, "append elsewhere", store.append, "a", expected, batch)
    same(ids(read_all(site.open(), "a")), ["a1", "a2"], "the stream after conflicts")
    same(ids(drain(site.open())[0]), ["a1", "a2"], "the feed after conflicts")


@clause("A1.6", "A1")
def takes_many_and_large(site: Site) -> None:
    """A batch of hundreds of records and a record of 1 MiB are kept like any other."""
    store = site.open()
    names = [f"r{number}" for number in range(400)]
    same(store.append("many", 0, records(*names)).seq, 400, "seq of a batch of 400")
    large = bytes(range(256)) * 4096
    store.append("large", 0, [record("l1", large), record("l2", b"small")])
    same(ids(read_all(store, "many", limit=37)), names, "ids of a batch of 400")
    claim(store.read("large")[0].data == large, "a record of 1 MiB came back changed")


@clause("A2.1", "A2")
def wants_the_head(site: Site) -> None:
    """Any `expected` but the head is a Conflict with the real head, and nothing is written."""
    store = site.open()
    store.append("a", 0, records("a1", "a2", "a3"))
    for expected in (0, 1, 2, 4, 5, 1000, 1 << 40, 1 << 63, 1 << 64):
        _must_conflict(store, "a", expected, 3)
    same(ids(read_all(store, "a")), ["a1", "a2", "a3"], "the stream after conflicts")


@clause("A2.2", "A2")
def knows_what_was_never_written(site: Site) -> None:
    """A stream that was never written has head 0; a failed append does not create it."""
    store = site.open()
    for expected in (1, 2, 1000):
        _must_conflict(store, "new", expected, 0)
    same(store.stream("new"), None, "stream() after conflicts")
    same(store.streams(), [], "streams() after conflicts")
    same(store.append("new", 0, records("n1")).seq, 1, "seq of the first record")


@clause("A2.3", "A2")
def has_no_any(site: Site) -> None:
    """There is no "any": a negative `expected` is a ValueError and writes nothing."""
    store = site.open()
    store.append("a", 0, records("a1"))
    for expected in (-1, -2, -1000):
        for stream in ("a", "new"):
            _must_refuse(store, stream, expected, records("x"), f"expected={expected}")
    same(ids(drain(store)[0]), ["a1"], "the feed after refused appends")


def _must_conflict(store: Store, stream: str, expected: int, head: int) -> None:
    what = f"append at {expected} where the head is {head}"
    error = raises(Conflict, what, store.append, stream, expected, records(f"x{expected}"))
    same((error.stream, error.expected, error.head), (stream, expected, head), f"{what}: Conflict")


@clause("A3.1", "A3")
def replays_the_same_batch(site: Site) -> None:
    """Repeating an append gives its first result with `replayed`, and writes nothing."""
    store = site.open()
    one = store.append("a", 0, records("a1", "a2"))
    two = store.append("a", 2, records("a3"))
    for handle in (store, site.open()):
        again = handle.append("a", 0, records("a1", "a2"))
        same(again, Appended(one.seq, one.pos, replayed=True), "the first append, repeated")
        again = handle.append("a", 2, records("a3"))
        same(again, Appended(two.seq, two.pos, replayed=True), "the second append, repeated")
    same(ids(read_all(store, "a")), ["a1", "a2", "a3"], "the stream after repeats")
    same(len(drain(store)[0]), 3, "records in the feed after repeats")


@clause("A3.2", "A3")
def replays_nothing_else(site: Site) -> None:
    """A batch that differs in any id, in order, place or length is a Conflict, not a replay."""
    store = site.open()
    store.append("a", 0, records("a1", "a2", "a3"))
    for expected, names in (
        (0, ("a1", "x")),
        (0, ("x", "a2")),
        (0, ("a2", "a1")),
        (0, ("a2", "a3")),
        (1, ("a1", "a2")),
        (0, ("a1", "a2", "a3", "a4")),
        (2, ("a3", "a4")),
        (0, ("A1", "A2")),
        (2, ("x",)),
    ):
        what = f"append {names} at {expected}"
        batch = records(*names)
        error = raises(Conflict, what, store.append, "a", expected, batch)
        same(error.head, 3, f"{what}: the head in Conflict")
    for number, (there, other) in enumerate(ALIKE):
        store.append(f"s{number}", 0, records(there))
        what = f"append of id {other!r} where {there!r} stands"
        raises(Conflict, what, store.append, f"s{number}", 0, records(other))
    same(ids(read_all(store, "a")), ["a1", "a2", "a3"], "the stream after conflicts")


@clause("A3.3", "A3")
def replays_by_record(site: Site) -> None:
    """What counts is which records stand there, not how they were batched."""
    store = site.open()
    store.append("a", 0, records("a1"))
    last = store.append("a", 1, records("a2", "a3"))
    whole = store.append("a", 0, records("a1", "a2", "a3"))
    same(whole, Appended(3, last.pos, replayed=True), "two batches repeated as one")
    part = store.append("a", 2, records("a3"))
    same(part, Appended(3, last.pos, replayed=True), "the end of a batch, repeated alone")


@clause("A3.4", "A3", outlives=True)
def replays_after_reopening(site: Site) -> None:
    """Repeating an append through a handle opened later gives its first result."""
    one = site.open().append("a", 0, records("a1", "a2"))
    again = site.reopen().append("a", 0, records("a1", "a2"))
    same(again, Appended(one.seq, one.pos, replayed=True), "an append, repeated after reopening")
