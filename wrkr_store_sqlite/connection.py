"""Connections to the file, each with the settings that the guarantees rest on.

Two rules of SQLite shape this. A connection serves one thread at a time: writers share one under
the writer lock, readers take theirs from a pool. And a read transaction never outlives the call
that began it, because a checkpoint cannot pass the oldest reader.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import StoreUnavailable
from wrkr_store_sqlite.failures import LOCKED, code_of
from wrkr_store_sqlite.lock import has_file_lock

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKPOINT_BYTES: Final = 4 << 20
OLDEST_SQLITE: Final = (3, 37, 0)  # STRICT tables

# Always set: builds of SQLite differ in their defaults.
EVERYWHERE: Final = (
    "wal_autocheckpoint=0",  # checkpoints run under the writer lock alone: see lock.py
    "cell_size_check=ON",
    "trusted_schema=OFF",
    "mmap_size=0",  # a file that another program truncates would end us with SIGBUS
    "temp_store=MEMORY",  # nothing erased survives in a temporary file
)
WRITING: Final = ("secure_delete=ON", f"journal_size_limit={2 * CHECKPOINT_BYTES}")
APPLE: Final = ("fullfsync=ON", "checkpoint_fullfsync=ON")  # there fsync alone stops at the drive


def has_wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Tell whether this SQLite can lose commits when a checkpoint overlaps a commit (lock.py)."""
    fixed = (
        version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51, 0)
        or (3, 44, 6) <= version < (3, 45, 0)
    )
    return version >= (3, 7, 0) and not fixed


def require_sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Refuse a SQLite library that lacks what the layout needs. Raises: StoreUnavailable."""
    if version < OLDEST_SQLITE:
        raise StoreUnavailable(
            f"SQLite {'.'.join(map(str, version))} is too old; 3.37.0 or newer is needed",
            hint="use a Python built with a newer SQLite",
        )


def address(path: str, query: str) -> str:
    """Return the ``file:`` address SQLite opens ``path`` by."""
    if sys.platform == "win32":
        path = "/" + path.replace("\\", "/")
    for letter in "%?#":  # the percent sign first
        path = path.replace(letter, f"%{ord(letter):02x}")
    return f"file:{path}?{query}"


def connect(path: str, query: str, *, busy: float) -> sqlite3.Connection:
    """Return a connection in autocommit mode. ``query`` is as in ``mode=rw``.

    Raises: sqlite3.Error.
    """
    connection = sqlite3.connect(
        address(path, query),
        uri=True,
        isolation_level=None,  # else Python begins transactions, deferred ones, on its own
        check_same_thread=False,
        timeout=busy,
    )
    try:
        for setting in (*EVERYWHERE, *(APPLE if sys.platform == "darwin" else ())):
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_writer(path: str, *, busy: float) -> sqlite3.Connection:
    """Return a connection that writes, and makes the file if there is none.

    Raises: sqlite3.Error.
    """
    connection = connect(path, "mode=rwc", busy=busy)
    try:
        for setting in WRITING:
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def journal_mode(connection: sqlite3.Connection) -> str:
    """Return the journal mode of the file: ``wal`` or, where that cannot be, ``delete``."""
    mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return mode.lower()


def wanted_journal_mode() -> str:
    """Return the fastest journal mode that is safe with this SQLite on this platform."""
    return "wal" if has_file_lock() or not has_wal_reset_bug() else "delete"


def settle_journal_mode(connection: sqlite3.Connection) -> str:
    """Set the wanted journal mode and return the one that was got.

    Read first, because setting needs the file exclusively; read back, because file systems without
    shared memory refuse silently, as do others who are using the file. Both modes are correct; in
    ``delete`` readers wait for writers.
    """
    wanted = wanted_journal_mode()
    if journal_mode(connection) != wanted:
        try:
            connection.execute(f"PRAGMA journal_mode={wanted}").fetchone()
        except sqlite3.OperationalError as error:
            if code_of(error) & 0xFF not in LOCKED:
                raise
    return journal_mode(connection)


class Readers:
    """Connections for reading; each is taken by one thread, used and given back.

    Lists append and pop in one step of the interpreter, so taking and giving need no lock.
    """

    def __init__(self, make: Callable[[], sqlite3.Connection]) -> None:
        """Make connections with ``make`` when none is idle."""
        self._make = make
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    def take(self) -> sqlite3.Connection:
        """Return a connection that nobody else uses. Raises: sqlite3.Error."""
        try:
            return self._idle.pop()
        except IndexError:
            connection = self._make()
            connection.execute("PRAGMA query_only=ON")
            return connection

    def give(self, connection: sqlite3.Connection) -> None:
        """Take the connection back, to use it again."""
        self._idle.append(connection)
        if self._closed:
            self._empty()

    def close(self) -> None:
        """Close every connection: the idle ones now, the others when they come back."""
        self._closed = True
        self._empty()

    def _empty(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:  # another thread was faster
                return
