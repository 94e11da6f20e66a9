"""25: processes, readers, forks and canceled tasks share one store, and nobody is told an untruth."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import any_worker, effects, step, submit
from tests.hard_cases.places import HOLDER
from tests.scenes import Scene, run_in
from tests.worlds import TOO_LONG, Intercepted, error_of
from tests.wrkr_store_files.samples import fork
from tests.wrkr_store_sqlite.samples import program
from wrkr_core.errors import HandleClosed
from wrkr_core.finding import open_store
from wrkr_core.ledger import Ledger
from wrkr_core.spec import JobSpec
from wrkr_core.upkeep import check_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr
    from wrkr_core.store import NewEvent

# Any error ends it with a traceback and another exit code than 0.
HAMMER = """if True:
    import sys
    from wrkr_core import JobSpec, Ledger, open_store
    url, name, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    ledger = Ledger(open_store(url), actor=name)
    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(times):
        print(ledger.emit("shared", "progress", f"{name} {turn}"), flush=True)
        own = ledger.submit(JobSpec(name=name))
        with ledger.work(own) as job:
            job.step("edit", abs, -1)
            job.complete()
        assert ledger.state(own).status == "completed"
"""


def test_25_processes_that_write_at_once_are_never_told_that_the_store_is_locked(
    on_disk: Place,
) -> None:
    ledger = on_disk.ledger()
    ledger.submit(JobSpec(name="shared"), job_id="shared")
    with ExitStack() as stack:
        hammers = [
            stack.enter_context(program(HAMMER, on_disk.url, f"p{number}", 15))
            for number in range(3)
        ]
        for hammer in hammers:
            assert hammer.stdout is not None
            assert hammer.stdin is not None
            assert hammer.stdout.readline() == "ready\n"
        for hammer in hammers:
            assert hammer.stdin is not None
            hammer.stdin.write("go\n")
            hammer.stdin.flush()
        acknowledged = [hammer.communicate()[0].split() for hammer in hammers]

    assert [hammer.returncode for hammer in hammers] == [0, 0, 0]
    said = [f"cp_{each.seq}" for each in ledger.events("shared", after=1)]
    assert sorted(said) == sorted(each for one in acknowledged for each in one)
    assert len(said) == 45
    assert {each.status for each in ledger.jobs() if each.job_id != "shared"} == {"completed"}
    assert len(ledger.jobs()) == 46
    assert list(check_jobs(ledger)) == []


def test_25_two_workers_drain_one_store_without_an_error(on_disk: Place, workspace: Path) -> None:
    ledger = on_disk.ledger()
    inputs = {"workspace": str(workspace)}
    submit(ledger, workspace, step("one"))
    for number in range(6):
        spec = JobSpec(name="j", inputs=inputs, steps=[step(f"s{number}")])
        ledger.submit(spec, job_id=f"j{number}")

    workers = [any_worker(on_disk.url, "--drain", "--poll", "20ms") for _ in range(2)]
    said = [worker.communicate()[0] for worker in workers]

    assert [worker.returncode for worker in workers] == [0, 0], said
    assert {each.status for each in ledger.jobs()} == {"completed"}
    assert sorted(effects(workspace)) == sorted(["one 1", *(f"s{n} 1" for n in range(6))])


READS: dict[str, Callable[[Ledger], object]] = {
    "state": lambda ledger: ledger.state("j"),
    "state at": lambda ledger: ledger.state("j", at=1),
    "events": lambda ledger: list(ledger.events("j")),
    "jobs": lambda ledger: ledger.jobs(),
    "feed": lambda ledger: ledger.feed(),
    "spec": lambda ledger: ledger.spec("j"),
    "wait": lambda ledger: ledger.wait("j", timeout=0),
    "follow": lambda ledger: list(ledger.follow("j", timeout=0)),
    "check": lambda ledger: list(check_jobs(ledger)),
}


def test_25_no_reader_waits_for_a_writer(on_disk: Place, wrkr_command: Wrkr) -> None:
    before = on_disk.ledger("?busy=0")
    before.submit(JobSpec(name="j"), job_id="j")
    truth = {what: read(before) for what, read in READS.items()}

    with program(HOLDER, on_disk.url) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        after = on_disk.ledger("?busy=0")
        for ledger in (before, after):
            assert {what: read(ledger) for what, read in READS.items()} == truth
        url = on_disk.url + "?busy=0"
        for command in ("status", "log", "verify"):
            said = wrkr_command(command, "j", "--json", "--store", url)
            assert (said.code, said.err) == (0, "")
        assert "E_STORE_BUSY" in wrkr_command("pause", "j", "--store", url).err
        holder.communicate("")

    assert before.pause("j", reason="now it can").status == "paused"


def test_25_a_ledger_carried_over_a_fork_refuses_and_its_parents_goes_on(place: Place) -> None:
    ledger = place.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    uses: list[Callable[[], object]] = [
        lambda: ledger.state("j"),
        ledger.jobs,
        lambda: ledger.pause("j", reason="in the child"),
        lambda: ledger.submit(JobSpec(name="j")),
        lambda: ledger.work("j").__enter__(),
    ]

    child = fork()
    if not child:  # pragma: no cover  # in the child
        refused = sum(isinstance(error_of(use), HandleClosed) for use in uses)
        os._exit(refused if place.kind == "memory" or opens_anew(place.url) else 99)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert ended == len(uses)
    assert [each.job_id for each in ledger.jobs()] == ["j"]
    assert ledger.pause("j", reason="in the parent").seq == 2


def opens_anew(url: str) -> bool:  # pragma: no cover  # in the child
    """Tell whether a store opened after the fork works."""
    store = open_store(url)
    is_there = Ledger(store, actor="ann").state("j").status == "queued"
    store.close()
    return is_there


class Held:
    """A store that lets no append of one kind through before it is told to."""

    def __init__(self, place: Place, kind: str) -> None:
        self.store = Intercepted(place.open())
        self.reached, self.release = threading.Event(), threading.Event()
        self._kind = kind
        self.store.before_append = self._hold

    def _hold(self, _stream: str, events: Sequence[NewEvent]) -> None:
        if events[0].type.startswith(self._kind):
            self.reached.set()
            assert self.release.wait(TOO_LONG)

    async def cancel(self, task: asyncio.Task[object]) -> None:
        """Cancel the task while its write is under way; return when both have come to an end."""
        await asyncio.to_thread(self.reached.wait, TOO_LONG)
        for _ in range(2):  # however often
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        self.release.set()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("kind", ["job_paused", "step_finished"])
def test_25_a_write_under_way_has_its_outcome_before_the_cancellation_of_its_task_arrives(
    place: Place, kind: str
) -> None:
    held = Held(place, kind)

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(JobSpec(name="think"))

        async def pause() -> None:
            await scene.ledger.pause(job_id, reason="lunch")

        async def step() -> None:
            async with scene.ledger.work(job_id) as job:
                await job.step("think", abs, -1)

        await held.cancel(asyncio.create_task(pause() if kind == "job_paused" else step()))
        # What the canceled caller could not be told is as it will stay.
        state = scene.world.state(job_id)
        assert state.status == {"job_paused": "paused", "step_finished": "queued"}[kind]
        assert state.steps.done == (kind == "step_finished")
        assert state.lease is None

    asyncio.run(run_in(Scene(held.store), scenario))
