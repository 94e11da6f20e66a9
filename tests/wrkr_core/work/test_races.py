"""An operator and a worker that write at the same moment: no command is lost, none undone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.elsewhere import ENDLESS, BusyWorker
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


@pytest.fixture
def operator() -> Ledger:
    return Ledger(MemoryStore(), actor="ann")


def busy_job(operator: Ledger, *, steps: int = ENDLESS) -> tuple[BusyWorker, str]:
    job_id = operator.submit(JobSpec(name="busy"))
    return BusyWorker(
        Ledger(operator.store, actor="ada"), job_id, steps=steps, completes=True
    ), job_id


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_a_stop_is_never_lost_to_a_busy_worker(operator: Ledger, command: str) -> None:
    for race in range(RACES):
        busy, job_id = busy_job(operator)
        busy.wait_for(1 + race % 7)
        send: Callable[..., object] = getattr(operator, command)
        send(job_id, reason="stop")
        ran = busy.ran
        busy.join()

        state = operator.state(job_id)
        assert state.status == {"pause": "paused", "cancel": "canceled"}[command]
        assert state.lease is None
        assert ran <= busy.ran <= ran + 1  # what had begun came to its end
        assert state.steps.done == state.steps.begun == busy.ran


def test_pauses_that_are_taken_back_again_and_again_never_end_the_work(operator: Ledger) -> None:
    busy, job_id = busy_job(operator, steps=200)
    for turn in range(20):
        busy.wait_for(1 + turn * 5)
        try:
            operator.pause(job_id, reason="wait")
        except MoveNotAllowedError:
            break  # it was faster
        operator.resume(job_id, reason="go")
    busy.join()

    # Noticed while it stood, a pause ends the work cleanly; taken back before, it does not.
    state = operator.state(job_id)
    assert state.status in {"completed", "queued"}
    assert state.lease is None
    assert state.steps.done == state.steps.begun == busy.ran


def test_checkpoints_from_many_sides_are_all_recorded(operator: Ledger) -> None:
    busy, job_id = busy_job(operator)
    errors: list[BaseException] = []

    def emit(number: int) -> None:
        try:
            for turn in range(5):
                operator.emit(job_id, "progress", f"{number}.{turn}")
        except WrkrError as error:
            errors.append(error)

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(3)]
    busy.wait_for(1)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TOO_LONG)
    operator.cancel(job_id, reason="enough")
    busy.join()

    assert errors == []
    events = list(operator.events(job_id))
    said = [each.event.summary for each in events if isinstance(each.event, e.CheckpointRecorded)]
    assert sorted(said) == sorted(f"{number}.{turn}" for number in range(3) for turn in range(5))
    assert fold_all(None, events, job_id) == operator.state(job_id)
