"""Waiting for the feed to grow (capability ``wait``)."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import PATIENCE, bounded, claim, drain, raises, records, together
from wrkr_conformance.race import append_elsewhere
from wrkr_core.errors import NotSupported

if TYPE_CHECKING:
    from wrkr_conformance.target import Site
    from wrkr_core.store import Store

LONG: Final = PATIENCE / 3  # seconds in which another process has surely started and appended
SOON: Final = PATIENCE / 6  # seconds within which whoever is woken has surely returned
FOR_EVER: Final = 1e12  # seconds, more than an operating system waits at once


@clause("W1.1", "wait", needs=("wait",))
def tells_what_there_is(site: Site) -> None:
    """`wait` is True if there are records after the cursor, False once the time is over."""
    store = site.open()
    claim(not store.wait("", 0), "wait is True for an empty store")
    store.append("a", 0, records("a1"))
    _page, end = drain(store)
    for handle in (store, site.open()):
        claim(handle.wait("", 0), "wait is False at the beginning of a feed with a record")
        claim(handle.wait("", PATIENCE), "wait is False at the beginning of a feed with a record")
        claim(not handle.wait(end, 0), "wait is True at the end of the feed")
        claim(not handle.wait(end, 0.02), "wait is True at the end of the feed")


@clause("W1.2", "wait", needs=("wait",))
def wakes_for_other_handles(site: Site) -> None:
    """`wait` ends as soon as another thread appends, through this handle or another."""
    store = site.open()
    for number, writer in enumerate((store, site.open(), store, site.open())):
        _wait_beside(store, writer, number, delay=0.005)


@clause("W1.5", "wait", needs=("wait",))
def misses_no_wake(site: Site) -> None:
    """`wait` misses no append that comes just as it begins, however long it may wait."""
    store, writer = site.open(), site.open()
    rounds = site.size(30, 300)
    begun = time.monotonic()
    for number in range(rounds):
        _wait_beside(store, writer, number, delay=0.004 * number / rounds)
        if time.monotonic() - begun > SOON:
            return  # it looks now and then instead of being woken


def _wait_beside(store: Store, writer: Store, number: int, *, delay: float) -> None:
    """Wait without end, while another thread appends a moment later. Raises: Broken."""
    _page, end = drain(store)
    begun = threading.Event()

    def wait() -> bool:
        begun.set()
        return store.wait(end, FOR_EVER)

    def append() -> bool:
        begun.wait(PATIENCE)
        time.sleep(delay)  # no contract tells when a thread waits: sometimes it does by now
        return writer.append("a", number, records(f"r{number}")).seq > 0

    woken, _appended = together([wait, append], "wait while another thread appends", SOON)
    claim(woken, "wait ended without the other thread's record")


@clause("W1.3", "wait", needs=("wait",))
def waits_for_records_only(site: Site) -> None:
    """Cells, deletes and refused appends are nothing that `wait` waits for."""
    store = site.open()
    store.append("a", 0, records("a1"))
    _page, end = drain(store)
    store.put("k", b"x", 0)
    store.append("a", 0, records("a1"))
    store.delete("a")
    claim(not store.wait(end, 0.02), "wait is True though no record was appended")
    claim(not store.wait("", 0), "wait is True though every record was deleted")


@clause("W1.4", "wait", needs=("wait", "multi_process"))
def wakes_for_other_processes(site: Site) -> None:
    """`wait` ends as soon as another process appends."""
    store = site.open()
    _page, end = drain(store)
    with append_elsewhere(site, "a"):
        woken = bounded(partial(store.wait, end, FOR_EVER), "wait while a process appends", LONG)
        claim(woken, "wait ended without the other process's record")


@clause("N1.2", "N1", lacks=("wait",))
def refuses_to_wait(site: Site) -> None:
    """Without the capability, `wait` raises NotSupported."""
    store = site.open()
    raises(NotSupported, "wait, which is not declared", store.wait, "", 0)
    store.append("a", 0, records("a1"))
    raises(NotSupported, "wait, which is not declared", store.wait, "", 0)
