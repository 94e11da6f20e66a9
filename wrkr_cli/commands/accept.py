"""``wrkr accept``: init, plan, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_cli.reporting import write_text
from wrkr_core.errors import (
    AcceptanceTestError,
    MissingArtifactError,
    NotFoundError,
    UnsafeOperationError,
)
from wrkr_core.views import clipped, plain

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.acceptance.config import AcceptanceConfig
    from wrkr_core.acceptance.judging import CheckResult

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("accept.yaml"),
    metavar="FILE",
    help="The rules [accept.yaml].",
)


def _explain_init(_session: Session, path: Path, force: bool) -> list[str]:
    over = ", over the file that is there" if force and path.exists() else ""
    return [f"write commented rules of acceptance to {path}{over}"]


@make("accept init", examples=["wrkr accept init"], explain=_explain_init)
@click.argument("path", type=click.Path(path_type=Path), default=Path("accept.yaml"))
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def init(session: Session, path: Path, force: bool) -> None:
    """Write commented rules to PATH [accept.yaml], to be changed to what you want."""
    from wrkr_core.acceptance.config import TEMPLATE

    if path.exists() and not force:
        raise UnsafeOperationError(
            f"{path} exists and was not touched", hint="--force replaces it", path=str(path)
        )
    write_text(path, TEMPLATE)
    session.result(
        {"path": str(path)},
        [f"wrote {path}; now: wrkr accept plan --config {path}"],
        brief=str(path),
    )


def _config(path: Path) -> AcceptanceConfig:
    from wrkr_core.acceptance.config import HINT, read_config

    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", hint=HINT, path=str(path))
    return read_config(path.read_bytes(), name=str(path))


def _explain_plan(_session: Session, config: Path) -> list[str]:
    return [f"read {config} and name every check in it"]


@make("accept plan", examples=["wrkr accept plan --config accept.yaml"], explain=_explain_plan)
@config_option
def plan(session: Session, config: Path) -> None:
    """Show every check that 'wrkr accept run' would make, and run none."""
    rules = _config(config)
    checks = _planned(rules)
    session.result(
        {"config": str(config), "config_digest": rules.digest, "checks": checks},
        [clipped(f"{each['check']:<24} {plain(each['asks'])}") for each in checks],
        brief="\n".join(each["check"] for each in checks),
    )


def _planned(rules: AcceptanceConfig) -> list[dict[str, str]]:
    from wrkr_core.budget import amount_text

    answered = "no decision is open" + (", and none was refused" if rules.must_be_approved else "")
    checks = {
        "status": "the job is completed",
        "decisions": answered,
        **{f"artifact:{each}": f"a file matches {each}, as recorded" for each in rules.artifacts},
        **{f"content:{path}": f"its SHA-256 is {digest}" for path, digest in rules.contents},
    }
    if rules.allowed:
        checks["paths:allowed"] = f"every recorded path matches {' or '.join(rules.allowed)}"
    if rules.forbidden:
        checks["paths:forbidden"] = f"no recorded path matches {' or '.join(rules.forbidden)}"
    for limit in rules.budget:
        checks[f"budget:{limit.meter}"] = f"at most {amount_text(limit.meter, limit.amount)} spent"
    for check in rules.checks:
        command = check.command
        checks[f"check:{check.name}"] = f"runs {command.shell or ' '.join(command.argv)}"
    return [{"check": name, "asks": asks} for name, asks in checks.items()]


def _explain_run(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    config: Path,
    workspace: Path | None,
    by: str | None,
    ci: bool,
    junit: Path | None,
) -> list[str]:
    del by
    return [
        f"judge {job_id} in {session.url} by {config}: {len(_planned(_config(config)))} checks",
        f"run its commands in {workspace or 'the workspace of the job'}",
        "record how it came out",
        *([f"write it as JUnit XML to {junit}"] if junit is not None else []),
        *(["print every failure as a workflow command"] if ci else []),
    ]


@make(
    "accept run",
    examples=[
        "wrkr accept run JOB --config accept.yaml",
        "wrkr accept run JOB --ci --junit wrkr-out/reports/accept.xml",
    ],
    explain=_explain_run,
)
@click.argument("job_id", metavar="JOB")
@config_option
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where its files are and commands run [the job's].",
)
@click.option("--by", metavar="NAME", help="Who accepts [the system's user].")
@click.option("--ci", is_flag=True, help="Print every failure as a workflow command, too.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML.")
def run(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    config: Path,
    workspace: Path | None,
    by: str | None,
    ci: bool,
    junit: Path | None,
) -> None:
    """Judge JOB by the rules of a file, and record how it came out.

    It must be completed and wait for no decision. Ends with 5 when a check failed, with every reason.
    What was recorded is part of the job's jobpack and of its report.
    """
    from wrkr_core.ids import check_actor
    from wrkr_core.report.junit import junit as junit_text
    from wrkr_core.report.workflow import workflow_errors
    from wrkr_run.accepting import run_acceptance
    from wrkr_run.workspace import workspace_of

    rules, ledger = _config(config), session.ledger
    folder = workspace if workspace is not None else workspace_of(ledger.spec(job_id))
    actor = check_actor(by) if by is not None else ledger.actor
    results = run_acceptance(ledger, job_id, rules, workspace=folder.absolute(), by=actor)
    if junit is not None:
        write_text(junit, junit_text(job_id, results))
    for line in workflow_errors(job_id, results) if ci else ():
        click.echo(line, err=True)
    passed = sum(each.has_passed for each in results)
    session.result(
        {
            "job_id": job_id,
            "accepted": passed == len(results),
            "checks_run": len(results),
            "passed": passed,
            "config_digest": rules.digest,
            "checks": [_view(each) for each in results],
        },
        [*(_line(each) for each in results), f"{passed} of {len(results)} checks passed"],
        brief="accepted" if passed == len(results) else "not accepted",
    )
    _require_all(job_id, results)


def _view(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.name,
        "passed": result.has_passed,
        "code": result.code or None,
        "message": result.message,
    }


def _line(result: CheckResult) -> str:
    if result.has_passed:
        return clipped(f"ok      {plain(result.name)}")
    return f"FAILED  {plain(result.name)}: {result.code} {plain(result.message)}"


def _require_all(job_id: str, results: list[CheckResult]) -> None:
    """Require that every check passed. Raises: MissingArtifactError, AcceptanceTestError."""
    failed = [each for each in results if not each.has_passed]
    if not failed:
        return
    error = (
        MissingArtifactError
        if any(each.code == MissingArtifactError.code for each in failed)
        else AcceptanceTestError
    )
    raise error(
        f"job {job_id} is not accepted: {', '.join(each.name for each in failed)} failed",
        hint="mend it in a fork of the job, or change the rules, and run acceptance again",
        failed=[{"check": each.name, "code": each.code} for each in failed],
    )


command = group("accept", "Judge a finished job by rules of your own.", [init, plan, run])
