"""What must hold of a v1 log read from its beginning, and what it comes to.

v1's own verification looks at no event twice, so a log with events taken out or a status that never
was passes it. Checked here: events are numbered without a gap, begin with the job's first and are
all its own; every status follows from the one before by v1's own table; approvals answer questions
that were asked, and no job went on past one that nobody had answered; environments have the digest
stated for them.

Not checked, because v1's own programs do not keep to it: that times never run back and counters
never fall (two processes may write by turns), and whose lease it was.

Events carry no hashes, so nothing tells an invented log from a true one. That is why the result says
that the history is not foldable: it is consistent, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from wrkr_core.canonical import digest
from wrkr_core.decoding import convert
from wrkr_core.errors import VerifyHistoryError, VerifyMalformedError
from wrkr_core.jobpack.v1 import payloads as p
from wrkr_core.jobpack.v1.failures import UnexpectedShapeError, printable
from wrkr_core.jobpack.v1.moves import MOVES
from wrkr_core.jobpack.v1.records import Approval, shaped
from wrkr_core.jobpack.v1.times import is_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wrkr_core.jobpack.v1.records import Event, JobStatus

NO_COUNTERS: Final = p.CountersUpdated(retry_count=0, step_count=0, tool_call_count=0)


class History:
    """Checks the events of one job from the first on.

    Attributes:
        count: How many events there were.
        status: What they come to.
        counters: What was used by now.
        approvals: How many there were; nobody can sign one in v1.

    """

    def __init__(self, job_id: str) -> None:
        """Begin before the first event."""
        self.count = 0
        self.status: JobStatus = "queued"
        self.counters = NO_COUNTERS
        self.approvals = 0
        self.environment: str | None = None
        self.newest: str | None = None  # checkpoint that asked something
        self.asked: set[str] = set()
        self.approved: set[str] = set()
        self.job_id = job_id

    def take_in(self, event: Event) -> p.Payload | Approval:
        """Return what the next event says.

        Raises:
            VerifyHistoryError: It cannot have happened then.
            VerifyMalformedError: A time in it does not exist.

        """
        self.count += 1
        require_job(event.job_id, self.job_id)
        require(
            event.event_id == f"evt_{self.count}",
            f"{event.event_id!r:.40} stands where evt_{self.count} must: something was taken out, "
            f"put in or exchanged",
        )
        require(
            (event.type == "job_initialized") == (self.count == 1),
            f"a job begins with job_initialized, once; here is {event.type!r:.40}",
        )
        payload = _payload(event)
        executed = event.payload.get("executed")
        require(
            event.executed is (executed if isinstance(executed, bool) else True),
            "it says in two places whether something was executed, and not the same",
        )
        require_times(payload)
        rule = _RULES.get(type(payload))
        if rule is not None:
            rule(self, payload)
        return payload


def require(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # read as a sentence
    """Raise VerifyHistoryError unless it holds."""
    if not holds:
        raise VerifyHistoryError(otherwise)


def require_job(stated: str, job_id: str) -> None:
    """Require that a record is of this job. Raises: VerifyHistoryError."""
    require(stated == job_id, f"it is of job {stated!r:.140}, in a jobpack of job {job_id!r:.140}")


def require_times(record: msgspec.Struct) -> None:
    """Require that every time in a record exists. Raises: VerifyMalformedError."""
    for name in record.__struct_fields__:
        if name.endswith("_at") and not is_time(getattr(record, name)):
            raise VerifyMalformedError(f"{name} is {getattr(record, name)!r:.80}, no time in UTC")


def _payload(event: Event) -> p.Payload | Approval:
    try:
        if event.type == p.APPROVAL:
            return shaped(event.payload, Approval)
        kind = p.TYPES.get(event.type)
        if kind is None:
            raise VerifyHistoryError(f"v1 knows no event of type {event.type!r:.40}")
        return convert(event.payload, kind)
    except (msgspec.ValidationError, UnexpectedShapeError) as error:
        raise VerifyHistoryError(f"it is no {event.type} of v1: {printable(error)}") from error


def _fingerprint_set(past: History, event: p.FingerprintSet) -> None:
    past.environment = _checked_digest(event.rules, event.values, event.hash)


def _environment_overridden(past: History, event: p.EnvironmentOverridden) -> None:
    require(
        event.expected_hash == past.environment,
        "it replaces an environment that was not the job's",
    )
    past.environment = _checked_digest(event.rules, event.values, event.actual_hash)


def _checked_digest(rules: Iterable[str], values: Mapping[str, str], stated: str) -> str:
    found = environment_digest(rules, values)
    require(found == stated, "the environment has not the digest stated for it")
    return found


def environment_digest(rules: Iterable[str], values: Mapping[str, str]) -> str:
    """Return the digest of an environment as v1 computes it."""
    return digest({"rules": list(rules), "values": dict(values)})


def _status_changed(past: History, event: p.StatusChanged) -> None:
    require(
        event.before == past.status,
        f"it says that the job was {event.before}, which was {past.status}",
    )
    require(event.to in MOVES[past.status], f"a job that is {past.status} cannot be {event.to}")
    is_resumed = event.to == "running" and past.status != "queued"
    require(
        not is_resumed or past.newest is None or past.newest in past.approved,
        f"the job went on though nobody had approved {past.newest}",
    )
    past.status = event.to


def _counters_updated(past: History, event: p.CountersUpdated) -> None:
    past.counters = event


def _checkpoint_emitted(past: History, event: p.CheckpointEmitted) -> None:
    if event.type == "decision-needed":
        past.newest = f"cp_{past.count}"
        past.asked.add(past.newest)


def _approved(past: History, event: Approval) -> None:
    require_job(event.job_id, past.job_id)
    require(
        event.checkpoint_id in past.asked,
        f"{event.checkpoint_id!r:.40} was approved, which asked nothing",
    )
    past.approved.add(event.checkpoint_id)
    past.approvals += 1


_RULES: Final[Mapping[type, Callable[[History, Any], None]]] = {
    p.FingerprintSet: _fingerprint_set,
    p.EnvironmentOverridden: _environment_overridden,
    p.StatusChanged: _status_changed,
    p.CountersUpdated: _counters_updated,
    p.CheckpointEmitted: _checkpoint_emitted,
    Approval: _approved,
}
