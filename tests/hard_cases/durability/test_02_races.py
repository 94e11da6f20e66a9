"""2: whoever writes at the same moment, no command that succeeded is undone and no count is low."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.elsewhere import BusyWorker
from tests.hard_cases.jobs import events_of
from tests.worlds import TOO_LONG, Intercepted, before_next
from wrkr_core import events as e
from wrkr_core.errors import Busy, MoveNotAllowedError, WrkrError
from wrkr_core.job.fold import fold_all
from wrkr_core.ledger import Ledger
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hard_cases.places import Place
    from wrkr_core.job.state import JobState

RACES = 40


def pause(operator: Ledger, job_id: str) -> JobState:
    """Pause the job, asking again when others wrote so much that nothing was written (A4)."""
    for _ in range(20):
        with suppress(Busy):
            return operator.pause(job_id, reason="lunch")
    raise AssertionError("it never got through")


@pytest.mark.slow
def test_02_a_pause_that_succeeded_is_never_lost_to_a_busy_worker(place: Place) -> None:
    operator, worker = place.ledger(), place.ledger()
    for race in range(RACES):
        job_id = operator.submit(JobSpec(name="busy"))
        busy = BusyWorker(worker, job_id)
        busy.wait_for(1 + race % 5)

        assert pause(operator, job_id).status == "paused"
        ran = busy.ran
        busy.join()

        state = operator.state(job_id)
        assert (state.status, state.lease) == ("paused", None)
        assert busy.ran <= ran + 1  # what had begun came to its end
        assert state.steps.done == busy.ran


def test_02_steps_charges_and_checkpoints_are_all_counted_whoever_else_writes(
    place: Place,
) -> None:
    operator = place.ledger()
    job_id = operator.submit(JobSpec(name="busy"))
    busy = BusyWorker(place.ledger(), job_id, steps=40)
    errors: list[BaseException] = []

    def emit(ledger: Ledger) -> None:
        try:
            for turn in range(15):
                ledger.emit(job_id, "progress", f"so far {turn}")
        except WrkrError as error:
            errors.append(error)

    others = [threading.Thread(target=emit, args=(place.ledger(),)) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join(TOO_LONG)
    busy.join()

    state = place.ledger().state(job_id)
    assert errors == []
    assert (state.steps.begun, state.steps.done, busy.ran) == (40, 40, 40)
    assert state.spent_by_meter()["tokens"] == 40
    assert {each.kind: each.count for each in state.checkpoints} == {"progress": 30}
    assert state == fold_all(None, operator.events(job_id), job_id)
    assert len(events_of(operator, e.StepFinished, job_id)) == 40


@pytest.mark.parametrize(
    ("command", "status"), [("pause", "canceled"), ("cancel", "canceled"), ("resume", "canceled")]
)
def test_02_of_two_commands_decided_on_one_state_the_later_one_decides_again(
    place: Place, command: str, status: str
) -> None:
    store = Intercepted(place.open())
    slow, quick = Ledger(store, actor="bob"), place.ledger()
    quick.submit(JobSpec(name="j"), job_id="j")
    if command == "resume":
        quick.pause("j", reason="first")
    before_next(store, "job_", lambda: quick.cancel("j", reason="enough"))

    send: Callable[..., object] = getattr(slow, command)
    with pytest.raises(MoveNotAllowedError):
        send("j", reason="too late")

    assert quick.state("j").status == status
    assert len(events_of(quick, e.JobCanceled)) == 1
    assert "too late" not in str(list(quick.events("j")))
