"""A worker does whatever can be done, and nothing a job does takes it down."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from wrkr_core.errors import (
    Blocked,
    Busy,
    InvalidInputError,
    MoveNotAllowedError,
    StoreUnavailable,
)
from wrkr_core.ledger import Ledger
from wrkr_core.machine import ThisMachine
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import Command, JobSpec, StepSpec
from wrkr_core.store import NewEvent
from wrkr_run import worker as worker_module
from wrkr_run.interruption import Interruption
from wrkr_run.supervision import Surroundings
from wrkr_run.worker import Worker, WorkerSummary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_core.lease import Holder

    Until = Callable[[Callable[[], object]], None]

POLL = 5_000


class Survivor(ThisMachine):
    """A machine on which whoever held a job is gone."""

    def is_gone(self, holder: Holder) -> bool:  # whoever it was
        return True


def submit(ledger: Ledger, workspace: Path, job_id: str, line: str, **given: Any) -> str:  # noqa: ANN401  # as JobSpec
    steps = [StepSpec(id="one", command=Command(argv=("/bin/sh", "-c", line)))]
    inputs = {"workspace": str(workspace)}
    return ledger.submit(JobSpec(name="j", inputs=inputs, steps=steps, **given), job_id=job_id)


def drain(ledger: Ledger, **given: Any) -> WorkerSummary:  # noqa: ANN401  # as Worker
    return Worker(ledger, drain=True, poll=POLL, **given).run()


def statuses(ledger: Ledger) -> dict[str, str]:
    return {state.job_id: state.status for state in ledger.jobs()}


def test_all_jobs_are_done_and_the_worker_ends(ledger: Ledger, workspace: Path) -> None:
    for name in ("a", "b", "c"):
        submit(ledger, workspace, name, f"echo {name} >> effects")

    summary = drain(ledger)

    assert summary == WorkerSummary(worked_on=3, completed=3, waiting=0, interrupted=False)
    assert (workspace / "effects").read_text() == "a\nb\nc\n"


def test_several_jobs_are_worked_on_at_a_time(ledger: Ledger, workspace: Path) -> None:
    meet = "touch here-$WRKR_JOB_ID; until [ -f here-a ] && [ -f here-b ]; do sleep 0.01; done"
    for name in ("a", "b"):
        submit(ledger, workspace, name, meet)

    assert drain(ledger, concurrency=2).completed == 2


def test_several_jobs_at_a_time_share_a_store_on_disk(shared: Ledger, workspace: Path) -> None:
    for number in range(6):
        submit(shared, workspace, f"j{number}", f"echo {number} >> effects")

    assert drain(shared, concurrency=3).completed == 6
    assert sorted((workspace / "effects").read_text().split()) == ["0", "1", "2", "3", "4", "5"]


def test_a_job_that_fails_does_not_take_the_worker_down(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, "bad", "exit 1")
    (workspace / "wild.py").write_text("def main(job):\n    raise SystemExit(9)\n")
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, python="wild:main")
    ledger.submit(spec, job_id="wild")
    submit(ledger, workspace, "good", "true")
    lines: list[str] = []

    summary = drain(ledger, report=lines.append)

    assert statuses(ledger) == {
        "bad": "blocked_error",
        "good": "completed",
        "wild": "blocked_error",
    }
    assert summary == WorkerSummary(worked_on=3, completed=1, waiting=0, interrupted=False)
    assert "bad is blocked_error: step one failed: exit code 1" in lines


def test_code_that_raises_what_nobody_expects_is_left_alone_and_the_worker_goes_on(
    ledger: Ledger, workspace: Path
) -> None:
    (workspace / "odd.py").write_text("def main(job):\n    raise GeneratorExit\n")
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, python="odd:main")
    ledger.submit(spec, job_id="odd")
    submit(ledger, workspace, "good", "true")
    lines: list[str] = []

    drain(ledger, report=lines.append)

    assert statuses(ledger) == {"good": "completed", "odd": "queued"}
    assert "odd was left alone: GeneratorExit" in lines


def test_jobs_that_wait_for_people_are_left(ledger: Ledger, workspace: Path) -> None:
    spec = JobSpec(
        name="j",
        steps=[StepSpec(id="merge", command=Command(argv=("true",)), gate="Merge?")],
    )
    ledger.submit(spec, job_id="asks")

    assert drain(ledger).waiting == 1
    assert statuses(ledger) == {"asks": "blocked_decision"}


def test_a_sleeping_job_is_waited_for(ledger: Ledger, workspace: Path) -> None:
    (workspace / "dozer.py").write_text("def main(job):\n    job.sleep('50ms')\n")
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, python="dozer:main")
    ledger.submit(spec, job_id="dozes")

    summary = drain(ledger)

    assert statuses(ledger) == {"dozes": "completed"}
    assert summary.worked_on == 2


def test_once_ends_when_nothing_more_can_be_claimed(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace, "held", "true")
    submit(ledger, workspace, "free", "true")

    with ledger.work("held", worker="somebody else"):
        summary = Worker(ledger, once=True, poll=POLL).run()

        assert summary.worked_on == 1
    assert statuses(ledger)["free"] == "completed"


def test_a_job_that_comes_later_is_worked_on_too(
    ledger: Ledger, workspace: Path, until: Until
) -> None:
    interruption = Interruption()
    worker = Worker(ledger, poll=POLL, surroundings=Surroundings(interruption=interruption))
    thread = threading.Thread(target=worker.run)
    thread.start()

    submit(ledger, workspace, "late", "true")
    until(lambda: statuses(ledger) == {"late": "completed"})

    interruption.request()
    thread.join()


def test_a_job_embedded_in_another_program_is_left_to_it(ledger: Ledger) -> None:
    ledger.submit(JobSpec(name="j"), job_id="embedded")

    assert drain(ledger).worked_on == 0
    assert ledger.state("embedded").seq == 1


def test_a_signal_stops_what_runs_in_order_and_the_jobs_can_be_resumed(
    ledger: Ledger, workspace: Path, until: Until
) -> None:
    line = "test $WRKR_ATTEMPT -gt 1 || { touch under-way; sleep 600; }"
    submit(ledger, workspace, "j", line)

    def interrupt() -> None:
        until((workspace / "under-way").exists)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    summary = drain(ledger)
    thread.join()

    assert summary.interrupted
    state = ledger.state("j")
    assert (state.status, state.lease, state.steps.failed_attempts) == ("queued", None, 0)
    assert drain(ledger).completed == 1


def test_the_second_signal_waits_for_nothing(ledger: Ledger, workspace: Path, until: Until) -> None:
    line = "trap 'touch asked' TERM; touch under-way; while :; do sleep 0.01; done"
    submit(ledger, workspace, "j", line)

    def interrupt() -> None:
        until((workspace / "under-way").exists)
        os.kill(os.getpid(), signal.SIGINT)
        until((workspace / "asked").exists)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    summary = drain(ledger, surroundings=Surroundings(grace=10**15))
    thread.join()

    assert summary.interrupted
    until(lambda: ledger.state("j").status == "queued")


def test_a_busy_store_is_asked_again(
    ledger: Ledger, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(ledger, workspace, "j", "true")
    feed, refusals = ledger.store.feed, iter(range(2))

    def busy_at_first(cursor: str = "", limit: int = 1000) -> Any:  # noqa: ANN401  # as feed
        for _ in refusals:
            raise Busy("locked")
        return feed(cursor, limit)

    monkeypatch.setattr(ledger.store, "feed", busy_at_first)

    assert drain(ledger).completed == 1


def test_a_job_is_tried_again_when_its_store_had_failed_under_it(
    ledger: Ledger, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing could be recorded, so nothing will ever happen to the job unless somebody takes it."""
    submit(ledger, workspace, "j", "echo $WRKR_ATTEMPT >> effects")
    append, failures = ledger.store.append, iter(["disk full"])

    def full_once(stream: str, expected: int, events: Any, **given: Any) -> Any:  # noqa: ANN401
        if any(event.type.startswith("step_finished/") for event in events):
            for said in failures:
                raise StoreUnavailable(said)
        return append(stream, expected, events, **given)

    monkeypatch.setattr(ledger.store, "append", full_once)
    lines: list[str] = []

    summary = drain(ledger, ttl=20_000, report=lines.append)

    assert statuses(ledger) == {"j": "completed"}
    assert (summary.worked_on, summary.completed) == (1, 1)
    assert lines[0] == "j is tried again later: disk full"
    assert (workspace / "effects").read_text() == "1\n2\n"


