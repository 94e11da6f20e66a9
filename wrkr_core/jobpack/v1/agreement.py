"""Reading the documents of a v1 jobpack beside its log, of which each must say what the log says."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from wrkr_core.errors import VerifyHistoryError
from wrkr_core.jobpack.v1.history import require, require_job

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wrkr_core.jobpack.v1.history import History
    from wrkr_core.jobpack.v1.payloads import CheckpointEmitted
    from wrkr_core.jobpack.v1.records import Acceptance, Approval, Artifacts, Checkpoint, Event, Job

_REPEATED: Final = (
    "type",
    "summary",
    "status",
    "budget_state",
    "artifacts_delta",
    "reason_codes",
)


def reference_digest(path: str) -> str:
    """Return what v1 states for a file: the SHA-256 of ``reference:`` and its path."""
    return sha256(b"reference:" + path.encode()).hexdigest()


class Paths:
    """The paths that ``artifacts_manifest.json`` lists, each of which a checkpoint must name."""

    def __init__(self, artifacts: Artifacts, job_id: str) -> None:
        """Begin with none of them named. Raises: VerifyHistoryError."""
        require_job(artifacts.job_id, job_id)
        paths = [each.path for each in artifacts.artifacts]
        require(
            paths == sorted(set(paths), key=str.encode), "paths are out of order, or there twice"
        )
        for each in artifacts.artifacts:
            require(
                artifacts.capture_mode == "raw" or each.sha256 == reference_digest(each.path),
                f"{each.path!r:.200} has not the digest of a reference to it",
            )
        self._all = frozenset(paths)
        self._unnamed = set(paths)

    def name(self, paths: Iterable[str]) -> None:
        """Take in what a checkpoint names. Raises: VerifyHistoryError: one is not listed."""
        for path in paths:
            require(path in self._all, f"it names {path!r:.200}, which the artifacts do not list")
            self._unnamed.discard(path)

    def end(self) -> None:
        """Require that every path was named. Raises: VerifyHistoryError."""
        unnamed = min(self._unnamed, default="")
        require(not self._unnamed, f"{unnamed!r:.200} is listed, and no checkpoint names it")


def compare_checkpoint(
    event: Event, said: CheckpointEmitted, seq: int, lines: Iterator[Checkpoint]
) -> None:
    """Require that the next line is what the event ``seq`` recorded. Raises: VerifyHistoryError."""
    found = next(lines, None)
    if found is None:
        raise VerifyHistoryError(f"cp_{seq} is in the log, and no line says so")
    require_job(found.job_id, event.job_id)
    require(
        found.checkpoint_id == f"cp_{seq}",
        f"{found.checkpoint_id!r:.40} stands where the log says cp_{seq}",
    )
    action = UNSET if said.required_action is None else said.required_action
    differs = [each for each in _REPEATED if getattr(found, each) != getattr(said, each)]
    differs += ["created_at"] if found.created_at != event.created_at else []
    differs += ["required_action"] if found.required_action != action else []
    require(not differs, f"cp_{seq} states another {', '.join(differs)} than the log")


def compare_approval(said: Approval, lines: Iterator[Approval]) -> None:
    """Require that the next line is the approval that was recorded. Raises: VerifyHistoryError."""
    found = next(lines, None)
    if found is None:
        raise VerifyHistoryError(f"the approval of {said.checkpoint_id} is in the log, not here")
    differs = [
        each for each in said.__struct_fields__ if getattr(found, each) != getattr(said, each)
    ]
    require(
        not differs,
        f"the approval of {found.checkpoint_id!r:.40} states another {', '.join(differs)} than the "
        f"log",
    )


def require_end(lines: Iterator[object]) -> None:
    """Require that no line is left. Raises: VerifyHistoryError."""
    require(next(lines, None) is None, "it goes on where the log has nothing more to say")


def compare_job(job: Job, history: History, job_id: str) -> None:
    """Require that ``job.json`` states what the log comes to. Raises: VerifyHistoryError."""
    require_job(job.job_id, job_id)
    require(
        job.status == history.status,
        f"it states that the job is {job.status!r:.40}, the log says {history.status}",
    )
    for what in history.counters.__struct_fields__:
        stated, counted = job.budgets.get(what), getattr(history.counters, what)
        require(
            type(stated) is int and stated == counted,
            f"it states {what} {stated!r:.40}, the log says {counted}",
        )


def require_acceptance(acceptance: Acceptance, job_id: str) -> None:
    """Require that a result of acceptance does not contradict itself; no event tells of it.

    Raises: VerifyHistoryError.
    """
    require_job(acceptance.job_id, job_id)
    run, passed = acceptance.checks_run, acceptance.checks_passed
    require(passed <= run, f"{passed} of {run} checks cannot have passed")
    has_failed = passed < run
    require(
        has_failed == bool(acceptance.failures) == bool(acceptance.reason_codes),
        f"{passed} of {run} checks passed, and {len(acceptance.failures)} failures are listed",
    )
