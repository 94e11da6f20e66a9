"""The same ledger for code that awaits.

One facade over the blocking one: what talks to the store runs in a thread of a small pool, where
concurrent writers share flushes. A write is never abandoned: when a task is cancelled while one is
under way, the cancellation waits until the write has an outcome, so nothing happens behind the
caller's back. The rules are not written a second time; a step's plan is the same generator.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from wrkr_core import watching
from wrkr_core.async_job import AsyncJob
from wrkr_core.ledger import Ledger
from wrkr_core.threads import Threads
from wrkr_core.work.places import forget

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from types import TracebackType
    from typing import Self

    from wrkr_core.budget import Amount
    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState, Status
    from wrkr_core.machine import Machine
    from wrkr_core.redaction.mask import Secrets
    from wrkr_core.spec import JobSpec
    from wrkr_core.store import Store

THREADS: Final = 64  # so many callers can wait for one flush together


class AsyncLedger:
    """All jobs of one store, for coroutines; use as ``async with AsyncLedger(store) as ledger:``.

    The methods are those of ``Ledger``. Safe for any number of tasks of one event loop.
    """

    def __init__(
        self,
        store: Store,
        *,
        machine: Machine | None = None,
        actor: str | None = None,
        redact: Secrets | None = None,
        opens: bool = True,
    ) -> None:
        """Use ``store``, as ``Ledger`` does; closing it stays the caller's business."""
        self._ledger = Ledger(store, machine=machine, actor=actor, redact=redact, opens=opens)
        self._threads = Threads(THREADS)

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
        self,
        spec: JobSpec,
        *,
        job_id: str | None = None,
        by: str | None = None,
        allow_secrets: bool = False,
    ) -> str:
        """Record that the job exists; see ``Ledger.submit``."""
        return await self._threads.run(
            self._ledger.submit, spec, job_id=job_id, by=by, allow_secrets=allow_secrets
        )

    async def submitted(
        self,
        spec: JobSpec,
        *,
        job_id: str | None = None,
        by: str | None = None,
        allow_secrets: bool = False,
    ) -> tuple[str, bool]:
        """Submit; return the id and whether the job is new; see ``Ledger.submitted``."""
        return await self._threads.run(
            self._ledger.submitted, spec, job_id=job_id, by=by, allow_secrets=allow_secrets
        )

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

    async def erase(self, job_id: str, *, reason: str, by: str | None = None) -> JobState:
        """Remove the key of an erasable job; see ``Ledger.erase``."""
        return await self._threads.run(self._ledger.erase, job_id, reason=reason, by=by)

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
