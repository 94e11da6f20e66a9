"""The feed: every record once, and no record ever before a cursor that was handed out (F1, F2)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import claim, drain, ids, raises, read_all, records, same

if TYPE_CHECKING:
    from wrkr_conformance.target import Site
    from wrkr_core.store import Event, Store

STREAMS = ("a", "b", "c/d")


def _fill(store: Store, *, batches: int = 12) -> list[str]:
    """Append batches of 1 to 3 records to three streams in turn; return the ids in that order."""
    heads = dict.fromkeys(STREAMS, 0)
    names: list[str] = []
    for number in range(batches):
        stream = STREAMS[number % 3]
        batch = [f"{number}-{index}" for index in range(1 + number % 3)]
        heads[stream] = store.append(stream, heads[stream], records(*batch)).seq
        names += batch
    return names


@clause("F1.1", "F1")
def feeds_everything_once(site: Site) -> None:
    """The feed holds every record once, each stream's in order, whatever the page size."""
    store = site.open()
    names = _fill(store)
    for limit in (1, 2, 3, 5, len(names) - 1, len(names), 1000, sys.maxsize):
        found, _cursor = drain(store, limit=limit)
        same(sorted(ids(found)), sorted(names), f"records in the feed, {limit} at a time")
        for stream in STREAMS:
            places = [event.seq for event in found if event.stream == stream]
            same(places, list(range(1, len(places) + 1)), f"seq of {stream} in the feed")


@clause("F1.2", "F1")
def feeds_what_is_read(site: Site) -> None:
    """A record in the feed is the same in every field as the record in its stream."""
    store = site.open()
    _fill(store)
    found = {(event.stream, event.seq): event for event in drain(store)[0]}
    wanted = [event for stream in STREAMS for event in read_all(store, stream)]
    same(sorted(found.items()), sorted(((e.stream, e.seq), e) for e in wanted), "the feed")


@clause("F1.3", "F1")
def feeds_empty_only_at_the_end(site: Site) -> None:
    """A page is empty only at the end; its cursor is text and finds what is appended later."""
    store = site.open()
    page, cursor = store.feed()
    same(page, [], "the feed of an empty store")
    for number in range(6):
        same(type(cursor), str, "the type of a cursor")
        store.append("a", number, records(f"r{number}"))
        page, behind = store.feed(cursor)
        same(ids(page), [f"r{number}"], "the feed after the cursor of its former end")
        same(store.feed(behind)[0], [], "the feed after its end")
        cursor = store.feed(behind)[1]


@clause("F1.4", "F1", level="should")
def fills_its_pages(site: Site) -> None:
    """A page holds as many records as were asked for, while there are that many."""
    store = site.open()
    count = len(_fill(store))
    for limit in (1, 2, 5, count - 1, count):
        same(len(store.feed("", limit)[0]), limit, f"records in a page of {limit}")


@clause("F2.1", "F2")
def keeps_every_cursor_good(site: Site) -> None:
    """After every cursor handed out stands what was not before it, for every handle, for good."""
    store = site.open()
    _fill(store, batches=6)
    cursors: list[tuple[str, list[Event]]] = [("", [])]
    cursor, before = "", cursors[0][1]
    while page := store.feed(cursor, 2):
        if not page[0]:
            break
        cursor, before = page[1], before + page[0]
        cursors.append((cursor, before))
    for stream in STREAMS:
        store.append(stream, len(store.read(stream)), records(f"late-{stream}"))
    everything = drain(store)[0]
    for handle in (store, site.open()):
        for position, seen in cursors:
            rest, _cursor = drain(handle, position, limit=3)
            same(ids(seen + rest), ids(everything), f"before and after cursor {position!r}")


@clause("F2.2", "F2")
def never_slips_behind_after_delete(site: Site) -> None:
    """After the newest records were deleted, what is appended next stands behind the cursors."""
    store = site.open()
    store.append("a", 0, records("a1"))
    newest = store.append("b", 0, records("b1", "b2", "b3"))
    _page, cursor = drain(store)
    store.delete("b")
    later = site.open().append("c", 0, records("c1"))
    claim(later.pos > newest.pos, f"pos {later.pos} after {newest.pos} was given and deleted")
    for handle in (store, site.open()):
        same(ids(drain(handle, cursor)[0]), ["c1"], "the feed after a cursor, a delete, an append")
        same(ids(drain(handle)[0]), ["a1", "c1"], "the whole feed after a delete")


@clause("F2.3", "F2", needs=("trim",))
def never_slips_behind_after_trim(site: Site) -> None:
    """Cursors into records that were trimmed since go on with the next record that is left."""
    store = site.open()
    store.append("a", 0, records("a1", "a2", "a3", "a4"))
    _page, early = store.feed("", 1)
    page, middle = store.feed("", 3)
    same(ids(page), ["a1", "a2", "a3"], "the first three records")
    store.trim("a", 2)
    store.append("b", 0, records("b1"))
    same(ids(drain(store, early)[0]), ["a3", "a4", "b1"], "the feed after a trimmed record")
    same(ids(drain(store, middle)[0]), ["a4", "b1"], "the feed after a record that is left")
    same(ids(drain(store)[0]), ["a3", "a4", "b1"], "the whole feed after a trim")


@clause("F2.4", "F2", outlives=True)
def keeps_cursors_over_reopening(site: Site) -> None:
    """A cursor means the same after every handle was closed."""
    store = site.open()
    names = _fill(store)
    page, cursor = store.feed("", 5)
    rest = ids(drain(store, cursor)[0])
    _page, end = drain(store)
    store = site.reopen()
    same(ids(drain(store, cursor)[0]), rest, "the feed after a cursor, after reopening")
    same(len(page) + len(rest), len(names), "records before and after the cursor")
    store.append("new", 0, records("late"))
    same(ids(drain(store, end)[0]), ["late"], "the feed after its former end, after reopening")


@clause("F2.9", "F2", outlives=True)
def never_slips_behind_after_reopening(site: Site) -> None:
    """After the newest were deleted and every handle closed, the next stand behind the cursors."""
    store = site.open()
    store.append("a", 0, records("a1"))
    newest = store.append("b", 0, records("b1", "b2", "b3"))
    _page, cursor = drain(store)
    store.delete("b")
    store = site.reopen()
    later = store.append("c", 0, records("c1"))
    claim(later.pos > newest.pos, f"pos {later.pos} after {newest.pos} was given and deleted")
    same(ids(drain(store, cursor)[0]), ["c1"], "the feed after a cursor, a delete, a reopening")
    store.delete("a")
    store.delete("c")
    store = site.reopen()
    store.append("d", 0, records("d1"))
    same(ids(drain(store, cursor)[0]), ["d1"], "the feed after a cursor, when all was deleted")


@clause("F2.5", "F2", level="should")
def refuses_a_foreign_cursor(site: Site) -> None:
    """A text that was never a cursor of this store is a ValueError, not a place in the feed."""
    store = site.open()
    store.append("a", 0, records("a1"))
    for text in ("no cursor", "-", "\0", "٣"):
        raises(ValueError, f"feed({text!r})", store.feed, text)
