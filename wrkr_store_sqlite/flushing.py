"""Make files and folders survive a loss of power."""

from __future__ import annotations

import os
import sys

if sys.platform == "darwin":
    import fcntl


def flush_file(path: str) -> None:
    """Return once the file's bytes are on the disk. Raises: OSError.

    Never for the database file itself: closing any descriptor of it drops the locks that SQLite
    holds on it in this process (sqlite.org/howtocorrupt.html, 2.2).
    """
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        _flush(handle)
    finally:
        os.close(handle)


def flush_folder(path: str) -> None:
    """Return once the names in the folder are on the disk. Raises: OSError."""
    if sys.platform != "win32":  # where folders cannot be opened and need no flush
        flush_file(path)


def _flush(handle: int) -> None:
    """Flush through the drive's own cache, which on macOS only F_FULLFSYNC does."""
    if sys.platform == "darwin":
        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    else:
        os.fsync(handle)
