"""The same jobs done by the blocking ledger and by the awaiting one, on any store.

Both leave the same records, byte for byte, whatever store they use: the machine they run on is one
without chance (``clockwork``), and what a job records depends on nothing else.
"""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Final

from wrkr_conformance.clockwork import Clockwork
from wrkr_core.aio import AsyncLedger
from wrkr_core.budget import Budget
from wrkr_core.jobpack.export import export_pack
from wrkr_core.ledger import Ledger
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from wrkr_core.store import Store

WORKER: Final = "worker-1"
ACTOR: Final = "conformance"
SPEC: Final = JobSpec(
    name="exchange", objective="Say \u201cé\u2028\u201d", budget=Budget(steps=20, tokens=1000)
)
DONE: Final = "done-job"
WAITING: Final = "waiting-job"
LARGE: Final = 70_000  # characters of a result that goes to a cell of its own


def plan(count: int) -> list[str]:
    """Return the parts of a plan."""
    return [f"part {number}" for number in range(count)]


def act(part: str) -> dict[str, object]:
    """Return what came of a part, the last one at length."""
    return {"part": part, "text": "é" * (LARGE if part.endswith("2") else 3)}


def do_jobs(store: Store) -> list[str]:
    """Do two jobs, one to its end and one up to a decision, and return their ids."""
    ledger = Ledger(store, machine=Clockwork(), actor=ACTOR)
    for job_id in (DONE, WAITING):
        ledger.submit(SPEC, job_id=job_id)
    ledger.approve(DONE, ledger.emit(DONE, "decision-needed", "Begin?"), reason="yes")
    with ledger.work(DONE, worker=WORKER) as job:
        for part in job.step("plan", plan, 3):
            job.step("act", act, part, key=part)
            job.charge(tokens=7)
        job.checkpoint("progress", "all parts done", added=["a.txt"])
        job.complete("done")
    with ledger.work(WAITING, worker=WORKER) as job:
        job.step("plan", plan, 1)
        job.ask("Go on?")
    return [DONE, WAITING]


def do_jobs_awaiting(store: Store) -> list[str]:
    """Do the same jobs by the awaiting ledger, and return their ids."""
    return asyncio.run(_do_jobs(store))


async def _do_jobs(store: Store) -> list[str]:
    async with AsyncLedger(store, machine=Clockwork(), actor=ACTOR) as ledger:
        for job_id in (DONE, WAITING):
            await ledger.submit(SPEC, job_id=job_id)
        opened = await ledger.emit(DONE, "decision-needed", "Begin?")
        await ledger.approve(DONE, opened, reason="yes")
        async with ledger.work(DONE, worker=WORKER) as job:
            for part in await job.step("plan", plan, 3):
                await job.step("act", act, part, key=part)
                await job.charge(tokens=7)
            await job.checkpoint("progress", "all parts done", added=["a.txt"])
            await job.complete("done")
        async with ledger.work(WAITING, worker=WORKER) as job:
            await job.step("plan", plan, 1)
            await job.ask("Go on?")
    return [DONE, WAITING]


def do_many_jobs(store: Store, count: int) -> list[str]:
    """Do ``count`` jobs at once in one event loop, and return the status each ended in."""
    return asyncio.run(_do_many(store, count))


async def _do_many(store: Store, count: int) -> list[str]:
    async with AsyncLedger(store, actor=ACTOR) as ledger:

        async def one(number: int) -> str:
            job_id = await ledger.submit(SPEC, job_id=f"many-{number}")
            async with ledger.work(job_id, worker=f"worker-{number}") as job:
                parts = [job.step("act", act, f"part {part}", key=str(part)) for part in (0, 1)]
                await asyncio.gather(*parts)
                await job.complete("done")
            return (await ledger.state(job_id)).status

        jobs = [one(number) for number in range(count)]
        ended: list[str | BaseException] = await asyncio.gather(*jobs, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return [str(each) for each in ended]


def pack_of(store: Store, job_id: str) -> bytes:
    """Return the job's pack."""
    out = io.BytesIO()
    export_pack(store, job_id, out)
    return out.getvalue()
