"""Jobs with a history to tell: whole logs written event by event, and ways to forge them.

The events stand here as they are, not as the ledger decides them, so that the same log comes out
whatever becomes of the rules; appending them folds them, so an illegal one is noticed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tests.fakes import FakeMachine
from wrkr_core import chain
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Budget, Overrun, Reservation, amounts
from wrkr_core.canonical import digest_bytes, dumps, loads
from wrkr_core.checkpoint import ArtifactChanges, Kind, RequiredAction
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.job_log import JobLog
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.manifest import MANIFEST
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import CheckpointPolicy, Command, JobSpec, StepSpec, spec_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wrkr_core.store import Store

SECOND: Final = 1_000_000
QUESTION: Final = "Merge 2 files into main?"
FETCH: Final = e.StepRef(name="fetch", occurrence=1)
MERGE: Final = e.StepRef(name="merge", occurrence=1)
BLOB: Final = dumps("a result too large for the log\u2028" * 3)
LINUX: Final = fingerprint([Observation(rule="os", value="linux")])
DARWIN: Final = fingerprint([Observation(rule="os", value="darwin")])


class Story:
    """A job that is told event by event; every ``tell`` is one batch, a second after the last."""

    def __init__(self, store: Store | None = None, job_id: str = "port-utils") -> None:
        self.store: Store = store if store is not None else MemoryStore()
        self.machine = FakeMachine()
        self.job_id = job_id
        self.log = JobLog(self.store, self.machine, job_id)
        self.log.load()

    @property
    def seq(self) -> int:
        """How many records there are."""
        return self.log.state.seq if self.log.state is not None else 0

    @property
    def spent(self) -> tuple[Amount, ...]:
        """What was spent, as a checkpoint must state it."""
        return self.log.state.spent if self.log.state is not None else ()

    def tell(self, *events: e.Event, by: str = "host-1") -> str:
        """Append events and return the hash of the last."""
        self.machine.advance(SECOND)
        return self.log.decide(lambda _state, _at: events, by=by)[-1].hash

    def take(self, epoch: int, worker: str = "host-1", **fields: Any) -> None:  # noqa: ANN401  # any fields of the event
        """Have a worker claim the job."""
        holder = self.machine.holder()
        self.tell(
            e.LeaseTaken(worker=worker, epoch=epoch, ttl=30 * SECOND, holder=holder, **fields),
            by=worker,
        )

    def release(self, epoch: int, worker: str = "host-1", reason: str = "left") -> None:
        """Have the worker let go."""
        self.tell(
            e.LeaseReleased(worker=worker, epoch=epoch, reason=reason, heartbeats=2), by=worker
        )

    def checkpoint(self, kind: Kind, summary: str, **fields: Any) -> e.CheckpointRecorded:  # noqa: ANN401  # as above
        """Return a checkpoint that comes next."""
        return e.CheckpointRecorded(
            checkpoint_id=f"cp_{self.seq + 1}",
            kind=kind,
            summary=summary,
            budget=self.spent,
            **fields,
        )

    def ask(self, question: str, *, key: str, choices: tuple[str, ...] = ()) -> tuple[str, str]:
        """Block the job with a question; return the checkpoint's id and its record's hash."""
        kind = "choice" if choices else "approval"
        action = RequiredAction(kind=kind, instructions=question, key=key, choices=choices)
        asked = self.checkpoint("decision-needed", question, required_action=action)
        subject = self.tell(asked)
        self.tell(e.JobBlocked(status="blocked_decision", summary=question, reason_codes=()))
        return asked.checkpoint_id, subject


def submitted(spec: JobSpec, forked_from: e.ForkPoint | None = None) -> e.JobSubmitted:
    """Return the event a job begins with."""
    return e.JobSubmitted(
        spec=spec, spec_digest=spec_digest(spec), engine="0.1.0", forked_from=forked_from
    )


def small_story(store: Store | None = None, job_id: str = "port-utils") -> Story:
    """Return a completed job of ten records: one guarded step, one approval."""
    story = Story(store, job_id)
    step = StepSpec(id="merge", command=Command(argv=("git", "merge")), gate=QUESTION)
    story.tell(submitted(JobSpec(name="port-utils", steps=(step,))), by="ann")
    story.take(1)
    checkpoint_id, subject = story.ask(QUESTION, key="gate:merge")
    yes = e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="read the diff")
    story.tell(yes, e.JobResumed(reason="approved"), by="ann")
    story.take(2)
    story.tell(e.StepStarted(step=MERGE, attempt=1, epoch=2, approval=checkpoint_id))
    story.tell(e.StepFinished(step=MERGE, attempt=1, epoch=2, result=msgspec.Raw(b'{"n":2}')))
    story.tell(story.checkpoint("completed", "merged"), e.JobCompleted(summary="merged"))
    return story


def whole_story(store: Store | None = None) -> Story:
    """Return a completed job in which every type of event happens but ``job_canceled``."""
    story = Story(store)
    story.store.put(f"blob/{digest_bytes(BLOB)}", BLOB, 0)
    steps = (
        StepSpec(id="fetch", command=Command(argv=("fetch", "--all")), retries=1),
        StepSpec(id="merge", command=Command(argv=("git", "merge")), gate=QUESTION),
    )
    spec = JobSpec(
        name="port-utils",
        objective="Port utils to pathlib \u2028 line",
        inputs={"workspace": ".", "ratio": 0.5, "\u20ac": [1, None, True]},
        budget=Budget(cost="1", tool_calls=5, wall="1h"),
        checkpoints=CheckpointPolicy(required=("plan",)),
        steps=steps,
    )
    story.tell(submitted(spec), by="ann")
    _fetch(story)
    _exceed_budget(story)
    _merge(story)
    _finish(story)
    return story


def _fetch(story: Story) -> None:
    story.take(1)
    story.tell(e.EnvironmentCaptured(fingerprint=LINUX))
    story.tell(
        story.checkpoint("plan", "fetch, then merge", data=msgspec.Raw(b'{"steps":["fetch"]}'))
    )
    story.tell(e.StepStarted(step=FETCH, attempt=1, epoch=1, input_digest="ab" * 32))
    reservation = Reservation(id="fetch!1", amounts=amounts(cost="0.10"))
    story.tell(e.BudgetReserved(reservation=reservation))
    story.tell(
        e.StepFailed(
            step=FETCH,
            attempt=1,
            epoch=1,
            code="E_ADAPTER_FAIL",
            error_type="OSError",
            message="no route to host",
            retry_at=story.machine.now() + 5 * SECOND,
            usage=amounts(wall="2s"),
        )
    )
    story.tell(
        e.BudgetSettled(reservation="fetch!1", amounts=reservation.amounts),
        e.StepStarted(step=FETCH, attempt=2, epoch=1, input_digest="ab" * 32),
    )
    story.tell(
        e.StepFinished(
            step=FETCH,
            attempt=2,
            epoch=1,
            result_blob=digest_bytes(BLOB),
            artifacts=(Artifact(path="src/a.py", sha256="12" * 32, size=10),),
            usage=amounts(wall="3s"),
        )
    )
    story.tell(e.Charged(amounts=amounts(tool_calls=3, tokens=1200), step=FETCH, mark="charge/1"))


def _exceed_budget(story: Story) -> None:
    readme = Artifact(path="README.md", sha256="34" * 32, size=7, capture="reference")
    story.tell(e.ArtifactRecorded(artifact=readme, mark="artifact/1"))
    said = "budget exceeded: tool_calls: 6 used, limit 5"
    story.tell(e.Charged(amounts=amounts(tool_calls=3), mark="charge/2"))
    over = Overrun(meter="tool_calls", used=6, wanted=0, limit=5)
    story.tell(e.BudgetExceeded(meters=(over,)))
    story.tell(story.checkpoint("blocked", said, reason_codes=("E_BUDGET_EXCEEDED",)))
    story.tell(
        e.JobBlocked(status="blocked_budget", summary=said, reason_codes=("E_BUDGET_EXCEEDED",))
    )
    story.release(1, reason="blocked_budget")
    story.tell(
        e.BudgetRaised(limits=amounts(tool_calls=20), reason="worth it"),
        e.JobResumed(reason="budget raised: worth it"),
        by="ann",
    )


def _merge(story: Story) -> None:
    story.tell(
        e.EnvironmentAccepted(expected=LINUX.digest, fingerprint=DARWIN, reason="same tools"),
        by="ann",
    )
    story.take(2, "host-2")
    story.take(3, took_over="holder_gone", took_over_from="host-2", usage=amounts(wall="1s"))
    checkpoint_id, subject = story.ask(QUESTION, key="gate:merge")
    story.release(3, reason="blocked_decision")
    story.tell(
        e.ApprovalGiven(
            checkpoint_id=checkpoint_id,
            subject=subject,
            reason="read the diff",
            expires_at=story.machine.now() + 3600 * SECOND,
        ),
        e.JobResumed(reason=f"{checkpoint_id} was approved"),
        by="ann",
    )
    story.take(4)
    story.tell(e.JobPaused(reason="lunch"), by="ann")
    story.release(4, reason="paused")
    story.tell(e.JobResumed(reason="lunch is over"), by="ann")
    story.take(5)
    story.tell(e.StepStarted(step=MERGE, attempt=1, epoch=5, approval=checkpoint_id))
    result = msgspec.Raw(dumps({"merged": 2, "ratio": 0.25, "note": "fin\u2029"}))
    story.tell(e.StepFinished(step=MERGE, attempt=1, epoch=5, result=result, result_type="Merge"))
    changes = ArtifactChanges(added=("src/a.py",), removed=("src/old.py",))
    story.tell(story.checkpoint("progress", "2 of 2 steps done", artifacts=changes))


def _finish(story: Story) -> None:
    checkpoint_id, subject = story.ask("Tag it?", key="ask/2", choices=("v1", "v2"))
    story.tell(
        e.ApprovalRefused(checkpoint_id=checkpoint_id, subject=subject, reason="later"),
        e.JobResumed(reason=f"{checkpoint_id} was refused"),
        by="bea",
    )
    story.take(6)
    story.tell(e.TimerSet(key="sleep/1", wake_at=story.machine.now() + 60 * SECOND))
    story.release(6, reason="running")
    story.machine.advance(60 * SECOND)
    story.take(7)
    again = Artifact(path="src/a.py", sha256="56" * 32, size=11)
    story.tell(e.ArtifactRecorded(artifact=again, mark="artifact/2"))
    failure = e.AcceptanceFailure(check="lint", code="E_ACCEPT_TEST_FAIL", message="exit 1")
    story.tell(
        e.AcceptanceRecorded(checks_run=2, passed=1, failures=(failure,), config_digest="78" * 32)
    )
    story.tell(story.checkpoint("completed", "merged"), e.JobCompleted(summary="merged"))
    story.release(7, reason="completed")


def canceled_story(store: Store | None = None) -> Story:
    """Return a fork that failed, was blocked and then canceled."""
    story = Story(store, "port-utils-again")
    origin = e.ForkPoint(job="port-utils", seq=12, hash="9a" * 32)
    story.tell(submitted(JobSpec(name="port-utils", python="jobs:port"), origin), by="ann")
    story.take(1, "fork")
    story.tell(
        e.StepStarted(step=FETCH, attempt=1, epoch=1),
        e.StepFinished(step=FETCH, attempt=1, epoch=1, result=msgspec.Raw(b"[1,2]")),
        by="ann",
    )
    story.release(1, "fork", reason="forked")
    story.take(2)
    keyed = e.StepRef(name="edit", occurrence=1, key="src/\u00fc.py")
    story.tell(e.StepStarted(step=keyed, attempt=1, epoch=2, at_most_once=True))
    story.tell(
        e.StepFailed(
            step=keyed,
            attempt=1,
            epoch=2,
            code="E_ADAPTER_FAIL",
            error_type="KeyError",
            message="x",
        )
    )
    story.tell(story.checkpoint("blocked", "step edit failed", reason_codes=("E_ADAPTER_FAIL",)))
    story.tell(
        e.JobBlocked(
            status="blocked_error",
            summary="step edit failed",
            reason_codes=("E_ADAPTER_FAIL",),
            step=keyed,
        )
    )
    story.release(2, reason="failed")
    story.tell(e.JobCanceled(reason="wrong approach", reason_codes=("E_ADAPTER_FAIL",)), by="ann")
    return story


def packed(story: Story) -> bytes:
    """Return the jobpack of the story so far."""
    out = io.BytesIO()
    export_pack(story.store, story.job_id, out)
    return out.getvalue()


def contents_of(pack: bytes) -> dict[str, bytes]:
    """Return the files of a pack."""
    file = io.BytesIO(pack)
    return {each.name: archive.read(file, each, 2**30) for each in archive.scan(file)}


def lines_of(pack: bytes) -> list[dict[str, Any]]:
    """Return the log of a pack as values."""
    return [loads(line) for line in contents_of(pack)["events.jsonl"].split(b"\n")[:-1]]


def resealed(lines: Iterable[dict[str, Any]]) -> bytes:
    """Return a log of these lines under fresh hashes, numbered anew: what a forger would do."""
    prev, sealed = chain.GENESIS, b""
    for seq, line in enumerate(lines, start=1):
        prev, data = chain.seal(
            prev=prev,
            at=line["at"],
            by=line["by"],
            id=line["id"],
            job=line["job"],
            payload=dumps(line["payload"]),
            seq=seq,
            type=line["type"],
        )
        sealed += data + b"\n"
    return sealed


def repacked(
    contents: dict[str, bytes], change: Callable[[dict[str, Any]], None] | None = None
) -> bytes:
    """Return a pack of these files under a manifest that fits them; ``change`` it further."""
    manifest = loads(contents[MANIFEST])
    files = {name: content for name, content in contents.items() if name != MANIFEST}
    manifest["files"] = [
        {"path": name, "size": len(files[name]), "sha256": digest_bytes(files[name])}
        for name in sorted(files)
    ]
    if change is not None:
        change(manifest)
    out = io.BytesIO()
    archive.write(out, sorted({**files, MANIFEST: dumps(manifest)}.items()))
    return out.getvalue()
