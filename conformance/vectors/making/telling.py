"""Logs written line by line, legal or not: nothing here asks whether an event may happen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wrkr_core import chain, codec
from wrkr_core import events as e
from wrkr_core.budget import amounts
from wrkr_core.canonical import dumps, loads
from wrkr_core.checkpoint import RequiredAction
from wrkr_core.lease import Holder
from wrkr_core.spec import JobSpec, spec_digest

if TYPE_CHECKING:
    from wrkr_core.checkpoint import Kind

NOON: Final = 1_700_000_000_000_000
SECOND: Final = 1_000_000
TTL: Final = 30 * SECOND
JOB: Final = "port-utils"
EDIT: Final = e.StepRef(name="edit", occurrence=1)
HOLDER: Final = Holder(
    host="host-1", boot_id="boot-1", pid_namespace="pid:[1]", pid=100, started_at=100_000
)
GOLDEN: Final = Path(__file__).resolve().parents[3] / "tests" / "golden"


class Log:
    """A log of one job; every line is a second after the one before.

    Attributes:
        lines: The lines so far, without newlines.

    """

    def __init__(self, job_id: str = JOB) -> None:
        """Begin without a line."""
        self.lines: list[str] = []
        self.job_id = job_id

    @property
    def head(self) -> str:
        """The hash of the last line."""
        return str(loads(self.lines[-1].encode())["_hash"]) if self.lines else chain.GENESIS

    def copy(self) -> Log:
        """Return another log with the same lines so far."""
        other = Log(self.job_id)
        other.lines = list(self.lines)
        return other

    def tell(self, *events: e.Event, by: str = "ada") -> Log:
        """Add events, as they are."""
        for event in events:
            wire, payload = codec.encode(event)
            self.put(wire, loads(payload), by=by)
        return self

    def put(self, wire: str, payload: object, *, by: str = "ada", **other: Any) -> Log:  # noqa: ANN401  # any field of a line
        """Add a line of any type with any payload; ``other`` replaces fields of the line."""
        seq = len(self.lines) + 1
        fields: dict[str, Any] = {
            "prev": self.head,
            "at": NOON + seq * SECOND,
            "by": by,
            "id": f"id.{seq}",
            "job": self.job_id,
            "seq": seq,
            "type": wire,
            **other,
        }
        _, line = chain.seal(payload=dumps(payload), **fields)
        self.lines.append(line.decode())
        return self

    def submit(self, **fields: Any) -> Log:  # noqa: ANN401  # the fields of a spec
        """Begin the job."""
        given: dict[str, Any] = {"name": "port-utils", **fields}
        spec = JobSpec(**given)
        submitted = e.JobSubmitted(spec=spec, spec_digest=spec_digest(spec), engine="0.1.0")
        return self.tell(submitted, by="ann")

    def take(self, epoch: int = 1, worker: str = "ada", **fields: Any) -> Log:  # noqa: ANN401  # of the event
        """Have a worker claim the job."""
        taken = e.LeaseTaken(worker=worker, epoch=epoch, ttl=TTL, holder=HOLDER, **fields)
        return self.tell(taken, by=worker)

    def release(self, epoch: int = 1, reason: str = "left") -> Log:
        """Have the worker let go."""
        released = e.LeaseReleased(worker="ada", epoch=epoch, reason=reason, heartbeats=2)
        return self.tell(released)

    def checkpoint(self, kind: Kind, summary: str, **fields: Any) -> Log:  # noqa: ANN401  # of the event
        """Record a checkpoint."""
        named = f"cp_{len(self.lines) + 1}"
        return self.tell(
            e.CheckpointRecorded(checkpoint_id=named, kind=kind, summary=summary, **fields)
        )

    def ask(self, question: str, *, choices: tuple[str, ...] = (), key: str = "ask/1") -> Log:
        """Open a decision."""
        action = RequiredAction(
            kind="choice" if choices else "approval",
            instructions=question,
            key=key,
            choices=choices,
        )
        return self.checkpoint("decision-needed", question, required_action=action)

    def block(self, kind: str = "error", summary: str = "stuck", **fields: Any) -> Log:  # noqa: ANN401  # of the event
        """Block the job."""
        status = f"blocked_{kind}"
        blocked: Any = {"status": status, "summary": summary, "reason_codes": (), **fields}
        return self.tell(e.JobBlocked(**blocked))


def begun(**fields: Any) -> Log:  # noqa: ANN401  # the fields of a spec
    """Return the log of a job that is worked on under epoch 1."""
    return Log().submit(**fields).take()


def started(attempt: int = 1, epoch: int = 1, **fields: Any) -> e.StepStarted:  # noqa: ANN401  # of the event
    """Return the beginning of an attempt of the step "edit"."""
    given: dict[str, Any] = {"step": EDIT, "attempt": attempt, "epoch": epoch, **fields}
    return e.StepStarted(**given)


def finished(attempt: int = 1, epoch: int = 1, **fields: Any) -> e.StepFinished:  # noqa: ANN401  # of the event
    """Return its good end."""
    given: dict[str, Any] = {"step": EDIT, "attempt": attempt, "epoch": epoch, **fields}
    return e.StepFinished(**given)


def failed(attempt: int = 1, epoch: int = 1, **fields: Any) -> e.StepFailed:  # noqa: ANN401  # of the event
    """Return its bad end."""
    given: dict[str, Any] = {
        "step": EDIT,
        "attempt": attempt,
        "epoch": epoch,
        "code": "E_ADAPTER_FAIL",
        "error_type": "OSError",
        "message": "no route to host",
        **fields,
    }
    return e.StepFailed(**given)


def charged(**counts: Any) -> e.Charged:  # noqa: ANN401  # as ``amounts``
    """Return a charge."""
    return e.Charged(amounts=amounts(**counts))


def golden(name: str) -> list[str]:
    """Return the lines of a frozen log of release 0.1."""
    text = (GOLDEN / "release_0_1" / name / "events.jsonl").read_bytes().decode()
    return text.split("\n")[:-1]
