"""The calls to the disk say what went wrong, and leave no half file behind."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import FaultyDisk
from wrkr_store_files import disk as rooms
from wrkr_store_files.disk import (
    Disk,
    FlushError,
    files_under,
    folders_under,
    look_at,
    names_in,
    read_file,
    remove_tree,
    unavailable,
    write_whole,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_write_goes_on_until_all_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rooms._write_at
    monkeypatch.setattr(rooms, "_write_at", lambda fd, data, at: real(fd, data[:3], at))
    disk = Disk()
    descriptor = disk.open(f"{tmp_path}/file", create=True)

    disk.write(descriptor, b"0123456789", 2)
    disk.close(descriptor)

    assert (tmp_path / "file").read_bytes() == b"\0\x000123456789"


def test_a_disk_that_takes_nothing_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_write_at", lambda fd, data, at: 0)
    disk = Disk()
    descriptor = disk.open(f"{tmp_path}/file", create=True)

    with pytest.raises(OSError, match="No space left") as caught:
        disk.write(descriptor, b"x", 0)

    disk.close(descriptor)
    assert caught.value.errno == errno.ENOSPC


def test_a_flush_that_fails_is_told_apart(tmp_path: Path) -> None:
    disk = FaultyDisk()
    descriptor = disk.open(f"{tmp_path}/file", create=True)
    disk.set("flush", 0)

    with pytest.raises(FlushError):
        disk.sync(descriptor)
    disk.close(descriptor)
    with pytest.raises(FlushError):
        disk.sync_folder(f"{tmp_path}/missing")


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    disk = FaultyDisk()
    disk.set("full", 0)

    with pytest.raises(OSError, match="No space"):
        write_whole(disk, f"{tmp_path}/file", b"content", durable=True)

    assert names_in(str(tmp_path)) == []


def test_writing_whole_replaces_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"something longer")

    write_whole(Disk(), f"{tmp_path}/file", b"short", durable=False)

    assert read_file(f"{tmp_path}/file") == b"short"


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    missing = f"{tmp_path}/missing"

    Disk().remove(missing)

    assert read_file(missing) is None
    assert look_at(missing) is None
    assert names_in(missing) == []
    assert list(files_under(missing)) == []


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FileExistsError):
        Disk().make_folder(f"{tmp_path}/file")

    assert Disk().make_folder(f"{tmp_path}/folder")
    assert not Disk().make_folder(f"{tmp_path}/folder")


def test_a_tree_is_listed_and_removed(tmp_path: Path) -> None:
    (tmp_path / "top" / "inner").mkdir(parents=True)
    (tmp_path / "top" / "inner" / "file").write_bytes(b"12345")

    assert list(folders_under(str(tmp_path))) == ["top", "top/inner"]
    assert list(files_under(str(tmp_path))) == [("top/inner/file", 5)]

    remove_tree(f"{tmp_path}/top")
    remove_tree(f"{tmp_path}/top")

    assert names_in(str(tmp_path)) == []


def test_files_are_nobody_elses_to_read(tmp_path: Path) -> None:
    disk = Disk()
    disk.close(disk.open(f"{tmp_path}/file", create=True))
    disk.make_folder(f"{tmp_path}/folder")

    assert (tmp_path / "file").stat().st_mode & 0o077 == 0
    assert (tmp_path / "folder").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.ENOSPC, "free some space and try again"),
        (errno.EROFS, "'?mode=ro' only reads"),
        (errno.ENOTDIR, "a store is a folder; there is a file in the way"),
        (errno.EIO, ""),
    ],
)
def test_an_error_of_the_disk_tells_place_and_next_step(code: int, hint: str) -> None:
    error = unavailable(OSError(code, os.strerror(code), "/store/lock"), "/store")

    assert error.message == f"the store in /store cannot be used: {os.strerror(code)} (/store/lock)"
    assert error.details == {"path": "/store/lock"}
    assert error.hint == hint
