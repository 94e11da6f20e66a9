"""A question asked in one process, answered in another, acted upon by a third."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import wrkr_core as wrkr


def work(url: str, job_id: str) -> None:
    """Prepare, ask, and act on the answer; ends early while nobody has answered."""
    store = wrkr.open_store(url)
    ledger = wrkr.Ledger(store)
    with ledger.work(job_id, worker="agent") as job:
        files = job.step("prepare", lambda: ["a.py", "b.py"])
        answer = job.ask(f"Merge {len(files)} files into main?", choices=["squash", "rebase"])
        job.complete(f"merged by {answer.choice}" if answer.approved else "left on a branch")
    state = ledger.state(job_id)
    print(f"worker: {state.status}: {state.summary}", flush=True)
    store.close()


def decide(url: str, job_id: str) -> None:
    """Look at what is asked and say yes."""
    store = wrkr.open_store(url)
    ledger = wrkr.Ledger(store)
    decision = ledger.state(job_id).decisions[0]
    print(f"reviewer: {decision.question} ({' or '.join(decision.choices)})", flush=True)
    ledger.approve(
        job_id,
        decision.checkpoint_id,
        reason="read the diff",
        by="ann",
        choice="squash",
        subject=decision.subject,
    )
    store.close()


def main() -> None:
    """Run the worker, the reviewer and the worker again, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder, 'wrkr.db')}"
        store = wrkr.open_store(url)
        job_id = wrkr.Ledger(store).submit(wrkr.JobSpec(name="merge"))
        store.close()
        for part in ("work", "decide", "work"):
            subprocess.run([sys.executable, __file__, part, url, job_id], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        {"work": work, "decide": decide}[sys.argv[1]](*sys.argv[2:])
    else:
        main()
