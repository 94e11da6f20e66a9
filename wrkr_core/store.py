"""The store contract ``wrkr.store/1``: what keeps the bytes of a ledger.

A store knows nothing of jobs. It keeps streams of opaque records, appended only by compare-and-set
on the stream's head, and cells, small values changed only by compare-and-set on their version. The
clauses are in ``docs/contracts/store.md`` and, as code, in ``wrkr_conformance``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, Protocol, runtime_checkable

import msgspec

from wrkr_core.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Sequence

PROTOCOL: Final = "wrkr.store/1"
CAPABILITIES: Final = frozenset(
    {"multi_process", "concurrent_readers", "trim", "wait", "relaxed", "secure_erase"}
)
NAME_BYTES: Final = 255
KEY_BYTES: Final = 512
SMALLEST_AT: Final = -(1 << 63)
LARGEST_AT: Final = (1 << 63) - 1

_SPACE_OR_CONTROL: Final = r"[\s\x00-\x1f\x7f-\x9f]"

Durability = Literal["power", "process", "none"]


class NewEvent(msgspec.Struct, frozen=True):
    """A record to append. ``id`` is unique in its stream; ``at`` is microseconds since 1970 UTC."""

    id: str
    type: str
    at: int
    data: bytes


class Event(msgspec.Struct, frozen=True):
    """A record as kept: ``seq`` counts 1, 2, 3… in its stream, ``pos`` grows over the whole store."""

    stream: str
    seq: int
    pos: int
    id: str
    type: str
    at: int
    data: bytes


class Appended(msgspec.Struct, frozen=True):
    """Where the last record of a batch went; ``replayed`` when it was there already (A3)."""

    seq: int
    pos: int
    replayed: bool


class StreamInfo(msgspec.Struct, frozen=True):
    """A stream's newest seq, its oldest readable seq and the pos of its newest record."""

    stream: str
    head: int
    first: int
    pos: int


class Cell(msgspec.Struct, frozen=True):
    """A small value; ``version`` never repeats for one key, not even across deletes (C2)."""

    key: str
    data: bytes
    version: int


class StoreInfo(msgspec.Struct, frozen=True):
    """What a store is and which optional clauses it promises.

    ``durability`` is what ``durable=True`` survives. ``local`` tells that every user of the store
    shares this host's clock and process table, which lets a lease be judged by them.
    """

    name: str
    version: str
    capabilities: frozenset[str] = frozenset()
    durability: Durability = "power"
    protocol: str = PROTOCOL
    local: bool = False


@runtime_checkable
class Store(Protocol):
    """A place that keeps records and cells. All methods are thread-safe (S1)."""

    @property
    def info(self) -> StoreInfo:
        """Name, version and declared capabilities."""
        ...

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        """Add ``events`` after seq ``expected``, all or none (A1).

        When this returns with ``durable`` they survive what ``info.durability`` says (D1).

        Raises:
            Conflict: The head is not ``expected``; nothing was written (A2).
            Deleted: The stream has a tombstone (T1).
            Busy: The store is locked; nothing was written (A4).
            Unknown: They may have been written; repeat the same call (A3, A4).
            StoreUnavailable: The disk is full or fails; nothing was written.
            ValueError: The arguments can never be right.

        """
        ...

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """Return up to ``limit`` records with seq > ``after``, in order; empty if none.

        Raises:
            Trimmed: Records from ``after`` + 1 were trimmed (T2).
            Deleted: The stream has a tombstone.
            Corrupt: A record cannot be the store's own (X1).

        """
        ...

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        """Return records of all streams after ``cursor`` and the cursor behind them (F1, F2).

        The cursor is opaque text; an empty one is the beginning.
        """
        ...

    def stream(self, stream: str) -> StreamInfo | None:
        """Return where the stream stands, None if it was never written. Raises: Deleted."""
        ...

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        """Return live streams with name > ``after`` that start with ``prefix``, by name.

        Names and keys are ordered by code point, which is also the order of their UTF-8 bytes.
        """
        ...

    def get(self, key: str) -> Cell | None:
        """Return the cell, None if absent."""
        ...

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        """Set the cell if its version is ``expected`` (0 = absent); None deletes (C1).

        Returns the new version. Raises: Conflict, with the real version as ``head`` (0 = absent).
        """
        ...

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        """Return keys of present cells > ``after`` that start with ``prefix``, in order."""
        ...

    def delete(self, stream: str) -> None:
        """Remove the stream's records and leave a tombstone (T1). Deleting twice is allowed."""
        ...

    def close(self) -> None:
        """Release what the handle holds. Closing twice is allowed; other use then raises."""
        ...

    def trim(self, stream: str, through: int) -> None:
        """Drop records up to and including ``through`` (capability ``trim``, T2).

        Raises: ValueError unless first - 1 <= through < head; NotSupported if undeclared (N1).
        """
        ...

    def wait(self, cursor: str, timeout: float) -> bool:
        """Tell within ``timeout`` seconds whether the feed has records after ``cursor``.

        Capability ``wait``. Raises: NotSupported if undeclared (N1).
        """
        ...


def check_name(name: str, *, what: str = "stream name", most: int = NAME_BYTES) -> None:
    """Refuse a name that is empty, too long, or has spaces or control characters (A5).

    Raises: ValueError.
    """
    if 0 < len(name) <= most and name.isascii() and name.isprintable() and " " not in name:
        return
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"{what} {name!r} is not valid Unicode") from error
    if not 0 < size <= most:
        raise ValueError(f"{what} has {size} bytes; allowed are 1 to {most}")
    if re.search(_SPACE_OR_CONTROL, name):
        raise ValueError(f"{what} {name!r} has spaces or control characters")


def check_key(key: str) -> None:
    """Refuse a cell key that can never be right. Raises: ValueError."""
    check_name(key, what="cell key", most=KEY_BYTES)


def check_batch(stream: str, expected: int, events: Sequence[NewEvent]) -> None:
    """Refuse arguments of ``append`` that can never be right. Raises: ValueError."""
    check_name(stream)
    if expected < 0:
        raise ValueError(f"expected is {expected}; it must be 0 or more")
    if not events:
        raise ValueError("a batch must hold at least one record")
    for event in events:
        check_name(event.id, what="record id")
        check_name(event.type, what="record type")
        if not SMALLEST_AT <= event.at <= LARGEST_AT:
            raise ValueError(f"at is {event.at}; it must fit 64 bits")
    if len(events) > 1 and len({event.id for event in events}) != len(events):
        raise ValueError("two records of the batch have the same id")


def check_page(after: int, limit: int) -> None:
    """Refuse a page of records that can never be right. Raises: ValueError."""
    if after < 0:
        raise ValueError(f"after is {after}; it must be 0 or more")
    check_limit(limit)


def check_limit(limit: int) -> None:
    """Refuse a limit below 1. Raises: ValueError."""
    if limit < 1:
        raise ValueError(f"limit is {limit}; it must be 1 or more")


def not_supported(info: StoreInfo, capability: str) -> NotSupported:
    """Return the error for a method whose capability the store does not declare (N1)."""
    return NotSupported(
        f"the {info.name} store does not support {capability}",
        store=info.name,
        capability=capability,
    )
