"""Copy a store, measure it, tell facts about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core.errors import InvalidInputError, StoreUnavailable
from wrkr_store_files.disk import (
    close,
    files_under,
    folders_under,
    look_at,
    names_in,
    open_to_read,
    parent,
    read_at,
    remove_tree,
    size_of,
    write_whole,
)
from wrkr_store_files.journal import encode_header, read_header
from wrkr_store_files.layout import FORMAT, Layout
from wrkr_store_files.place import file_system
from wrkr_store_files.scan import MOST

if TYPE_CHECKING:
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.journal import Header

FLUSHES: Final = {"darwin": "F_FULLFSYNC", "win32": "FlushFileBuffers"}


def copy(layout: Layout, disk: Disk, target: str, header: Header) -> None:
    """Copy a store whose journal was just begun to ``target``, which appears when it is whole.

    Raises: InvalidInputError, StoreUnavailable.
    """
    if look_at(target) is not None:
        raise InvalidInputError(
            f"there is something at {target} already",
            path=target,
            hint="choose another place for the copy",
        )
    if f"{target}/".startswith(f"{layout.root}/"):
        raise InvalidInputError(
            f"{target} is inside the store", path=target, hint="choose a folder outside"
        )
    partial = Layout(f"{target}.partial")
    try:
        remove_tree(partial.root)
        _copy_tree(layout, disk, partial, header)
        disk.replace(partial.root, target)
        disk.sync_folder(parent(target))
    except OSError as error:  # the store itself is well, even if a flush of the copy failed
        remove_tree(partial.root)
        raise StoreUnavailable(
            f"the copy in {target} cannot be made: {error.strerror}",
            path=target,
            hint="choose another place for the copy",
        ) from error


def _copy_tree(layout: Layout, disk: Disk, partial: Layout, header: Header) -> None:
    disk.make_folder(partial.root)
    folders = [f"{partial.root}/{folder}" for folder in folders_under(layout.root)]
    for folder in folders:
        disk.make_folder(folder)
    for file, _ in files_under(layout.root):
        source = f"{layout.root}/{file}"
        if source not in (layout.lock, layout.journal, layout.suspect):
            _copy_file(disk, source, f"{partial.root}/{file}")
    # Belongs to no boot: everything in it is flushed, wherever it is opened.
    unbound = encode_header(msgspec.structs.replace(header, boot=""))
    write_whole(disk, partial.journal, unbound, durable=True)
    for folder in (*folders, partial.root):
        disk.sync_folder(folder)


def _copy_file(disk: Disk, source: str, target: str) -> None:
    reader = open_to_read(source)
    try:
        writer = disk.open(target, create=True)
        try:
            for offset in range(0, size_of(reader), MOST):
                disk.write(writer, read_at(reader, MOST, offset), offset)
            disk.sync(writer)
        finally:
            disk.close(writer)
    finally:
        close(reader)


def size(layout: Layout) -> int:
    """Return how many bytes the files of a store have. Raises: OSError."""
    return sum(bytes_in for _, bytes_in in files_under(layout.root))


def facts(layout: Layout, *, writable: bool) -> list[tuple[str, str]]:
    """Return what people ask about a store, as pairs of a name and a value.

    Raises: Corrupt, OSError.
    """
    descriptor = open_to_read(layout.journal)
    try:
        header, _ = read_header(descriptor)
        journal = size_of(descriptor)
    finally:
        close(descriptor)
    feed = look_at(layout.feed)
    return [
        ("place", layout.root),
        ("file system", file_system(layout.root) or "unknown"),
        ("format", str(FORMAT)),
        ("opened", "to read and write" if writable else "to read only"),
        ("flushed by", FLUSHES.get(sys.platform, "fdatasync")),
        ("boot", header.boot or "unknown: every opening recovers"),
        ("streams", str(len(names_in(layout.streams)))),
        ("deleted streams", str(len(names_in(layout.deleted)))),
        ("cells", str(len({*names_in(layout.cells), *names_in(layout.relaxed)}))),
        ("journal bytes", str(journal)),
        ("feed bytes", str(feed.st_size if feed else 0)),
        ("bytes", str(size(layout))),
    ]