def test_a_fork_that_is_not_complete_is_left_alone(ledger: Ledger, workspace: Path) -> None:
    """It stays queued for whoever forks it to its end; a worker must not wait for that."""
    submit(ledger, workspace, "origin", "true")
    drain(ledger)
    ledger.fork("origin", at=ledger.state("origin").seq, new_id="whole")
    begun = ledger.store.read("whole", 0, 2)
    records = [NewEvent(id=each.id, type=each.type, at=each.at, data=each.data) for each in begun]
    elsewhere = Ledger(MemoryStore(), actor="ann", machine=Survivor())
    elsewhere.store.append("whole", 0, records)
    lines: list[str] = []

    drain(elsewhere, report=lines.append)

    assert lines == ["whole was left alone: job whole is a fork that is not complete"]


@pytest.mark.parametrize("gone", [False, True])
def test_a_job_that_changes_before_it_is_claimed_is_seen_as_it_became(
    ledger: Ledger, workspace: Path, monkeypatch: pytest.MonkeyPatch, *, gone: bool
) -> None:
    submit(ledger, workspace, "j", "true")
    submit(ledger, workspace, "last", "true")
    claim, seen = worker_module.work_on, iter(["j"])

    def late(of: Ledger, job_id: str, **given: Any) -> Any:  # noqa: ANN401  # as work_on
        if job_id in seen and gone:
            ledger.store.delete("j")
        elif job_id == "j" and "paused" not in of.state("j").summary and of.state("j").seq == 1:
            ledger.pause("j", reason="lunch")
            with pytest.raises(MoveNotAllowedError) as caught:
                claim(of, job_id, **given)
            ledger.resume("j", reason="back")
            raise caught.value
        return claim(of, job_id, **given)

    monkeypatch.setattr(worker_module, "work_on", late)
    lines: list[str] = []

    drain(ledger, report=lines.append)

    assert statuses(ledger) == {"last": "completed"} | ({} if gone else {"j": "completed"})
    assert not any("left alone" in line for line in lines)


@pytest.mark.parametrize("given", [{"concurrency": 0}, {"poll": 0}])
def test_a_worker_that_would_do_nothing_is_refused(given: dict[str, int], ledger: Ledger) -> None:
    with pytest.raises(InvalidInputError):
        Worker(ledger, **given)  # type: ignore[arg-type]  # two of its numbers


def test_a_job_that_is_canceled_under_a_worker_is_let_go(
    ledger: Ledger, workspace: Path, until: Until
) -> None:
    submit(ledger, workspace, "j", "touch under-way; sleep 600")
    threads = [threading.Thread(target=lambda: drain(ledger))]
    threads[0].start()
    until((workspace / "under-way").exists)

    ledger.cancel("j", reason="enough")
    threads[0].join()

    assert statuses(ledger) == {"j": "canceled"}


def test_blocked_is_no_failure(ledger: Ledger) -> None:
    assert not issubclass(Blocked, Exception)
