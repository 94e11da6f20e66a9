"""What becomes of a handle that was closed or carried over a fork (N2)."""

from __future__ import annotations

import json
import os
import signal
import warnings
from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import NotRun, bounded, ids, raises, read_all, records, same
from wrkr_core.errors import HandleClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_conformance.target import Site
    from wrkr_core.store import Store

CHILD_SECONDS = 30


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


def in_child(work: Callable[[], list[str]]) -> list[str]:
    """Return what ``work`` returns in a forked child, or what it raised, as a list of texts."""
    if not hasattr(os, "fork"):
        raise NotRun("this platform has no fork", applies=False)
    receiving, sending = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of forking with threads
        pid = os.fork()
    if pid == 0:
        os.close(receiving)
        _answer(work, sending)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        answer = bounded(pipe.read, "a forked child", CHILD_SECONDS * 2)
    os.waitpid(pid, 0)
    return json.loads(answer) if answer else ["the child died or did not return"]


def _answer(work: Callable[[], list[str]], pipe: int) -> None:
    """Write the answer and end this process, without the clean-up that belongs to the parent."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)  # a store that hangs here must not hang the suite
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001  # the parent says it
            answer = [f"{type(error).__name__}: {error}"]
        os.write(pipe, json.dumps(answer).encode())
    finally:
        os._exit(0)
