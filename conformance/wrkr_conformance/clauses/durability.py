"""What survives closing, kills at random, and damage of the files (D1, X1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_conformance import crash, damage
from wrkr_conformance.clause import clause
from wrkr_conformance.expect import drain, ids, read_all, records, same
from wrkr_core.store import Cell

if TYPE_CHECKING:
    from wrkr_conformance.target import Site


@clause("D1.1", "D1", outlives=True)
def outlives_its_handles(site: Site) -> None:
    """After every handle was closed, a new one finds every record and cell as they were."""
    store = site.open()
    store.append("a", 0, records("a1", "a2"))
    store.append("b", 0, records("b1"))
    version = store.put("k", b"v", 0)
    before = drain(store)[0], store.streams()
    store = site.reopen()
    same((drain(store)[0], store.streams()), before, "feed and streams after reopening")
    same(store.get("k"), Cell("k", b"v", version), "the cell after reopening")
    same(store.append("a", 2, records("a3")).seq, 3, "the next append after reopening")
    later = drain(store)[0][-1]
    same((later.id, later.pos > before[0][-1].pos), ("a3", True), "the newest record and its pos")


@clause("D1.2", "D1")
def relaxes_only_about_power(site: Site) -> None:
    """`durable=False` writes are seen at once and in order, mixed with durable ones."""
    store, other = site.open(), site.open()
    version = 0
    for number in range(12):
        durable = number % 3 == 2
        store.append("a", number, records(f"r{number}"), durable=durable)
        version = store.put("k", b"%d" % number, version, durable=durable)
        same(len(other.read("a")), number + 1, "records another handle reads")
        same(other.get("k"), Cell("k", b"%d" % number, version), "the cell another handle gets")
    same(ids(read_all(other, "a")), [f"r{number}" for number in range(12)], "ids in the stream")


@clause("D1.3", "D1", outlives=True)
def relaxed_outlives_its_handles(site: Site) -> None:
    """`durable=False` writes are there when every handle was closed and a new one is opened."""
    store = site.open()
    store.append("a", 0, records("a1"), durable=False)
    store.append("a", 1, records("a2"), durable=False)
    version = store.put("k", b"v", 0, durable=False)
    store = site.reopen()
    same(ids(store.read("a")), ["a1", "a2"], "the stream after reopening")
    same(store.get("k"), Cell("k", b"v", version), "the cell after reopening")


@clause("D1.4", "D1", outlives=True)
def survives_kills(site: Site) -> None:
    """A writer killed at any moment leaves what it was told, no half batch, a store that works."""
    for number in range(site.size(1, 5)):
        with site.target.fresh(seed=site.seed + number) as fresh:
            crash.run(fresh, kills=site.size(8, 20))


@clause("X1.3", "X1", outlives=True)
def never_skips_a_damaged_record(site: Site) -> None:
    """A record whose bytes were damaged with good ones after it is `Corrupt`, never passed over."""
    damage.run(site)
