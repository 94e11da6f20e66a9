"""Jobs of any length as agents leave them, written straight into a store.

Not only steps: results of different sizes, charges, failures and retries, checkpoints with their
sums, files, and now and then a question that is answered. Every one is a legal history, which the
export and the verification of it find out.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

import msgspec

import wrkr_core as wrkr
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, amounts
from wrkr_core.canonical import digest, digest_bytes, dumps
from wrkr_core.chain import GENESIS
from wrkr_core.checkpoint import ArtifactChanges, RequiredAction
from wrkr_core.lease import Holder
from wrkr_core.record import seal_all
from wrkr_core.spec import spec_digest
from wrkr_core.work.attempts import blob_key

if TYPE_CHECKING:
    from wrkr_core.store import NewEvent, Store

JOB: Final = "port-utils"
BATCH_BYTES: Final = 2**20
SECOND: Final = 1_000_000
_FILES: Final = 500
_HOLDER: Final = Holder(
    host="build-7", boot_id="b7", pid_namespace="pid:[1]", pid=4211, started_at=1
)


class LongJob:
    """A job that is written on and on; ``seq`` is its last record, ``size`` the bytes of its log."""

    def __init__(self, store: Store, job_id: str = JOB) -> None:
        """Submit it, and have a worker take it."""
        self.seq = self.size = 0
        self._store, self._job_id = store, job_id
        self._prev, self._at, self._epoch = GENESIS, 1_700_000_000 * SECOND, 0
        self._ids = (f"01hf7x3k2m8qj4zt9v5w6y1r0b.{number}" for number in count(1))
        self._batch: list[NewEvent] = []
        self._batch_bytes = 0
        self._spent: dict[str, int] = {}
        spec = wrkr.JobSpec(
            name=job_id,
            objective="Port every module of utils to pathlib, with tests",
            budget=wrkr.Budget(cost="1000000", tool_calls=10**9, wall="100000h"),
        )
        self.tell(e.JobSubmitted(spec=spec, spec_digest=spec_digest(spec), engine="0.1.0"))
        self.take()

    def tell(self, event: e.Event, *usage: Amount) -> str:
        """Add an event that uses so much, and return its hash."""
        self._at += 40_000
        new, recorded = seal_all(
            self._job_id,
            after=self.seq,
            prev=self._prev,
            events=(event,),
            at=self._at,
            by="build-7",
            ids=self._ids,
        )
        for each in usage:
            self._spent[each.meter] = self._spent.get(each.meter, 0) + each.amount
        self.seq, self._prev = recorded[0].seq, recorded[0].hash
        self._batch += new
        self.size += len(new[0].data) + 1
        self._batch_bytes += len(new[0].data)
        if self._batch_bytes >= BATCH_BYTES:
            self.flush()
        return self._prev

    def flush(self) -> None:
        """Put what was told into the store."""
        if self._batch:
            before = self.seq - len(self._batch)
            self._store.append(self._job_id, before, self._batch, durable=False)
        self._batch, self._batch_bytes = [], 0

    def take(self) -> None:
        """Have a worker claim the job."""
        self._epoch += 1
        self.tell(
            e.LeaseTaken(worker="build-7", epoch=self._epoch, ttl=30 * SECOND, holder=_HOLDER)
        )

    def turn(self, number: int, *, result: bytes | None = None) -> None:
        """Work on one file, and say now and then where the job stands."""
        if number % 200 == 199:
            self._ask(number)
        self._step(number, _result(number) if result is None else result)
        used = amounts(tool_calls=2, tokens=900 + number % 700, cost="0.012")
        self.tell(e.Charged(amounts=used, mark=f"charge/{number}"), *used)
        if number % 25 == 24:
            self._checkpoint(number)

    def keep_blob(self, number: int, content: bytes) -> None:
        """Finish a step whose result is too large for the log; ``content`` is canonical JSON."""
        found = digest_bytes(content)
        self._store.put(blob_key(found), content, 0, durable=False)
        step = e.StepRef(name="collect", occurrence=number)
        self._start(step)
        self.tell(e.StepFinished(step=step, attempt=1, epoch=self._epoch, result_blob=found))

    def complete(self) -> None:
        """End it, and put the rest into the store."""
        self.tell(e.JobCompleted(summary="all modules are ported"))
        self.tell(
            e.LeaseReleased(
                worker="build-7", epoch=self._epoch, reason="completed", heartbeats=self.seq
            )
        )
        self.flush()

    def _start(self, step: e.StepRef, attempt: int = 1) -> None:
        used = Amount(meter="steps" if attempt == 1 else "retries", amount=1)
        self.tell(
            e.StepStarted(
                step=step, attempt=attempt, epoch=self._epoch, input_digest=digest(step.key)
            ),
            used,
        )

    def _step(self, number: int, result: bytes) -> None:
        step = e.StepRef(name="edit", occurrence=1, key=f"src/package/module_{number}.py")
        wall = amounts(wall=1 + number % 40)
        attempt = 1
        self._start(step)
        if number % 20 == 7:
            failed = e.StepFailed(
                step=step,
                attempt=1,
                epoch=self._epoch,
                code="E_ADAPTER_FAIL",
                error_type="TimeoutError",
                message="the model did not answer within 60 s",
                retry_at=self._at + SECOND,
                usage=wall,
            )
            self.tell(failed, *wall)
            attempt = 2
            self._start(step, attempt)
        finished = e.StepFinished(
            step=step,
            attempt=attempt,
            epoch=self._epoch,
            result=msgspec.Raw(result),
            artifacts=_artifacts(number),
            usage=wall,
        )
        self.tell(finished, *wall)

    def _checkpoint(self, number: int) -> None:
        self.tell(
            e.CheckpointRecorded(
                checkpoint_id=f"cp_{self.seq + 1}",
                kind="progress",
                summary=f"{number + 1} modules are ported, all tests pass",
                budget=self._sums(),
                artifacts=ArtifactChanges(changed=(f"src/file_{number % _FILES}.py",)),
                mark=f"checkpoint/{number}",
            )
        )

    def _ask(self, number: int) -> None:
        checkpoint_id = f"cp_{self.seq + 1}"
        subject = self.tell(
            e.CheckpointRecorded(
                checkpoint_id=checkpoint_id,
                kind="decision-needed",
                summary=f"Merge what was done up to module {number}?",
                budget=self._sums(),
                required_action=RequiredAction(
                    kind="approval", instructions="approve or refuse", key=f"ask/{number}"
                ),
            )
        )
        self.tell(
            e.JobBlocked(status="blocked_decision", summary="waits for a person", reason_codes=())
        )
        self.tell(
            e.LeaseReleased(
                worker="build-7", epoch=self._epoch, reason="blocked_decision", heartbeats=3
            )
        )
        self.tell(
            e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="read the diff")
        )
        self.tell(e.JobResumed(reason=f"{checkpoint_id} was approved"))
        self.take()

    def _sums(self) -> tuple[Amount, ...]:
        return tuple(
            Amount(meter=meter, amount=self._spent[meter]) for meter in sorted(self._spent)
        )


def write_job(store: Store, events: int, job_id: str = JOB) -> LongJob:
    """Write a completed job of about so many events, never fewer, and return it."""
    job = LongJob(store, job_id)
    for number in count():
        if job.seq >= events - 2:
            break
        job.turn(number)
    job.complete()
    return job


def _result(number: int) -> bytes:
    """Return what editing a file gave: 60 to 900 bytes of canonical JSON."""
    return dumps(
        {
            "changed": True,
            "diff": "-import os.path\n+from pathlib import Path\n" * (number % 20),
            "lines": number % 300,
            "tests": {"failed": 0, "passed": 40 + number % 7},
        }
    )


def _artifacts(number: int) -> tuple[Artifact, ...]:
    """Return the file that every tenth step leaves."""
    if number % 10:
        return ()
    path = f"src/file_{number // 10 % _FILES}.py"
    return (Artifact(path=path, sha256=digest([path, number]), size=1000 + number),)
