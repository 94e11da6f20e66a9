"""What becomes of a handle that was closed or carried over a fork (N2)."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import (
    PATIENCE,
    claim,
    ids,
    insist,
    raises,
    read_all,
    records,
    same,
    together,
)
from wrkr_conformance.forking import forked
from wrkr_core.errors import HandleClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_conformance.target import Site
    from wrkr_core.store import Store


def _uses(store: Store) -> dict[str, Callable[[], object]]:
    """Return every use of a handle but ``close``, by name; declared capabilities only."""
    uses: dict[str, Callable[[], object]] = {
        "append": lambda: store.append("a", 1, records("late")),
        "read": lambda: store.read("a"),
        "feed": store.feed,
        "stream": lambda: store.stream("a"),
        "streams": store.streams,
        "get": lambda: store.get("k"),
        "put": lambda: store.put("k", b"late", 0),
        "keys": store.keys,
        "delete": lambda: store.delete("a"),
    }
    if "trim" in store.info.capabilities:
        uses["trim"] = lambda: store.trim("a", 0)
    if "wait" in store.info.capabilities:
        uses["wait"] = lambda: store.wait("", 0)
    return uses


@clause("N2.1", "close")
def refuses_after_close(site: Site) -> None:
    """A closed handle raises HandleClosed; closing twice is allowed; other handles go on."""
    store, other = site.open(), site.open()
    store.append("a", 0, records("a1"))
    uses = _uses(store)
    store.close()
    store.close()
    for name, use in uses.items():
        raises(HandleClosed, f"{name} on a closed handle", use)
    same(ids(other.read("a")), ["a1"], "the stream through another handle")
    same(other.append("a", 1, records("a2")).seq, 2, "an append through another handle")


@clause("N2.2", "N2")
def refuses_after_fork(site: Site) -> None:
    """A handle carried over a fork raises HandleClosed in the child and works on in the parent."""
    store = site.open()
    store.append("a", 0, records("a1"))
    uses = _uses(store)

    def child() -> list[str]:
        complaints: list[str] = []
        for name, use in uses.items():
            try:
                raises(HandleClosed, f"{name} after fork", use)
            except AssertionError as error:
                complaints.append(str(error))
        return complaints

    same(in_child(child), [], "what the child saw")
    same(store.append("a", 1, records("a2")).seq, 2, "the parent's next append")
    same(ids(read_all(site.open(), "a")), ["a1", "a2"], "the stream after the fork")


@clause("N2.3", "N2", needs=("multi_process",))
def opens_anew_after_fork(site: Site) -> None:
    """A child may open a handle of its own, and parent and child see each other's records."""
    store = site.open()
    store.append("a", 0, records("a1"))

    def child() -> list[str]:
        own = site.target.open(site.directory)
        own.append("a", 1, records("a2"))
        found = ids(own.read("a"))
        own.close()
        return found

    same(in_child(child), ["a1", "a2"], "what the child read")
    same(ids(store.read("a")), ["a1", "a2"], "what the parent read")
    same(store.append("a", 2, records("a3")).seq, 3, "the parent's next append")


@clause("N2.4", "N2")
def is_disturbed_by_no_child(site: Site) -> None:
    """A child that is made while threads write can neither use their handle nor disturb it."""
    shared = site.open()
    children = site.size(3, 30)
    done = threading.Event()

    def write() -> int:
        head = 0
        while not done.is_set():
            head = insist(shared.append, "a", head, records(f"a{head + 1}"), durable=False).seq
        return head

    def fork() -> int:
        try:
            for _child in range(children):
                same(in_child(partial(_misuse, shared)), [], "in a child")
        finally:
            done.set()
        return 0

    written, _forked = together([write, fork], "forking while a thread writes")
    store = site.open()
    found = [event.seq for event in read_all(store, "a")]
    same(found, list(range(1, written + 1)), "what the thread wrote meanwhile")
    same(shared.append("a", written, records("last")).seq, written + 1, "the next append")


def _misuse(shared: Store) -> list[str]:
    """Use a handle in a child, where it must refuse, and close it there.

    The child opens none of its own: libraries in C cannot be used in a child whose parent's threads
    were inside them (fork(2)).
    """
    raises(HandleClosed, "append after fork", shared.append, "a", 0, records("late"))
    raises(HandleClosed, "feed after fork", shared.feed)
    raises(HandleClosed, "put after fork", shared.put, "k", b"late", 0)
    shared.close()
    return []


@clause("N2.5", "close")
def closes_while_it_is_used(site: Site) -> None:
    """A call under way when its handle is closed is done, or HandleClosed and nothing is written."""
    for turn in range(site.size(12, 60)):
        shared, other = site.open(), site.open()
        going, closed = threading.Event(), threading.Event()
        writers = [
            partial(_write_until_closed, shared, f"{turn}-{n}", going, closed) for n in range(3)
        ]
        told = together(
            [*writers, partial(_close_soon, shared, going, closed)], "closing a handle in use"
        )
        for number, head in enumerate(told[:3]):
            found = [event.seq for event in read_all(other, f"{turn}-{number}")]
            same(found, list(range(1, head + 1)), "what was acknowledged before the close")
        other.close()


def _write_until_closed(
    store: Store, stream: str, going: threading.Event, closed: threading.Event
) -> int:
    """Append until the handle is closed, and return the head."""
    head = 0
    with suppress(HandleClosed):
        while True:
            was_closed = closed.is_set()
            head = insist(store.append, stream, head, records(f"r{head + 1}"), durable=False).seq
            going.set()
            claim(not was_closed, "an append on a closed handle was done")
    return head


def _close_soon(store: Store, going: threading.Event, closed: threading.Event) -> int:
    going.wait(PATIENCE)
    store.close()
    closed.set()
    return 0


def in_child(work: Callable[[], list[str]]) -> list[str]:
    """Return what ``work`` returns in a forked child, or what it raised, as a list of texts."""
    child = forked(lambda send: send(work()))
    if child.error:
        return [child.error]
    return child.sent[-1] if child.sent else ["the child died or did not return"]
