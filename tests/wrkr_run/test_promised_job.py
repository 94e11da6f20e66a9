"""A promised job completes only with its promises kept, and stops between steps when asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wrkr_core.errors import AcceptanceTestError
from wrkr_core.spec import JobSpec
from wrkr_core.work.attempts import Backoff
from wrkr_run.interruption import Interruption
from wrkr_run.promised_job import PromisedJob

if TYPE_CHECKING:
    from wrkr_core.ledger import Ledger


def refuse() -> None:
    raise AcceptanceTestError("not yet")


def test_a_job_whose_promises_are_not_kept_is_not_completed(ledger: Ledger) -> None:
    job_id = ledger.submit(JobSpec(name="j"))

    with pytest.raises(AcceptanceTestError), ledger.work(job_id, worker="w") as job:
        PromisedJob(job, refuse, Interruption()).complete("done")

    assert ledger.state(job_id).status == "blocked_error"


def test_a_job_whose_promises_are_kept_is_completed(ledger: Ledger) -> None:
    job_id = ledger.submit(JobSpec(name="j"))

    with ledger.work(job_id, worker="w") as job:
        PromisedJob(job, lambda: None, Interruption()).complete("done")

    assert ledger.state(job_id).status == "completed"


def test_no_step_begins_after_a_request_to_stop(ledger: Ledger) -> None:
    job_id, interruption = ledger.submit(JobSpec(name="j")), Interruption()

    with ledger.work(job_id, worker="w") as job:
        promised = PromisedJob(job, lambda: None, interruption)
        promised.step("one", interruption.request)
        with pytest.raises(KeyboardInterrupt):
            promised.step("two", lambda: pytest.fail("it began"))

    state = ledger.state(job_id)
    assert (state.status, state.steps.done) == ("queued", 1)


def test_waiting_for_a_retry_ends_with_a_request_to_stop(ledger: Ledger) -> None:
    job_id, interruption = ledger.submit(JobSpec(name="j")), Interruption()

    def fail() -> None:
        interruption.request()
        raise OSError("no")

    with pytest.raises(KeyboardInterrupt), ledger.work(job_id, worker="w") as job:
        PromisedJob(job, lambda: None, interruption).step(
            "one", fail, retries=1, backoff=Backoff(first=10**12, longest=10**12)
        )

    assert ledger.state(job_id).status == "queued"


def test_a_step_function_may_take_arguments_called_as_those_of_step(ledger: Ledger) -> None:
    job_id = ledger.submit(JobSpec(name="j"))

    def act(**given: int) -> dict[str, int]:
        return given

    with ledger.work(job_id, worker="w") as job:
        promised = PromisedJob(job, lambda: None, Interruption())
        given = promised.step("act", act, name=1, function=2, options=3, self=4)

    assert given == {"name": 1, "function": 2, "options": 3, "self": 4}
