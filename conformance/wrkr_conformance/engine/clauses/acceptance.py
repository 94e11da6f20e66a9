"""Acceptance: a job is completed only when what it promised is there and its checks pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_conformance.engine.claiming import (
    ended,
    has_status,
    inner,
    objects,
    ran_only,
    resume,
    run,
    stands,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does, fails_without, writes
from wrkr_conformance.engine.packs import documents_of, exported
from wrkr_conformance.expect import claim, same

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench

MISSING: Final = "E_ACCEPT_MISSING_ARTIFACT"
FAILED: Final = "E_ACCEPT_TEST_FAIL"


@engine_clause("L8.1")
def promised_files_must_be_there(bench: Bench) -> None:
    """A job without an artifact it promised ends with 5, `E_ACCEPT_MISSING_ARTIFACT`, not completed."""
    bench.spec(steps=[{"id": "a", "run": does("a")}], expected_artifacts=["out/*.txt"])
    view = run(bench, "job", code=5)
    stands(view, "blocked_error", "run")
    same(view.get("reason_codes"), [MISSING], "reason codes")
    has_status(bench, "job", "blocked_error")


@engine_clause("L8.2")
def checks_must_pass(bench: Bench) -> None:
    """A failing check ends with 5, `E_ACCEPT_TEST_FAIL`; once it passes, `resume` completes the job."""
    check = {"name": "lint", "run": fails_without("lint", "mended")}
    bench.spec(steps=[{"id": "a", "run": does("a")}], acceptance={"checks": [check]})
    view = run(bench, "job", code=5)
    stands(view, "blocked_error", "run")
    same(view.get("reason_codes"), [FAILED], "reason codes")
    ran_only(bench, "a", "lint")
    bench.write("mended", "")
    stands(resume(bench, "job"), "completed", "resume")
    ran_only(bench, "a", "lint", "lint")


@engine_clause("L8.3")
def checks_really_run(bench: Bench) -> None:
    """Checks run behind the last step; their outcome is in the log and in the jobpack."""
    checks = [{"name": name, "run": does(name)} for name in ("first", "second")]
    bench.spec(
        steps=[{"id": "a", "run": writes("a", "a.txt", "x")}],
        acceptance={"checks": checks},
        expected_artifacts=["a.txt"],
    )
    stands(run(bench, "job"), "completed", "run")
    ran_only(bench, "a", "first", "second")
    events = ended(bench.ask("log", "job"), 0).lines()
    kinds = [str(each["type"]).partition("/")[0] for each in events]
    claim("acceptance_recorded" in kinds, "the log holds no acceptance_recorded")
    result = inner(documents_of(exported(bench, "job")), "accept/accept_result.json", "the jobpack")
    same((result["checks_run"], result["checks_passed"]), (3, 3), "checks run and passed")


@engine_clause("L8.4")
def failures_are_told_one_by_one(bench: Bench) -> None:
    """Every check runs also after one has failed, and each failure is recorded with its code."""
    checks = [
        {"name": "lint", "run": fails_without("lint", "nothing")},
        {"name": "types", "run": does("types")},
    ]
    bench.spec(
        steps=[{"id": "a", "run": does("a")}],
        acceptance={"checks": checks},
        expected_artifacts=["gone.txt"],
    )
    run(bench, "job", code=5)
    ran_only(bench, "a", "lint", "types")
    result = inner(documents_of(exported(bench, "job")), "accept/accept_result.json", "the jobpack")
    codes = sorted(each["code"] for each in objects(result, "failures", "the result"))
    same(codes, [MISSING, FAILED], "codes of the failures")
    same((result["checks_run"], result["checks_passed"]), (3, 1), "checks run and passed")
