"""The folders of streams and tombstones, and the file that tells a name too long for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_store_files.disk import look_at, names_in, write_whole
from wrkr_store_files.layout import file_name, name_of

if TYPE_CHECKING:
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.layout import Layout


def make_stream_folder(layout: Layout, disk: Disk, stream: str) -> None:
    """Create a stream's folder if it is missing. Raises: OSError."""
    folder = layout.stream(stream)
    disk.make_folder(folder)
    keep_name(layout, disk, folder, stream)


def empty_tombstone(layout: Layout, disk: Disk, folder: str) -> None:
    """Remove what a deleted stream still has in the folder of its tombstone. Raises: OSError."""
    for name in left_in_tombstone(layout, folder):
        disk.remove(f"{folder}/{name}")
    disk.sync_folder(folder)


def left_in_tombstone(layout: Layout, folder: str) -> list[str]:
    """Return the files a delete that was cut short has left. Raises: OSError."""
    return sorted(set(names_in(folder)) - {layout.name_file("")[1:]})


def keep_name(layout: Layout, disk: Disk, folder: str, stream: str) -> None:
    """Write down, flushed, a name that is too long for the folder's own. Raises: OSError."""
    path = layout.name_file(folder)
    if name_of(file_name(stream)) is not None or look_at(path) is not None:
        return
    temporary = f"{layout.temporary}/name"
    write_whole(disk, temporary, stream.encode(), durable=True)
    disk.replace(temporary, path)
    disk.sync_folder(folder)
