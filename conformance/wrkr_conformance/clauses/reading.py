"""Reading one stream, and listing streams."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import ids, raises, record, records, same

if TYPE_CHECKING:
    from wrkr_conformance.target import Site
    from wrkr_core.store import Store

# Code point order differs here from UTF-16 order, from case-folded order and from any locale's; and
# some mean more than themselves in the patterns of a database.
ORDERED: Final = (
    *("%", "-", "A", "Z", "_", "_a"),
    *("a", "a%", "a-", "a/", "a/b", "a0", "a_", "aé", "a\uffff", "a\U00010400", "a\U0010ffff"),
    *("ba", "é", "\uff21", "\U00010400"),
)
PREFIXES: Final = (
    *("", "a", "a/", "A", "é", "x", "\U00010400", "a b"),
    *("_", "%", "a_", "a%", "*", "a*", "[a]", "\\", "a\U0010ffff", "\0"),
)
AFTERS: Final = ("", "A", "a", "a-", "a.", "a\0", "b", "z", "\uffff", "\U0010ffff")


@clause("P1.1", "read")
def reads_in_pages(site: Site) -> None:
    """`read` gives the records after `after`, in order, as many as there are up to `limit`."""
    store = site.open()
    names = [f"r{number}" for number in range(1, 26)]
    store.append("a", 0, records(*names[:10]))
    store.append("b", 0, records("other"))
    store.append("a", 10, records(*names[10:]))
    for after in (0, 1, 9, 10, 11, 23, 24, 25, 26, 1000, 1 << 40, 1 << 64):
        for limit in (1, 2, 7, 24, 25, 26, 1000, 1 << 30, sys.maxsize):
            what = f"read(after={after}, limit={limit})"
            same(ids(store.read("a", after, limit)), names[after : after + limit], what)
    same(ids(store.read("a")), names, "read() without bounds")


@clause("P1.2", "read")
def reads_nothing_from_nothing(site: Site) -> None:
    """A stream that was never written reads as empty and stands nowhere."""
    store = site.open()
    store.append("ab", 0, records("x"))
    for name in ("a", "abc", "AB"):
        same(store.read(name), [], f"read({name!r})")
        same(store.read(name, 5, 5), [], f"read({name!r}, 5, 5)")
        same(store.stream(name), None, f"stream({name!r})")


@clause("P1.3", "read")
def refuses_bad_pages(site: Site) -> None:
    """A limit below 1 or an `after` below 0 is a ValueError."""
    store = site.open()
    store.append("a", 0, records("x"))
    for limit in (0, -1, -1000):
        raises(ValueError, f"read(limit={limit})", store.read, "a", 0, limit)
        raises(ValueError, f"feed(limit={limit})", store.feed, "", limit)
        raises(ValueError, f"streams(limit={limit})", store.streams, "", limit)
        raises(ValueError, f"keys(limit={limit})", store.keys, "", "", limit)
    raises(ValueError, "read(after=-1)", store.read, "a", -1)


@clause("P1.4", "read")
def gives_values_nobody_can_change(site: Site) -> None:
    """What a caller does to a list it got, or to a buffer it gave, changes nothing in the store."""
    store = site.open()
    batch = records("a1", "a2")
    store.append("a", 0, batch)
    batch.clear()
    store.read("a").clear()
    store.feed()[0].clear()
    store.streams().clear()
    same(ids(store.read("a")), ["a1", "a2"], "the stream after a caller cleared its lists")
    same(ids(store.feed()[0]), ["a1", "a2"], "the feed after a caller cleared its lists")
    same(len(store.streams()), 1, "streams() after a caller cleared its lists")
    _keeps_no_buffer(store)


def _keeps_no_buffer(store: Store) -> None:
    """A store may refuse what is no ``bytes``; what it takes it must not go on sharing."""
    buffer = bytearray(b"as given")
    with suppress(ValueError, TypeError):
        store.append("b", 0, [record("b1", cast("bytes", buffer))])
    with suppress(ValueError, TypeError):
        store.put("k", cast("bytes", buffer), 0)
    buffer[:] = b"changed!"
    found = [event.data for event in (*store.read("b"), *store.feed()[0]) if event.id == "b1"]
    same(found, [b"as given"] * len(found), "a record's data after its buffer was changed")
    cell = store.get("k")
    same(cell and cell.data, cell and b"as given", "a cell after its buffer was changed")


@clause("P2.1", "streams")
def tells_where_a_stream_stands(site: Site) -> None:
    """`stream` gives the name, the head, the first readable seq and the newest record's pos."""
    store = site.open()
    for expected, size in ((0, 1), (1, 3), (4, 2)):
        result = store.append("a", expected, records(*(f"{expected}-{n}" for n in range(size))))
        store.append("b", expected, records(*(f"{expected}-{n}" for n in range(size))))
        for handle in (store, site.open()):
            info = handle.stream("a")
            same(
                info and (info.stream, info.head, info.first, info.pos),
                ("a", result.seq, 1, result.pos),
                "stream('a')",
            )


@clause("P2.2", "streams")
def lists_streams_by_code_point(site: Site) -> None:
    """`streams` lists by code point, after `after`, with `prefix`, up to `limit`."""
    store = site.open()
    for name in (*ORDERED[::2], *ORDERED[1::2]):
        store.append(name, 0, records("x"))
    for prefix in PREFIXES:
        for after in AFTERS:
            for limit in (1, 3, 1000):
                found = [info.stream for info in store.streams(after, limit, prefix)]
                wanted = [n for n in ORDERED if n > after and n.startswith(prefix)][:limit]
                same(found, wanted, f"streams({after!r}, {limit}, {prefix!r})")


@clause("P2.3", "streams")
def lists_what_stream_tells(site: Site) -> None:
    """What `streams` says of a stream is what `stream` says of it."""
    store = site.open()
    for number in range(7):
        store.append(f"s{number}", 0, records(*(f"r{n}" for n in range(number + 1))))
    same(store.streams(), [store.stream(f"s{number}") for number in range(7)], "streams()")
