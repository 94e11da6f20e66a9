"""The store that keeps everything in this process: the reference for every clause of the contract.

It is what the conformance suite compares other stores with and what tests run on, so it is written
to be read beside ``docs/contracts/store.md``. ``memory://`` is a fresh store for one handle;
``memory://name`` is one store for all handles of this process that use the name, until it ends.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from wrkr_core._version import __version__
from wrkr_core.errors import Conflict, Deleted, HandleClosed, InvalidInputError, Trimmed
from wrkr_core.machine import ThisMachine
from wrkr_core.store import (
    Appended,
    Cell,
    Event,
    StoreInfo,
    StreamInfo,
    check_batch,
    check_key,
    check_limit,
    check_name,
    check_page,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wrkr_core.store import NewEvent

SCHEME: Final = "memory://"
INFO: Final = StoreInfo(
    name="memory",
    version=__version__,
    capabilities=frozenset({"trim", "wait", "concurrent_readers", "relaxed", "secure_erase"}),
    durability="none",
    local=True,
)

_machine: Final = ThisMachine()
_pos_of = attrgetter("pos")


class _Stream:
    """The records ``first``, ``first`` + 1, … of one stream."""

    __slots__ = ("first", "records")

    def __init__(self) -> None:
        self.first = 1
        self.records: list[Event] = []

    @property
    def head(self) -> int:
        return self.first - 1 + len(self.records)

    def after(self, seq: int, limit: int) -> list[Event]:
        start = seq + 1 - self.first
        return self.records[start : start + limit]


class _Contents:
    """What the handles of one store share; touched only with ``changed`` held."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.Lock())
        self.streams: dict[str, _Stream] = {}
        self.names: list[str] = []  # of live streams, in order
        self.deleted: set[str] = set()
        self.feed: list[Event] = []
        self.pos = 0  # of the newest record ever, also when that one was deleted (F2)
        self.cells: dict[str, Cell] = {}
        self.keys: list[str] = []  # of present cells, in order
        self.versions: dict[str, int] = {}  # the last one of every key, absent cells too (C2)

    def live(self, stream: str) -> _Stream | None:
        if stream in self.deleted:
            raise Deleted(f"stream {stream} was deleted", stream=stream)
        return self.streams.get(stream)

    def info(self, stream: str) -> StreamInfo:
        kept = self.streams[stream]
        return StreamInfo(stream, kept.head, kept.first, kept.records[-1].pos)

    def drop(self, stream: str, through: int) -> None:
        self.feed = [event for event in self.feed if event.stream != stream or event.seq > through]

    def has_after(self, pos: int) -> bool:
        return bool(self.feed) and self.feed[-1].pos > pos


# By process, so that a child made by fork() starts with stores of its own.
_shared: Final[dict[tuple[int, str], _Contents]] = {}


