"""Deleting and trimming, and what may not come back (T1, T2, E1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import claim, drain, ids, raises, read_all, record, records, same
from wrkr_core.errors import Deleted, NotSupported, Trimmed

if TYPE_CHECKING:
    from wrkr_conformance.target import Site
    from wrkr_core.store import Store


def _is_dead(store: Store, stream: str) -> None:
    for expected in (0, 1, 2, 3, 1000):
        what = f"append at {expected} to a deleted stream"
        raises(Deleted, what, store.append, stream, expected, records("late"))
    raises(Deleted, "read of a deleted stream", store.read, stream)
    raises(Deleted, "read of a deleted stream", store.read, stream, 2, 1)
    raises(Deleted, "stream() of a deleted stream", store.stream, stream)


@clause("T1.1", "T1")
def buries_a_stream(site: Site) -> None:
    """After `delete` every append, read and look at the stream raises Deleted, on every handle."""
    store, other = site.open(), site.open()
    store.append("a", 0, records("a1", "a2"))
    same(len(other.read("a")), 2, "records of the stream before its delete")
    store.delete("a")
    _is_dead(store, "a")
    _is_dead(other, "a")
    _is_dead(site.open(), "a")
    raises(Deleted, "a repeat of a dead append", store.append, "a", 0, records("a1", "a2"))


@clause("T1.2", "T1")
def takes_only_that_stream(site: Site) -> None:
    """`delete` takes the stream's records out of feed and list, and touches no other stream."""
    store = site.open()
    for name in ("a", "A", "a/b", "ab"):
        store.append(name, 0, records(f"{name}1", f"{name}2"))
    store.delete("a")
    for handle in (store, site.open()):
        same([info.stream for info in handle.streams()], ["A", "a/b", "ab"], "streams()")
        left = {event.stream for event in drain(handle)[0]}
        same(sorted(left), ["A", "a/b", "ab"], "streams in the feed")
        for name in ("A", "a/b", "ab"):
            same(ids(handle.read(name)), [f"{name}1", f"{name}2"], f"records of {name}")
    same(store.append("ab", 2, records("ab3")).seq, 3, "the next seq of a stream that lives")


@clause("T1.3", "T1")
def may_be_deleted_twice(site: Site) -> None:
    """Deleting twice is allowed, and so is deleting what was never written: it is then buried."""
    store = site.open()
    store.append("a", 0, records("a1"))
    for name in ("a", "a", "never"):
        store.delete(name)
        _is_dead(store, name)
    same(store.streams(), [], "streams()")


@clause("T1.4", "T1", outlives=True)
def stays_buried(site: Site) -> None:
    """A deleted stream is still deleted after every handle was closed."""
    store = site.open()
    store.append("a", 0, records("a1"))
    store.delete("a")
    store = site.reopen()
    _is_dead(store, "a")
    same(drain(store)[0], [], "the feed")


@clause("T2.1", "T2", needs=("trim",))
def trims_the_old(site: Site) -> None:
    """`trim(through)` drops exactly the records up to `through`; reads below raise Trimmed."""
    store, other = site.open(), site.open()
    names = [f"r{number}" for number in range(1, 11)]
    store.append("a", 0, records(*names))
    store.append("b", 0, records("b1"))
    for through in (0, 1, 4, 4, 9):
        store.trim("a", through)
        for handle in (store, other):
            _begins_after(handle, through, names)
    same(store.append("a", 10, records("r11")).seq, 11, "the next seq after a trim")
    same(ids(store.read("b")), ["b1"], "another stream")


def _begins_after(store: Store, through: int, names: list[str]) -> None:
    for after in range(through):
        what = f"read(after={after}) trimmed through {through}"
        error = raises(Trimmed, what, store.read, "a", after)
        same(error.first, through + 1, f"{what}: first")
    for after in range(through, 11):
        same(ids(store.read("a", after)), names[after:], f"read(after={after})")
    info = store.stream("a")
    same(info and (info.head, info.first), (10, through + 1), "head and first of the stream")
    left = [event.id for event in drain(store)[0] if event.stream == "a"]
    same(left, names[through:], f"the feed trimmed through {through}")


