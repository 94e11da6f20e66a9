"""The writer lock: one holder over threads, handles and processes, and never for ever."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import program
from wrkr_core.errors import Busy, HandleClosed, StoreUnavailable
from wrkr_store_sqlite.lock import WriterLock

if TYPE_CHECKING:
    from pathlib import Path

HOLD: str = """if True:
    import sys
    from wrkr_store_sqlite.lock import WriterLock
    with WriterLock(sys.argv[1], busy=10):
        print("held", flush=True)
        sys.stdin.read()
"""


def test_one_of_two_handles_has_to_wait_and_is_told_when_it_is_too_long(tmp_path: Path) -> None:
    one = WriterLock(str(tmp_path / "l"), busy=1)
    two = WriterLock(str(tmp_path / "l"), busy=0.01)

    with one, pytest.raises(Busy, match=r"another writer held the lock for 0\.01 s") as caught, two:
        pass

    assert caught.value.code == "E_STORE_BUSY"
    with two:
        pass
    one.close()
    two.close()


def test_one_of_two_threads_has_to_wait(tmp_path: Path) -> None:
    lock = WriterLock(str(tmp_path / "l"), busy=0.01)

    with lock, pytest.raises(Busy), lock:
        pass

    lock.close()


def test_a_lock_ends_with_its_holder_killed(tmp_path: Path) -> None:
    lock = WriterLock(str(tmp_path / "l"), busy=0.01)
    with program(HOLD, tmp_path / "l") as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy), lock:
            pass

        holder.kill()
        holder.wait()

    with lock:
        pass
    lock.close()


def test_many_threads_and_handles_never_hold_it_at_once(tmp_path: Path) -> None:
    locks = [WriterLock(str(tmp_path / "l"), busy=30) for _ in range(3)]
    inside: list[int] = []
    most: list[int] = []

    def work(lock: WriterLock) -> None:
        for _ in range(50):
            with lock:
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work, args=(lock,)) for lock in locks * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (max(most), len(most)) == (1, 300)
    for lock in locks:
        lock.close()


def test_a_refusal_gives_the_mutex_back(tmp_path: Path) -> None:
    lock = WriterLock(str(tmp_path / "l"), busy=0.01)
    other = WriterLock(str(tmp_path / "l"), busy=0.01)
    with other:
        for _ in range(2):
            with pytest.raises(Busy), lock:
                pass

    with lock:
        pass
    lock.close()
    other.close()


def test_closing_waits_for_the_holder(tmp_path: Path) -> None:
    lock = WriterLock(str(tmp_path / "l"), busy=1)
    order: list[str] = []

    def close() -> None:
        lock.close()
        order.append("closed")

    with lock:
        closer = threading.Thread(target=close)
        closer.start()
        order.append("wrote")
    closer.join()

    assert order == ["wrote", "closed"]
    with pytest.raises(HandleClosed), lock:
        pass


def test_a_child_of_a_killed_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = WriterLock(str(tmp_path / "l"), busy=0.01)
    mine = WriterLock(str(tmp_path / "l"), busy=0.01)
    ready, go = os.pipe()
    told, forgot = os.pipe()
    with lock:
        child = os.fork()
        if child == 0:
            lock.forget()
            os.write(forgot, b"x")
            os.read(ready, 1)
            os._exit(0)
        os.read(told, 1)
        os.close(lock._handle)  # as the kernel does when the holder is killed

        with mine:
            pass

        lock._handle = os.open(tmp_path / "l", os.O_RDWR)
    os.write(go, b"x")
    assert os.waitpid(child, 0)[1] == 0
    for end in (ready, go, told, forgot):
        os.close(end)
    lock.close()
    mine.close()


def test_a_file_system_that_cannot_lock_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = WriterLock(str(tmp_path / "l"), busy=1)

    def refuse(handle: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)

    with pytest.raises(StoreUnavailable, match="cannot be locked: No locks available"), lock:
        pass
    lock.close()


def test_without_flock_the_mutex_alone_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    lock = WriterLock(str(tmp_path / "l"), busy=0.01)

    with lock, pytest.raises(Busy), lock:
        pass

    assert not (tmp_path / "l").exists()
    lock.close()
