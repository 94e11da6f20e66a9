"""Canceling a task: writes have their outcome first, and who only waits is let go at once."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from tests.scenes import SPEC, Scene, double, forever, play
from tests.worlds import TOO_LONG, Intercepted
from wrkr_core import aio
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import NewEvent

PROMPTLY = 2.0  # seconds; what should end at once and does not is a failure


@pytest.mark.parametrize("plain", [True, False])
def test_a_task_canceled_in_a_step_leaves_a_job_that_goes_on(*, plain: bool) -> None:
    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        began, release = threading.Event(), threading.Event()
        ended: list[bool] = []

        def wait() -> None:
            began.set()
            release.wait(TOO_LONG)
            ended.append(True)

        async def wait_on() -> None:
            began.set()
            await forever()

        async def work() -> None:
            async with scene.ledger.work(job_id) as job:
                await job.step("think", wait if plain else wait_on)

        task = asyncio.create_task(work())
        await asyncio.to_thread(began.wait, TOO_LONG)
        task.cancel()
        await asyncio.sleep(0)
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert ended == ([True] if plain else [])
        state = await scene.ledger.state(job_id)
        assert (state.status, state.lease, state.steps.done) == ("queued", None, 0)
        async with scene.ledger.work(job_id) as job:
            assert await job.step("think", double, 1) == 2

    scene = play(scenario)
    assert scene.world.heartbeats() == []


class Held:
    """A store that lets no append of one kind through before it is told to."""

    def __init__(self, kind: str) -> None:
        self.store = Intercepted(MemoryStore())
        self.reached, self.release = threading.Event(), threading.Event()
        self._kind = kind
        self.store.before_append = self._hold

    def _hold(self, _stream: str, events: Sequence[NewEvent]) -> None:
        if events[0].type.startswith(self._kind):
            self.reached.set()
            assert self.release.wait(TOO_LONG)


async def cancel_while_held(held: Held, task: asyncio.Task[None]) -> None:
    """Cancel the task while its write is under way; return when both have come to an end."""
    await asyncio.to_thread(held.reached.wait, TOO_LONG)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # however often
    await asyncio.sleep(0)
    assert not task.done()
    held.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_claim_under_way_when_its_task_is_canceled_is_let_go() -> None:
    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)

        async def work() -> None:
            async with scene.ledger.work(job_id):
                pytest.fail("it was canceled before")

        await cancel_while_held(held, asyncio.create_task(work()))
        assert scene.world.heartbeats() == []
        assert scene.world.state(job_id).lease is None

    held = Held("lease_taken")
    play(scenario, held.store)


def test_a_reservation_under_way_when_its_task_is_canceled_does_not_stay_open() -> None:
    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        async with scene.ledger.work(job_id) as job:

            async def spend() -> None:
                async with job.reserve(cost="1"):
                    pytest.fail("it was canceled before")

            await cancel_while_held(held, asyncio.create_task(spend()))
            assert job.state.reservations == ()

    held = Held("budget_reserved")
    play(scenario, held.store)


@pytest.mark.parametrize("what", ["wait", "follow"])
def test_who_only_waits_can_be_canceled_at_once(what: str) -> None:
    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)

        async def look() -> None:
            if what == "wait":
                await scene.ledger.wait(job_id)
            else:
                async for _ in scene.ledger.follow(job_id):
                    pass

        task = asyncio.create_task(look())
        await asyncio.sleep(0.05)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=PROMPTLY)
        await scene.ledger.cancel(job_id, reason="so that the test ends")
        assert done == {task}

    play(scenario)


def test_however_many_wait_a_command_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aio, "THREADS", 2)

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        waiting = [asyncio.create_task(scene.ledger.wait(job_id, timeout=5)) for _ in range(3)]
        await asyncio.sleep(0.05)
        cancel = asyncio.create_task(scene.ledger.cancel(job_id, reason="enough"))
        done, _ = await asyncio.wait({cancel}, timeout=PROMPTLY)
        if not done:
            Ledger(scene.world.store).cancel(job_id, reason="so that the test ends")
            await asyncio.gather(cancel, *waiting, return_exceptions=True)
        assert done == {cancel}
        assert {state.status for state in await asyncio.gather(*waiting)} == {"canceled"}

    play(scenario)
