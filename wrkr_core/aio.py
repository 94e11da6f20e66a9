"""The same ledger for code that awaits.

One facade over the blocking one: what talks to the store runs in a thread of a small pool, where
concurrent writers share flushes. A write is never abandoned: when a task is cancelled while one is
under way, the cancellation waits until the write has an outcome, so nothing happens behind the
caller's back. The rules are not written a second time; a step's plan is the same generator.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from wrkr_core import watching
from wrkr_core.errors import StepTimeoutError
from wrkr_core.instants import duration_text
from wrkr_core.ledger import Ledger
from wrkr_core.work.calling import call_within
from wrkr_core.work.job import DEFAULT_BACKOFF, Job
from wrkr_core.work.places import forget
from wrkr_core.work.steps import Call, Do, Wait, step_plan

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from wrkr_core.approval import Answer
    from wrkr_core.artifact import Artifact
    from wrkr_core.budget import Amount
    from wrkr_core.events import AcceptanceRecorded, RecordedEvent
    from wrkr_core.job.state import JobState, Status
    from wrkr_core.machine import Machine
    from wrkr_core.spec import JobSpec
    from wrkr_core.store import Store
    from wrkr_core.work.attempts import Backoff
    from wrkr_core.work.spending import Spending

T = TypeVar("T")

THREADS: Final = 64  # so many callers can wait for one flush together


class _Threads:
    """Runs blocking calls in threads, each to its end even if the task that waits is cancelled."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="wrkr-async")

    async def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401  # whatever it takes
        """Return ``function(*args, **kwargs)``, run in a thread with this task's context."""
        call = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
        future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await _settled(future)
            raise

    async def enter(self, manager: AbstractContextManager[T]) -> T:
        """Enter a context in a thread; a task cancelled meanwhile leaves it again before it ends."""
        call = partial(contextvars.copy_context().run, manager.__enter__)
        future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError as error:
            await _settled(future)
            if not future.cancelled() and future.exception() is None:
                with suppress(asyncio.CancelledError):
                    await self.run(manager.__exit__, type(error), error, error.__traceback__)
            raise

    def close(self) -> None:
        """Wait for what is under way and end the threads."""
        self._pool.shutdown(wait=True)


