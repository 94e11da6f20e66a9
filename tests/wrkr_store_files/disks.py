"""Disks that count, run full, fail to flush, stop at a call, or forget what was not flushed.

What a loss of power may leave behind is told by the conformance suite's model of a disk.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from wrkr_conformance.disk_model import Disk as Model
from wrkr_conformance.disk_model import Flush, Move, Name
from wrkr_conformance.os_calls import read_tree, write_tree
from wrkr_conformance.remains import Cut, Write
from wrkr_store_files.disk import Disk

if TYPE_CHECKING:
    from random import Random  # noqa: TID251  # what a crash leaves is drawn


class StopError(BaseException):
    """The process ended here."""


class CountingDisk(Disk):
    """Counts flushes."""

    def __init__(self) -> None:
        self.flushes = 0
        self.folder_flushes = 0

    def flush(self, descriptor: int) -> None:
        self.flushes += 1
        super().flush(descriptor)

    def flush_folder(self, path: str) -> None:
        self.folder_flushes += 1
        super().flush_folder(path)


class FaultyDisk(Disk):
    """Does something else at the ``at``-th change.

    ``fault`` "full" writes the half of it and raises ENOSPC, "flush" fails at the next flush,
    "stop" ends the process before the change.
    """

    def __init__(self) -> None:
        self.count = 0
        self.at = -1
        self.fault = ""
        self.struck = False

    def set(self, fault: str, at: int) -> None:
        self.count, self.at, self.fault, self.struck = 0, at, fault, False

    def strikes(self, fault: str) -> bool:
        due = self.fault == fault and not self.struck and 0 <= self.at <= self.count
        self.struck |= due
        return due

    def change(self) -> None:
        self.count += 1
        if self.strikes("stop"):
            raise StopError

    def open(self, path: str, *, create: bool = False) -> int:
        if create:
            self.change()
        return super().open(path, create=create)

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        self.change()
        if self.strikes("full"):
            super().write(descriptor, data[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(descriptor, data, offset)

    def truncate(self, descriptor: int, size: int) -> None:
        self.change()
        super().truncate(descriptor, size)

    def flush(self, descriptor: int) -> None:
        self.change()
        if self.strikes("flush"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().flush(descriptor)

    def flush_folder(self, path: str) -> None:
        self.change()
        super().flush_folder(path)

    def replace(self, source: str, target: str) -> None:
        self.change()
        super().replace(source, target)

    def remove(self, path: str) -> None:
        self.change()
        super().remove(path)

    def make_folder(self, path: str) -> bool:
        self.change()
        return super().make_folder(path)


@attrs.define
class LossyDisk(FaultyDisk):
    """Forgets at ``lose_power`` what was not flushed. Everything under ``root`` is on the disk."""

    root: str
    model: Model = attrs.field(init=False)
    opened: dict[int, int] = attrs.field(factory=dict[int, int])
    made: int = attrs.field(init=False)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def __attrs_post_init__(self) -> None:
        tree = read_tree(Path(self.root))
        self.model, self.made = Model(tree), len(tree)

    def number(self, path: str) -> int:
        below = Path(path).relative_to(self.root).as_posix()
        return self.model.number_of("" if below == "." else below)

    def place(self, path: str) -> tuple[int, str]:
        return self.number(str(Path(path).parent)), Path(path).name

    def make(self, path: str, *, is_folder: bool) -> None:
        self.made += 1
        folder, name = self.place(path)
        self.model.take(Name(folder, name, self.made, is_folder=is_folder))

    def open(self, path: str, *, create: bool = False) -> int:
        is_new = not Path(path).exists()
        descriptor = super().open(path, create=create)
        if is_new:
            self.make(path, is_folder=False)
        self.opened[descriptor] = self.number(path)
        return descriptor

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        super().write(descriptor, data, offset)
        self.model.take(Write(self.opened[descriptor], offset, bytes(data)))

    def truncate(self, descriptor: int, size: int) -> None:
        super().truncate(descriptor, size)
        self.model.take(Cut(self.opened[descriptor], size))

    def flush(self, descriptor: int) -> None:
        self.change()
        self.model.take(Flush(self.opened[descriptor]))

    def flush_folder(self, path: str) -> None:
        self.change()
        if Path(path).is_relative_to(self.root):
            self.model.take(Flush(self.number(path)))

    def replace(self, source: str, target: str) -> None:
        super().replace(source, target)
        self.model.take(Move(*self.place(source), *self.place(target), self.number(source)))

    def remove(self, path: str) -> None:
        there = Path(path).exists()
        super().remove(path)
        if there:
            self.model.take(Name(*self.place(path), None))

    def make_folder(self, path: str) -> bool:
        is_new = super().make_folder(path)
        if is_new:
            self.make(path, is_folder=True)
        return is_new

    def lose_power(self, random: Random, target: Path) -> None:
        """Write what may be left on the disk to the new folder ``target``."""
        write_tree(target, self.model.after_some_crash(random).tree)
