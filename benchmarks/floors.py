"""The floors: what the same durability costs with nothing around it."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LINE = b'{"_hash":"' + b"0" * 64 + b'","payload":"' + b"x" * 400 + b'"}'


class RawSqlite:
    """``BEGIN IMMEDIATE; INSERT; COMMIT`` into the same table with the same pragmas."""

    def __init__(self, folder: Path) -> None:
        """Create the file."""
        self._connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE events(pos INTEGER PRIMARY KEY, sid INTEGER NOT NULL, seq INTEGER NOT NULL,"
            " id TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL,"
            " UNIQUE(sid, seq)) STRICT"
        )
        self._seq = 0

    def run(self, count: int) -> None:
        """Insert ``count`` rows, one transaction each."""
        execute = self._connection.execute
        for _ in range(count):
            self._seq += 1
            execute("BEGIN IMMEDIATE")
            execute(
                "INSERT INTO events(sid, seq, id, type, at, data) VALUES(1, ?, ?, 'a/1', 1, ?)",
                (self._seq, f"id-{self._seq}", LINE),
            )
            execute("COMMIT")


class RawFile:
    """Write one line, ``fdatasync``."""

    def __init__(self, folder: Path) -> None:
        """Create the file."""
        self._file = os.open(folder / "raw.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def run(self, count: int) -> None:
        """Write ``count`` lines."""
        for _ in range(count):
            os.write(self._file, LINE + b"\n")
            os.fdatasync(self._file)
