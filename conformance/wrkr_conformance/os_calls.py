"""Hear every call of ``os`` that changes something below a folder, and answer in its place.

This is how power loss and faults of the disk are tried on a store that is written in Python and
works through ``os`` or ``open``: the names in those modules are replaced while a ``Tap`` is open.
What a store does by other means (a database in C, ``mmap``) is not heard; whether everything was
heard is found out by comparing what the calls should have left with what is there.

Files are told apart by their inode, so descriptors, links and renames need no bookkeeping.
"""
# Whatever ``os`` takes and returns is handed on as it is.
# ruff: noqa: ANN401

from __future__ import annotations

import builtins
import errno
import io
import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from wrkr_conformance.disk_model import ROOT, Flush, Move, Name
from wrkr_conformance.remains import Cut, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from wrkr_conformance.disk_model import Change, Tree

    AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"
_NAMES: Final = (
    *("open", "write", "pwrite", "writev", "pwritev", "sendfile"),
    *("ftruncate", "truncate", "posix_fallocate", "fsync", "fdatasync"),
    *("rename", "replace", "unlink", "remove", "rmdir", "mkdir", "link"),
)
_pyio: Final[Any] = import_module("_pyio")  # the same ``open``, by way of ``os.write``


class Hear(Protocol):
    """Decides what becomes of a call: ``perform()`` does it and returns what it returns.

    ``perform(size)`` writes only so many bytes.
    """

    def __call__(self, change: Change, perform: Callable[..., Any]) -> Any:
        """Answer the call. Raises: OSError, instead of it."""
        ...


