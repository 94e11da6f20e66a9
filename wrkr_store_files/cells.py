"""Cells: one file each, its first line the key and the version, the bytes of the cell behind it.

A file is written under another name, flushed and renamed, so that a reader sees the old cell or the
new one. Without a flush that would not do: a crash could keep the new name and lose the new bytes,
and with them the old ones, which were durable. So what is put without a flush goes to a folder of
its own, ``relaxed``, and what was put durably stays in ``cells``; the higher version is the cell.

A version is never given out twice. A deleted cell leaves its last one in ``gone``. And as versions
without a flush can be lost after somebody saw them, those of a later boot begin beyond the
``floor`` of the journal, and one beyond its ``reserve`` is always flushed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zlib import crc32

import attrs
import msgspec

from wrkr_core.errors import Conflict, Corrupt
from wrkr_core.store import Cell
from wrkr_store_files.disk import names_in, read_file, write_whole
from wrkr_store_files.layout import file_name, name_of
from wrkr_store_files.lines import seal_row, unseal

if TYPE_CHECKING:
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.layout import Layout


class Title(msgspec.Struct, frozen=True):
    """The first line of a cell's file."""

    key: str
    version: int
    size: int
    crc32: int


_decode: Final = msgspec.json.Decoder(Title).decode


@attrs.frozen(kw_only=True)
class Numbers:
    """The versions that can be given out: beyond ``floor``, and unflushed up to ``reserve``."""

    floor: int
    reserve: int


class Cells:
    """Reads and changes the cells of one store. Reading is thread-safe and takes no lock."""

    def __init__(self, layout: Layout, disk: Disk) -> None:
        """Keep cells in ``layout`` on ``disk``."""
        self._layout = layout
        self._disk = disk

    def get(self, key: str) -> Cell | None:
        """Return the cell, None if absent. Raises: Corrupt, OSError."""
        while True:
            relaxed, flushed, gone = self._versions(key)
            found = newest(newest(relaxed, flushed), gone)
            # Writers remove a version only after the next one is there. What is read first may
            # have been removed, and what followed it too, before the rest was read.
            is_sure = found is None or found is not relaxed
            if is_sure or found == self._read(self._layout.relaxed, key):
                return None if found is gone else found

    def keys(self, prefix: str, after: str, limit: int) -> list[str]:
        """Return the keys of present cells in order. Raises: Corrupt, OSError."""
        gone = set(names_in(self._layout.gone))
        found: set[str] = set()
        for folder in (self._layout.relaxed, self._layout.cells):
            for file in names_in(folder):
                key = name_of(file) or self._key_in(f"{folder}/{file}")
                if key is None or key <= after or not key.startswith(prefix):
                    continue
                if file not in gone or self.get(key) is not None:
                    found.add(key)
        return sorted(found)[:limit]

    def put(
        self, key: str, data: bytes | None, expected: int, numbers: Numbers, *, durable: bool
    ) -> int:
        """Set or delete the cell and return its new version. Call it with the lock held.

        Raises: Conflict, Corrupt, OSError.
        """
        present, last = self._tidy(key)
        if present != expected:
            raise Conflict(key, expected, present)
        version = max(last, numbers.floor) + 1
        if data is None:
            self._write(self._layout.gone, key, b"", version, durable=True)
            self._remove(key)
        elif durable or version > numbers.reserve:
            self._write(self._layout.cells, key, data, version, durable=True)
            for folder in (self._layout.relaxed, self._layout.gone):
                self._disk.remove(f"{folder}/{file_name(key)}")
        else:
            self._write(self._layout.relaxed, key, data, version, durable=False)
        return version

    def _tidy(self, key: str) -> tuple[int, int]:
        """Finish what a crash has cut short; returns the version, 0 if absent, and the last one."""
        relaxed, flushed, gone = self._versions(key)
        present = newest(relaxed, flushed)
        if relaxed is not None and present is flushed:
            self._disk.remove(f"{self._layout.relaxed}/{file_name(key)}")
        if present is not None and newest(present, gone) is gone:
            self._remove(key)
            present = None
        versions = [cell.version for cell in (relaxed, flushed, gone) if cell is not None]
        return present.version if present else 0, max(versions, default=0)

    def _versions(self, key: str) -> tuple[Cell | None, Cell | None, Cell | None]:
        """Return the cell as put without a flush, as put durably, and as deleted."""
        return (
            self._read(self._layout.relaxed, key),
            self._read(self._layout.cells, key),
            self._read(self._layout.gone, key),
        )

    def _remove(self, key: str) -> None:
        """Remove the cell's files for good: they hold what was deleted."""
        for folder in (self._layout.cells, self._layout.relaxed):
            self._disk.remove(f"{folder}/{file_name(key)}")
            self._disk.sync_folder(folder)

    def _write(self, folder: str, key: str, data: bytes, version: int, *, durable: bool) -> None:
        title = seal_row(Title(key, version, len(data), crc32(data)))
        temporary = f"{self._layout.temporary}/cell"
        write_whole(self._disk, temporary, title + data, durable=durable)
        self._disk.replace(temporary, f"{folder}/{file_name(key)}")
        if durable:
            self._disk.sync_folder(folder)

    def _read(self, folder: str, key: str) -> Cell | None:
        path = f"{folder}/{file_name(key)}"
        content = read_file(path)
        if content is None:
            return None
        cell = decode_cell(content)
        if cell is None or cell.key != key:
            raise damaged_cell(path)
        return cell

    def _key_in(self, path: str) -> str | None:
        """Return the key of a file whose name cannot tell it, None if it has just been removed."""
        content = read_file(path)
        if content is None:
            return None
        cell = decode_cell(content)
        if cell is None:
            raise damaged_cell(path)
        return cell.key


def newest(one: Cell | None, other: Cell | None) -> Cell | None:
    """Return the cell with the higher version."""
    if one is None or other is None:
        return one or other
    return one if one.version > other.version else other


def decode_cell(content: bytes) -> Cell | None:
    """Return the cell in the content of a file, None if it is not as it was written."""
    end = content.find(b"\n") + 1
    head = unseal(content[:end])
    try:
        title = None if head is None else _decode(head + b"}")
    except msgspec.DecodeError:
        return None
    data = content[end:]
    if title is None or len(data) != title.size or crc32(data) != title.crc32:
        return None
    return Cell(title.key, data, title.version)


def forget_torn(layout: Layout, disk: Disk) -> None:
    """Remove cells that were put without a flush and lost their bytes with the power."""
    for name in names_in(layout.relaxed):
        path = f"{layout.relaxed}/{name}"
        content = read_file(path)
        if content is not None and decode_cell(content) is None:
            disk.remove(path)


def damaged_cell(path: str) -> Corrupt:
    """Return the error for a file that does not hold the cell it should."""
    return Corrupt(
        f"the cell in {path} is damaged", path=path, hint="restore the store from a backup"
    )
