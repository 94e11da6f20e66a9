"""A handle is used by who opened it, until it is closed."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import FaultyDisk
from tests.wrkr_store_files.samples import fork, ids, new
from wrkr_core.errors import Busy, Corrupt, HandleClosed, StoreUnavailable, Unknown
from wrkr_store_files import FilesStore, open_store
from wrkr_store_files.layout import Layout
from wrkr_store_files.lock import WriterLock

if TYPE_CHECKING:
    from collections.abc import Callable

USES: dict[str, Callable[[FilesStore], object]] = {
    "append": lambda store: store.append("a", 1, new(9)),
    "read": lambda store: store.read("a"),
    "feed": lambda store: store.feed(),
    "stream": lambda store: store.stream("a"),
    "streams": lambda store: store.streams(),
    "get": lambda store: store.get("k"),
    "put": lambda store: store.put("k", b"", 0),
    "keys": lambda store: store.keys(),
    "delete": lambda store: store.delete("a"),
    "trim": lambda store: store.trim("a", 0),
    "wait": lambda store: store.wait("", 0),
    "check": lambda store: store.check(),
    "backup": lambda store: store.backup("nowhere"),
    "size": lambda store: store.size(),
    "doctor": lambda store: store.doctor(),
}
WRITES = ("append", "put", "delete", "trim", "backup")


@pytest.mark.parametrize("use", USES)
def test_a_closed_handle_is_refused(root: Path, use: str) -> None:
    store = FilesStore(str(root))
    store.append("a", 0, new(1))
    store.close()
    store.close()

    with pytest.raises(HandleClosed, match="the store was closed"):
        USES[use](store)


def test_a_handle_carried_over_a_fork_is_refused_and_the_parents_goes_on(root: Path) -> None:
    with closing(FilesStore(str(root))) as store:
        store.append("a", 0, new(1))
        child = fork()
        if not child:  # pragma: no cover  # in the child
            os._exit(refused_everywhere(store))
        assert os.waitpid(child, 0)[1] == 0

        assert store.append("a", 1, new(2)).seq == 2
        assert ids(store.read("a")) == ["e1", "e2"]


def refused_everywhere(store: FilesStore) -> int:  # pragma: no cover  # in the child
    """Return how many uses are allowed after a fork; a store opened anew has to work."""
    allowed = 0
    for use in USES.values():
        try:
            use(store)
            allowed += 1
        except HandleClosed as error:
            allowed += error.message != "the store was opened before a fork"
    store.close()
    with closing(FilesStore(store._handle.layout.root)) as own:
        return allowed + (ids(own.read("a")) != ["e1"])


@pytest.mark.parametrize("use", USES)
def test_while_another_writes_readers_do_not_wait(root: Path, use: str) -> None:
    with closing(FilesStore(str(root), busy=0)) as store:
        store.append("a", 0, new(1))
        lock = WriterLock(Layout(str(root)).lock, busy=0)
        with closing(lock), lock.held():
            if use in WRITES:
                with pytest.raises(Busy):
                    USES[use](store)
            else:
                USES[use](store)
            FilesStore(str(root), busy=0).close()
        assert ids(store.read("a")) == ["e1"]


@pytest.mark.parametrize("use", USES)
def test_a_handle_that_only_reads_changes_nothing(root: Path, use: str) -> None:
    with closing(FilesStore(str(root))) as store:
        store.append("a", 0, new(1))
        store.put("k", b"1", 0)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*")}

    with closing(open_store(f"files:///{root}?mode=ro")) as store:
        assert isinstance(store, FilesStore)
        if use in WRITES:
            with pytest.raises(StoreUnavailable, match="was opened to read only"):
                USES[use](store)
        else:
            USES[use](store)

    assert {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in root.rglob("*")} == before


def test_there_must_be_a_store_to_read_only(root: Path) -> None:
    with pytest.raises(StoreUnavailable, match="there is no store in"):
        FilesStore(str(root), read_only=True)

    assert not root.exists()


def test_a_handle_that_cannot_recover_leaves_nothing_open(root: Path) -> None:
    FilesStore(str(root)).close()
    (root / "journal.jsonl").unlink()
    before = len(list(Path("/proc/self/fd").iterdir()))

    with pytest.raises(Corrupt):
        FilesStore(str(root))

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_store_that_must_recover_waits_for_the_lock(root: Path) -> None:
    FilesStore(str(root), boot="one").close()
    lock = WriterLock(Layout(str(root)).lock, busy=0)

    with closing(lock), lock.held(), pytest.raises(Busy):
        FilesStore(str(root), boot="two", busy=0)


def test_a_failed_flush_of_a_cell_leaves_the_outcome_open(root: Path) -> None:
    disk = FaultyDisk()
    with closing(FilesStore(str(root), disk=disk)) as store:
        disk.set("flush", 1)
        with pytest.raises(Unknown, match="it may have been done: a flush failed"):
            store.put("k", b"1", 0)
        with pytest.raises(StoreUnavailable, match="of no more use"):
            store.get("k")
    with closing(FilesStore(str(root))) as store:
        assert store.get("k") is None
        assert store.put("k", b"1", 0) == 1


def test_a_full_disk_leaves_a_cell_as_it_was(root: Path) -> None:
    disk = FaultyDisk()
    with closing(FilesStore(str(root), disk=disk)) as store:
        store.put("k", b"1", 0)
        disk.set("full", 1)
        with pytest.raises(StoreUnavailable, match="No space left"):
            store.put("k", b"2", 1)
        cell = store.get("k")
        assert cell is not None
        assert (cell.data, cell.version) == (b"1", 1)
        assert store.put("k", b"2", 1) == 2


def test_closing_waits_for_who_is_writing(root: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow(FaultyDisk):
        def flush(self, descriptor: int) -> None:
            inside.set()
            if self.fault == "slow":
                go_on.wait()
            super().flush(descriptor)

    disk = Slow()
    store = FilesStore(str(root), disk=disk)
    inside.clear()
    disk.fault = "slow"
    writing = threading.Thread(target=lambda: store.append("a", 0, new(1)))
    writing.start()
    inside.wait()
    closing_it = threading.Thread(target=store.close)
    closing_it.start()
    go_on.set()
    writing.join()
    closing_it.join()

    with closing(FilesStore(str(root))) as other:
        assert ids(other.read("a")) == ["e1"]


def test_a_handle_does_not_follow_a_change_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(open_store("files:///store")) as store:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        store.append("a", 0, new(1))

    assert (tmp_path / "store" / "streams" / "a").is_dir()


def test_errors_of_the_system_reach_every_caller_of_a_group(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(FilesStore(str(root))) as store:

        def fail(descriptor: int) -> bool:
            raise OSError(37, "No locks available")

        monkeypatch.setattr("wrkr_store_files.lock.try_lock", fail)
        with pytest.raises(StoreUnavailable, match="No locks available"):
            store.append("a", 0, new(1))
        monkeypatch.undo()
