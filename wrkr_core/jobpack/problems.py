"""Every problem of a job or jobpack at once, stage by stage.

Usually the first problem ends a verification, because nothing behind it can be believed. Who has to
mend something wants to know all of it. Then what a stage can go on behind is only noted, and a stage
is judged unless it rests on one that was not found in order; of those nothing is said.

However much is wrong, memory stays small: of each stage so many problems are kept, the rest counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, TypeVar

import attrs

from wrkr_core.errors import VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wrkr_core.jobpack.verification import Verification

MOST: Final = 100
"""How many problems of one stage are kept."""

Report: TypeAlias = Callable[[VerifyError], None]
"""Takes what is wrong where a stage can go on behind it; it may raise it."""
Outcome: TypeAlias = Literal["ok", "failed", "not judged"]


class Judged(Protocol):
    """What stages judge: a jobpack, or a job in its store."""

    report: Report

    def lacks(self, stage: str) -> str:
        """Return what ``stage`` would read and is not there, empty if nothing is missing."""
        ...


Subject = TypeVar("Subject", bound=Judged)


def refuse(error: VerifyError) -> None:
    """Raise what is wrong: the first problem ends the verification."""
    raise error


@attrs.frozen(kw_only=True)
class StageOutcome:
    """What became of a stage: in a sentence what it established, or why it says nothing.

    ``problems`` is how many it found, of which the first ``MOST`` are kept.
    """

    stage: str
    outcome: Outcome
    said: str
    problems: int = 0


@attrs.frozen(kw_only=True)
class Findings:
    """All that was found of a job or jobpack.

    Attributes:
        job_id: The job, as far as it is known.
        pack_id: SHA-256 of the manifest, once that was read; None for a job in its store.
        format: ``v2`` or ``v1`` for a jobpack of that format, ``store`` for a job in its store.
        stages: Every stage, in order.
        problems: What is wrong, in the order of the stages; ``details`` hold the stage, and entry,
            line and offset where known.
        verification: What was verified, when nothing is wrong.

    """

    job_id: str | None
    pack_id: str | None
    format: str
    stages: tuple[StageOutcome, ...]
    problems: tuple[VerifyError, ...]
    verification: Verification | None = None

    @property
    def count(self) -> int:
        """How many problems there are, kept or not."""
        return sum(each.problems for each in self.stages)

    def view(self) -> dict[str, object]:
        """Return all of it as JSON values, as ``wrkr verify --all --json`` prints it."""
        verified = self.verification
        first = self.problems[0] if self.problems else None
        return {
            "schema_id": "wrkr.verify_findings",
            "schema_version": "v1",
            "ok": first is None,
            "job_id": self.job_id,
            "pack_id": self.pack_id,
            "format": self.format,
            "code": None if first is None else first.code,
            "exit_code": 0 if first is None else first.exit_code,
            "problem_count": self.count,
            "problems": [problem_view(each) for each in self.problems],
            "stages": [attrs.asdict(each) for each in self.stages],
            "verification": None if verified is None else verified.view(),
        }


def problem_view(error: VerifyError) -> dict[str, object]:
    """Return one problem as JSON values; ``details`` are what is known besides its place."""
    place = {name: error.details.get(name) for name in ("stage", "entry", "line", "offset")}
    return {
        **place,
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "details": {name: each for name, each in error.details.items() if name not in place},
    }


def judge(
    subject: Subject,
    stages: Iterable[tuple[str, Callable[[Subject], str]]],
    needs: Mapping[str, tuple[str, ...]],
) -> tuple[tuple[StageOutcome, ...], tuple[VerifyError, ...]]:
    """Run every stage that can be judged; return what became of each, and every problem.

    ``needs`` names the stages without which one cannot be judged. Raises: what is no problem of the
    subject, as NotSupportedHereError.
    """
    outcomes: dict[str, StageOutcome] = {}
    problems: list[VerifyError] = []
    for name, stage in stages:
        because = _in_the_way(subject, name, needs.get(name, ()), outcomes)
        if because:
            outcomes[name] = StageOutcome(stage=name, outcome="not judged", said=because)
            continue
        noted = _Noted(name)
        subject.report = noted.take_in
        said = ""
        try:
            said = stage(subject)
        except VerifyError as error:
            noted.take_in(error)
        problems += noted.kept
        if noted.count:
            count = f"{noted.count} problem{'s' if noted.count > 1 else ''}"
            said = count if noted.count <= MOST else f"{count}, of which {MOST} are listed"
        outcomes[name] = StageOutcome(
            stage=name, outcome="failed" if noted.count else "ok", said=said, problems=noted.count
        )
    return tuple(outcomes.values()), tuple(problems)


class _Noted:
    """The problems of one stage."""

    def __init__(self, stage: str) -> None:
        self.count = 0
        self.kept: list[VerifyError] = []
        self._stage = stage

    def take_in(self, error: VerifyError) -> None:
        self.count += 1
        if len(self.kept) < MOST:
            error.details = {"stage": self._stage, **error.details}
            error.__traceback__ = None  # it would keep alive what the stage held
            self.kept.append(error)


def _in_the_way(
    subject: Judged, stage: str, needed: Iterable[str], outcomes: Mapping[str, StageOutcome]
) -> str:
    """Return why a stage cannot be judged, empty if it can."""
    missing = [
        f"{name} {_became(outcomes[name])}" for name in needed if outcomes[name].outcome != "ok"
    ]
    if missing:
        return ", ".join(missing)
    lacking = subject.lacks(stage)
    return f"{lacking} is not there" if lacking else ""


def _became(outcome: StageOutcome) -> str:
    return "failed" if outcome.outcome == "failed" else "was not judged"
