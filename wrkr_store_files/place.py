"""The folder a store lives in: made when it is missing, refused when it is not ours or not local."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core.decoding import decode_as
from wrkr_core.errors import StoreTooNew, StoreUnavailable
from wrkr_store_files.disk import (
    FlushError,
    close,
    look_at,
    names_in,
    open_to_read,
    parent,
    read_file,
    write_whole,
)
from wrkr_store_files.journal import NUMBERS, Header, read_header
from wrkr_store_files.layout import FORMAT
from wrkr_store_files.renewal import begin_journal

if TYPE_CHECKING:
    from wrkr_store_files.disk import Disk
    from wrkr_store_files.layout import Layout

BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"
MOUNTS: Final = "/proc/self/mountinfo"
# Where another host may write as well: neither locks nor the boot id tell of it.
NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gpfs"}
    | {"ocfs2", "gfs2", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"}
)
NAME: Final = "wrkr.files"
# Why a folder cannot be flushed by who may not read it, or where there is nothing to flush.
NOT_OURS: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL})


class Stamp(msgspec.Struct, frozen=True):
    """The content of the file ``format``."""

    format: str
    version: int


def boot_id() -> str:
    """Return the name of this boot of the machine, empty where boots have none."""
    if sys.platform != "linux":
        return ""
    return (read_file(BOOT_ID) or b"").decode().strip()


def check_format(layout: Layout) -> bool:
    """Tell whether the folder holds a store.

    Raises:
        StoreTooNew: A newer release made it.
        StoreUnavailable: It is not a folder, or has other things in it.
        OSError: It cannot be read.

    """
    content = read_file(layout.format)
    if content is None:
        _check_may_be_made(layout)
        return False
    try:
        stamp = decode_as(Stamp, content)
    except msgspec.DecodeError:
        stamp = Stamp("", 0)
    if stamp.format != NAME or stamp.version < 1:
        raise StoreUnavailable(
            f"{layout.format} is not the format of a store",
            path=layout.root,
            hint="choose another folder for the store",
        )
    if stamp.version > FORMAT:
        raise StoreTooNew(
            f"the store in {layout.root} has format {stamp.version}; this release knows {FORMAT}",
            path=layout.root,
            hint="use the release that made it, or a newer one",
        )
    return True


def make_root(layout: Layout, disk: Disk) -> None:
    """Make the store's folder and those it is in, the name of each flushed. Raises: OSError.

    Of the folders that are there the innermost may have a name that is not on the disk: who made it
    may have failed or died before the flush, and so before there was anything in it.
    """
    missing: list[str] = []
    there = layout.root
    while look_at(there) is None and parent(there) != there:
        missing.append(there)
        there = parent(there)
    _flush_name(disk, there)
    for folder in reversed(missing):
        disk.make_folder(folder)
        disk.sync_folder(parent(folder))


def _flush_name(disk: Disk, folder: str) -> None:
    """Flush the name of a folder that was there, unless nobody lets us. Raises: OSError."""
    try:
        disk.sync_folder(parent(folder))
    except FlushError as error:
        if error.errno not in NOT_OURS:
            raise


def make(layout: Layout, disk: Disk, boot: str) -> None:
    """Make the store's files; ``format`` is the last one. Call it with the lock held.

    Raises: OSError.
    """
    for folder in layout.folders:
        disk.make_folder(folder)
    write_whole(disk, layout.feed, b"", durable=True)
    begin_journal(layout, disk, Header(1, boot, pos=0, floor=0, reserve=NUMBERS, feed=0))
    stamp = msgspec.json.encode(Stamp(NAME, FORMAT)) + b"\n"
    temporary = f"{layout.temporary}/format"
    write_whole(disk, temporary, stamp, durable=True)
    disk.replace(temporary, layout.format)
    disk.sync_folder(layout.root)


def flush_young(layout: Layout, disk: Disk) -> None:
    """Flush the names in the folder of a store whose first journal is still in use.

    Who made it may have failed or died before the last flush; every later journal is begun with one.
    Raises: Corrupt, OSError.
    """
    header = _header(layout)
    if header is not None and header.pos == 0:
        disk.sync_folder(layout.root)


def needs_recovery(layout: Layout, boot: str) -> bool:
    """Tell whether the machine was, or may have been, started again, or files are missing.

    Raises: Corrupt, OSError.
    """
    header = _header(layout)
    return header is None or not boot or header.boot != boot


def check_recovered(layout: Layout, boot: str) -> None:
    """Refuse to read what has to be recovered first. Raises: StoreUnavailable, Corrupt, OSError."""
    header = _header(layout)
    if header is None or (boot and header.boot and header.boot != boot):
        raise StoreUnavailable(
            f"the store in {layout.root} was not opened for writing since the machine started",
            path=layout.root,
            hint="open it once without '?mode=ro', so that it can recover",
        )


def _header(layout: Layout) -> Header | None:
    """Return the first line of the journal, None if journal or feed are missing."""
    if look_at(layout.journal) is None or look_at(layout.feed) is None:
        return None
    descriptor = open_to_read(layout.journal)
    try:
        return read_header(descriptor)[0]
    finally:
        close(descriptor)


def file_system(path: str) -> str:
    """Return the type of the file system ``path`` is on, empty if it cannot be known.

    Source: proc(5), mountinfo: field 5 is the mount point, the type follows the lone ``-``.
    """
    if sys.platform != "linux":
        return ""
    best, found = "", ""
    for line in (read_file(MOUNTS) or b"").decode(errors="replace").split("\n"):
        fields = line.split(" ")
        if "-" not in fields or len(fields) < 7:
            continue
        point = _unescape(fields[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):  # of two on one point the later one counts
            best, found = point, fields[fields.index("-") + 1]
    return found


def check_local(path: str) -> None:
    """Refuse a folder on a network file system. Raises: StoreUnavailable."""
    kind = file_system(path)
    if kind in NETWORK:
        raise StoreUnavailable(
            f"{path} is on a network file system ({kind}), where locks may not exclude other hosts",
            path=path,
            file_system=kind,
            hint="use a local disk; '?force=1' if never more than one host writes",
        )


def _check_may_be_made(layout: Layout) -> None:
    found = look_at(layout.root)
    if found is None:
        return
    ours = {path.rpartition("/")[2] for path in (*layout.folders, layout.lock, layout.feed)}
    ours.add(layout.journal.rpartition("/")[2])
    others = sorted(set(names_in(layout.root)) - ours)
    if others:
        raise StoreUnavailable(
            f"{layout.root} is not a store and not empty: it has {', '.join(others[:3])}",
            path=layout.root,
            hint="name a folder that does not exist yet",
        )


def _unescape(field: str) -> str:
    for code, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, letter)
    return field
