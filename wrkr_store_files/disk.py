"""The few calls through which bytes and names reach the disk, and those that read them back.

Everything the store changes goes through a ``Disk``, so that a test can hand in one that runs full,
fails to flush or forgets what was not flushed. Nothing else in this package touches the disk.

On Windows there are no positioned reads and writes and a folder cannot be flushed; what stands in
for them here has never been run there.
"""
# Text paths and descriptors: pathlib would cost more than the calls themselves.
# ruff: noqa: PTH102, PTH105, PTH106, PTH108, PTH112, PTH116, PTH118, PTH120, PTH123, PTH208

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    Stat = os.stat_result

if sys.platform != "win32":
    import fcntl

OPEN_FLAGS: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
HINTS: Final = {
    errno.ENOSPC: "free some space and try again",
    errno.EDQUOT: "free some space and try again",
    errno.EFBIG: "raise the limit on the size of files and try again",
    errno.EACCES: "check who may read and write there; '?mode=ro' only reads",
    errno.EPERM: "check who may read and write there; '?mode=ro' only reads",
    errno.EROFS: "'?mode=ro' only reads",
    errno.ENOTDIR: "a store is a folder; there is a file in the way",
    errno.EEXIST: "a store is a folder; there is a file in the way",
    errno.EMFILE: "close some files, or raise the limit on open ones",
}


class FlushError(OSError):
    """A flush failed: the system may have forgotten what it was asked to keep."""


class Disk:
    """Changes files and folders. Every method raises OSError; none is buffered."""

    def open(self, path: str, *, create: bool = False) -> int:
        """Return a descriptor to read and write ``path``."""
        flags = os.O_RDWR | OPEN_FLAGS | (os.O_CREAT if create else 0)
        return os.open(path, flags, PRIVATE_FILE)

    def close(self, descriptor: int) -> None:
        """Close it."""
        os.close(descriptor)

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        """Write all of ``data`` at ``offset``; when it raises, a part may be written."""
        rest = memoryview(data)
        while rest:
            written = _write_at(descriptor, rest, offset)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            offset += written
            rest = rest[written:]

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to ``size`` bytes."""
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Return once the file's bytes and size survive loss of power. Raises: FlushError."""
        try:
            self.flush(descriptor)
        except OSError as error:
            raise FlushError(error.errno, f"a flush failed: {error.strerror}") from error

    def sync_folder(self, path: str) -> None:
        """Return once the names in the folder survive loss of power. Raises: FlushError."""
        try:
            self.flush_folder(path)
        except OSError as error:
            raise FlushError(error.errno, f"a flush failed: {error.strerror}", path) from error

    def flush(self, descriptor: int) -> None:
        """Do what ``sync`` promises by the means of this system."""
        if sys.platform == "darwin":  # fsync there only reaches the drive's own memory: fcntl(2)
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        elif sys.platform == "win32":
            os.fsync(descriptor)
        else:
            os.fdatasync(descriptor)

    def flush_folder(self, path: str) -> None:
        """Do what ``sync_folder`` promises by the means of this system."""
        if sys.platform == "win32":
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | OPEN_FLAGS)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, source: str, target: str) -> None:
        """Rename at once, over a file that has the name, if there is one."""
        os.replace(source, target)

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is no error."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            return

    def make_folder(self, path: str) -> bool:
        """Create a folder and tell whether it is new."""
        try:
            os.mkdir(path, PRIVATE_FOLDER)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
            return False
        return True


if sys.platform == "win32":

    def _write_at(descriptor: int, data: memoryview, offset: int) -> int:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, data)

    def read_at(descriptor: int, size: int, offset: int) -> bytes:
        """Return up to ``size`` bytes from ``offset``."""
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)

else:

    def _write_at(descriptor: int, data: memoryview, offset: int) -> int:
        return os.pwrite(descriptor, data, offset)

    def read_at(descriptor: int, size: int, offset: int) -> bytes:
        """Return up to ``size`` bytes from ``offset``."""
        return os.pread(descriptor, size, offset)


def open_to_read(path: str) -> int:
    """Return a descriptor to read ``path``. Raises: OSError."""
    return os.open(path, os.O_RDONLY | OPEN_FLAGS)


def close(descriptor: int) -> None:
    """Close a descriptor of ``open_to_read``."""
    os.close(descriptor)


def size_of(descriptor: int) -> int:
    """Return the size of an open file."""
    return os.fstat(descriptor).st_size


def read_file(path: str) -> bytes | None:
    """Return a whole file, None if it is not there. Raises: OSError."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def look_at(path: str) -> Stat | None:
    """Return what the system knows of ``path``, None if it is not there. Raises: OSError."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def names_in(path: str) -> list[str]:
    """Return the names in a folder in no order, empty if it is not there. Raises: OSError."""
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []


def files_under(path: str) -> Iterator[tuple[str, int]]:
    """Yield the path of every file below a folder, relative to it, and its size in bytes."""
    for folder, _, names in os.walk(path):
        for name in names:
            whole = os.path.join(folder, name)
            found = look_at(whole)
            if found is not None:
                yield os.path.relpath(whole, path).replace(os.sep, "/"), found.st_size


def folders_under(path: str) -> Iterator[str]:
    """Yield every folder below a folder, relative to it, those above before those below."""
    for folder, names, _ in os.walk(path):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), path).replace(os.sep, "/")


def remove_tree(path: str) -> None:
    """Remove a folder with all that is in it; one that is not there is no error. Raises: OSError."""
    for folder, names, files in os.walk(path, topdown=False):
        for name in files:
            os.unlink(os.path.join(folder, name))
        for name in names:
            os.rmdir(os.path.join(folder, name))
    if os.path.isdir(path):
        os.rmdir(path)


def write_whole(disk: Disk, path: str, data: bytes, *, durable: bool) -> None:
    """Create or overwrite ``path``, and remove it again if that fails. Raises: OSError."""
    descriptor = disk.open(path, create=True)
    try:
        disk.truncate(descriptor, 0)
        disk.write(descriptor, data, 0)
        if durable:
            disk.sync(descriptor)
    except OSError:
        disk.remove(path)
        raise
    finally:
        disk.close(descriptor)


def absolute(path: str) -> str:
    """Return ``path`` from the root, links followed, so that a later ``chdir`` changes nothing."""
    return os.path.realpath(path)


def parent(path: str) -> str:
    """Return the folder ``path`` is in."""
    return os.path.dirname(path)


def unavailable(error: OSError, place: str) -> StoreUnavailable:
    """Return what to tell a caller of a disk that did not do it, when nothing was written."""
    reason = error.strerror or str(error)
    where = error.filename if isinstance(error.filename, str) else place
    return StoreUnavailable(
        f"the store in {place} cannot be used: {reason}"
        + (f" ({where})" if where != place else ""),
        path=where,
        hint=HINTS.get(error.errno or 0, ""),
    )
