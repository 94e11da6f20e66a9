"""The first request to stop lets things end in order, the second ends them at once."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from wrkr_run.interruption import Interruption


def test_the_first_signal_is_noted_and_the_second_raises() -> None:
    interruption = Interruption()
    with interruption.listen():
        os.kill(os.getpid(), signal.SIGTERM)
        assert (interruption.is_requested, interruption.is_urgent) == (True, False)

        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)

    assert interruption.is_urgent


def test_afterwards_signals_mean_what_they_meant_before() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with Interruption().listen():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before


def test_code_that_never_asks_is_interrupted_by_the_first_signal() -> None:
    interruption = Interruption()
    with interruption.listen(), pytest.raises(KeyboardInterrupt), interruption.raising():
        os.kill(os.getpid(), signal.SIGINT)

    assert not interruption.is_urgent


def test_a_request_made_before_stops_code_before_it_begins() -> None:
    interruption = Interruption()
    interruption.request()

    with pytest.raises(KeyboardInterrupt), interruption.raising():
        pytest.fail("it began")


def test_another_thread_can_neither_listen_nor_be_interrupted() -> None:
    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def look() -> None:
        with interruption.listen(), interruption.raising():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [before]


def test_nothing_stops_without_a_request() -> None:
    interruption = Interruption()

    interruption.stop_if_requested()

    assert not interruption.is_requested
