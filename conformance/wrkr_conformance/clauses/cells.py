"""Cells: compare-and-set on a version that never comes back (C1, C2)."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.clauses.naming import DATA, NAMES, NOT_NAMES
from wrkr_conformance.clauses.reading import AFTERS, ORDERED, PREFIXES
from wrkr_conformance.expect import claim, insist, raises, records, same, together
from wrkr_core.errors import Conflict
from wrkr_core.store import Cell

if TYPE_CHECKING:
    from wrkr_conformance.target import Site
    from wrkr_core.store import Store


@clause("C1.1", "C1")
def sets_on_the_right_version(site: Site) -> None:
    """A put with the present version (0 = absent) sets the cell and returns its new version."""
    store, other = site.open(), site.open()
    same(store.get("k"), None, "a cell that was never put")
    version = 0
    for data in (b"one", b"", b"three"):
        version = store.put("k", data, version)
        claim(version > 0, f"put returned version {version}; 0 means absent")
        for handle in (store, other):
            same(handle.get("k"), Cell("k", data, version), "the cell that was put")


@clause("C1.2", "C1")
def refuses_the_wrong_version(site: Site) -> None:
    """Any other version is a Conflict with the real one, and changes nothing."""
    store = site.open()
    _must_conflict(store, "k", 1, 0)
    _must_conflict(store, "k", 1000, 0)
    old = store.put("k", b"1", 0)
    new = store.put("k", b"2", old)
    for expected in (0, old, new + 1, new + 1000, 1 << 64):
        _must_conflict(store, "k", expected, new)
    same(store.get("k"), Cell("k", b"2", new), "the cell after conflicts")
    same(store.keys(), ["k"], "keys() after conflicts")


def _must_conflict(store: Store, key: str, expected: int, version: int) -> None:
    for data in (b"x", None):
        what = f"put({key!r}, {data!r}, {expected}) where the version is {version}"
        error = raises(Conflict, what, store.put, key, data, expected)
        found = (error.stream, error.expected, error.head)
        same(found, (key, expected, version), f"{what}: Conflict")


@clause("C1.3", "C1")
def deletes_with_none(site: Site) -> None:
    """Putting None removes the cell: it is absent, not listed, and next expected at 0."""
    store = site.open()
    version = store.put("k", b"1", 0)
    store.put("l", b"1", 0)
    store.put("k", None, version)
    for handle in (store, site.open()):
        same(handle.get("k"), None, "a deleted cell")
        same(handle.keys(), ["l"], "keys() after a delete")
    _must_conflict(store, "k", version, 0)
    again = store.put("k", b"2", 0)
    same(store.get("k"), Cell("k", b"2", again), "a cell put again after its delete")


@clause("C1.4", "C1")
def lists_keys_by_code_point(site: Site) -> None:
    """`keys` lists by code point, with `prefix`, after `after`, up to `limit`."""
    store = site.open()
    for key in (*ORDERED[::2], *ORDERED[1::2]):
        store.put(key, b"x", 0)
    for prefix in PREFIXES:
        for after in AFTERS:
            for limit in (1, 3, sys.maxsize):
                wanted = [k for k in ORDERED if k > after and k.startswith(prefix)][:limit]
                found = store.keys(prefix, after, limit)
                same(found, wanted, f"keys({prefix!r}, {after!r}, {limit})")


@clause("C1.5", "C1")
def keeps_keys_and_bytes(site: Site) -> None:
    """Keys up to 512 bytes mean themselves and data comes back byte for byte."""
    store = site.open()
    keys = (*NAMES, "k" * 512, "k" * 511 + "l", "é" * 256, "/" * 512)
    for number, key in enumerate(keys):
        store.put(key, DATA[number % len(DATA)], 0)
    other = site.open()
    for number, key in enumerate(keys):
        cell = other.get(key)
        same(cell and (cell.key, cell.data), (key, DATA[number % len(DATA)]), f"cell {key!r}")
    same(other.keys(), sorted(keys), "keys()")


@clause("C1.6", "C1")
def refuses_what_is_no_key(site: Site) -> None:
    """A key that is empty, over 512 bytes, or has spaces or controls is a ValueError."""
    store = site.open()
    wrong = [name for name in NOT_NAMES if len(name) < 100]
    for key in (*wrong, "x" * 513, "é" * 257):
        raises(ValueError, f"put({key!r})", store.put, key, b"x", 0)
        raises(ValueError, f"get({key!r})", store.get, key)
    raises(ValueError, "put(expected=-1)", store.put, "k", b"x", -1)
    same(store.keys(), [], "keys() after refused puts")


@clause("C1.7", "C1")
def keeps_cells_out_of_streams(site: Site) -> None:
    """A cell and a stream of one name know nothing of each other; cells are not in the feed."""
    store = site.open()
    version = store.put("a", b"cell", 0)
    store.append("a", 0, records("a1"))
    same(len(store.feed()[0]), 1, "records in the feed")
    store.delete("a")
    same(store.get("a"), Cell("a", b"cell", version), "the cell after its namesake's delete")
    store.put("b", b"cell", 0)
    same(store.stream("b"), None, "a stream that only a cell is named like")


@clause("C1.8", "C1")
def counts_without_losing(site: Site) -> None:
    """Threads that count up one cell, each trying again on Conflict, lose no count."""
    rounds = site.size(20, 200)
    store = site.open()

    def count(handle: Store) -> None:
        done = 0
        while done < rounds:
            cell = handle.get("n")
            value, version = (int(cell.data), cell.version) if cell is not None else (0, 0)
            with suppress(Conflict):
                insist(handle.put, "n", b"%d" % (value + 1), version)
                done += 1

    handles = (store, store, site.open(), site.open())
    together([partial(count, handle) for handle in handles], "threads counting up a cell")
    cell = store.get("n")
    same(cell and int(cell.data), 4 * rounds, "what four threads counted")


@clause("C1.9", "C1")
def keeps_large_cells(site: Site) -> None:
    """A cell of 1 MiB is kept like any other."""
    large = bytes(range(256)) * 4096
    version = site.open().put("large", large, 0)
    cell = site.open().get("large")
    claim(
        cell is not None and (cell.version, cell.data) == (version, large),
        "a cell of 1 MiB came back changed",
    )


@clause("C2.1", "C2")
def never_gives_a_version_twice(site: Site) -> None:
    """The versions of one key never repeat, across deletes, handles and other keys."""
    seen: list[int] = []
    version = 0
    first = site.open()
    for store in (first, site.open(), first, site.open()):
        for data in (b"1", b"2", None):
            seen.append(store.put("k", data, version))
            version = 0 if data is None else seen[-1]
            store.put("other", b"x", _version(store, "other"))
    claim(len(set(seen)) == len(seen), f"versions of one key repeat: {seen}")
    raises(Conflict, "put with a version of a past life", first.put, "k", b"late", seen[1])


@clause("C2.2", "C2", outlives=True)
def never_gives_a_version_twice_after_reopening(site: Site) -> None:
    """The versions of one key never repeat, even when all handles were closed in between."""
    store = site.open()
    seen: list[int] = []
    for _round in range(3):
        seen.append(store.put("k", b"1", 0))
        seen.append(store.put("k", None, seen[-1]))
        store = site.reopen()
    claim(len(set(seen)) == len(seen), f"versions of one key repeat: {seen}")


def _version(store: Store, key: str) -> int:
    cell = store.get(key)
    return cell.version if cell is not None else 0
