"""A consistent copy of a store that is in use."""
# ruff: noqa: PTH100, PTH105, PTH108, PTH110, PTH120
# Paths are text here: importing pathlib costs more than opening the store.

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from wrkr_store_sqlite.flushing import flush_file, flush_folder


def copy_to(connection: sqlite3.Connection, target: str) -> None:
    """Write the database that ``connection`` sees to ``target``, complete or not at all.

    A file that is there is replaced, for its owner to read alone. The copy shows one instant and
    does not stop writers.

    Raises: sqlite3.Error, OSError.
    """
    partial = f"{target}.{os.getpid()}.partial"
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
            connection.backup(copy)
        flush_file(partial)
        os.replace(partial, target)
    except BaseException:
        for leftover in (partial, partial + "-wal", partial + "-shm", partial + "-journal"):
            if os.path.exists(leftover):
                os.unlink(leftover)
        raise
    flush_folder(os.path.dirname(os.path.abspath(target)))
