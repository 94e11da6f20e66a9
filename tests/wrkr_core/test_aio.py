"""The ledger for code that awaits: the same records, and no write behind anybody's back."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections import Counter

import pytest

from tests.scenes import SPEC, Scene, double, forever, play
from tests.worlds import TOO_LONG
from wrkr_core import events as e
from wrkr_core.aio import AsyncLedger
from wrkr_core.async_job import AsyncJob
from wrkr_core.budget import Budget
from wrkr_core.errors import (
    InvalidInputError,
    LeaseConflictError,
    NotFoundError,
    StepFailedError,
    StepTimeoutError,
)
from wrkr_core.ledger import Ledger
from wrkr_core.spec import JobSpec
from wrkr_core.work.attempts import Backoff
from wrkr_core.work.job import Job
from wrkr_core.work.places import _places


def test_fifty_jobs_at_once_all_complete() -> None:
    async def one(scene: Scene, number: int) -> None:
        job_id = await scene.ledger.submit(SPEC, job_id=f"job-{number}")
        async with scene.ledger.work(job_id) as job:
            steps = [job.step("think", double, part, key=str(part)) for part in range(4)]
            total: int = sum(await asyncio.gather(*steps))
            await job.charge(tokens=total)
            await job.complete(str(total))

    async def scenario(scene: Scene) -> None:
        await asyncio.gather(*[one(scene, number) for number in range(50)])
        statuses = Counter(state.status for state in await scene.ledger.jobs())
        assert statuses == {"completed": 50}

    scene = play(scenario)

    for number in range(50):
        assert scene.spent(f"job-{number}") == {"steps": 4, "tokens": 12}
        names = scene.world.names(f"job-{number}")
        assert (names.count("StepStarted"), names.count("StepFinished")) == (4, 4)


def test_what_is_recorded_is_replayed_and_nothing_runs() -> None:
    ran: list[str] = []

    async def note(name: str) -> tuple[str, ...]:
        ran.append(name)
        return (name,)

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        for _ in range(2):
            async with scene.ledger.work(job_id) as job:
                assert await job.step("a", note, "a") == ["a"]
                assert await job.step("b", ran.append, "plain") is None

    play(scenario)

    assert ran == ["a", "plain"]


def test_a_plain_function_does_not_stop_the_loop_while_it_runs() -> None:
    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        release = threading.Event()
        async with scene.ledger.work(job_id) as job:
            waiting = asyncio.create_task(job.step("wait", release.wait, TOO_LONG))
            thinking = await job.step("think", double, 1, key="1")
            assert thinking == 2
            release.set()
            assert await waiting is True
        assert threading.current_thread() is threading.main_thread()

    play(scenario)


def test_every_charge_checkpoint_and_artifact_before_the_first_step_counts() -> None:
    async def program(scene: Scene, job_id: str) -> None:
        async with scene.ledger.work(job_id) as job:
            await job.charge(tokens=1)
            await job.charge(tokens=2)
            await job.checkpoint("plan", "first")
            await job.checkpoint("plan", "second")
            async with job.reserve(cost="1") as spending:
                await spending.settle(cost="0.25")
            async with job.reserve(cost="1"):
                pass

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC, job_id="j-1")
        await program(scene, job_id)
        await program(scene, job_id)

    scene = play(scenario)

    assert scene.spent("j-1") == {"cost": 1_250_000, "tokens": 3}
    assert scene.world.names("j-1").count("CheckpointRecorded") == 2


def test_every_question_before_the_first_step_is_asked() -> None:
    async def program(scene: Scene, job_id: str) -> None:
        async with scene.ledger.work(job_id) as job:
            await job.ask("Read it?")
            await job.ask("Delete it?")
            await job.complete()

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC, job_id="j-1")
        await program(scene, job_id)
        (decision,) = (await scene.ledger.state(job_id)).decisions
        await scene.ledger.approve(job_id, decision.checkpoint_id, reason="harmless")
        await program(scene, job_id)
        state = await scene.ledger.state(job_id)
        assert [each.question for each in state.decisions] == ["Delete it?"]
        await scene.ledger.refuse(job_id, state.decisions[0].checkpoint_id, reason="better not")
        await program(scene, job_id)
        assert (await scene.ledger.state(job_id)).status == "completed"

    play(scenario)


def test_tasks_that_reserve_at_once_each_have_their_own() -> None:
    async def spend(job: AsyncJob) -> None:
        async with job.reserve(cost="0.10") as spending:
            await asyncio.sleep(0)
            await spending.settle(cost="0.05")

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC, job_id="j-1")
        async with scene.ledger.work(job_id) as job:
            await asyncio.gather(*[spend(job) for _ in range(5)])

    scene = play(scenario)

    assert scene.spent("j-1") == {"cost": 250_000}
    assert scene.world.names("j-1").count("BudgetReserved") == 5


def test_a_worker_of_many_jobs_remembers_no_job_it_has_left() -> None:
    async def scenario(scene: Scene) -> None:
        before = dict(_places.get() or {})
        for _ in range(3):
            job_id = await scene.ledger.submit(SPEC)
            async with scene.ledger.work(job_id) as job:
                await job.step("think", double, 1)
        assert dict(_places.get() or {}) == before

    play(scenario)


def test_a_coroutine_is_stopped_at_its_time_limit() -> None:
    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        with pytest.raises(StepFailedError, match="did not end within 10ms") as caught:
            async with scene.ledger.work(job_id) as job:
                await job.step("think", forever, timeout="10ms")
        assert isinstance(caught.value.__cause__, StepTimeoutError)
        assert (await scene.ledger.state(job_id)).status == "blocked_error"

    play(scenario)


def test_a_timeout_of_the_function_itself_is_a_failure_like_any_other() -> None:
    async def late() -> None:
        raise TimeoutError("the model did not answer")

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        with pytest.raises(StepFailedError, match="the model did not answer"):
            async with scene.ledger.work(job_id) as job:
                await job.step("think", late, timeout="10s")

    play(scenario)


def test_a_plain_function_is_stopped_at_its_time_limit_too() -> None:
    def spin() -> None:
        while True:
            pass

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        with pytest.raises(StepFailedError, match="did not end within 20ms"):
            async with scene.ledger.work(job_id) as job:
                await job.step("think", spin, timeout="20ms")

    play(scenario)


def test_a_failed_coroutine_is_tried_again() -> None:
    ran: list[int] = []

    async def flaky() -> str:
        ran.append(1)
        if len(ran) < 3:
            raise OSError("no")
        return "done"

    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        async with scene.ledger.work(job_id) as job:
            backoff = Backoff(first=1000)
            assert await job.step("think", flaky, retries=2, backoff=backoff) == "done"

    play(scenario)

    assert len(ran) == 3


def test_an_operators_commands_and_views_are_those_of_the_ledger() -> None:
    async def scenario(scene: Scene) -> None:
        ledger = scene.ledger
        job_id = await ledger.submit(SPEC, by="bob")
        assert (await ledger.pause(job_id, reason="lunch")).status == "paused"
        assert (await ledger.resume(job_id, reason="back")).status == "queued"
        async with ledger.work(job_id, worker="ada") as job:
            assert (job.id, job.inputs, job.state.status) == (job_id, {}, "running")
            assert job.spec == SPEC
            await job.check()
            await job.step("think", double, 1)
            with pytest.raises(LeaseConflictError):
                async with ledger.work(job_id):
                    pass
        fork = await ledger.fork(job_id, at=(await ledger.state(job_id)).seq, new_id="fork")
        assert (await ledger.state(fork, at=1)).seq == 1
        assert [each.seq for each in await ledger.events(fork, after=2)] == [3, 4, 5]
        assert (await ledger.cancel(fork, reason="moot")).status == "canceled"
        assert (await ledger.wait(fork)).status == "canceled"
        seen = [type(each.event) async for each in ledger.follow(fork, timeout=1)]
        assert seen[-1] is e.JobCanceled
        page, cursor = await ledger.feed(limit=2)
        assert [each[0] for each in page] == [job_id, job_id]
        assert len((await ledger.feed(cursor))[0]) > 2
        assert [each.job_id for each in await ledger.jobs(status="canceled")] == [fork]
        with pytest.raises(NotFoundError):
            await ledger.state("nobody")
        assert ledger.blocking.state(job_id).submitted_by == "bob"

    play(scenario)


def test_sleeping_and_budgets_stop_the_work_cleanly() -> None:
    async def scenario(scene: Scene) -> None:
        asleep = await scene.ledger.submit(SPEC)
        async with scene.ledger.work(asleep) as job:
            await job.sleep("1h")
            await job.complete("never")
        assert (await scene.ledger.state(asleep)).wake_at is not None
        poor = await scene.ledger.submit(JobSpec(name="poor", budget=Budget(steps=1)))
        async with scene.ledger.work(poor) as job:
            for number in range(3):
                await job.step("think", double, number, key=str(number))
        assert (await scene.ledger.state(poor)).status == "blocked_budget"
        assert scene.spent(poor) == {"steps": 1}

    play(scenario)


def test_an_error_blocks_the_job_and_comes_through() -> None:
    async def scenario(scene: Scene) -> None:
        job_id = await scene.ledger.submit(SPEC)
        error = ValueError("no")
        with pytest.raises(ValueError, match="no") as caught:
            async with scene.ledger.work(job_id):
                raise error
        assert caught.value is error
        assert (await scene.ledger.state(job_id)).status == "blocked_error"
        with pytest.raises(InvalidInputError):
            async with scene.ledger.work(job_id, ttl=1, beat=2):
                pass

    play(scenario)


def names_of(cls: type) -> set[str]:
    return {
        name
        for name, value in vars(cls).items()
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
    }


def test_whatever_a_blocking_face_can_do_the_awaiting_one_can() -> None:
    assert names_of(Ledger) - names_of(AsyncLedger) == set()
    assert names_of(Job) - names_of(AsyncJob) - {"step_with", "options"} == set()
