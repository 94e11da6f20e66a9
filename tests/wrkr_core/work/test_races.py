"""An operator and a worker that write at the same moment: no command is lost, none undone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.worlds import TOO_LONG
from wrkr_core import events as e
from wrkr_core.errors import MoveNotAllowedError, WrkrError
from wrkr_core.job.fold import fold_all
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable

RACES = 40
STEPS = 100_000  # more than any test lets it do


class Busy:
    """A worker in a thread of its own that does nothing but steps."""

    def __init__(self, *, steps: int = STEPS) -> None:
        store = MemoryStore()
        self.operator = Ledger(store, actor="ann")
        self.job_id = self.operator.submit(JobSpec(name="busy"))
        self.ran = 0
        self.is_over = False
        self.errors: list[BaseException] = []
        self._worker = Ledger(store, actor="ada")
        self._steps = steps
        self._moved = threading.Condition()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            with self._worker.work(self.job_id) as job:
                for number in range(self._steps):
                    job.step("edit", self._move, key=str(number))
                job.complete()
        except Exception as error:  # noqa: BLE001  # whatever it was, the test tells
            self.errors.append(error)
        finally:
            self.is_over = True
            with self._moved:
                self._moved.notify_all()

    def _move(self) -> None:
        with self._moved:
            self.ran += 1
            self._moved.notify_all()

    def wait_for(self, ran: int) -> None:
        with self._moved:
            assert self._moved.wait_for(lambda: self.ran >= ran or self.is_over, TOO_LONG)

    def join(self) -> None:
        self._thread.join(TOO_LONG)
        assert not self._thread.is_alive()
        assert self.errors == []


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_a_stop_is_never_lost_to_a_busy_worker(command: str) -> None:
    for race in range(RACES):
        busy = Busy()
        busy.wait_for(1 + race % 7)
        send: Callable[..., object] = getattr(busy.operator, command)
        send(busy.job_id, reason="stop")
        ran = busy.ran
        busy.join()

        state = busy.operator.state(busy.job_id)
        assert state.status == {"pause": "paused", "cancel": "canceled"}[command]
        assert state.lease is None
        assert ran <= busy.ran <= ran + 1  # what had begun came to its end
        assert state.steps.done == state.steps.begun == busy.ran


def test_pauses_that_are_taken_back_again_and_again_never_end_the_work() -> None:
    busy = Busy(steps=200)
    for turn in range(20):
        busy.wait_for(1 + turn * 5)
        try:
            busy.operator.pause(busy.job_id, reason="wait")
        except MoveNotAllowedError:
            break  # it was faster
        busy.operator.resume(busy.job_id, reason="go")
    busy.join()

    # Noticed while it stood, a pause ends the work cleanly; taken back before, it does not.
    state = busy.operator.state(busy.job_id)
    assert state.status in {"completed", "queued"}
    assert state.lease is None
    assert state.steps.done == state.steps.begun == busy.ran


def test_checkpoints_from_many_sides_are_all_recorded() -> None:
    busy = Busy()
    errors: list[BaseException] = []

    def emit(number: int) -> None:
        try:
            for turn in range(5):
                busy.operator.emit(busy.job_id, "progress", f"{number}.{turn}")
        except WrkrError as error:
            errors.append(error)

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(3)]
    busy.wait_for(1)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TOO_LONG)
    busy.operator.cancel(busy.job_id, reason="enough")
    busy.join()

    assert errors == []
    events = list(busy.operator.events(busy.job_id))
    said = [each.event.summary for each in events if isinstance(each.event, e.CheckpointRecorded)]
    assert sorted(said) == sorted(f"{number}.{turn}" for number in range(3) for turn in range(5))
    assert fold_all(None, events, busy.job_id) == busy.operator.state(busy.job_id)
