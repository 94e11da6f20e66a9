"""Private keys on this machine's disk: ``<folder>/<name>.key``, for the eyes of their owner only.

A file or folder that others can look into is refused, not mended: whoever could read it may have
copied it. A key is there whole or not at all, and none is ever written over.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import InvalidInputError, NotFoundError, UnsafeOperationError
from wrkr_core.signing.sealing import LARGEST_FILE, read_sealed

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.signing.sealing import SealedKey

ENDING: Final = ".key"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@attrs.frozen
class KeyFolder:
    """The folder with a person's keys; it is made, mode 0700, when the first is kept."""

    path: Path

    def names(self) -> list[str]:
        """Return the names of the keys, in order; none where there is no folder."""
        if not self.path.exists():
            return []
        return sorted(
            each.name.removesuffix(ENDING)
            for each in self.path.iterdir()
            if each.name.endswith(ENDING) and _NAME.fullmatch(each.name.removesuffix(ENDING))
        )

    def file(self, name: str) -> Path:
        """Return where a key of that name is, or would be. Raises: InvalidInputError: no name."""
        if not _NAME.fullmatch(name):
            raise InvalidInputError(
                f"{name!r} cannot be the name of a key",
                hint="use 1 to 64 letters, digits, '.', '_' and '-', beginning with one of the first",
            )
        return self.path / f"{name}{ENDING}"

    def read(self, name: str) -> SealedKey:
        """Return the key of that name, sealed.

        Raises: NotFoundError, and as ``read_key_file``.
        """
        file = self.file(name)
        if not file.exists():
            known = ", ".join(self.names())
            raise NotFoundError(
                f"there is no key {name} in {self.path}",
                hint=f"there are: {known}" if known else f"wrkr keys generate {name} makes it",
                path=str(file),
            )
        _require_private(self.path, "folder", "700")
        return read_key_file(file)

    def keep(self, name: str, key: SealedKey) -> Path:
        """Write a new key; durable when this returns. Raises: UnsafeOperationError: the name is taken.

        Raises: InvalidInputError: it cannot be a name. OSError.
        """
        file = self.file(name)
        self._make()
        if file.exists():
            raise _taken(file)
        part = self._part(name, key)
        try:
            _link(part, file)
        finally:
            part.unlink(missing_ok=True)
        _flush(self.path)
        return file

    def replace(self, name: str, key: SealedKey, *, former: str) -> Path:
        """Write a new key under a name that is in use; the key before is kept as ``former``.

        At every instant one of the two, or both, is there whole under its name.

        Raises: NotFoundError: there is none yet. UnsafeOperationError: ``former`` is in use. OSError.
        """
        self.read(name)
        file, kept = self.file(name), self.file(former)
        if kept.exists():
            raise _taken(kept)
        part = self._part(name, key)
        try:
            _link(file, kept)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        _flush(self.path)
        return file

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        _require_private(self.path, "folder", "700")

    def _part(self, name: str, key: SealedKey) -> Path:
        """Return a new file beside the others that holds the key and nobody else can read."""
        part = self.path / f".{name}.{os.getpid()}.part"
        part.unlink(missing_ok=True)  # of a process of this number that was killed
        write_key_file(part, key)
        return part


def read_key_file(file: Path) -> SealedKey:
    """Return the key in a file, sealed.

    Raises:
        NotFoundError: There is no such file.
        UnsafeOperationError: Others than its owner can read or write it.
        InvalidInputError: It is not the file of a key.

    """
    if not file.is_file():
        raise NotFoundError(f"there is no key file {file}", path=str(file))
    _require_private(file, "file", "600")
    with file.open("rb") as opened:
        return read_sealed(opened.read(LARGEST_FILE + 1))


def write_key_file(file: Path, key: SealedKey) -> None:
    """Write a key, sealed, to a new file that only its owner can read; durable when this returns.

    Raises: UnsafeOperationError: the file is there already. OSError.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise _taken(file) from error
    with os.fdopen(handle, "wb") as opened:
        opened.write(key.file_bytes())
        opened.flush()
        os.fsync(opened.fileno())


def _require_private(path: Path, kind: str, mode: str) -> None:
    """Raise UnsafeOperationError if others can get at it; Windows keeps that elsewhere."""
    if os.name == "nt":
        return
    found = path.stat()
    if found.st_mode & _OTHERS:
        raise UnsafeOperationError(
            f"the {kind} {path} is open to others (mode {stat.S_IMODE(found.st_mode):03o})",
            hint=f"if nobody can have copied the key: chmod {mode} {path}; else revoke the key",
            path=str(path),
        )
    if found.st_uid not in (os.geteuid(), 0):
        raise UnsafeOperationError(
            f"the {kind} {path} belongs to another user",
            hint="keys are read from folders of your own only",
            path=str(path),
        )


def _link(source: Path, target: Path) -> None:
    """Give a file a second name that must be free. Raises: UnsafeOperationError: it is not."""
    try:
        os.link(source, target)
    except FileExistsError as error:
        raise _taken(target) from error


def _taken(file: Path) -> UnsafeOperationError:
    return UnsafeOperationError(
        f"{file} is there already; a key is never written over",
        hint="choose another name, or wrkr keys rotate for a new key under this one",
        path=str(file),
    )


def _flush(folder: Path) -> None:
    """Make the names in a folder survive loss of power; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
