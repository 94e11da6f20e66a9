"""A job has one key, whoever asks for it first."""

from __future__ import annotations

import threading

from tests.fakes import FakeMachine
from wrkr_core.machine import ThisMachine
from wrkr_core.memory import MemoryStore
from wrkr_core.payloads.key import job_key

MACHINE = ThisMachine()


def test_a_job_has_one_key_however_many_ask_for_it_at_once() -> None:
    store = MemoryStore()
    keys: list[bytes] = []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        keys.append(job_key(store, MACHINE, "j"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert job_key(store, MACHINE, "another") != keys[0]


def test_a_key_that_is_there_is_taken_and_none_is_drawn() -> None:
    store, machine = MemoryStore(), FakeMachine()
    store.put("key/j", b"k" * 32, 0)

    assert job_key(store, machine, "j") == b"k" * 32
    assert store.keys(prefix="") == ["key/j"]
