"""The file a store lives in: what may be there, and its folder."""
# ruff: noqa: PTH102, PTH112, PTH116, PTH120
# Paths are text here: importing pathlib costs more than opening the store.

from __future__ import annotations

import os
import stat

from wrkr_core.errors import InvalidInputError, StoreUnavailable
from wrkr_store_sqlite.flushing import flush_folder


def resolve(path: str) -> str:
    """Return the one absolute name of the file, which its lock and WAL are named after.

    Raises: InvalidInputError for what can be no file.
    """
    if not path or "\0" in path:
        raise InvalidInputError(f"{path!r} is not a file name")
    if path == ":memory:":
        raise InvalidInputError("':memory:' is not a file", hint="for a store in memory: memory://")
    return os.path.realpath(path)


def exists(path: str, *, write: bool) -> bool:
    """Tell whether there is a file that may be used.

    Raises: StoreUnavailable if something else is there, or its permissions forbid it.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreUnavailable(
            f"{path}: {error.strerror}", path=path, hint="check the permissions of its folders"
        ) from error
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise StoreUnavailable(
            f"{path} is {kind}", path=path, hint="name a file, such as 'sqlite:///wrkr.db'"
        )
    if not os.access(path, os.R_OK):
        raise StoreUnavailable(f"{path} is not readable", path=path, hint="check who owns the file")
    if write and not os.access(path, os.W_OK):
        raise StoreUnavailable(
            f"{path} is read-only",
            path=path,
            hint="make it writable, or open it with ?mode=ro",
        )
    return True


def size_of(path: str) -> int:
    """Return the file's size in bytes, 0 if it is missing."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def make_folder(path: str) -> None:
    """Make the folder of the file, for its owner alone, and prove that it can be written to.

    Raises: StoreUnavailable.
    """
    folder = os.path.dirname(path)
    try:
        _make(folder)
    except OSError as error:
        raise StoreUnavailable(
            f"{folder} cannot be made: {error.strerror}",
            path=folder,
            hint="check the path and who may write there",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreUnavailable(
            f"{folder} is not writable",
            path=folder,
            hint="make it writable, or open the store with ?mode=ro",
        )


def _make(folder: str) -> None:
    """Make the folder and its parents, each on the disk before the next. Raises: OSError."""
    if os.path.isdir(folder):
        return
    parent = os.path.dirname(folder)
    _make(parent)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise
    flush_folder(parent)
