"""Whether a job meets what acceptance asks: rules over its state, and over files that were looked at.

Pure: the files, the verification of the log and the outcomes of commands are handed in. Every rule is
judged, also after one has failed, so that one look shows all that is missing. A job that is not
completed never passes, nor one that waits for a decision, whatever the rules say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import msgspec

from wrkr_core import events as e
from wrkr_core.acceptance.patterns import matches
from wrkr_core.budget import amount_text
from wrkr_core.errors import (
    AcceptanceTestError,
    ApprovalRequiredError,
    BudgetExceededError,
    MissingArtifactError,
    MoveNotAllowedError,
)
from wrkr_core.job.decide.guard import require_move
from wrkr_core.job.decide.working import MORE_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from wrkr_core.acceptance.config import AcceptanceConfig
    from wrkr_core.artifact import Artifact
    from wrkr_core.errors import VerifyError, WrkrError
    from wrkr_core.job.state import JobState

SCHEMA: Final = "schema"
"""The check that every record of the job is what it should be."""
MOST_NAMED: Final = 10
MOST_RECORDED: Final = 512 * 1024
"""How many bytes the failures in one record may take."""


@attrs.frozen(kw_only=True)
class CheckResult:
    """How one check came out; ``code`` and ``message`` are empty when it passed.

    ``artifact`` is the glob or path of what is missing or another. ``output`` is what a command
    wrote, masked and bounded.
    """

    name: str
    code: str = ""
    message: str = ""
    artifact: str | None = None
    output: str = ""

    @property
    def has_passed(self) -> bool:
        """Tell whether there is nothing against it."""
        return not self.code


def files_in(event: e.Event) -> dict[str, Artifact]:
    """Return the files that an event records, by path."""
    if isinstance(event, e.StepFinished):
        return {each.path: each for each in event.artifacts}
    return {event.artifact.path: event.artifact} if isinstance(event, e.ArtifactRecorded) else {}


@attrs.frozen(kw_only=True)
class JobFacts:
    """What is known of a job: its state, the newest record of each file, decisions refused."""

    state: JobState
    recorded: Mapping[str, Artifact]
    refused: tuple[str, ...]

    @classmethod
    def of(cls, state: JobState, events: Iterable[e.RecordedEvent]) -> JobFacts:
        """Return what the events say."""
        recorded: dict[str, Artifact] = {}
        refused: list[str] = []
        for each in events:
            recorded |= files_in(each.event)
            if isinstance(each.event, e.ApprovalRefused):
                refused.append(each.event.checkpoint_id)
        return cls(state=state, recorded=recorded, refused=tuple(refused))


def verified(error: VerifyError | None) -> CheckResult:
    """Return how the check of the log itself came out: its form, its chain and its history."""
    if error is None:
        return CheckResult(name=SCHEMA)
    return CheckResult(name=SCHEMA, code=error.code, message=error.message)


def judge(
    config: AcceptanceConfig,
    facts: JobFacts,
    *,
    matched: Mapping[str, Sequence[Artifact]],
    contents: Mapping[str, str | None],
    where: str = "in the workspace",
) -> list[CheckResult]:
    """Return how every rule but the checks came out, in the order of the config.

    ``matched`` has for each glob of ``artifacts`` the files it matches; ``contents`` for each path of
    ``contents`` the digest of the file, None where there is none; ``where`` says of them where they
    were looked for.
    """
    return [
        _status(facts.state),
        _decisions(config, facts),
        *(_artifact(each, matched[each], facts.recorded, where) for each in config.artifacts),
        *(_content(path, wanted, contents[path], where) for path, wanted in config.contents),
        *_paths(config, facts.recorded),
        *(_budget(each.meter, each.amount, facts.state) for each in config.budget),
    ]


def outcome(results: Sequence[CheckResult], config_digest: str) -> e.AcceptanceRecorded:
    """Return the event that says how acceptance came out.

    Failures beyond what one record holds are counted in a last one, so that acceptance which failed
    in a thousand ways is recorded as failed.
    """
    failed = [
        e.AcceptanceFailure(
            check=each.name, code=each.code, message=each.message, artifact=each.artifact
        )
        for each in results
        if not each.has_passed
    ]
    return e.AcceptanceRecorded(
        checks_run=len(results),
        passed=len(results) - len(failed),
        failures=tuple(_as_many_as_fit(failed)),
        config_digest=config_digest,
    )


def _as_many_as_fit(failed: Sequence[e.AcceptanceFailure]) -> Iterator[e.AcceptanceFailure]:
    room = MOST_RECORDED
    for number, each in enumerate(failed):
        room -= len(msgspec.json.encode(each))
        if room < 0:
            yield e.AcceptanceFailure(
                check=MORE_FAILED,
                code=AcceptanceTestError.code,
                message=f"{len(failed) - number} more checks failed; no record holds them all",
            )
            return
        yield each


def decide_outcome(
    state: JobState, judged_at: int, event: e.AcceptanceRecorded
) -> tuple[e.Event, ...]:
    """Decide that acceptance came out so, judged when the job's newest record was ``judged_at``.

    Raises: MoveNotAllowedError: the job went on meanwhile, or is canceled. UnknownEventError.
    """
    require_move(state, "acceptance_recorded")
    if state.seq != judged_at:
        raise MoveNotAllowedError(
            f"job {state.job_id} went on while acceptance ran: it was judged at record {judged_at}, "
            f"and is at record {state.seq}",
            hint="nothing was recorded; run acceptance again",
            job_id=state.job_id,
        )
    return (event,)


def refusal(said: str, results: Iterable[CheckResult], *, hint: str) -> WrkrError | None:
    """Return the error that says which checks failed, None when none did; ``said`` begins it."""
    failed = [each for each in results if not each.has_passed]
    if not failed:
        return None
    is_missing = any(each.code == MissingArtifactError.code for each in failed)
    names = ", ".join(each.name for each in failed[:MOST_NAMED])
    more = f" and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
    return (MissingArtifactError if is_missing else AcceptanceTestError)(
        f"{said}: {names}{more} failed",
        hint=hint,
        failed=[{"check": each.name, "code": each.code} for each in failed],
    )


def _status(state: JobState) -> CheckResult:
    if state.status == "completed":
        return CheckResult(name="status")
    return CheckResult(
        name="status",
        code=AcceptanceTestError.code,
        message=f"the job is {state.status}, not completed",
    )


def _decisions(config: AcceptanceConfig, facts: JobFacts) -> CheckResult:
    waiting = ", ".join(each.checkpoint_id for each in facts.state.decisions)
    if waiting:
        return CheckResult(
            name="decisions", code=ApprovalRequiredError.code, message=f"{waiting}: open"
        )
    if config.must_be_approved and facts.refused:
        return CheckResult(
            name="decisions",
            code=AcceptanceTestError.code,
            message=f"{', '.join(facts.refused)}: refused",
        )
    return CheckResult(name="decisions")


def _artifact(
    pattern: str, found: Sequence[Artifact], recorded: Mapping[str, Artifact], where: str
) -> CheckResult:
    name = f"artifact:{pattern}"
    if not found:
        said = f"no file {where} matches {pattern}"
        return _missing(name, said, pattern)
    for each in found:
        known = recorded.get(each.path)
        if known is not None and known.sha256 != each.sha256:
            said = f"{each.path} is not what the job recorded: {each.sha256}, not {known.sha256}"
            return _missing(name, said, each.path)
    return CheckResult(name=name)


def _content(path: str, wanted: str, found: str | None, where: str) -> CheckResult:
    name = f"content:{path}"
    if found is None:
        return _missing(name, f"there is no file {path} {where}", path)
    if found != wanted:
        return _missing(name, f"{path} has the content {found}, not {wanted}", path)
    return CheckResult(name=name)


def _missing(name: str, message: str, artifact: str) -> CheckResult:
    return CheckResult(
        name=name, code=MissingArtifactError.code, message=message, artifact=artifact
    )


def _paths(config: AcceptanceConfig, recorded: Iterable[str]) -> Iterator[CheckResult]:
    paths = sorted(recorded)
    if config.allowed:
        outside = [path for path in paths if not _any(path, config.allowed)]
        yield _path_result("paths:allowed", "no glob allows", outside)
    if config.forbidden:
        inside = [path for path in paths if _any(path, config.forbidden)]
        yield _path_result("paths:forbidden", "a glob forbids", inside)


def _path_result(name: str, said: str, paths: Sequence[str]) -> CheckResult:
    if not paths:
        return CheckResult(name=name)
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return CheckResult(
        name=name,
        code=AcceptanceTestError.code,
        message=f"{said} {', '.join(paths[:MOST_NAMED])}{more}",
    )


def _any(path: str, patterns: Iterable[str]) -> bool:
    return any(matches(path, each) for each in patterns)


def _budget(meter: str, most: int, state: JobState) -> CheckResult:
    name, spent = f"budget:{meter}", state.spent_by_meter().get(meter, 0)
    if spent <= most:
        return CheckResult(name=name)
    return CheckResult(
        name=name,
        code=BudgetExceededError.code,
        message=f"{amount_text(meter, spent)} spent, at most {amount_text(meter, most)} accepted",
    )
