"""A store is made only where one can be, and only opened if it is ours."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import CountingDisk, FaultyDisk, StopError
from tests.wrkr_store_files.samples import new
from wrkr_core.errors import StoreTooNew, StoreUnavailable
from wrkr_store_files import FilesStore, place
from wrkr_store_files.disk import Disk

if TYPE_CHECKING:
    from pathlib import Path


def mounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    path = tmp_path / "mountinfo"
    path.write_text(text, "utf-8")
    monkeypatch.setattr(place, "MOUNTS", str(path))


def test_folders_on_the_way_are_made_too(tmp_path: Path) -> None:
    root = tmp_path / "some" / "where" / "store"

    FilesStore(str(root)).close()

    assert (root / "format").read_bytes() == b'{"format":"wrkr.files","version":1}\n'


@pytest.mark.parametrize("at", range(1, 40))
def test_making_a_store_can_be_stopped_anywhere(root: Path, at: int) -> None:
    disk = FaultyDisk()
    disk.set("stop", at)
    stopped = False
    try:
        FilesStore(str(root), disk=disk).close()
    except StopError:
        stopped = True
    assert stopped or at > 20

    with closing(FilesStore(str(root))) as store:
        store.append("a", 0, new(1))
        assert store.check() == []


class RefusingDisk(Disk):
    """Refuses to flush one folder, so often; notes every folder that it was asked to flush."""

    def __init__(self, folder: str, code: int, times: int) -> None:
        self.folder, self.code, self.times = folder, code, times
        self.asked: list[str] = []

    def flush_folder(self, path: str) -> None:
        self.asked.append(path)
        if path == self.folder and self.times:
            self.times -= 1
            raise OSError(self.code, os.strerror(self.code))
        super().flush_folder(path)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_folder_whose_name_could_not_be_flushed_is_flushed_by_the_next(
    tmp_path: Path, depth: int
) -> None:
    """Else the store is acknowledged into a folder that a loss of power takes away."""
    folders = [tmp_path, tmp_path / "some", tmp_path / "some" / "where"]
    root = str(tmp_path / "some" / "where" / "store")
    disk = RefusingDisk(str(folders[depth]), errno.EIO, times=1)
    with pytest.raises(StoreUnavailable, match="a flush failed"):
        FilesStore(root, disk=disk)
    disk.asked.clear()

    FilesStore(root, disk=disk).close()

    assert disk.asked[: 3 - depth] == [str(folder) for folder in folders[depth:]]


@pytest.mark.parametrize("fault", ["flush", "stop"])
def test_the_name_of_the_format_is_flushed_by_whoever_opens_the_store_next(
    root: Path, fault: str
) -> None:
    """Without it a loss of power takes the store for one that is not made yet, and empties it."""

    class Failing(FaultyDisk):
        def flush_folder(self, path: str) -> None:
            if (root / "format").exists():
                raise OSError(errno.EIO, "no") if fault == "flush" else StopError
            super().flush_folder(path)

    with pytest.raises((StoreUnavailable, StopError)):
        FilesStore(str(root), disk=Failing())
    assert (root / "format").exists()
    disk = RefusingDisk(str(root), errno.EIO, times=1)

    with pytest.raises(StoreUnavailable, match="a flush failed"):
        FilesStore(str(root), disk=disk)
    with closing(FilesStore(str(root), disk=disk)) as store:
        assert disk.asked == [str(root)] * 2
        store.append("a", 0, new(1))
        store.delete("b")

    disk.asked.clear()
    FilesStore(str(root), disk=disk).close()
    assert disk.asked == [], "a later journal was begun with a flush"


@pytest.mark.parametrize("code", sorted(place.NOT_OURS))
def test_a_folder_in_one_that_nobody_may_flush_becomes_a_store(tmp_path: Path, code: int) -> None:
    (tmp_path / "store").mkdir()
    disk = RefusingDisk(str(tmp_path), code, times=99)

    with closing(FilesStore(str(tmp_path / "store"), disk=disk)) as store:
        assert store.streams() == []


def test_a_folder_with_other_things_in_it_is_refused(root: Path) -> None:
    root.mkdir()
    (root / "thesis.txt").touch()

    with pytest.raises(StoreUnavailable, match=r"not a store and not empty: it has thesis.txt"):
        FilesStore(str(root))

    assert [path.name for path in root.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_becomes_a_store(root: Path) -> None:
    root.mkdir()

    with closing(FilesStore(str(root))) as store:
        assert store.streams() == []


def test_a_file_in_the_place_of_the_store_is_refused(root: Path) -> None:
    root.write_bytes(b"precious")

    with pytest.raises(StoreUnavailable, match="Not a directory") as caught:
        FilesStore(str(root))

    assert caught.value.hint == "a store is a folder; there is a file in the way"
    assert root.read_bytes() == b"precious"


def test_a_file_in_the_way_to_the_store_is_refused(root: Path) -> None:
    root.write_bytes(b"precious")

    with pytest.raises(StoreUnavailable, match="Not a directory"):
        FilesStore(str(root / "inner"))


def test_a_store_of_a_newer_release_is_not_touched(root: Path) -> None:
    with closing(FilesStore(str(root))) as store:
        store.append("a", 0, new(1))
    (root / "format").write_text('{"format":"wrkr.files","version":2}\n', "utf-8")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}

    for read_only in (False, True):
        with pytest.raises(StoreTooNew, match="has format 2; this release knows 1") as caught:
            FilesStore(str(root), read_only=read_only, boot="another")
        assert caught.value.hint == "use the release that made it, or a newer one"

    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize(
    "content", ["", "{}", '{"format":"other","version":1}', '{"format":"wrkr.files","version":0}']
)
def test_a_format_that_is_not_ours_is_refused(root: Path, content: str) -> None:
    root.mkdir()
    (root / "format").write_text(content, "utf-8")

    with pytest.raises(StoreUnavailable, match="is not the format of a store"):
        FilesStore(str(root))


def test_a_place_that_cannot_be_written_says_how_to_read_it(root: Path) -> None:
    class ReadOnly(CountingDisk):
        def make_folder(self, path: str) -> bool:
            raise PermissionError(13, "Permission denied", path)

    with pytest.raises(StoreUnavailable, match="Permission denied") as caught:
        FilesStore(str(root), disk=ReadOnly())

    assert caught.value.hint == "check who may read and write there; '?mode=ro' only reads"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_store_that_may_not_be_read_is_refused(root: Path) -> None:  # pragma: no cover
    FilesStore(str(root)).close()
    root.chmod(0)

    with pytest.raises(StoreUnavailable, match="Permission denied"):
        FilesStore(str(root))

    root.chmod(0o700)


def test_a_network_file_system_is_refused_unless_forced(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts(monkeypatch, tmp_path, f"1 0 0:1 / {tmp_path} rw - nfs4 server:/export rw\n")

    with pytest.raises(StoreUnavailable, match=r"network file system \(nfs4\)") as caught:
        FilesStore(str(root))
    assert "?force=1" in caught.value.hint
    assert not root.exists()

    with closing(FilesStore(str(root), force=True)) as store:
        assert not store.info.local
        assert store.append("a", 0, new(1)).seq == 1


def test_the_innermost_mount_counts_and_of_two_the_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        "1 0 0:1 / / rw - ext4 /dev/a rw",
        "2 1 0:2 / /data rw,x shared:1 - nfs s:/ rw",
        "3 2 0:3 / /data/my\\040disk rw master:1 - xfs /dev/b rw",
        "4 1 0:4 / /twice rw - cifs //s/a rw",
        "5 1 0:5 / /twice rw - tmpfs tmpfs rw",
        "odd line",
        "",
    ]
    mounts(monkeypatch, tmp_path, "\n".join(lines))

    assert place.file_system("/") == "ext4"
    assert place.file_system("/database") == "ext4"
    assert place.file_system("/data") == place.file_system("/data/x") == "nfs"
    assert place.file_system("/data/my disk/x") == "xfs"
    assert place.file_system("/twice/x") == "tmpfs"


def test_elsewhere_neither_file_system_nor_boot_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.boot_id()
    monkeypatch.setattr("sys.platform", "plan9")

    assert place.file_system("/") == ""
    assert place.boot_id() == ""


def test_a_store_that_was_not_recovered_is_not_read(root: Path) -> None:
    with closing(FilesStore(str(root), boot="one")) as store:
        store.append("a", 0, new(1))

    with pytest.raises(StoreUnavailable, match="not opened for writing since") as caught:
        FilesStore(str(root), boot="two", read_only=True)
    assert "open it once without '?mode=ro'" in caught.value.hint

    FilesStore(str(root), boot="two").close()
    with closing(FilesStore(str(root), boot="two", read_only=True)) as store:
        assert len(store.read("a")) == 1


def test_a_store_without_its_feed_is_not_read(root: Path) -> None:
    FilesStore(str(root)).close()
    (root / "feed.jsonl").unlink()

    with pytest.raises(StoreUnavailable):
        FilesStore(str(root), read_only=True)
