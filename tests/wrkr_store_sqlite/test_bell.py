"""The bell wakes who sleeps, and nobody sleeps through a ring."""

from __future__ import annotations

import threading

from wrkr_store_sqlite.bell import Bell


def test_a_ring_wakes_a_sleeper() -> None:
    bell = Bell()
    woken = threading.Event()

    def sleep() -> None:
        heard = bell.rings
        ready.set()
        bell.sleep(heard, 60)
        woken.set()

    ready = threading.Event()
    threading.Thread(target=sleep).start()
    ready.wait()
    while not woken.wait(0.01):
        bell.ring()

    assert woken.is_set()


def test_a_ring_between_looking_and_sleeping_is_heard() -> None:
    bell = Bell()
    heard = bell.rings
    bell.ring()

    bell.sleep(heard, 3600)  # would outlast the test


def test_without_a_ring_the_sleep_ends_by_itself() -> None:
    bell = Bell()

    bell.sleep(bell.rings, 0.001)

    assert bell.rings == 0
