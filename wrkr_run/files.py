"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import itertools
import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

_numbers: Final = itertools.count()


@contextmanager
def write_atomically(path: str | Path) -> Generator[IO[bytes]]:
    """Yield a binary file that becomes ``path`` when the block ends without an exception.

    A reader sees the old content or the new one, never a part; with an exception the old one stays
    and nothing is left behind. When the block is over the file survives loss of power. A new file
    gets the permissions the umask leaves, an old one keeps its own.

    Raises: OSError: the folder does not exist or cannot be written.
    """
    target = Path(path)
    part, file = _begin(target)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _keep_name(target.parent)


def _begin(target: Path) -> tuple[Path, IO[bytes]]:
    """Return a new file beside ``target``; not ``tempfile``, whose files only their owner may read."""
    while True:
        part = target.with_name(f".{target.name}.{os.getpid()}-{next(_numbers)}.part")
        try:
            return part, part.open("xb")
        except FileExistsError:
            continue  # left behind by a process of this number that was killed


def _keep_name(folder: Path) -> None:
    """Make the new name in ``folder`` survive loss of power; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
