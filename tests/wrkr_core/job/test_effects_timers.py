"""What a durable sleep does to a state."""

from __future__ import annotations

from tests.histories import begun
from tests.strategies import NOON
from wrkr_core import events as e


def test_a_timer_lasts_until_somebody_works_on_the_job_again() -> None:
    journal = begun()

    journal.append(e.TimerSet(key="sleep@start/1", wake_at=NOON + 99))
    journal.append(e.LeaseReleased(worker="ada", epoch=1, reason="sleeps", heartbeats=0))
    assert journal.now.wake_at == NOON + 99

    journal.take("bob")
    assert journal.now.wake_at is None
