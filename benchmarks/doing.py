"""What is measured, as a program of its own: ``python -m benchmarks.doing sqlite append 100``."""

from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import wrkr_core as wrkr
from benchmarks.floors import LINE
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from wrkr_core.store import Store


def open_fresh(kind: str, folder: Path) -> Store:
    """Return a new store of this kind in the folder."""
    path = folder / ("bench.db" if kind == "sqlite" else "bench")
    return wrkr.open_store(f"{kind}:///{path}")


def append(store: Store, count: int, stream: str = "s", begin: int = 0) -> None:
    """Append ``count`` records durably, one at a time."""
    for seq in range(begin, begin + count):
        store.append(stream, seq, [NewEvent(id=f"id-{seq}", type="a/1", at=seq, data=LINE)])


def append_from_threads(store: Store, count: int, threads: int = 64) -> None:
    """Append ``count`` records durably from each of ``threads`` threads, a stream each."""
    workers = [
        threading.Thread(target=append, args=(store, count, f"s{number}"))
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def steps(store: Store, count: int) -> None:
    """Run ``count`` durable steps of one job."""
    ledger = wrkr.Ledger(store, actor="bench")
    job_id = ledger.submit(wrkr.JobSpec(name="bench"))
    with ledger.work(job_id) as job:
        run_steps(job, 0, count)


def run_steps(job: wrkr.Job, begin: int, count: int) -> None:
    """Run ``count`` steps in a job that is held already."""
    for number in range(begin, begin + count):
        job.step("work", abs, number, key=str(number))


ACTIONS = {"append": append, "threads": append_from_threads, "step": steps}


def main() -> None:
    """Carry out one action so often on a fresh store."""
    kind, action, count = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        store = open_fresh(kind, Path(folder))
        ACTIONS[action](store, int(count))
        store.close()


if __name__ == "__main__":
    main()
