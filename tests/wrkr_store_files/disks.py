"""Disks that count, run full, fail to flush, stop at a call, or forget what was not flushed.

``LossyDisk`` models what a loss of power may leave behind (Pillai 2014, "All file systems are not
created equal"): of the writes since a file's last flush any part of any of them, in any order; of
the changes to a folder since its last flush any number, in order.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from wrkr_store_files.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random  # noqa: TID251  # what a crash leaves is drawn

SECTOR = 64  # bytes that reach the disk together; small, so that small records tear


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


class Node:
    """A file or a folder: what of it is on the disk, and what was done to it since."""

    def __init__(self, *, is_folder: bool) -> None:
        self.is_folder = is_folder
        self.kept = b""
        self.writes: list[tuple[int, bytes | None]] = []  # None cuts the file to the offset
        self.names: dict[str, Node] = {}
        self.now: dict[str, Node] = {}
        self.changes: list[Callable[[], None]] = []


@attrs.define
class LossyDisk(FaultyDisk):
    """Forgets at ``lose_power`` what was not flushed. Everything under ``root`` is on the disk."""

    root: str
    top: Node = attrs.field(init=False)
    opened: dict[int, Node] = attrs.field(factory=dict)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def __attrs_post_init__(self) -> None:
        self.top = self._from_disk(Path(self.root))

    def _from_disk(self, path: Path) -> Node:
        node = Node(is_folder=path.is_dir())
        if node.is_folder:
            node.names = {each.name: self._from_disk(each) for each in path.iterdir()}
            node.now = dict(node.names)
        else:
            node.kept = path.read_bytes()
        return node

    def node(self, path: str) -> Node:
        node = self.top
        for name in Path(path).relative_to(self.root).parts:
            node = node.now[name]
        return node

    def change_name(self, path: str, node: Node | None) -> None:
        """Give or take a name in the folder of ``path``, on the disk once that is flushed."""
        parent, name = self.node(str(Path(path).parent)), Path(path).name

        def apply() -> None:
            if node is None:
                parent.names.pop(name, None)
            else:
                parent.names[name] = node

        if node is None:
            parent.now.pop(name, None)
        else:
            parent.now[name] = node
        parent.changes.append(apply)

    def open(self, path: str, *, create: bool = False) -> int:
        is_new = not Path(path).exists()
        descriptor = super().open(path, create=create)
        if is_new:
            self.change_name(path, Node(is_folder=False))
        self.opened[descriptor] = self.node(path)
        return descriptor

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        super().write(descriptor, data, offset)
        self.opened[descriptor].writes.append((offset, bytes(data)))

    def truncate(self, descriptor: int, size: int) -> None:
        super().truncate(descriptor, size)
        self.opened[descriptor].writes.append((size, None))

    def flush(self, descriptor: int) -> None:
        self.change()
        node = self.opened[descriptor]
        node.kept = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        node.writes = []

    def flush_folder(self, path: str) -> None:
        self.change()
        node = self.node(path)
        for change in node.changes:
            change()
        node.changes = []

    def replace(self, source: str, target: str) -> None:
        super().replace(source, target)
        node = self.node(source)
        # A rename is one change of the file system, whichever folder is flushed.
        before, after = self.node(str(Path(source).parent)), self.node(str(Path(target).parent))
        old, new = Path(source).name, Path(target).name
        del before.now[old]
        after.now[new] = node
        done: list[bool] = []

        def apply() -> None:
            if not done:
                done.append(True)
                before.names.pop(old, None)
                after.names[new] = node

        for folder in {id(before): before, id(after): after}.values():
            folder.changes.append(apply)

    def remove(self, path: str) -> None:
        there = Path(path).exists()
        super().remove(path)
        if there:
            self.change_name(path, None)

    def make_folder(self, path: str) -> bool:
        is_new = super().make_folder(path)
        if is_new:
            self.change_name(path, Node(is_folder=True))
        return is_new

    def lose_power(self, random: Random, target: Path) -> None:
        """Write what may be left on the disk to the new folder ``target``."""
        self._settle_names(self.top, random)
        self._copy(self.top, target, random)

    def _settle_names(self, node: Node, random: Random) -> None:
        for change in node.changes[: random.randint(0, len(node.changes))]:
            change()
        for each in list({**node.now, **node.names}.values()):
            if each.is_folder:
                self._settle_names(each, random)

    def _copy(self, node: Node, target: Path, random: Random) -> None:
        if not node.is_folder:
            target.write_bytes(left_of(node, random))
            return
        target.mkdir()
        for name, each in node.names.items():
            self._copy(each, target / name, random)


def left_of(node: Node, random: Random) -> bytes:
    """Return what may be left of a file: any parts of what was written since the last flush."""
    image = bytearray(node.kept)
    keep_all = random.random() < 0.3
    for offset, data in node.writes:
        if data is None:
            if keep_all or random.random() < 0.5:
                del image[offset:]
            continue
        for start in range(0, len(data), SECTOR):
            part, place = data[start : start + SECTOR], offset + start
            luck = 1.0 if keep_all else random.random()
            if luck < 0.4:
                continue
            if luck < 0.55:
                part = bytes(len(part))
            elif luck < 0.65:
                part = part[: random.randrange(len(part) + 1)]
            image.extend(bytes(max(0, place - len(image))))
            image[place : place + len(part)] = part
    return bytes(image)
