"""What one write transaction may do to the tables.

Every method checks before it changes anything, so a refused request leaves nothing behind, and
others can share its transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.errors import Conflict, Corrupt, Deleted
from wrkr_core.store import Appended
from wrkr_store_sqlite.room import fresh_pad, pad_to_fit, row_bytes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from wrkr_core.store import NewEvent

STREAM: Final = """
SELECT sid, deleted, (SELECT max(seq) FROM events WHERE events.sid = streams.sid), first
FROM streams WHERE name = ?"""
NEW_STREAM: Final = "INSERT INTO streams(name) VALUES(?)"
NEW_EVENT: Final = "INSERT INTO events(sid, seq, id, type, at, data) VALUES(?, ?, ?, ?, ?, ?)"
IDS: Final = "SELECT id, pos FROM events WHERE sid = ? AND seq > ? AND seq <= ? ORDER BY seq"
BLANK: Final = """
UPDATE events SET sid = NULL, seq = NULL, id = '', type = '', at = 0, data = x''
WHERE sid = ? AND seq <= ?"""
CELL: Final = "SELECT cid, version, length(data), length(pad) FROM cells WHERE key = ?"
NEW_CELL: Final = "INSERT INTO cells(key, version, data, pad) VALUES(?, ?, ?, zeroblob(?))"
SET_CELL: Final = "UPDATE cells SET version = ?, data = ?, pad = zeroblob(?) WHERE cid = ?"
BLANK_CELL: Final = (
    "UPDATE cells SET key = NULL, version = NULL, data = NULL, pad = NULL WHERE cid = ?"
)
FLUSH: Final = "UPDATE meta SET value = value + 1 WHERE name = 'flushes'"
EVERY_SEQ: Final = (1 << 63) - 1


class Transaction:
    """The changes of one transaction; used and dropped under the writer lock.

    ``heads`` has the number and the head of live streams as they were when the transaction began;
    ``moved`` has those that it found or changed, to be remembered once it is committed.
    """

    __slots__ = ("_cursor", "_heads", "moved", "wrote")

    def __init__(self, cursor: sqlite3.Cursor, heads: Mapping[str, tuple[int, int]]) -> None:
        """Work by ``cursor``, in the transaction it has begun."""
        self._cursor = cursor
        self._heads = heads
        self.moved: dict[str, tuple[int, int]] = {}
        self.wrote = False

    def append(self, stream: str, expected: int, events: Sequence[NewEvent]) -> Appended:
        """Add the batch after ``expected`` (A1 to A3). Raises: Conflict, Deleted, Corrupt."""
        known = self.moved.get(stream) or self._heads.get(stream)
        sid, head = known or self._find(stream)[:2]
        if head != expected:
            return self._replayed(stream, sid, expected, head, events)
        if sid is None:
            sid = self._cursor.execute(NEW_STREAM, (stream,)).lastrowid
            assert sid is not None  # noqa: S101  # it follows an INSERT
        done = self._insert(sid, expected, events)
        self.moved[stream] = sid, done.seq
        return done

    def _insert(self, sid: int, head: int, events: Sequence[NewEvent]) -> Appended:
        """Write the records. SQLite gives each the ``pos`` after the largest there is."""
        self.wrote = True
        execute = self._cursor.execute
        seq, pos = head, None
        for event in events:
            seq += 1
            pos = execute(
                NEW_EVENT, (sid, seq, event.id, event.type, event.at, event.data)
            ).lastrowid
        assert pos is not None  # noqa: S101  # there is at least one record
        return Appended(seq, pos, False)  # noqa: FBT003  # keywords cost on this path

    def _find(self, stream: str) -> tuple[int | None, int, int]:
        """Return sid, head and first of a stream, (None, 0, 1) if it was never written.

        Raises: Deleted, Corrupt.
        """
        row = self._cursor.execute(STREAM, (stream,)).fetchone()
        if row is None:
            return None, 0, 1
        sid, deleted, head, first = row
        if deleted:
            raise Deleted(f"{stream} was deleted", stream=stream)
        if head is None:
            raise Corrupt(f"{stream} has lost its newest record", stream=stream)
        self.moved[stream] = sid, head
        return sid, head, first

    def _replayed(
        self, stream: str, sid: int | None, expected: int, head: int, events: Sequence[NewEvent]
    ) -> Appended:
        """Return where the batch went if it is there already (A3). Raises: Conflict."""
        through = expected + len(events)
        if through <= head:
            there = self._cursor.execute(IDS, (sid, expected, through)).fetchall()
            if [name for name, _pos in there] == [event.id for event in events]:
                return Appended(through, there[-1][1], replayed=True)
        raise Conflict(stream, expected, head)

    def put(self, key: str, data: bytes | None, expected: int) -> int:
        """Set or delete the cell and return its new version (C1, C2). Raises: Conflict."""
        execute = self._cursor.execute
        size = None if data is None else len(data)
        row = execute(CELL, (key,)).fetchone()
        cid, version, old_size, old_pad = row or (None, 0, None, 0)
        now = version if old_size is not None else 0
        if now != expected:
            raise Conflict(key, expected, now)
        self.wrote = True
        version += 1
        length = len(key.encode())
        if cid is not None:
            room = row_bytes(length, version - 1, old_size, old_pad)
            pad = pad_to_fit(length, version, size, room)
            if pad is not None:
                execute(SET_CELL, (version, data, pad, cid))
                return version
            execute(BLANK_CELL, (cid,))
        execute(NEW_CELL, (key, version, data, fresh_pad(length, version, size)))
        return version

    def delete(self, stream: str) -> None:
        """Blank the stream's records and leave a tombstone (T1)."""
        execute = self._cursor.execute
        row = execute("SELECT sid FROM streams WHERE name = ?", (stream,)).fetchone()
        sid = row[0] if row else execute(NEW_STREAM, (stream,)).lastrowid
        execute("UPDATE streams SET deleted = 1 WHERE sid = ?", (sid,))
        execute(BLANK, (sid, EVERY_SEQ))
        self.wrote = True

    def trim(self, stream: str, through: int) -> None:
        """Blank the records up to ``through`` (T2). Raises: Deleted, Corrupt, ValueError."""
        sid, head, first = self._find(stream)
        if not first - 1 <= through < head:
            raise ValueError(
                f"{stream}: cannot trim through {through}; allowed are {first - 1} to {head - 1}"
                if head
                else f"{stream}: nothing to trim"
            )
        self._cursor.execute(BLANK, (sid, through))
        self._cursor.execute("UPDATE streams SET first = ? WHERE sid = ?", (through + 1, sid))
        self.wrote = True

    def flush(self) -> None:
        """Write something, so that this commit makes earlier, relaxed ones durable (D1)."""
        self._cursor.execute(FLUSH)