class Tap:
    """A context in which the calls that change files below ``root`` are heard."""

    def __init__(self, root: Path, hear: Hear) -> None:
        """Hear calls below the folder ``root``, which is there."""
        self._root = root
        self._hear = hear
        self._real: dict[str, Callable[..., Any]] = {
            name: getattr(os, name) for name in _NAMES if hasattr(os, name)
        }
        self._opener: Callable[..., Any] = io.open
        self._numbers: dict[tuple[int, int], int] = {}

    def __enter__(self) -> Self:
        """Number what is there, as ``Disk`` does, and replace the names."""
        for number, path in enumerate(["", *sorted(read_tree(self._root))]):
            self._learn((self._root / path).lstat(), number)
        for name in self._real:
            setattr(os, name, getattr(self, f"_{name}"))
        _replace_open(self._open_file)
        return self

    def __exit__(self, *_details: object) -> None:
        """Put the names back."""
        for name, call in self._real.items():
            setattr(os, name, call)
        _replace_open(self._opener)

    def _learn(self, found: os.stat_result, number: int) -> None:
        self._numbers[found.st_dev, found.st_ino] = number

    def _number(self, path: AnyPath | int, folder: int | None = None) -> int | None:
        """Return the number of a file, None if there is none or it is somewhere else."""
        try:
            found = os.fstat(path) if isinstance(path, int) else os.lstat(path, dir_fd=folder)
        except OSError:
            return None
        return self._numbers.get((found.st_dev, found.st_ino))

    def _place(self, path: AnyPath, folder: int | None) -> tuple[int | None, str]:
        """Return the number of the folder a path is in, None if it is not below the root."""
        parent, name = os.path.split(os.fsdecode(path))
        try:
            found = os.stat(parent or ".", dir_fd=folder)
        except OSError:
            return None, name
        return self._numbers.get((found.st_dev, found.st_ino)), name

    def _open_file(self, file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not set(mode) & set("wax+"):
            return self._opener(file, mode, *args, **options)
        inside = self._number(file) if isinstance(file, int) else self._place(file, None)[0]
        anywhere = inside is not None or "opener" in options  # which may open another path
        how = _pyio.open if anywhere else self._opener
        return how(file, mode, *args, **options)

    def _open(
        self, path: AnyPath, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> Any:
        def perform(number: int | None = None) -> int:
            descriptor: int = self._real["open"](path, flags, mode, dir_fd=dir_fd)
            if number is not None:
                self._learn(os.fstat(descriptor), number)
            return descriptor

        folder, name = self._place(path, dir_fd)
        known = self._number(path, dir_fd)
        if folder is None or not flags & (os.O_CREAT | os.O_TRUNC):
            return perform()
        if known is None and flags & os.O_CREAT:
            new = self._new()
            return self._hear(Name(folder, name, new), lambda: perform(new))
        if known is not None and flags & os.O_TRUNC:
            return self._hear(Cut(known, 0), perform)
        return perform()

    def _new(self) -> int:
        return max(self._numbers.values(), default=ROOT) + 1

    def _write(self, descriptor: int, data: Any) -> Any:
        number, content = self._number(descriptor), bytes(data)
        offset = os.lseek(descriptor, 0, os.SEEK_CUR) if number is not None else 0
        if number is not None and _appends(descriptor):
            offset = os.fstat(descriptor).st_size

        def perform(size: int | None = None) -> Any:
            return self._real["write"](descriptor, content[:size])

        return perform() if number is None else self._hear(Write(number, offset, content), perform)

    def _pwrite(self, descriptor: int, data: Any, offset: int) -> Any:
        number, content = self._number(descriptor), bytes(data)

        def perform(size: int | None = None) -> Any:
            return self._real["pwrite"](descriptor, content[:size], offset)

        return perform() if number is None else self._hear(Write(number, offset, content), perform)

    def _writev(self, descriptor: int, buffers: Iterable[Any]) -> Any:
        return self._write(descriptor, b"".join(map(bytes, buffers)))

    def _pwritev(
        self, descriptor: int, buffers: Iterable[Any], offset: int, _flags: int = 0
    ) -> Any:
        return self._pwrite(descriptor, b"".join(map(bytes, buffers)), offset)

    def _sendfile(self, target: int, *args: Any, **options: Any) -> Any:
        if self._number(target) is not None:  # shutil then copies by reading and writing
            raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
        return self._real["sendfile"](target, *args, **options)

    def _ftruncate(self, descriptor: int, length: int) -> None:
        self._resize("ftruncate", descriptor, length)

    def _truncate(self, path: AnyPath | int, length: int) -> None:
        self._resize("truncate", path, length)

    def _resize(self, how: str, path: AnyPath | int, length: int) -> None:
        number = self._number(path)
        if number is None:
            self._real[how](path, length)
        else:
            self._hear(Cut(number, length), lambda: self._real[how](path, length))

    def _posix_fallocate(self, descriptor: int, offset: int, length: int) -> None:
        number = self._number(descriptor)

        def perform() -> None:
            self._real["posix_fallocate"](descriptor, offset, length)

        if number is None:
            perform()
        else:
            self._hear(Cut(number, max(os.fstat(descriptor).st_size, offset + length)), perform)

    def _fsync(self, descriptor: Any) -> None:
        self._flush("fsync", descriptor)

    def _fdatasync(self, descriptor: Any) -> None:
        self._flush("fdatasync", descriptor)

    def _flush(self, how: str, file: Any) -> None:
        descriptor: int = file if isinstance(file, int) else file.fileno()
        number = self._number(descriptor)
        if number is None:
            self._real[how](descriptor)
        else:
            self._hear(Flush(number), lambda: self._real[how](descriptor))

    def _rename(
        self,
        source: AnyPath,
        target: AnyPath,
        *,
        src_dir_fd: int | None = None,
        dst_dir_fd: int | None = None,
    ) -> None:
        def perform() -> None:
            self._real["replace"](source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        folder, name = self._place(source, src_dir_fd)
        to_folder, to_name = self._place(target, dst_dir_fd)
        number = self._number(source, src_dir_fd)
        if folder is None or to_folder is None or number is None:
            perform()
        else:
            self._hear(Move(folder, name, to_folder, to_name, number), perform)

    _replace = _rename

    def _unlink(self, path: AnyPath, *, dir_fd: int | None = None) -> None:
        self._take_away("unlink", path, dir_fd)

    _remove = _unlink

    def _rmdir(self, path: AnyPath, *, dir_fd: int | None = None) -> None:
        self._take_away("rmdir", path, dir_fd)

    def _take_away(self, how: str, path: AnyPath, folder: int | None) -> None:
        def perform() -> None:
            self._real[how](path, dir_fd=folder)

        parent, name = self._place(path, folder)
        if parent is None or self._number(path, folder) is None:
            perform()
        else:
            self._hear(Name(parent, name, None), perform)

    def _mkdir(self, path: AnyPath, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        new = self._new()

        def perform() -> None:
            self._real["mkdir"](path, mode, dir_fd=dir_fd)
            if parent is not None:
                self._learn(os.lstat(path, dir_fd=dir_fd), new)

        parent, name = self._place(path, dir_fd)
        if parent is None or self._number(path, dir_fd) is not None:
            perform()
        else:
            self._hear(Name(parent, name, new, is_folder=True), perform)

    def _link(self, source: AnyPath, target: AnyPath, **options: Any) -> None:
        def perform() -> None:
            self._real["link"](source, target, **options)

        parent, name = self._place(target, options.get("dst_dir_fd"))
        number = self._number(source, options.get("src_dir_fd"))
        if parent is None or number is None:
            perform()
        else:
            self._hear(Name(parent, name, number), perform)


def _appends(descriptor: int) -> bool:
    """Tell whether a descriptor always writes at the end."""
    import fcntl

    return bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND)


@contextmanager
def another_boot(name: str, folder: Path) -> Generator[None]:
    """Let this process believe that the machine was started again, and flush nothing meanwhile.

    What it writes is thrown away soon, so that flushes would only take time. ``name`` is the id of
    that boot, which is kept in a file of ``folder``.
    """
    opener: Callable[..., Any] = io.open
    flushes = {call: getattr(os, call) for call in ("fsync", "fdatasync") if hasattr(os, call)}
    boot = folder / "boot"
    boot.write_text(f"{name}\n")

    def open_file(file: Any, *args: Any, **options: Any) -> Any:
        return opener(boot if file == BOOT_ID else file, *args, **options)

    _replace_open(open_file)
    for call in flushes:
        setattr(os, call, _no_flush)
    try:
        yield
    finally:
        _replace_open(opener)
        for call, real in flushes.items():
            setattr(os, call, real)


def _no_flush(_descriptor: Any) -> None:
    pass


def _replace_open(opener: Callable[..., Any]) -> None:
    for module in (builtins, io):
        setattr(module, "open", opener)  # noqa: B010  # a type checker would want its overloads


def read_tree(root: Path) -> Tree:
    """Return everything below a folder: the content by path, None for a folder."""
    return {
        path.relative_to(root).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in root.rglob("*")
    }


def write_tree(root: Path, tree: Tree) -> None:
    """Make a new folder ``root`` with ``tree`` in it."""
    root.mkdir(parents=True)
    for path, content in sorted(tree.items()):
        if content is None:
            (root / path).mkdir()
        else:
            (root / path).write_bytes(content)