async def _settled(future: asyncio.Future[Any]) -> None:
    """Wait until ``future`` has an outcome, however often this task is cancelled meanwhile."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue
    if not future.cancelled():
        future.exception()  # seen: the cancellation is what the caller gets


class AsyncJob:
    """A job under this worker's lease, for coroutines; made by ``AsyncLedger.work``.

    The methods are those of ``Job``. Steps of one job may run concurrently when they have keys.
    """

    def __init__(self, job: Job, threads: _Threads) -> None:
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
        return await self._threads.run(wanted.function, *wanted.args, **wanted.kwargs)

    async def ask(self, question: str, **options: Any) -> Answer:  # noqa: ANN401  # the keywords of Job.ask
        """Return what a person decided; see ``Job.ask``."""
        return await self._threads.run(self._job.ask, question, **options)

    async def sleep(self, time: str | int, *, key: str | None = None) -> None:
        """Let go of the job for a time; see ``Job.sleep``."""
        await self._threads.run(self._job.sleep, time, key=key)

    async def charge(self, **used: Any) -> None:  # noqa: ANN401  # the keywords of Job.charge
        """Record that something was used; see ``Job.charge``."""
        await self._threads.run(self._job.charge, **used)

    @asynccontextmanager
    async def reserve(self, **wanted: Any) -> AsyncGenerator[Spending]:  # noqa: ANN401  # the keywords of Job.reserve
        """Set amounts aside before the act; see ``Job.reserve``."""
        reserving = self._job.reserve(**wanted)
        spending = await self._threads.enter(reserving)
        try:
            yield spending
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


class AsyncLedger:
    """All jobs of one store, for coroutines; use as ``async with AsyncLedger(store) as ledger:``.

    The methods are those of ``Ledger``. Safe for any number of tasks of one event loop.
    """

    def __init__(
        self, store: Store, *, machine: Machine | None = None, actor: str | None = None
    ) -> None:
        """Use ``store``; closing it stays the caller's business."""
        self._ledger = Ledger(store, machine=machine, actor=actor)
        self._threads = _Threads()

    async def __aenter__(self) -> Self:
        """Return the ledger itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for what is under way."""
        self.close()

    def close(self) -> None:
        """Wait for what is under way and end the threads; the store stays open."""
        self._threads.close()

    @property
    def blocking(self) -> Ledger:
        """The blocking ledger behind this one."""
        return self._ledger

    async def submit(
        self, spec: JobSpec, *, job_id: str | None = None, by: str | None = None
    ) -> str:
        """Record that the job exists; see ``Ledger.submit``."""
        return await self._threads.run(self._ledger.submit, spec, job_id=job_id, by=by)

    async def submitted(
        self, spec: JobSpec, *, job_id: str | None = None, by: str | None = None
    ) -> tuple[str, bool]:
        """Submit; return the id and whether the job is new; see ``Ledger.submitted``."""
        return await self._threads.run(self._ledger.submitted, spec, job_id=job_id, by=by)

    async def spec(self, job_id: str) -> JobSpec:
        """Return what the job was asked to do; see ``Ledger.spec``."""
        return await self._threads.run(self._ledger.spec, job_id)

    async def raise_budget(
        self, job_id: str, limits: tuple[Amount, ...], *, reason: str, by: str | None = None
    ) -> JobState:
        """Set new limits; see ``Ledger.raise_budget``."""
        return await self._threads.run(
            self._ledger.raise_budget, job_id, limits, reason=reason, by=by
        )

    async def emit(self, job_id: str, kind: str, summary: str, **options: Any) -> str:  # noqa: ANN401  # the keywords of Ledger.emit
        """Record a checkpoint from outside the worker; see ``Ledger.emit``."""
        return await self._threads.run(self._ledger.emit, job_id, kind, summary, **options)

    async def state(self, job_id: str, *, at: int | None = None) -> JobState:
        """Return the job as it is, or was; see ``Ledger.state``."""
        return await self._threads.run(self._ledger.state, job_id, at=at)

    async def jobs(
        self, *, status: Status | None = None, after: str = "", limit: int = 1000
    ) -> list[JobState]:
        """Return jobs by id; see ``Ledger.jobs``."""
        return await self._threads.run(self._ledger.jobs, status=status, after=after, limit=limit)

    async def events(self, job_id: str, *, after: int = 0) -> list[RecordedEvent]:
        """Return the job's events behind record ``after``; see ``Ledger.events``."""
        return await self._threads.run(lambda: list(self._ledger.events(job_id, after=after)))

    async def follow(
        self,
        job_id: str,
        *,
        after: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109  # of silence, as in Ledger.follow
    ) -> AsyncIterator[RecordedEvent]:
        """Yield the job's events as they happen; see ``Ledger.follow``."""
        machine, pause = self._ledger.machine, watching.SHORTEST
        silent_since = machine.uptime()
        while True:
            fresh = await self.events(job_id, after=after)
            for recorded in fresh:
                yield recorded
                after = recorded.seq
            if fresh:
                pause, silent_since = watching.SHORTEST, machine.uptime()
            state, silent = await self.state(job_id), machine.uptime() - silent_since
            if state.seq <= after and watching.is_over(state, machine, silent):
                return
            if timeout is not None and silent >= timeout * watching.SECOND:
                return
            await asyncio.sleep(pause / watching.SECOND)
            pause = min(watching.LONGEST, pause * 2)

    async def feed(
        self, cursor: str = "", *, limit: int = 1000
    ) -> tuple[list[tuple[str, RecordedEvent]], str]:
        """Return events of all jobs; see ``Ledger.feed``."""
        return await self._threads.run(self._ledger.feed, cursor, limit=limit)

    async def wait(
        self,
        job_id: str,
        *,
        until: frozenset[Status] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # after it the job is returned as it is
    ) -> JobState:
        """Return the job once it is as wanted; see ``Ledger.wait``."""
        machine, pause = self._ledger.machine, watching.SHORTEST
        began = machine.uptime()
        while True:
            state = await self.state(job_id)
            over = timeout is not None and machine.uptime() - began >= timeout * watching.SECOND
            if over or watching.is_reached(state, until):
                return state
            await asyncio.sleep(pause / watching.SECOND)
            pause = min(watching.LONGEST, pause * 2)

    async def pause(self, job_id: str, *, reason: str, by: str | None = None) -> JobState:
        """Have work stop; see ``Ledger.pause``."""
        return await self._threads.run(self._ledger.pause, job_id, reason=reason, by=by)

    async def resume(self, job_id: str, *, reason: str, by: str | None = None) -> JobState:
        """Put a job back to ``queued``; see ``Ledger.resume``."""
        return await self._threads.run(self._ledger.resume, job_id, reason=reason, by=by)

    async def cancel(self, job_id: str, *, reason: str, by: str | None = None) -> JobState:
        """End the job; see ``Ledger.cancel``."""
        return await self._threads.run(self._ledger.cancel, job_id, reason=reason, by=by)

    async def approve(self, job_id: str, checkpoint_id: str, **answer: Any) -> JobState:  # noqa: ANN401  # the keywords of Ledger.approve
        """Say yes to an open decision; see ``Ledger.approve``."""
        return await self._threads.run(self._ledger.approve, job_id, checkpoint_id, **answer)

    async def refuse(self, job_id: str, checkpoint_id: str, **answer: Any) -> JobState:  # noqa: ANN401  # the keywords of Ledger.refuse
        """Say no to an open decision; see ``Ledger.refuse``."""
        return await self._threads.run(self._ledger.refuse, job_id, checkpoint_id, **answer)

    async def fork(
        self, job_id: str, *, at: int | str, new_id: str | None = None, by: str | None = None
    ) -> str:
        """Make a job from the beginning of another; see ``Ledger.fork``."""
        return await self._threads.run(self._ledger.fork, job_id, at=at, new_id=new_id, by=by)

    @asynccontextmanager
    async def work(self, job_id: str, **options: Any) -> AsyncGenerator[AsyncJob]:  # noqa: ANN401  # the keywords of Ledger.work
        """Claim the job, hold it while the block runs, let go at its end; see ``Ledger.work``."""
        working = self._ledger.work(job_id, **options)
        job = await self._threads.enter(working)
        try:
            yield AsyncJob(job, self._threads)
        except BaseException as error:
            leave = partial(working.__exit__, type(error), error, error.__traceback__)
            if not await self._threads.run(leave):
                raise
        else:
            await self._threads.run(working.__exit__, None, None, None)
        finally:
            forget(job.holding.number)
