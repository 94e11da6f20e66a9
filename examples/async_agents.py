"""Fifty jobs at once in one process: coroutines as steps, one store, shared flushes."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

import wrkr_core as wrkr

JOBS = 50
PARTS = 3


async def think(part: int) -> int:
    """Stand in for a call to a model."""
    await asyncio.sleep(0)
    return part * part


async def agent(ledger: wrkr.AsyncLedger, number: int) -> str:
    """Submit one job and work on it; return its status."""
    job_id = await ledger.submit(wrkr.JobSpec(name=f"agent-{number}"))
    async with ledger.work(job_id) as job:
        steps = [job.step("think", think, part, key=str(part)) for part in range(PARTS)]
        thoughts = await asyncio.gather(*steps)
        await job.charge(tokens=100)
        await job.complete(f"the sum is {sum(thoughts)}")
    return (await ledger.state(job_id)).status


async def main() -> None:
    """Run all agents together."""
    with tempfile.TemporaryDirectory() as folder:
        store = wrkr.open_store(f"sqlite:///{Path(folder, 'wrkr.db')}")
        async with wrkr.AsyncLedger(store) as ledger:
            statuses = await asyncio.gather(*[agent(ledger, number) for number in range(JOBS)])
        print(dict(Counter(statuses)))
        store.close()


if __name__ == "__main__":
    asyncio.run(main())
