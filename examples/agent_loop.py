"""A plain agent loop that survives a crash: finished steps are replayed, not run again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import wrkr_core as wrkr

calls: list[str] = []


def plan(objective: str) -> list[str]:
    """Stand in for a model that makes a plan."""
    calls.append("plan")
    return [f"{objective}: {part}" for part in ("read", "change", "test")]


def act(task: str) -> dict[str, object]:
    """Stand in for a tool call."""
    calls.append(task)
    return {"task": task, "ok": True}


def agent(ledger: wrkr.Ledger, job_id: str, *, crash_at: int | None = None) -> None:
    """Work on the job from its beginning; what was done before comes back from the ledger."""
    with ledger.work(job_id, worker="agent-1") as job:
        for number, task in enumerate(job.step("plan", plan, job.spec.objective)):
            if number == crash_at:
                raise KeyboardInterrupt  # as if the process were interrupted here
            job.step("act", act, task, key=task, retries=2)
            job.charge(tool_calls=1, tokens=350, cost="0.004")
        job.complete("everything on the plan is done")


def main() -> None:
    """Run the agent, interrupt it, run it again."""
    with tempfile.TemporaryDirectory() as folder:
        store = wrkr.open_store(f"sqlite:///{Path(folder, 'wrkr.db')}")
        ledger = wrkr.Ledger(store)
        spec = wrkr.JobSpec(
            name="port",
            objective="Port utils to pathlib",
            budget=wrkr.Budget(tool_calls=10, cost="1", wall="10m"),
        )
        job_id = ledger.submit(spec)
        try:
            agent(ledger, job_id, crash_at=2)
        except KeyboardInterrupt:
            print(f"interrupted; {job_id} is {ledger.state(job_id).status}, {calls}")
        agent(ledger, job_id)
        state = ledger.state(job_id)
        print(f"{state.status}: {state.summary}; every step ran once: {calls}")
        print("spent:", {each.meter: each.amount for each in state.spent if each.meter != "wall"})
        store.close()


if __name__ == "__main__":
    main()
