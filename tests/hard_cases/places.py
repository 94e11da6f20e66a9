"""Where a ledger is kept, of every kind there is, and what somebody may do to it behind its back."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from tests.worlds import drop
from wrkr_core.finding import open_store
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.record import seal_all
from wrkr_store_files.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core import events as e
    from wrkr_core.store import Store

KINDS: Final = ("memory", "sqlite", "files")
ON_DISK: Final = ("sqlite", "files")

# Stops for good while it holds the lock under which a store is written.
HOLDER: Final = """if True:
    import sys
    from wrkr_core import open_store
    store = open_store(sys.argv[1])
    turn = store._writer.exclusive() if hasattr(store, "_writer") else store._handle.writing()
    with turn:
        print("held", flush=True)
        sys.stdin.read()
"""

_numbers = itertools.count(1)


class Place:
    """One store; every ``open`` is a handle of its own, closed when the test is over.

    Attributes:
        kind: Which of ``KINDS``.
        folder: Holds all that the store keeps on disk, and nothing else.
        url: Names the store.

    """

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder / f"{kind}-{next(_numbers)}"
        self.folder.mkdir()
        self.url = f"{kind}://{self.folder.name}" if kind == "memory" else f"{kind}:///{self.path}"
        self._opened: list[Store] = []

    @property
    def path(self) -> Path:
        """The file or folder the URL names."""
        return self.folder / "store"

    def open(self, options: str = "") -> Store:
        """Return a new handle."""
        store = open_store(self.url + options)
        self._opened.append(store)
        return store

    def ledger(self, options: str = "") -> Ledger:
        """Return a ledger on a handle of its own."""
        return Ledger(self.open(options), actor="ann")

    def close(self) -> None:
        """Close every handle."""
        while self._opened:
            self._opened.pop().close()

    def size(self) -> int:
        """Return how many bytes the store takes."""
        if self.kind == "memory":
            return held_in_memory(self.open())
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def remove_record(self, job_id: str, seq: int) -> None:
        """Take one record out behind the store's back; every handle is closed first."""
        self.close()
        if self.kind == "memory":
            store = self.open()
            assert isinstance(store, MemoryStore)
            drop(store, job_id, seq)
        elif self.kind == "sqlite":
            which = "sid = (SELECT sid FROM streams WHERE name = ?) AND seq = ?"
            with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
                done = connection.execute(f"DELETE FROM events WHERE {which}", (job_id, seq))  # noqa: S608  # no value in it
                assert done.rowcount == 1
        else:
            segment = self.segment(job_id)
            lines = segment.read_bytes().split(b"\n")
            del lines[seq - 1]
            segment.write_bytes(b"\n".join(lines))

    def segment(self, job_id: str) -> Path:
        """Return the file a files store keeps the job in."""
        return self.folder / Layout(str(self.path)).segment(job_id, 1)


def held_in_memory(store: Store) -> int:
    """Return how many bytes of records and cells a memory store holds."""
    assert isinstance(store, MemoryStore)
    contents = store._contents
    records = sum(len(each.data) for kept in contents.streams.values() for each in kept.records)
    return records + sum(len(cell.data) for cell in contents.cells.values())


def append_raw(store: Store, job_id: str, *events: e.Event, name: str = "raw") -> None:
    """Append, well sealed, events that no rule of this release has decided."""
    state = Ledger(store, actor="ann").state(job_id)
    new, _ = seal_all(
        job_id,
        after=state.seq,
        prev=state.hash,
        events=events,
        at=state.at,
        by="somebody",
        ids=iter([f"{name}.{number}" for number in range(len(events))]),
    )
    store.append(job_id, state.seq, new)


def copy_log(source: Store, target: Store, job_id: str) -> None:
    """Copy the records of a job, byte for byte, and nothing that is kept beside them."""
    from wrkr_core.store import NewEvent

    records = source.read(job_id, 0, 100_000)
    new = [NewEvent(each.id, each.type, each.at, each.data) for each in records]
    target.append(job_id, 0, new)


def forget_cells(store: Store) -> None:
    """Remove everything that is kept beside the logs, but for results too large for them."""
    for key in store.keys(limit=100_000):
        cell = store.get(key)
        if cell is not None and not key.startswith("blob/"):
            store.put(key, None, cell.version)
    assert [key for key in store.keys(limit=100_000) if not key.startswith("blob/")] == []
