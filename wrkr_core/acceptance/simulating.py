"""What other rules would have said of a job that was recorded, told from its records alone.

Nothing is run and no file is looked at. Files are known as the job recorded them, so what it never
recorded is missing. A check needs the workspace: of it is known only how the very same check came
out when it ran, if it did. That it failed then counts; that it passed is told, and is no proof that
it would pass again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import attrs

from wrkr_core import events as e
from wrkr_core.acceptance.custom import CustomCheck
from wrkr_core.acceptance.judging import CheckResult, JobFacts, files_in, judge, verified
from wrkr_core.acceptance.patterns import finds, plain_path
from wrkr_core.acceptance.promises import promises_digest
from wrkr_core.job.fold import fold_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wrkr_core.acceptance.config import AcceptanceConfig
    from wrkr_core.artifact import Artifact
    from wrkr_core.job.state import JobState
    from wrkr_core.spec import Check, JobSpec

Outcome = Literal["passed", "failed", "not_known"]
Verdict = Literal["would_pass", "would_fail", "not_known"]


@attrs.frozen(kw_only=True)
class RanBefore:
    """How the same check came out when it ran: in record ``seq``, at the wish of ``by``."""

    seq: int
    by: str
    result: CheckResult


@attrs.frozen(kw_only=True)
class Simulated:
    """What is known of one check; ``before`` is how the same check came out, None if it never ran."""

    result: CheckResult
    outcome: Outcome
    before: RanBefore | None = None


def simulate(
    config: AcceptanceConfig, job_id: str, spec: JobSpec, events: Sequence[e.RecordedEvent]
) -> list[Simulated]:
    """Return what ``config`` would have said of a job, check by check.

    ``events`` are all its events, at least one, and were verified.
    """
    state = cast("JobState", fold_all(None, events, job_id))
    facts, there = JobFacts.of(state, events), _there(events)
    told = [
        verified(None),
        *judge(
            config,
            facts,
            matched={each: _found(each, there) for each in config.artifacts},
            contents={path: _digest(path, there) for path, _wanted in config.contents},
            where="that the job recorded",
        ),
    ]
    return [
        *(Simulated(result=each, outcome=_outcome(each)) for each in told),
        *(_check(each, _last_run(each, config, spec, events)) for each in config.checks),
    ]


def verdict(found: Iterable[Simulated]) -> Verdict:
    """Return what all of it amounts to; nothing passes of which something is not known."""
    outcomes = {each.outcome for each in found}
    if "failed" in outcomes:
        return "would_fail"
    return "not_known" if "not_known" in outcomes else "would_pass"


def _outcome(result: CheckResult) -> Outcome:
    return "passed" if result.has_passed else "failed"


def _there(events: Iterable[e.RecordedEvent]) -> dict[str, Artifact]:
    """Return the newest record of each file that no later checkpoint says is gone."""
    found: dict[str, Artifact] = {}
    for each in events:
        found |= files_in(each.event)
        if isinstance(each.event, e.CheckpointRecorded):
            for path in each.event.artifacts.removed:
                found.pop(path, None)
    return found


def _found(pattern: str, there: Mapping[str, Artifact]) -> list[Artifact]:
    return [each for path, each in there.items() if finds(path, pattern)]


def _digest(path: str, there: Mapping[str, Artifact]) -> str | None:
    found = there.get(plain_path(path))
    return None if found is None else found.sha256


def _check(check: Check | CustomCheck, before: RanBefore | None) -> Simulated:
    name = f"check:{check.name}"
    if before is not None and not before.result.has_passed:
        result = attrs.evolve(before.result, name=name)
        return Simulated(result=result, outcome="failed", before=before)
    return Simulated(result=CheckResult(name=name), outcome="not_known", before=before)


def _last_run(
    check: Check | CustomCheck,
    config: AcceptanceConfig,
    spec: JobSpec,
    events: Iterable[e.RecordedEvent],
) -> RanBefore | None:
    """Return how the same check came out the last time it ran, None if that is not recorded.

    The log names rules by their digest: the same check ran under the same rules, and under the job's
    own promises if it is one of them.
    """
    names = {config.digest: f"check:{check.name}"}
    if not isinstance(check, CustomCheck):
        same = (each.name for each in spec.acceptance if each.command == check.command)
        names |= {promises_digest(spec): name for name in same}
    found: RanBefore | None = None
    for each in events:
        event = each.event
        if isinstance(event, e.AcceptanceRecorded) and event.config_digest in names:
            result = _recorded(names[event.config_digest], event)
            found = RanBefore(seq=each.seq, by=each.by, result=result)
    return found


def _recorded(name: str, event: e.AcceptanceRecorded) -> CheckResult:
    for each in event.failures:
        if each.check == name:
            return CheckResult(
                name=name, code=each.code, message=each.message, artifact=each.artifact
            )
    return CheckResult(name=name)
