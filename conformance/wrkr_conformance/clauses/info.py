"""What a store says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import claim, ids, records, same
from wrkr_core.store import CAPABILITIES, PROTOCOL, Durability, Store

if TYPE_CHECKING:
    from wrkr_conformance.target import Site

DURABILITIES: Final = frozenset(get_args(Durability))


@clause("I1.1", "info")
def describes_itself(site: Site) -> None:
    """`info` tells name, version, this protocol, a known durability and known capabilities."""
    info = site.open().info
    same(info.protocol, PROTOCOL, "info.protocol")
    claim(bool(info.name) and bool(info.version), "info.name and info.version must not be empty")
    claim(info.durability in DURABILITIES, f"info.durability is {info.durability!r}")
    unknown = info.capabilities - CAPABILITIES
    claim(not unknown, f"info.capabilities holds the unknown {', '.join(sorted(unknown))}")


@clause("I1.2", "info")
def has_every_method(site: Site) -> None:
    """A handle has every method of the contract, also the optional ones it does not support."""
    handle = site.open()
    wanted = [name for name in vars(Store) if not name.startswith("_")]
    same([name for name in wanted if not hasattr(handle, name)], [], "methods it does not have")


@clause("I1.3", "info")
def handles_agree(site: Site) -> None:
    """Every handle of one store says the same of it."""
    same(site.open().info, site.open().info, "info of a second handle")


@clause("S1.9", "S1")
def keeps_stores_apart(site: Site) -> None:
    """The store of another folder is another store: it begins empty and stays apart."""
    store = site.open()
    store.append("a", 0, records("a1"))
    store.put("k", b"x", 0)
    with site.target.fresh(quick=site.quick, seed=site.seed) as fresh:
        other = fresh.open()
        same(other.feed()[0], [], "the feed of another folder's store")
        same(other.streams(), [], "streams of another folder's store")
        same(other.keys(), [], "keys of another folder's store")
        other.delete("a")
    same(ids(store.read("a")), ["a1"], "the stream after its namesake's delete in another store")
