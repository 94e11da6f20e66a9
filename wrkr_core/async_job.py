"""A job as coroutines that work on it see it: ``Job``, awaited."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from wrkr_core.errors import StepTimeoutError
from wrkr_core.instants import duration_text
from wrkr_core.work.calling import call_within
from wrkr_core.work.job import DEFAULT_BACKOFF, Job
from wrkr_core.work.places import rest_on
from wrkr_core.work.steps import Call, Do, Wait, step_plan

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from wrkr_core.approval import Answer
    from wrkr_core.artifact import Artifact
    from wrkr_core.events import AcceptanceRecorded
    from wrkr_core.job.state import JobState
    from wrkr_core.threads import Threads
    from wrkr_core.work.attempts import Backoff
    from wrkr_core.work.spending import Spending


class AsyncJob:
    """A job under this worker's lease, for coroutines; made by ``AsyncLedger.work``.

    The methods are those of ``Job``. Steps of one job may run concurrently when they have keys.
    """

    def __init__(self, job: Job, threads: Threads) -> None:
        """Work through ``job``."""
        self.id = job.id
        self.spec = job.spec
        self._job = job
        self._threads = threads

    @property
    def state(self) -> JobState:
        """The job as of the last record this worker knows."""
        return self._job.state

    @property
    def inputs(self) -> dict[str, Any]:
        """The spec's inputs, as a new dict."""
        return self._job.inputs

    async def step(  # as Job.step
        self,
        name: str,
        function: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401  # as Job.step
        key: str | None = None,
        retries: int = 0,
        backoff: Backoff = DEFAULT_BACKOFF,
        timeout: str | int | None = None,  # noqa: ASYNC109  # recorded with the step, as in Job.step
        at_most_once: bool = False,
        gate: Answer | None = None,
        **kwargs: Any,  # noqa: ANN401  # as Job.step
    ) -> Any:  # noqa: ANN401  # as Job.step
        """Run a coroutine function (or a plain one, in a thread) as a step; see ``Job.step``.

        At its time limit a coroutine is cancelled.
        """
        options = Job.options(
            key=key,
            retries=retries,
            backoff=backoff,
            timeout=timeout,
            at_most_once=at_most_once,
            gate=gate,
        )
        job = self._job
        step = job.attempts.name(name, key)
        plan = step_plan(job.holding, job.attempts, step, function, args, kwargs, options)
        return await self._carry_out(plan)

    async def _carry_out(self, plan: Generator[Do | Call | Wait, Any, Any]) -> Any:  # noqa: ANN401  # the step's result
        """Do what the plan says, awaiting."""
        try:
            wanted = next(plan)
            while True:
                try:
                    outcome = await self._perform(wanted)
                except Exception as error:  # noqa: BLE001  # the plan decides what an error means
                    wanted = plan.throw(error)
                else:
                    wanted = plan.send(outcome)
        except StopIteration as done:
            return done.value

    async def _perform(self, wanted: Do | Call | Wait) -> Any:  # noqa: ANN401  # whatever it yields
        if isinstance(wanted, Do):
            return await self._threads.run(wanted.function, *wanted.args)
        if isinstance(wanted, Wait):
            return await asyncio.sleep(wanted.duration / 1_000_000)
        if inspect.iscoroutinefunction(wanted.function):
            return await _await_within(wanted)
        if wanted.limit is not None:
            return await self._threads.run(
                call_within, wanted.function, wanted.args, wanted.kwargs, wanted.limit
            )
        return await self._threads.run(partial(wanted.function, *wanted.args, **wanted.kwargs))

    async def ask(self, question: str, **options: Any) -> Answer:  # noqa: ANN401  # the keywords of Job.ask
        """Return what a person decided; see ``Job.ask``."""
        answer = await self._threads.run(self._job.ask, question, **options)
        rest_on(self._job.holding.number, answer)  # in this task too, not only in the thread
        return answer

    async def sleep(self, time: str | int, *, key: str | None = None) -> None:
        """Let go of the job for a time; see ``Job.sleep``."""
        await self._threads.run(self._job.sleep, time, key=key)

    async def charge(self, **used: Any) -> None:  # noqa: ANN401  # the keywords of Job.charge
        """Record that something was used; see ``Job.charge``."""
        await self._threads.run(self._job.charge, **used)

    @asynccontextmanager
    async def reserve(self, **wanted: Any) -> AsyncGenerator[AsyncSpending]:  # noqa: ANN401  # the keywords of Job.reserve
        """Set amounts aside before the act; see ``Job.reserve``."""
        reserving = self._job.reserve(**wanted)
        spending = await self._threads.enter(reserving)
        try:
            yield AsyncSpending(spending, self._threads)
        except BaseException as error:
            await self._threads.run(reserving.__exit__, type(error), error, error.__traceback__)
            raise
        await self._threads.run(reserving.__exit__, None, None, None)

    async def checkpoint(self, kind: str, summary: str, **options: Any) -> None:  # noqa: ANN401  # the keywords of Job.checkpoint
        """Record where the job stands; see ``Job.checkpoint``."""
        await self._threads.run(self._job.checkpoint, kind, summary, **options)

    async def artifact(self, artifact: Artifact) -> None:
        """Record a file as it is now; see ``Job.artifact``."""
        await self._threads.run(self._job.artifact, artifact)

    async def acceptance(self, outcome: AcceptanceRecorded) -> None:
        """Record how the acceptance checks came out; see ``Job.acceptance``."""
        await self._threads.run(self._job.acceptance, outcome)

    async def block(self, summary: str, **options: Any) -> None:  # noqa: ANN401  # the keywords of Job.block
        """Record that the job cannot go on; see ``Job.block``."""
        await self._threads.run(self._job.block, summary, **options)

    async def complete(self, summary: str = "done") -> None:
        """Record that the job is done; see ``Job.complete``."""
        await self._threads.run(self._job.complete, summary)

    async def check(self) -> None:
        """Look whether the job may go on; see ``Job.check``."""
        await self._threads.run(self._job.check)


class AsyncSpending:
    """An open reservation; ``await`` its settling with what was really used, or all of it counts."""

    def __init__(self, spending: Spending, threads: Threads) -> None:
        """Made by ``AsyncJob.reserve``."""
        self._spending = spending
        self._threads = threads

    @property
    def is_settled(self) -> bool:
        """Tell whether it is settled already, by this run or by one before it."""
        return self._spending.is_settled

    async def settle(self, **used: Any) -> None:  # noqa: ANN401  # the keywords of budget.amounts
        """Record the actual amounts; see ``Spending.settle``."""
        await self._threads.run(self._spending.settle, **used)


async def _await_within(wanted: Call) -> Any:  # noqa: ANN401  # whatever the coroutine returns
    if wanted.limit is None:
        return await wanted.function(*wanted.args, **wanted.kwargs)
    within = asyncio.timeout(wanted.limit / 1_000_000)
    try:
        async with within:
            return await wanted.function(*wanted.args, **wanted.kwargs)
    except TimeoutError as error:
        if not within.expired():
            raise
        said = f"the step did not end within {duration_text(wanted.limit)}"
        raise StepTimeoutError(said, limit=wanted.limit) from error
