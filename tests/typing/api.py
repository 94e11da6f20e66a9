"""The public names as a program uses them: type-checked with everything else, never run.

What stands here keeps its types. A change that makes a line of it wrong breaks the programs of users.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, assert_type

import wrkr_core as wrkr
from wrkr_core import (
    Answer,
    ApprovalRequiredError,
    Artifact,
    AsyncJob,
    AsyncLedger,
    Backoff,
    Blocked,
    Budget,
    BudgetExceededError,
    Check,
    CheckpointPolicy,
    Command,
    EnvironmentMismatchError,
    InvalidInputError,
    Job,
    JobExistsError,
    JobSpec,
    JobState,
    LeaseConflictError,
    Ledger,
    MoveNotAllowedError,
    NonDeterminismError,
    NotFoundError,
    Outcome,
    RecordedEvent,
    ResultNotStorableError,
    Secrets,
    StepFailedError,
    StepSpec,
    StepTimeoutError,
    Store,
    StoreError,
    UnsafeOperationError,
    Variable,
    VerifyError,
    WrkrError,
    __version__,
    open_store,
    register_result,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from wrkr_run import KnownSecrets


def plan_files(repository: str) -> list[str]:
    """Stand in for a step of a program."""
    return [repository]


def edit_file(path: str) -> dict[str, str]:
    """Stand in for a step of a program."""
    return {"path": path}


def embed(repo: str) -> None:
    """Work on a job as the README does."""
    ledger = wrkr.Ledger(wrkr.open_store("sqlite:///wrkr.db"))
    job_id = ledger.submit(
        wrkr.JobSpec(
            name="refactor",
            objective="Port utils to pathlib",
            budget=wrkr.Budget(cost="5", tool_calls=200, wall="2h"),
        )
    )

    with ledger.work(job_id, worker="host-1") as job:
        files = job.step("plan", plan_files, repo)
        for path in files:
            job.step("edit", edit_file, path, key=path, retries=2)
            job.charge(tool_calls=1, tokens=1234, cost="0.012")
        job.checkpoint("progress", "12 of 40 files done", added=["src/a.py"])
        answer = job.ask("Merge 12 files into main?")
        job.complete("merged" if answer.approved else "left on a branch")


def describe() -> JobSpec:
    """Write a spec with all there is in one."""
    command = Command(
        argv=("make", "test"), cwd="src", env=(Variable(name="CI", value="1"),), timeout=60_000_000
    )
    step = StepSpec(
        id="build",
        command=command,
        retries=1,
        artifacts=("out/*",),
        gate="Sure?",
        at_most_once=True,
    )
    spec = JobSpec(
        name="build",
        objective="Build it",
        inputs={"workspace": ".", "anything": [1, None]},
        budget=Budget(wall="2h", steps=9, retries=3, tool_calls=5, tokens=100, cost="5", pages=2),
        environment=("os", "env:HOME"),
        checkpoints=CheckpointPolicy(min_interval=60_000_000, required=("plan",)),
        expected_artifacts=("out/report.txt",),
        acceptance=(Check(name="tests", command=command),),
        steps=(step,),
    )
    assert_type(spec.budget, Budget)
    assert_type(spec.input_values, dict[str, object])
    return spec


def operate(ledger: Ledger, job_id: str) -> JobState:
    """Do with a job what an operator does."""
    assert_type(ledger.store, Store)
    assert_type(ledger.actor, str)
    assert_type(ledger.submit(describe(), job_id="j-1", by="ann"), str)
    assert_type(ledger.submitted(describe()), tuple[str, bool])
    assert_type(ledger.spec(job_id), JobSpec)
    assert_type(ledger.jobs(status="paused", after="j-1", limit=10), list[JobState])
    assert_type(ledger.feed("", limit=10), tuple[list[tuple[str, RecordedEvent]], str])
    assert_type(ledger.wait(job_id, until=frozenset({"paused"}), timeout=1.5), JobState)
    assert_type(ledger.pause(job_id, reason="lunch", by="ann"), JobState)
    assert_type(ledger.resume(job_id, reason="back"), JobState)
    assert_type(ledger.cancel(job_id, reason="moot"), JobState)
    assert_type(
        ledger.approve(
            job_id, "cp_7", reason="ok", choice="squash", expires_at=1, subject="0", signature=None
        ),
        JobState,
    )
    assert_type(ledger.refuse(job_id, "cp_7", reason="no", choice=None, subject=None), JobState)
    assert_type(ledger.raise_budget(job_id, Budget(cost="9").limits, reason="more"), JobState)
    assert_type(ledger.emit(job_id, "progress", "so far", choices=("a", "b")), str)
    assert_type(ledger.fork(job_id, at="cp_7", new_id="j-2"), str)
    assert_type(ledger.fork(job_id, at=7), str)
    assert_type(ledger.erase(job_id, reason="asked for", by="ann"), wrkr.JobState)
    working: AbstractContextManager[Job] = ledger.work(
        job_id, worker="host-1", ttl=30_000_000, beat=10_000_000, accept_because="moved"
    )
    del working
    return ledger.state(job_id, at=7)


def read(ledger: Ledger, state: JobState) -> Iterator[str]:
    """Read a job's state and its events."""
    assert_type(state.job_id, str)
    assert_type(state.seq, int)
    assert_type(state.is_final, bool)
    assert_type(state.summary, str)
    assert_type(state.reason_codes, tuple[str, ...])
    assert_type(state.spent_by_meter(), dict[str, int])
    assert_type(state.limit_by_meter(), dict[str, int])
    if state.status == "blocked_decision":
        yield state.decisions[0].question
    for recorded in ledger.events(state.job_id, after=1, through=9):
        assert_type(recorded, RecordedEvent)
        assert_type(recorded.at, int)
        yield recorded.by
    for recorded in ledger.follow(state.job_id, after=3, timeout=0.5):
        yield recorded.hash


