"""What is right for a few must be right for thousands: batches, pages, lists, repeats, deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import (
    differs,
    drain,
    ids,
    raises,
    read_all,
    record,
    records,
    same,
)
from wrkr_core.errors import Deleted
from wrkr_core.store import Appended

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_conformance.target import Site
    from wrkr_core.store import Event, Store

# More than any database takes as parameters of one statement for records of seven columns.
MOST: Final = 10_000
MANY: Final = 5_000
NAMES: Final = tuple(f"r{number}" for number in range(1, MANY + 1))
LISTED: Final = 1_010  # more than a page has by default
PAGES: Final = (999, 1000, 1001, 4096, MANY - 1, MANY, 1 << 30)


def _fill(store: Store) -> None:
    """Append thousands of records as one batch, beside a small stream on either side."""
    store.append("before", 0, records("b1"))
    store.append("many", 0, records(*NAMES))
    store.append("after", 0, records("a1"))


@clause("A1.10", "A1")
def takes_thousands(site: Site) -> None:
    """A batch of ten thousand records is kept like any other, and goes on after it."""
    store = site.open()
    names = [f"r{number}" for number in range(1, MOST + 1)]
    same(store.append("many", 0, records(*names)).seq, MOST, f"seq of a batch of {MOST}")
    same(store.append("many", MOST, records("last")).seq, MOST + 1, "seq of the next record")
    _all_there(read_all(site.open(), "many"), [*names, "last"], "the stream")


@clause("P1.5", "read")
def reads_thousands_in_pages(site: Site) -> None:
    """A page of thousands holds as many records as were asked for, in `read` and none twice."""
    store = site.open()
    _fill(store)
    for limit in PAGES:
        page = store.read("many", 0, limit)
        _all_there(page, NAMES[:limit], f"read(limit={limit})")
        rest = store.read("many", limit, limit)
        _all_there(rest, NAMES[limit : limit * 2], f"read(after={limit}, limit={limit})")


@clause("F1.5", "F1")
def feeds_thousands_in_pages(site: Site) -> None:
    """The feed of thousands holds every record once, in order, whatever the page size."""
    store = site.open()
    _fill(store)
    for limit in (1000, 4096, 1 << 30):
        found, _cursor = drain(store, limit=limit)
        _all_there(found, ["b1", *NAMES, "a1"], f"the feed, {limit} at a time")


@clause("F1.6", "F1")
def feeds_what_is_large(site: Site) -> None:
    """Large records make a page no emptier than one record, and end neither feed nor stream."""
    store = site.open()
    large = bytes(range(256)) * 4096
    names = [f"l{number}" for number in range(6)]
    for number, name in enumerate(names):
        store.append("large", number, [record(name, large)])
    for limit in (1, 4, 1000):
        _all_there(drain(store, limit=limit)[0], names, f"the feed of large records by {limit}")
    _all_there(store.read("large"), names, "read() of large records")


@clause("P2.4", "streams")
def lists_a_thousand(site: Site) -> None:
    """`streams` and `keys` list as many as were asked for, also when that is over a thousand."""
    store = site.open()
    names = [f"n{number:05}" for number in range(LISTED)]
    for name in names:
        store.append(name, 0, records("x"), durable=False)
        store.put(name, b"x", 0, durable=False)
    for limit in (LISTED - 1, 1 << 30):
        for what, found in (
            ("streams", [info.stream for info in store.streams("", limit, "n")]),
            ("keys", store.keys("n", "", limit)),
        ):
            same(len(found), min(limit, LISTED), f"{what} in a page of {limit}")
            same(found, names[:limit], f"{what} in a page of {limit}")


@clause("A3.6", "A3")
def replays_what_is_long_ago(site: Site) -> None:
    """A repeat is recognised however long it is, and however much was appended since."""
    store = site.open()
    first = store.append("many", 0, records("first"))
    most = store.append("many", 1, records(*NAMES))
    for handle in (store, site.open()):
        again = handle.append("many", 0, records("first"))
        same(again, Appended(first.seq, first.pos, replayed=True), "the first append, repeated")
        again = handle.append("many", 1, records(*NAMES))
        same(again, Appended(most.seq, most.pos, replayed=True), f"a batch of {MANY}, repeated")


@clause("T1.7", "T1")
def deletes_thousands(site: Site) -> None:
    """`delete` takes a stream of thousands whole, and nothing of its neighbours."""
    store = site.open()
    _fill(store)
    store.delete("many")
    for handle in (store, site.open()):
        raises(Deleted, "read of a deleted stream", handle.read, "many", MANY - 1)
        same(ids(drain(handle)[0]), ["b1", "a1"], "the feed after a stream of thousands went")


def _all_there(found: Sequence[Event], wanted: Sequence[str], what: str) -> None:
    """Go on only if these are the ids. Raises: Broken, which shows where they part."""
    same(len(found), len(wanted), f"{what}: how many records")
    for place, (event, name) in enumerate(zip(found, wanted, strict=True), 1):
        if event.id != name:
            raise differs(f"{what}: record {place}", name, event.id)
