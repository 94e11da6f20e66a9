"""A job as coroutines work on it: the same steps, and nothing of them in the loop's own thread."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from tests.canaries import GITHUB, NOTHING
from tests.scenes import SPEC, Scene, double, play
from tests.worlds import Intercepted, World
from wrkr_core import events as e
from wrkr_core.aio import AsyncLedger
from wrkr_core.errors import Busy, UnsafeOperationError
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.async_job import AsyncJob
    from wrkr_core.store import NewEvent


@pytest.mark.parametrize("timeout", [None, "10s"])
def test_a_step_function_may_take_arguments_called_as_those_of_step(timeout: str | None) -> None:
    def plain(**given: int) -> dict[str, int]:
        return given

    async def awaited(**given: int) -> dict[str, int]:
        return given

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        async with scene.ledger.work(job_id) as job:
            for act in (plain, awaited):
                given = await job.step("act", act, timeout=timeout, name=1, function=2, self=3)
                assert given == {"name": 1, "function": 2, "self": 3}

    play(scenario)


def test_settling_does_not_write_in_the_thread_of_the_loop() -> None:
    wrote: list[threading.Thread] = []
    store = Intercepted(MemoryStore())

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        async with scene.ledger.work(job_id) as job, job.reserve(cost="1") as spending:
            store.before_append = lambda _stream, _events: wrote.append(threading.current_thread())
            await spending.settle(cost="0.25")
            store.before_append = None
            assert spending.is_settled

    play(scenario, store)

    assert len(wrote) == 1
    assert wrote[0] is not threading.main_thread()


def test_a_store_that_fails_inside_a_step_is_no_failure_of_the_step() -> None:
    store = Intercepted(MemoryStore())

    def fail(_stream: str, events: Sequence[NewEvent]) -> None:
        if events[0].type.startswith("charged"):
            raise Busy("no")

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC, job_id="j-1")
        async with scene.ledger.work(job_id) as job:

            async def act() -> None:
                store.before_append = fail
                await job.charge(tokens=1)

            await job.step("act", act, retries=3)

    with pytest.raises(Busy):
        play(scenario, store)

    assert World(store).names("j-1").count("StepStarted") == 1
    assert "StepFailed" not in World(store).names("j-1")


def test_an_approval_is_not_acted_upon_by_the_step_of_another_task() -> None:
    """Hard case 12: what one task was allowed is not used up, or kept good, by another one."""

    async def guarded(job: AsyncJob, asked: asyncio.Event, done: asyncio.Event) -> None:
        await job.ask("Merge?")
        asked.set()
        await done.wait()
        await job.step("merge", double, 1)

    async def scenario(scene: Scene) -> None:
        await scene.ledger.submit(SPEC, job_id="j-1")
        async with scene.ledger.work("j-1") as job:
            await job.ask("Merge?")
        await scene.ledger.approve("j-1", "cp_3", reason="ok")
        asked, done = asyncio.Event(), asyncio.Event()
        async with scene.ledger.work("j-1") as job:
            merging = asyncio.create_task(guarded(job, asked, done))
            await asked.wait()
            await job.step("other", double, 1)
            done.set()
            await merging

    scene = play(scenario)

    started = [each for each in scene.world.events("j-1") if isinstance(each, e.StepStarted)]
    assert [(each.step.name, each.approval) for each in started] == [
        ("other", None),
        ("merge", "cp_3"),
    ]


def test_what_a_coroutine_records_is_masked_too() -> None:
    async def scenario() -> None:
        async with AsyncLedger(MemoryStore(), actor="ann", redact=NOTHING) as ledger:
            leaking = JobSpec(name="j", objective=GITHUB)
            with pytest.raises(UnsafeOperationError):
                await ledger.submitted(leaking)
            assert (await ledger.submitted(leaking, allow_secrets=True))[1]
            job_id = await ledger.submit(leaking, job_id="other", allow_secrets=True)
            async with ledger.work(job_id) as job:
                assert "[REDACTED:github-token:" in await job.step("say", lambda: GITHUB)

    asyncio.run(scenario())