def work(job: Job) -> Answer:
    """Use every method of a job."""
    assert_type(job.id, str)
    assert_type(job.spec, JobSpec)
    assert_type(job.state, JobState)
    answer = job.ask("Go on?", choices=["yes", "later"], key="go", instructions="", data={"n": 1})
    assert_type(answer, Answer)
    assert_type(answer.choice, str | None)
    backoff = Backoff(first=1_000_000, factor=2, longest=60_000_000)
    made = Outcome({"n": 1}, (Artifact(path="a", sha256="0" * 64, size=1),))
    job.step(
        "make",
        lambda: made,
        key="k",
        retries=1,
        backoff=backoff,
        timeout="30s",
        at_most_once=True,
        gate=answer,
    )
    with job.reserve(cost="0.10", pages=1) as spending:
        spending.settle(cost="0.08")
        assert_type(spending.is_settled, bool)
    job.sleep("2h", key="nap")
    job.artifact(made.artifacts[0])
    job.check()
    job.block("no disk", reason_codes=["E_STORE_IO"])
    return answer


async def work_awaiting(job: AsyncJob) -> None:
    """Use every method of a job, awaiting."""
    assert_type(job.id, str)
    assert_type(job.state, JobState)
    assert_type(await job.ask("Go on?"), Answer)
    await job.step("sleep", asyncio.sleep, 1, key="k", timeout=30)
    await job.charge(tokens=1)
    async with job.reserve(cost="0.10") as spending:
        await spending.settle(cost="0.08")
    await job.checkpoint("progress", "so far")
    await job.sleep("2h")
    await job.check()
    await job.complete("done")


def keep_out(store: Store, spec: JobSpec, known: KnownSecrets) -> str:
    """Keep secrets out of what is recorded, by rules of one's own or those of this project."""
    secrets: Secrets = known.declaring(spec.secret_names)
    assert_type(secrets.is_secret("API_KEY"), bool)
    return Ledger(store, redact=secrets).submit(spec, allow_secrets=True)


async def operate_awaiting(store: Store, job_id: str) -> AsyncIterator[RecordedEvent]:
    """Do with a job what an operator does, awaiting."""
    async with AsyncLedger(store, actor="ann") as ledger:
        assert_type(ledger, AsyncLedger)
        assert_type(await ledger.submit(describe()), str)
        assert_type(await ledger.state(job_id), JobState)
        assert_type(await ledger.jobs(status="queued"), list[JobState])
        assert_type(await ledger.events(job_id), list[RecordedEvent])
        assert_type(await ledger.pause(job_id, reason="lunch"), JobState)
        assert_type(await ledger.resume(job_id, reason="back"), JobState)
        assert_type(await ledger.cancel(job_id, reason="moot"), JobState)
        assert_type(await ledger.approve(job_id, "cp_7", reason="ok"), JobState)
        assert_type(await ledger.refuse(job_id, "cp_7", reason="no"), JobState)
        assert_type(await ledger.wait(job_id, timeout=1), JobState)
        assert_type(await ledger.fork(job_id, at=7), str)
        assert_type(await ledger.erase(job_id, reason="asked for"), wrkr.JobState)
        assert_type(ledger.blocking, Ledger)
        working: AbstractAsyncContextManager[AsyncJob] = ledger.work(job_id, worker="host-1")
        async with working as job:
            await work_awaiting(job)
        async for recorded in ledger.follow(job_id):
            yield recorded


@register_result
class Patch(dict[str, int]):
    """A registered type stays what it is."""


register_result(complex, name="complex", encode=str, decode=complex)
assert_type(Patch(), Patch)
assert_type(open_store("memory://"), Store)
assert_type(__version__, str)


def react(error: BaseException) -> str:
    """React to what can go wrong, by class and never by message."""
    match error:
        case Blocked():
            return f"{error.job_id} {error.status} {error.summary}"
        case InvalidInputError():
            return ", ".join(error.problems)
        case ApprovalRequiredError() | BudgetExceededError() | EnvironmentMismatchError():
            return "a person has to look at it"
        case JobExistsError() | LeaseConflictError() | MoveNotAllowedError() | NotFoundError():
            return "not now, or not this one"
        case StepFailedError() | StepTimeoutError() | ResultNotStorableError():
            return "a step went wrong"
        case NonDeterminismError() | VerifyError() | StoreError() | UnsafeOperationError():
            return "stop"
        case WrkrError():
            details: Mapping[str, object] = error.details
            assert_type(error.code, str)
            assert_type(error.exit_code, int)
            return f"{error.message} {error.hint} {details}"
        case _:
            return "not ours"
