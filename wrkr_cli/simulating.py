"""``wrkr accept plan --simulate``: what other rules would have said of a job, told from its records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_core.views import clipped, plain

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_cli.session import Session
    from wrkr_core.acceptance.config import AcceptanceConfig
    from wrkr_core.acceptance.simulating import Simulated, Verdict
    from wrkr_core.report.contents import Subject

_SAID: Final[dict[Verdict, str]] = {
    "would_pass": "it would be accepted",
    "would_fail": "it would not be accepted",
    "not_known": "whether it would be accepted is not known from its records",
}
_MARKS: Final = {"passed": "ok     ", "failed": "FAILED ", "not_known": "unknown"}


def show_simulation(
    session: Session, subject: Subject, path: Path, rules: AcceptanceConfig
) -> None:
    """Print what ``rules``, read from ``path``, would have said of a job.

    Raises: MissingArtifactError, AcceptanceTestError: it would not have been accepted.
    """
    from wrkr_core.acceptance.judging import refusal
    from wrkr_core.acceptance.simulating import simulate, verdict

    verification = subject.verification
    found = simulate(rules, verification.job_id, subject.spec, subject.events)
    said = verdict(found)
    session.result(
        {
            "schema_id": "wrkr.accept_simulation",
            "schema_version": "v1",
            "job_id": verification.job_id,
            "pack_id": subject.pack_id,
            "assurance": verification.assurance,
            "signed_by": list(verification.signed_by),
            "config": str(path),
            "config_digest": rules.digest,
            "verdict": said,
            "counts": _counts(found),
            "checks": [_view(each) for each in found],
        },
        [*(_line(each) for each in found), _counted(found), _SAID[said]],
        brief=said,
    )
    error = refusal(
        f"job {verification.job_id} would not be accepted by {path}",
        [each.result for each in found],
        hint="nothing was run or recorded; 'wrkr accept run' judges the job itself",
    )
    if error is not None:
        raise error


def _counts(found: list[Simulated]) -> dict[str, int]:
    return {name: sum(each.outcome == name for each in found) for name in _MARKS}


def _counted(found: list[Simulated]) -> str:
    counts = _counts(found)
    return (
        f"{counts['passed']} checks passed, {counts['failed']} failed, "
        f"{counts['not_known']} not known"
    )


def _view(each: Simulated) -> dict[str, Any]:
    before = each.before
    return {
        "check": each.result.name,
        "outcome": each.outcome,
        "code": each.result.code or None,
        "message": each.result.message,
        "recorded": None
        if before is None
        else {
            "seq": before.seq,
            "by": before.by,
            "passed": before.result.has_passed,
            "code": before.result.code or None,
            "message": before.result.message,
        },
    }


def _line(each: Simulated) -> str:
    name, before = plain(each.result.name), each.before
    mark = _MARKS[each.outcome]
    if each.outcome == "failed":
        ran = f" (when it ran, in record {before.seq})" if before is not None else ""
        return f"{mark} {name}: {each.result.code} {plain(each.result.message)}{ran}"
    if each.outcome == "passed":
        return clipped(f"{mark} {name}")
    ran = f"; it passed in record {before.seq}" if before is not None else "; it never ran"
    return f"{mark} {name}: not known from the records{ran}"