class MemoryStore:
    """A store in this process's memory (contract ``wrkr.store/1``); nothing survives the process.

    Thread-safe. Raises HandleClosed once closed, and in a child made by ``fork()``.
    """

    def __init__(self, name: str = "") -> None:
        """Open the store that this process shares under ``name``, a fresh one if it is empty."""
        self._pid = _machine.holder().pid
        self._closed = False
        self._contents = _shared.setdefault((self._pid, name), _Contents()) if name else _Contents()

    @property
    def info(self) -> StoreInfo:
        """Name, version and declared capabilities."""
        return INFO

    def append(
        self,
        stream: str,
        expected: int,
        events: Sequence[NewEvent],
        *,
        durable: bool = True,  # noqa: ARG002  # durability is "none": there is nothing to choose
    ) -> Appended:
        """Add ``events`` after seq ``expected``, all or none (A1).

        Raises: Conflict, Deleted, ValueError, HandleClosed.
        """
        contents = self._open()
        check_batch(stream, expected, events)
        with contents.changed:
            kept = contents.live(stream)
            head = kept.head if kept is not None else 0
            if head != expected:
                return _replay(stream, kept, expected, events)
            new = [
                Event(stream, seq, pos, event.id, event.type, event.at, bytes(event.data))
                for event, seq, pos in zip(
                    events,
                    range(head + 1, head + 1 + len(events)),
                    range(contents.pos + 1, contents.pos + 1 + len(events)),
                    strict=True,
                )
            ]
            if kept is None:
                kept = contents.streams[stream] = _Stream()
                insort(contents.names, stream)
            kept.records += new
            contents.feed += new
            contents.pos = new[-1].pos
            contents.changed.notify_all()
            return Appended(new[-1].seq, new[-1].pos, replayed=False)

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """Return up to ``limit`` records with seq > ``after``, in order; empty if none.

        Raises: Trimmed, Deleted, ValueError, HandleClosed.
        """
        contents = self._open()
        check_name(stream)
        check_page(after, limit)
        with contents.changed:
            kept = contents.live(stream)
            if kept is None:
                return []
            if after + 1 < kept.first:
                raise Trimmed(stream, kept.first)
            return kept.after(after, limit)

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        """Return records of all streams after ``cursor`` and the cursor behind them (F1, F2).

        Raises: ValueError for a cursor that was never handed out; HandleClosed.
        """
        contents = self._open()
        check_limit(limit)
        with contents.changed:
            start = bisect_right(contents.feed, _pos_at(cursor, contents.pos), key=_pos_of)
            page = contents.feed[start : start + limit]
        return page, str(page[-1].pos) if page else cursor

    def stream(self, stream: str) -> StreamInfo | None:
        """Return where the stream stands, None if it was never written.

        Raises: Deleted, ValueError, HandleClosed.
        """
        contents = self._open()
        check_name(stream)
        with contents.changed:
            return None if contents.live(stream) is None else contents.info(stream)

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        """Return live streams with name > ``after`` that start with ``prefix``, by name."""
        contents = self._open()
        check_limit(limit)
        with contents.changed:
            return [contents.info(name) for name in _page(contents.names, after, limit, prefix)]

    def get(self, key: str) -> Cell | None:
        """Return the cell, None if absent. Raises: ValueError, HandleClosed."""
        contents = self._open()
        check_key(key)
        with contents.changed:
            return contents.cells.get(key)

    def put(
        self,
        key: str,
        data: bytes | None,
        expected: int,
        *,
        durable: bool = True,  # noqa: ARG002  # durability is "none": there is nothing to choose
    ) -> int:
        """Set the cell if its version is ``expected`` (0 = absent); None deletes (C1).

        Returns the new version. Raises: Conflict, ValueError, HandleClosed.
        """
        contents = self._open()
        check_key(key)
        if expected < 0:
            raise ValueError(f"expected is {expected}; it must be 0 or more")
        with contents.changed:
            present = contents.cells.get(key)
            version = present.version if present is not None else 0
            if version != expected:
                raise Conflict(key, expected, version)
            new = contents.versions[key] = contents.versions.get(key, 0) + 1
            if data is not None:
                contents.cells[key] = Cell(key, bytes(data), new)
                if present is None:
                    insort(contents.keys, key)
            elif present is not None:
                del contents.cells[key]
                _remove(contents.keys, key)
            return new

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        """Return keys of present cells > ``after`` that start with ``prefix``, in order."""
        contents = self._open()
        check_limit(limit)
        with contents.changed:
            return list(_page(contents.keys, after, limit, prefix))

    def delete(self, stream: str) -> None:
        """Remove the stream's records and leave a tombstone (T1). Deleting twice is allowed.

        Costs time in proportion to the whole feed. Raises: ValueError, HandleClosed.
        """
        contents = self._open()
        check_name(stream)
        with contents.changed:
            contents.deleted.add(stream)
            kept = contents.streams.pop(stream, None)
            if kept is not None:
                _remove(contents.names, stream)
                contents.drop(stream, kept.head)

    def trim(self, stream: str, through: int) -> None:
        """Drop records up to and including ``through`` (T2).

        Costs time in proportion to the whole feed.

        Raises: ValueError unless first - 1 <= through < head; Deleted, HandleClosed.
        """
        contents = self._open()
        check_name(stream)
        with contents.changed:
            kept = contents.live(stream)
            first, head = (kept.first, kept.head) if kept is not None else (1, 0)
            if kept is None or not first - 1 <= through < head:
                raise ValueError(
                    f"through is {through}; {stream} can be trimmed from {first - 1} to {head - 1}"
                )
            del kept.records[: through + 1 - first]
            kept.first = through + 1
            contents.drop(stream, through)

    def wait(self, cursor: str, timeout: float) -> bool:
        """Tell within ``timeout`` seconds whether the feed has records after ``cursor``.

        Raises: ValueError for a cursor that was never handed out; HandleClosed, also when that
        happens meanwhile.
        """
        contents = self._open()
        with contents.changed:
            pos = _pos_at(cursor, contents.pos)
            contents.changed.wait_for(
                lambda: self._closed or contents.has_after(pos),
                min(timeout, threading.TIMEOUT_MAX),
            )
            self._open()
            return contents.has_after(pos)

    def close(self) -> None:
        """Refuse all further use of this handle and wake who waits on it. May be called twice."""
        self._closed = True
        if (
            self._pid == _machine.holder().pid
        ):  # in a child the lock may be held by a thread that is not there
            with self._contents.changed:
                self._contents.changed.notify_all()

    def _open(self) -> _Contents:
        """Return the contents if the handle may be used. Raises: HandleClosed."""
        if self._closed:
            raise HandleClosed("this handle was closed", hint="open a new one")
        if self._pid != _machine.holder().pid:
            raise HandleClosed("this handle was carried over a fork", hint="open a new one")
        return self._contents


def open_store(url: str) -> MemoryStore:
    """Return a handle on a fresh store for ``memory://``, on a shared one for ``memory://name``.

    Raises: InvalidInputError: Not a memory URL, or one with options.
    """
    if not url.startswith(SCHEME):
        raise InvalidInputError(f"{url!r} is not a memory store URL", hint="try 'memory://name'")
    if "?" in url:
        raise InvalidInputError(
            f"{url!r} has options; a memory store takes none", hint="try 'memory://name'"
        )
    return MemoryStore(url.removeprefix(SCHEME))


def _replay(
    stream: str, kept: _Stream | None, expected: int, events: Sequence[NewEvent]
) -> Appended:
    """Return the first result of a batch that is there already (A3). Raises: Conflict."""
    if kept is None:
        raise Conflict(stream, expected, 0)
    there = kept.after(expected, len(events)) if expected + 1 >= kept.first else []
    if [event.id for event in there] != [event.id for event in events]:
        raise Conflict(stream, expected, kept.head)
    return Appended(there[-1].seq, there[-1].pos, replayed=True)


def _page(ordered: list[str], after: str, limit: int, prefix: str) -> Iterator[str]:
    """Yield up to ``limit`` names > ``after`` that start with ``prefix``."""
    start = max(bisect_right(ordered, after), bisect_left(ordered, prefix))
    for name in ordered[start : start + limit]:
        if not name.startswith(prefix):
            return
        yield name


def _remove(ordered: list[str], name: str) -> None:
    """Take ``name``, which is there, out of an ordered list."""
    del ordered[bisect_left(ordered, name)]


def _pos_at(cursor: str, newest: int) -> int:
    """Return the pos a cursor stands behind. Raises: ValueError if it was never handed out."""
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and int(cursor) <= newest):
        raise ValueError(f"cursor {cursor!r} was not handed out by this store")
    return int(cursor)
