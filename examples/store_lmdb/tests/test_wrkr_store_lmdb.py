"""The contract as a whole, and what is this store's own: its map, its forks, its folder."""
# ruff: noqa: S101, SLF001  # tests assert and look inside

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from wrkr_store_lmdb import LmdbStore, environments

from wrkr_conformance import Target, check
from wrkr_core.errors import Conflict, Corrupt, Deleted, HandleClosed, StoreUnavailable
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from pathlib import Path

# Writes two records and is then killed with the writer's lock in its hands.
KILLED_WITH_THE_LOCK = """
import os, signal, sys
from wrkr_core.store import NewEvent
from wrkr_store_lmdb import LmdbStore

store = LmdbStore(sys.argv[1])
store.append("a", 0, [NewEvent("a1", "t", 1, b"1"), NewEvent("a2", "t", 1, b"2")])
with store._transaction(write=True) as txn:
    txn.put(b"s" + b"half", b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def url_of(folder: Path) -> str:
    return f"lmdb:///{folder}/store"


def batch(*names: str, size: int = 10) -> list[NewEvent]:
    return [NewEvent(name, "noted/1", 1, b"x" * size) for name in names]


def test_the_store_keeps_every_clause_of_the_contract() -> None:
    report = check(Target.from_url("lmdb:///{directory}"))

    assert report.verdict == "compatible", report.summary()


def test_handles_of_one_folder_share_an_environment_until_the_last_is_closed(
    tmp_path: Path,
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    one, two = LmdbStore(url_of(tmp_path)), LmdbStore(url_of(tmp_path / "link"))
    assert one._environment is two._environment

    one.close()
    two.append("a", 0, batch("a1"))
    assert len(environments) == 1

    two.close()
    assert len(environments) == 0
    assert LmdbStore(url_of(tmp_path)).read("a")[0].id == "a1"


def test_an_error_that_somebody_keeps_does_not_keep_the_folder_open(tmp_path: Path) -> None:
    store = LmdbStore(url_of(tmp_path))
    store.delete("a")
    with pytest.raises(Deleted) as kept:
        store.read("a")

    store.close()

    assert LmdbStore(url_of(tmp_path)).streams() == []
    assert kept.value.__traceback__ is not None


def test_a_full_map_refuses_a_write_whole_and_a_larger_map_goes_on(tmp_path: Path) -> None:
    store = LmdbStore(url_of(tmp_path), map_size=1 << 20)
    store.append("a", 0, batch("a1"))

    with pytest.raises(StoreUnavailable, match=r"nothing was written: .*MAP_FULL"):
        store.append("a", 1, batch("a2", "a3", size=1 << 19))
    with pytest.raises(StoreUnavailable, match="nothing was written"):
        store.put("k", b"x" * (1 << 20), 0)

    assert [event.id for event in store.feed()[0]] == ["a1"]
    assert store.keys() == []
    assert store.append("a", 1, batch("a2")).seq == 2
    store.close()
    assert LmdbStore(url_of(tmp_path)).append("a", 2, batch("a3", size=1 << 21)).pos > 2


def test_a_process_whose_map_is_too_small_for_what_another_wrote_says_so(tmp_path: Path) -> None:
    store = LmdbStore(url_of(tmp_path), map_size=1 << 20)
    code = (
        "import sys; from wrkr_core.store import NewEvent; from wrkr_store_lmdb import LmdbStore\n"
        "LmdbStore(sys.argv[1]).append('a', 0, [NewEvent('a1', 't', 1, bytes(1 << 22))])"
    )
    subprocess.run([sys.executable, "-c", code, url_of(tmp_path)], check=True)

    with pytest.raises(StoreUnavailable, match="MAP_RESIZED"):
        store.read("a")

    store.close()
    assert len(LmdbStore(url_of(tmp_path)).read("a")[0].data) == 1 << 22


def test_a_writer_killed_with_the_lock_leaves_nothing_half_and_nobody_waiting(
    tmp_path: Path,
) -> None:
    store = LmdbStore(url_of(tmp_path))

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WITH_THE_LOCK, url_of(tmp_path)], check=False
    )

    assert killed.returncode == -signal.SIGKILL
    assert store.append("a", 2, batch("a3")).seq == 3
    assert [info.stream for info in store.streams()] == ["a"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_made_while_threads_write_refuses_the_old_handle_and_opens_anew(
    tmp_path: Path,
) -> None:
    store = LmdbStore(url_of(tmp_path))
    done = threading.Event()

    def write(stream: str) -> None:
        head = 0
        while not done.is_set():
            head = store.append(stream, head, batch(f"r{head}", size=5000)).seq
            store.read(stream, head - 1)

    threads = [threading.Thread(target=write, args=(name,), daemon=True) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    codes: list[int] = []
    for number in range(20):
        child = os.fork()
        if child == 0:
            os._exit(0 if is_child_right(store, url_of(tmp_path), f"child-{number}") else 1)
        ending = threading.Timer(20, os.kill, (child, signal.SIGKILL))  # one that hangs
        ending.start()
        codes.append(os.waitpid(child, 0)[1])
        ending.cancel()
        if codes[-1]:
            break
    done.set()
    for thread in threads:
        thread.join(60)

    assert codes == [0] * 20
    assert not any(thread.is_alive() for thread in threads)
    assert len(store.streams(prefix="child-")) == 20
    assert len(store.feed("", 1 << 30)[0]) == sum(info.head for info in store.streams())


def is_child_right(inherited: LmdbStore, url: str, stream: str) -> bool:
    """Say in a child whether the old handle refuses and new ones work."""
    try:
        inherited.read("a")
    except HandleClosed:
        own, other = LmdbStore(url), LmdbStore(url)
        is_new = own._environment is other._environment is not inherited._environment
        inherited.close()
        own.append(stream, 0, batch("c1"))
        return is_new and len(other.read(stream)) == 1
    return False


def test_a_row_that_cannot_be_a_record_is_corrupt_and_not_passed_over(tmp_path: Path) -> None:
    store = LmdbStore(url_of(tmp_path))
    store.append("a", 0, batch("a1", "a2", "a3"))
    with store._transaction(write=True) as txn:
        txn.put(b"r" + (2).to_bytes(8), b"\xc1")

    for use in (store.feed, lambda: store.read("a")):
        with pytest.raises(Corrupt):
            use()

    with store._transaction(write=True) as txn:
        txn.delete(b"r" + (2).to_bytes(8))
    with pytest.raises(Corrupt):
        store.read("a")


def test_a_deleted_stream_leaves_its_tombstone_and_no_other_row(tmp_path: Path) -> None:
    store = LmdbStore(url_of(tmp_path))
    store.append("a", 0, batch("a1", "a2"))
    version = store.put("k", b"1", 0)
    store.put("k", None, version)
    store.delete("a")

    with store._transaction() as txn:
        assert [key for key, _value in txn.cursor()] == [b"n", b"sa"]


@pytest.mark.parametrize("name", ["missing/store", "file/store"])
def test_a_folder_that_cannot_be_opened_is_named_in_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnavailable, match=f"{name} cannot be opened: "):
        LmdbStore(f"lmdb:///{tmp_path}/{name}")


def test_a_head_or_place_no_stream_can_reach_is_answered_like_any_other(tmp_path: Path) -> None:
    store = LmdbStore(url_of(tmp_path))
    store.append("a", 0, batch("a1"))

    assert store.read("a", 1 << 70) == []
    with pytest.raises(Conflict, match=r"expected \d+, but it is at 1"):
        store.append("a", 1 << 70, batch("x"))
    with pytest.raises(ValueError, match="not a cursor"):
        store.feed("9" * 30)
