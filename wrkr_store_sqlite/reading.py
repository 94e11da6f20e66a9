"""What can be read, one page at a time. Each function is one SELECT, so it sees one instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.errors import Corrupt, Deleted, Trimmed
from wrkr_core.store import Cell, Event, StreamInfo

if TYPE_CHECKING:
    import sqlite3

MOST: Final = (1 << 63) - 1  # SQLite's largest integer

PAGE: Final = """
SELECT s.first, s.deleted, e.seq, e.pos, e.id, e.type, e.at, e.data
FROM streams s LEFT JOIN events e ON e.sid = s.sid AND e.seq > ?
WHERE s.name = ? ORDER BY e.seq LIMIT ?"""
# CROSS JOIN keeps SQLite from ever visiting streams first: the feed's order is the order of events.
FEED: Final = """
SELECT s.name, e.seq, e.pos, e.id, e.type, e.at, e.data
FROM events e CROSS JOIN streams s ON s.sid = e.sid WHERE e.pos > ? ORDER BY e.pos LIMIT ?"""
FOLLOWS: Final = "SELECT 1 FROM events WHERE pos > ? AND sid IS NOT NULL LIMIT 1"
STREAM: Final = """
SELECT s.deleted, e.seq, s.first, e.pos
FROM streams s LEFT JOIN events e ON e.sid = s.sid
WHERE s.name = ? ORDER BY e.seq DESC LIMIT 1"""
STREAMS: Final = """
SELECT s.name, e.seq, s.first, e.pos
FROM streams s LEFT JOIN events e
  ON e.sid = s.sid AND e.seq = (SELECT max(seq) FROM events WHERE sid = s.sid)
WHERE s.deleted = 0 AND s.name >= ? AND s.name < ?
ORDER BY s.name LIMIT ?"""
CELL: Final = "SELECT key, data, version FROM cells WHERE key = ? AND data IS NOT NULL"
KEYS: Final = """
SELECT key FROM cells WHERE data IS NOT NULL AND key >= ? AND key < ?
ORDER BY key LIMIT ?"""


def page(connection: sqlite3.Connection, stream: str, after: int, limit: int) -> list[Event]:
    """Return records of a stream with seq > ``after``. Raises: Trimmed, Deleted, Corrupt."""
    after = min(after, MOST - 1)
    rows = connection.execute(PAGE, (after, stream, min(limit, MOST))).fetchall()
    if not rows:
        return []
    first, deleted, seq, *_ = rows[0]
    if deleted:
        raise Deleted(f"{stream} was deleted", stream=stream)
    if after + 1 < first:
        raise Trimmed(stream, first)
    if seq is None:
        return []
    if seq != after + 1 or rows[-1][2] != after + len(rows):
        raise Corrupt(f"{stream}: records after {after} are missing", stream=stream, after=after)
    return [Event(stream, *row[2:]) for row in rows]


def feed(connection: sqlite3.Connection, after: int, limit: int) -> list[Event]:
    """Return records of all streams with pos > ``after``, in order."""
    return [Event(*row) for row in connection.execute(FEED, (after, min(limit, MOST))).fetchall()]


def follows(connection: sqlite3.Connection, after: int) -> bool:
    """Tell whether there is a record with pos > ``after``."""
    return connection.execute(FOLLOWS, (after,)).fetchone() is not None


def stream_info(connection: sqlite3.Connection, stream: str) -> StreamInfo | None:
    """Return where the stream stands. Raises: Deleted, Corrupt."""
    row = connection.execute(STREAM, (stream,)).fetchone()
    if row is None:
        return None
    if row[0]:
        raise Deleted(f"{stream} was deleted", stream=stream)
    return _info(stream, *row[1:])


def streams(
    connection: sqlite3.Connection, after: str, limit: int, prefix: str
) -> list[StreamInfo]:
    """Return live streams in the order of their names. Raises: Corrupt."""
    bounds = span(prefix, after)
    return [_info(*row) for row in connection.execute(STREAMS, (*bounds, min(limit, MOST)))]


def keys(connection: sqlite3.Connection, prefix: str, after: str, limit: int) -> list[str]:
    """Return the keys of present cells, in order."""
    bounds = span(prefix, after)
    return [row[0] for row in connection.execute(KEYS, (*bounds, min(limit, MOST)))]


def cell(connection: sqlite3.Connection, key: str) -> Cell | None:
    """Return the cell, None if absent."""
    row = connection.execute(CELL, (key,)).fetchone()
    return Cell(*row) if row else None


def position(cursor: str) -> int:
    """Return the pos that a feed cursor stands for. Raises: ValueError."""
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise ValueError(f"{cursor!r} is not a cursor of this store")
    return int(cursor)


def span(prefix: str, after: str) -> tuple[str, str | bytes]:
    """Return the bounds, lowest and beyond the last, of texts above ``after`` that have ``prefix``.

    One bound on each side is all that SQLite looks up in an index; others it would scan for.
    """
    lowest = max(prefix, after + "\0")  # the smallest text above it
    while prefix:
        last = ord(prefix[-1])
        prefix = prefix[:-1]
        if last < 0x10FFFF:
            following = 0xE000 if last == 0xD7FF else last + 1  # no surrogates in UTF-8
            return lowest, prefix + chr(following)
    return lowest, b""  # to SQLite any blob is beyond all text


def _info(stream: str, head: int | None, first: int, pos: int) -> StreamInfo:
    """Return the info. Raises: Corrupt."""
    if head is None:
        raise Corrupt(f"{stream} has lost its newest record", stream=stream)
    return StreamInfo(stream, head, first, pos)
