"""Every way in which Python changes a file is heard, and the model knows what it leaves."""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from wrkr_conformance.disk_model import Disk, Flush, Move, Name
from wrkr_conformance.os_calls import BOOT_ID, Tap, another_boot, read_tree, write_tree
from wrkr_conformance.remains import Cut, Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_conformance.disk_model import Change

if sys.platform == "win32":
    pytest.skip("there are no inodes to tell files by", allow_module_level=True)


class Ear:
    """Does every call, and keeps it."""

    def __init__(self) -> None:
        self.heard: list[Change] = []

    def __call__(self, change: Change, perform: Callable[..., Any]) -> Any:  # noqa: ANN401  # what os returns
        answer = perform()
        self.heard.append(change)
        return answer


def by_os(root: Path) -> None:
    descriptor = os.open(root / "a", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(descriptor, b"hello")
    os.pwrite(descriptor, b"J", 0)
    os.writev(descriptor, [b" ", b"world"])
    os.ftruncate(descriptor, 8)
    os.fsync(descriptor)
    os.close(descriptor)


def by_appending(root: Path) -> None:
    (root / "a").write_bytes(b"one")
    descriptor = os.open(root / "a", os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b"two")
    os.close(descriptor)


def by_open(root: Path) -> None:
    with open(root / "a", "w", encoding="utf-8") as file:  # noqa: PTH123  # that is the question
        file.write("text\n")
        file.flush()
        os.fsync(file.fileno())
    with open(root / "a", "ab") as file:  # noqa: PTH123  # as above
        file.write(b"more")
    with open(root / "a", "r+b", buffering=0) as raw:  # noqa: PTH123  # as above
        raw.seek(2)
        raw.write(b"X")
        raw.truncate(6)


def by_pathlib(root: Path) -> None:
    (root / "f").mkdir()
    (root / "f" / "a").write_text("x")
    (root / "f" / "a").rename(root / "b")
    (root / "c").touch()
    (root / "c").replace(root / "b")
    (root / "b").unlink()
    (root / "f").rmdir()


def by_fdopen(root: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=root)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"x" * 10_000)
    os.replace(name, root / "a")  # noqa: PTH105  # that is the question
    with tempfile.NamedTemporaryFile(dir=root, delete=False) as file:
        file.write(b"y")


def by_shutil(root: Path) -> None:
    (root / "a").write_bytes(b"x" * 100_000)
    shutil.copyfile(root / "a", root / "b")
    shutil.copytree(root, root.parent / "elsewhere")
    shutil.copytree(root.parent / "elsewhere", root / "f")
    shutil.move(root / "f" / "a", root / "g")
    shutil.rmtree(root / "f")


def by_descriptors_of_folders(root: Path) -> None:
    folder = os.open(root, os.O_RDONLY)
    os.mkdir("f", dir_fd=folder)
    descriptor = os.open("f/a", os.O_WRONLY | os.O_CREAT, dir_fd=folder)
    os.write(descriptor, b"x")
    os.close(descriptor)
    os.rename("f/a", "b", src_dir_fd=folder, dst_dir_fd=folder)
    os.link("b", "c", src_dir_fd=folder, dst_dir_fd=folder)
    os.unlink("b", dir_fd=folder)
    os.fsync(folder)
    os.close(folder)


def by_cutting(root: Path) -> None:
    (root / "a").write_bytes(b"123456")
    os.truncate(root / "a", 3)
    descriptor = os.open(root / "a", os.O_RDWR | os.O_TRUNC)
    os.write(descriptor, b"z")
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, 9)
    os.close(descriptor)


@pytest.mark.parametrize(
    "work",
    [
        by_os,
        by_appending,
        by_open,
        by_pathlib,
        by_fdopen,
        by_shutil,
        by_descriptors_of_folders,
        by_cutting,
    ],
    ids=lambda work: work.__name__,
)
def test_what_is_heard_leaves_what_is_there(
    tmp_path: Path, work: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    write_tree(root, {"before": b"x", "folder": None, "folder/inner": b"y"})
    monkeypatch.chdir(root)
    ear = Ear()
    disk = Disk(read_tree(root))
    with Tap(root, ear):
        work(root)

    for change in ear.heard:
        disk.take(change)

    assert ear.heard
    assert disk.now() == read_tree(root)


def test_calls_are_heard_as_what_they_are(tmp_path: Path) -> None:
    ear = Ear()
    with Tap(tmp_path, ear):
        by_os(tmp_path)
        (tmp_path / "a").rename(tmp_path / "b")

    assert ear.heard == [
        Name(0, "a", 1),
        Write(1, 0, b"hello"),
        Write(1, 0, b"J"),
        Write(1, 5, b" world"),
        Cut(1, 8),
        Flush(1),
        Move(0, "a", 0, "b", 1),
    ]


def test_nothing_is_heard_of_what_is_elsewhere_or_only_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"x")
    ear = Ear()
    with Tap(tmp_path / "in", ear):
        by_open(tmp_path)
        (tmp_path / "a").rename(tmp_path / "b")
        assert (tmp_path / "in" / "a").read_bytes() == b"x"
        with pytest.raises(FileNotFoundError):
            os.open(tmp_path / "in" / "missing", os.O_RDWR)

    assert ear.heard == []


def test_a_call_may_be_answered_in_its_place(tmp_path: Path) -> None:
    def half(change: Change, perform: Callable[..., Any]) -> Any:  # noqa: ANN401  # what os returns
        if isinstance(change, Flush):
            raise OSError(errno.EIO, "no")
        return perform(len(change.data) // 2) if isinstance(change, Write) else perform()

    with Tap(tmp_path, half):
        descriptor = os.open(tmp_path / "a", os.O_WRONLY | os.O_CREAT)
        assert os.write(descriptor, b"1234") == 2
        with pytest.raises(OSError, match="no"):
            os.fsync(descriptor)
        os.close(descriptor)

    assert (tmp_path / "a").read_bytes() == b"12"


def test_everything_is_put_back(tmp_path: Path) -> None:
    before = (os.open, os.write, os.fsync, io.open, builtins.open)
    with suppress(RuntimeError), Tap(tmp_path, Ear()), another_boot("b", tmp_path):
        assert os.open is not before[0]
        assert builtins.open is io.open is not before[3]
        raise RuntimeError

    assert (os.open, os.write, os.fsync, io.open, builtins.open) == before


def test_in_another_boot_the_machine_has_another_id_and_flushes_are_not_done(
    tmp_path: Path,
) -> None:
    with another_boot("its id", tmp_path):
        with open(BOOT_ID, encoding="utf-8") as file:  # noqa: PTH123  # as stores read it
            assert file.read() == "its id\n"
        os.fsync(-1)  # would raise

    with pytest.raises(ValueError, match="negative"):
        os.fsync(-1)


def test_a_tree_that_was_written_is_the_tree_that_is_read(tmp_path: Path) -> None:
    tree = {"a": b"1", "f": None, "f/b": b"", "f/g": None}

    write_tree(tmp_path / "new", tree)

    assert read_tree(tmp_path / "new") == tree
