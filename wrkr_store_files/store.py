"""The store: JSON lines in a folder, one writer at a time, readers that wait for nobody.

A handle may be used by any number of threads and the folder by any number of handles and processes
of one machine. A handle does not survive a ``fork``. What is where is told in ``layout``, how an
append stays whole through crashes in ``journal``.

Concurrent appends of one handle share a flush, whatever streams they go to: all of a group are one
write to the journal. Appends of different processes follow one another, each with its own flush.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from wrkr_core._version import __version__
from wrkr_core.errors import Corrupt
from wrkr_core.group_commit import GroupCommit
from wrkr_core.store import (
    CAPABILITIES,
    Appended,
    StoreInfo,
    StreamInfo,
    check_batch,
    check_key,
    check_limit,
    check_name,
    check_page,
)
from wrkr_store_files import upkeep
from wrkr_store_files.cells import Cells, Numbers
from wrkr_store_files.check import problems
from wrkr_store_files.disk import absolute
from wrkr_store_files.handle import BUSY, Handle
from wrkr_store_files.plan import Request
from wrkr_store_files.removal import Removal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.store import Cell, Event, NewEvent
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.writer import Limits

Found = TypeVar("Found")

FIRST_LOOK: Final = 0.001  # seconds between two looks of a wait, doubled up to the longest
LONGEST_LOOK: Final = 0.05


class FilesStore:
    """Keeps records and cells in a folder of JSON lines. Thread-safe (S1)."""

    def __init__(
        self,
        root: str,
        *,
        busy: float = BUSY,
        force: bool = False,
        read_only: bool = False,
        limits: Limits | None = None,
        disk: Disk | None = None,
        boot: str | None = None,
    ) -> None:
        """Open the store in the folder ``root``, made if it is missing.

        ``busy`` is how many seconds to wait for other writers, ``force`` allows a network file
        system, ``read_only`` changes nothing on the disk. ``disk`` and ``boot`` stand in for the
        machine's.

        Raises:
            StoreTooNew: A newer release made it; it was not touched.
            StoreUnavailable: It cannot be opened there.
            Busy: It needs to recover, and another writer has it.
            Corrupt: It cannot recover.

        """
        self._handle = Handle(
            root,
            busy=busy,
            force=force,
            read_only=read_only,
            limits=limits,
            disk=disk,
            boot=boot,
        )
        handle = self._handle
        self._cells = Cells(handle.layout, handle.disk)
        self._removal = Removal(handle.layout, handle.disk, handle.writer)
        self._group: GroupCommit[Request, Appended] = GroupCommit(handle.commit)
        self._info = StoreInfo(
            "files", __version__, capabilities=CAPABILITIES, durability="power", local=not force
        )

    @property
    def info(self) -> StoreInfo:
        """Name, version and declared capabilities."""
        return self._info

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        """Add ``events`` after seq ``expected``, all or none (A1).

        When this returns with ``durable`` they survive loss of power (D1).

        Raises:
            Conflict: The head is not ``expected``; nothing was written (A2).
            Deleted: The stream has a tombstone (T1).
            Busy: Other writers did not let go in time; nothing was written (A4).
            Unknown: They may have been written; open the store again and repeat the call (A3, A4).
            StoreUnavailable: The disk is full or fails; nothing was written.
            ValueError: The arguments can never be right.

        """
        check_batch(stream, expected, events)
        self._handle.check_writable()
        request = Request(stream=stream, expected=expected, events=tuple(events), durable=durable)
        return self._group.submit(request)

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """Return up to ``limit`` records with seq > ``after``, in order; empty if none.

        Raises: Trimmed, Deleted, Corrupt, StoreUnavailable, ValueError.
        """
        check_name(stream)
        check_page(after, limit)
        with self._handle.reading():
            found = self._surely(
                lambda: self._handle.streams.read(stream, after, limit, self._handle.feed.horizon())
            )
            if not found:
                self._handle.streams.check_not_deleted(stream)
            return found

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        """Return records of all streams after ``cursor`` and the cursor behind them (F1, F2).

        Raises: Corrupt, StoreUnavailable; ValueError, for a cursor of another store.
        """
        check_limit(limit)
        after = position(cursor)
        with self._handle.reading():
            found, behind = self._surely(lambda: self._handle.feed.page(after, limit))
            return found, str(behind) if behind else cursor

    def stream(self, stream: str) -> StreamInfo | None:
        """Return where the stream stands, None if it was never written.

        Raises: Deleted, Corrupt, StoreUnavailable, ValueError.
        """
        check_name(stream)
        with self._handle.reading():
            found = self._stream_info(stream)
            if found is None:
                self._handle.streams.check_not_deleted(stream)
            return found

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        """Return live streams with name > ``after`` that start with ``prefix``, by name.

        Raises: Corrupt, StoreUnavailable, ValueError.
        """
        check_limit(limit)
        found: list[StreamInfo] = []
        with self._handle.reading():
            horizon = self._handle.feed.horizon()  # one for all, so that the list is of one instant
            names = self._handle.streams.names()
            for name in sorted(name for name in names if name > after and name.startswith(prefix)):
                info = self._stream_info(name, horizon)
                if info is None and self._handle.streams.is_trimmed(name):
                    info = self._stream_info(name)  # all that stood at that instant is gone
                if info is not None:
                    found.append(info)
                if len(found) == limit:
                    break
        return found

    def get(self, key: str) -> Cell | None:
        """Return the cell, None if absent. Raises: Corrupt, StoreUnavailable, ValueError."""
        check_key(key)
        with self._handle.reading():
            return self._cells.get(key)

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        """Set the cell if its version is ``expected`` (0 = absent); None deletes (C1).

        Returns the new version. A delete is always durable.

        Raises: Conflict, Busy, Unknown, Corrupt, StoreUnavailable, ValueError.
        """
        check_key(key)
        if expected < 0:
            raise ValueError(f"expected is {expected}; it must be 0 or more")
        with self._handle.writing():
            self._handle.writer.catch_up()
            header = self._handle.writer.standing.header
            numbers = Numbers(floor=header.floor, reserve=header.reserve)
            return self._cells.put(key, data, expected, numbers, durable=durable)

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        """Return keys of present cells > ``after`` that start with ``prefix``, in order.

        Raises: Corrupt, StoreUnavailable, ValueError.
        """
        check_limit(limit)
        with self._handle.reading():
            return self._cells.keys(prefix, after, limit)

    def delete(self, stream: str) -> None:
        """Remove the stream's records from every file and leave a tombstone (T1, E1).

        Deleting twice is allowed. Raises: Busy, Unknown, Corrupt, StoreUnavailable, ValueError.
        """
        check_name(stream)
        with self._handle.writing():
            self._removal.delete(stream)

    def trim(self, stream: str, through: int) -> None:
        """Drop records up to and including ``through`` (T2).

        Raises: ValueError unless first - 1 <= through < head; Deleted, Busy, Unknown, Corrupt,
        StoreUnavailable.
        """
        check_name(stream)
        with self._handle.writing():
            self._removal.trim(stream, through)

    def wait(self, cursor: str, timeout: float) -> bool:
        """Tell within ``timeout`` seconds whether the feed has records after ``cursor``.

        Looks at the feed's size, first after a millisecond, then less and less often.

        Raises: Corrupt, StoreUnavailable, ValueError.
        """
        after = position(cursor)
        deadline = time.monotonic() + timeout
        pause = FIRST_LOOK
        seen = (-1, -1)
        while True:
            with self._handle.reading():
                looked = self._handle.feed.identity()
                if looked != seen:
                    seen = looked
                    found, after = self._surely(partial(self._handle.feed.page, after, 1))
                    if found:
                        return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(pause * 2, LONGEST_LOOK)

    def close(self) -> None:
        """Release what the handle holds. Closing twice is allowed; other use then raises."""
        self._handle.close()

    def check(self) -> list[str]:
        """Read everything and return what is wrong, one sentence each; empty if all is well.

        What others write meanwhile is no problem: should there seem to be one, the store is read
        again while they wait. Only a handle opened to read only has to tell what it saw.

        Raises: Busy, StoreUnavailable.
        """
        with self._handle.reading():
            found = problems(self._handle.layout)
        if found and self._handle.is_writable:
            with self._handle.writing():
                self._handle.writer.catch_up()
                found = problems(self._handle.layout)
        return found

    def backup(self, path: str) -> None:
        """Copy the store to a new folder ``path``, as it is at one instant; writers wait.

        Raises: InvalidInputError, if there is something at ``path`` or it is inside the store; Busy,
        Unknown, Corrupt, StoreUnavailable.
        """
        with self._handle.writing():
            self._handle.writer.catch_up()
            self._handle.writer.renew()
            upkeep.copy(
                self._handle.layout,
                self._handle.disk,
                absolute(path),
                self._handle.writer.standing.header,
            )

    def size(self) -> int:
        """Return how many bytes all files of the store have. Raises: StoreUnavailable."""
        with self._handle.reading():
            return upkeep.size(self._handle.layout)

    def doctor(self) -> list[tuple[str, str]]:
        """Return facts about this store and the place it is in, for people.

        Raises: Corrupt, StoreUnavailable.
        """
        with self._handle.reading():
            return upkeep.facts(self._handle.layout, writable=self._handle.is_writable)

    def _stream_info(self, stream: str, horizon: int | None = None) -> StreamInfo | None:
        """Return where a stream stands, or stood when the feed ended at ``horizon``."""
        found = self._surely(
            lambda: self._handle.streams.end(
                stream, self._handle.feed.horizon() if horizon is None else horizon
            )
        )
        return None if found is None else StreamInfo(stream, found[1].head, found[0], found[1].pos)

    def _surely(self, look: Callable[[], Found]) -> Found:
        """Look twice before calling it damage: a writer may be cutting a torn end off."""
        try:
            return look()
        except Corrupt:
            self._handle.streams.forget()
            self._handle.feed.forget()
            return look()


def position(cursor: str) -> int:
    """Return the pos a cursor stands for. Raises: ValueError."""
    if cursor and not (cursor.isascii() and cursor.isdigit()):
        raise ValueError(f"{cursor!r} is not a cursor of this store")
    return int(cursor or "0")
