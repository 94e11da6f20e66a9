"""Damage one record in a store's files, with good ones behind it, and read (X1).

Its id and its data hold a text that is found again in the files, or nothing is damaged.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from wrkr_conformance.expect import NotRun, claim, record
from wrkr_conformance.os_calls import read_tree, write_tree
from wrkr_core.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_conformance.disk_model import Tree
    from wrkr_conformance.target import Site
    from wrkr_core.store import Event

STREAM: Final = "damaged"
RECORDS: Final = 9
MIDDLE: Final = 5
MARK: Final = b"damage-me-7919191919"
KINDS: Final = {
    "one bit": b"damage-me-7919191918",
    "a line's end": b"damage\nme-7919191919",
    "zeros": bytes(20),
}


def run(site: Site) -> None:
    """Raises: Broken if a damaged record is passed over; NotRun if none can be found."""
    store = site.open()
    for seq in range(1, RECORDS + 1):
        name = MARK.decode() if seq == MIDDLE else f"r{seq}"
        store.append(STREAM, seq - 1, [record(name, _data(seq))])
    before = store.read(STREAM)
    site.close()
    tree = read_tree(site.directory)
    found = 0
    for path, kind, damaged in _damages(tree):
        found += 1
        shutil.rmtree(site.directory)
        write_tree(site.directory, damaged)
        _compare(_read(site), before, f"{kind} of record {MIDDLE} was changed in {path}")
    if not found:
        raise NotRun(
            "no file of the store holds a record's bytes as they were given", applies=False
        )


def _data(seq: int) -> bytes:
    mark = MARK if seq == MIDDLE else b"leave-me-7919191919"
    return b'{"seq":%d,"text":"%b","fill":"%b"}' % (seq, mark, b"." * 40 * seq)


def _damages(tree: Tree) -> Iterator[tuple[str, str, Tree]]:
    """Yield the tree with one file damaged in one way, which file and how."""
    for path, content in sorted(tree.items()):
        if content is not None and MARK in content:
            for kind, changed in KINDS.items():
                yield path, kind, {**tree, path: content.replace(MARK, changed)}


def _read(site: Site) -> list[Event] | None:
    """Return the stream, None if it is said to be corrupt."""
    try:
        return site.reopen().read(STREAM)
    except Corrupt:
        return None


def _compare(found: list[Event] | None, before: list[Event], damage: str) -> None:
    """Go on only if nothing but the damaged record differs, and it is not missing. Raises: Broken."""
    if found is None:
        return
    expected = [event for event in before if event.seq != MIDDLE]
    claim(
        [event for event in found if event.seq != MIDDLE] == expected and len(found) == RECORDS,
        f"{damage}, and the stream is read as seq {[event.seq for event in found]}",
    )
