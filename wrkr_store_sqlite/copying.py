"""A consistent copy of a store that is in use."""
# ruff: noqa: PTH100, PTH105, PTH108, PTH110, PTH120
# Paths are text here: importing pathlib costs more than opening the store.

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing

from wrkr_store_sqlite.flushing import flush_file, flush_folder


def copy_to(connection: sqlite3.Connection, target: str, *, replaces: bool = False) -> None:
    """Write the database that ``connection`` sees to ``target``, complete or not at all.

    The copy is for its owner to read alone, shows one instant and does not stop writers. What is at
    ``target`` stays there, unless the copy ``replaces`` it.

    Raises: sqlite3.Error; FileExistsError: there is something at ``target``; OSError.
    """
    partial = f"{target}.{os.getpid()}.partial"
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
            connection.backup(copy)
        flush_file(partial)
        if replaces:
            os.replace(partial, target)
        else:
            _name(partial, target)
    except BaseException:
        for leftover in (partial, partial + "-wal", partial + "-shm", partial + "-journal"):
            if os.path.exists(leftover):
                os.unlink(leftover)
        raise
    flush_folder(os.path.dirname(os.path.abspath(target)))


def _name(partial: str, target: str) -> None:
    """Give the copy its name, if nothing has it by now. Raises: FileExistsError, OSError."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, where this is the best there is
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.replace(partial, target)
    else:
        os.unlink(partial)