@clause("T2.2", "T2", needs=("trim",))
def trims_within_bounds(site: Site) -> None:
    """`trim` is a ValueError unless first-1 <= through < head, and then drops nothing."""
    store = site.open()
    store.append("a", 0, records("a1", "a2", "a3", "a4"))
    store.trim("a", 2)
    for through in (-1, 0, 1, 4, 5, 1000, 1 << 64):
        raises(ValueError, f"trim through {through} of 4", store.trim, "a", through)
    for through in (0, 1):
        raises(ValueError, "trim of what was never written", store.trim, "new", through)
    same(ids(read_all(store, "a", after=2)), ["a3", "a4"], "the stream after refused trims")
    same(store.stream("new"), None, "a stream that was never written")
    store.delete("a")
    raises(Deleted, "trim of a deleted stream", store.trim, "a", 3)


@clause("T2.3", "T2", needs=("trim",), outlives=True)
def stays_trimmed(site: Site) -> None:
    """A trimmed stream begins at the same seq after every handle was closed."""
    store = site.open()
    store.append("a", 0, records("a1", "a2", "a3"))
    store.trim("a", 2)
    store = site.reopen()
    raises(Trimmed, "read below the trim after reopening", store.read, "a", 1)
    same(ids(store.read("a", 2)), ["a3"], "what is left after reopening")
    same(store.append("a", 3, records("a4")).seq, 4, "the next seq after reopening")


@clause("N1.1", "N1", lacks=("trim",))
def refuses_to_trim(site: Site) -> None:
    """Without the capability, `trim` raises NotSupported and drops nothing."""
    store = site.open()
    store.append("a", 0, records("a1", "a2"))
    raises(NotSupported, "trim, which is not declared", store.trim, "a", 1)
    same(ids(store.read("a")), ["a1", "a2"], "the stream after a refused trim")


def _found_in(site: Site, marker: bytes) -> list[str]:
    files = [path for path in site.directory.rglob("*") if path.is_file()]
    return sorted(str(path.name) for path in files if marker in path.read_bytes())


@clause("E1.1", "E1", needs=("secure_erase",))
def erases_streams(site: Site) -> None:
    """When `delete` returns, no file of the store holds bytes of the stream's records."""
    store = site.open()
    marker = b"erase-me-%d" % (site.seed + 7_919_191_919)
    keep = b"keep-me-%d" % (site.seed + 7_919_191_919)
    for number in range(40):
        data = b'{"text":"%b","filler":"%b"}' % (marker, b"." * (number * 97))
        store.append("secret", number, [record(f"s{number}", data)])
        store.append("kept", number, [record(f"k{number}", b'{"text":"%b"}' % keep)])
    reader = site.open()
    same(len(read_all(reader, "secret")), 40, "records before the delete")
    store.delete("secret")
    left = _found_in(site, marker)
    claim(not left, f"deleted bytes are still in {', '.join(left)}")
    claim(all(keep in event.data for event in read_all(reader, "kept")), "kept bytes were changed")


@clause("E1.2", "E1", needs=("secure_erase",), level="should")
def erases_cells(site: Site) -> None:
    """When a cell was deleted, no file of the store holds bytes of any value it had."""
    store = site.open()
    version = 0
    for number in range(5):
        version = store.put("key/secret", b'{"key":"cell-me-7919191919","n":%d}' % number, version)
        store.put(f"key/{number}", b"other", 0)
        cell = site.open().get("key/secret")
        claim(cell is not None and b"cell-me" in cell.data, "a cell that was put is not there")
    store.put("key/secret", None, version)
    left = _found_in(site, b"cell-me-7919191919")
    claim(not left, f"deleted bytes are still in {', '.join(left)}")
