"""``wrkr accept``: init, plan, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_cli.limits import limit_options, limits_of
from wrkr_cli.reporting import require_file, require_place, the_subject, write_text
from wrkr_cli.signing.options import trust_option
from wrkr_cli.streams import say
from wrkr_core.errors import InvalidInputError, UnsafeOperationError
from wrkr_core.views import clipped, plain

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.acceptance.config import AcceptanceConfig
    from wrkr_core.acceptance.judging import CheckResult

RULES: Final = Path("accept.yaml")

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The rules [accept.yaml].",
)


def _explain_init(_session: Session, path: Path, force: bool) -> list[str]:
    over = ", over the file that is there" if force and path.exists() else ""
    return [f"write commented rules of acceptance to {path}{over}"]


@make("accept init", examples=["wrkr accept init"], explain=_explain_init)
@click.argument("path", type=click.Path(path_type=Path), default=RULES)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def init(session: Session, path: Path, force: bool) -> None:
    """Write commented rules to PATH [accept.yaml], to be changed to what you want."""
    from wrkr_core.acceptance.template import TEMPLATE

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
    from wrkr_core.spec_file.document import LARGEST_BYTES

    with require_file(path, HINT).open("rb") as file:
        return read_config(file.read(LARGEST_BYTES + 1), name=str(path))


def _explain_plan(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    target: str | None,
    config: Path | None,
    simulate: Path | None,
    trust_file: Path | None,
    require_signature: bool,
    **limits: int | None,
) -> list[str]:
    del trust_file
    if simulate is None or target is None:
        _require_no_target(target, require_signature=require_signature, limits=limits)
        return [f"read {config or RULES} and name every check in it"]
    limits_of(**limits)
    return [
        f"verify {target}, a jobpack or a job in {session.url}",
        f"say what {simulate} would have said of it by its records, running and recording nothing",
    ]


@make(
    "accept plan",
    examples=[
        "wrkr accept plan --config accept.yaml",
        "wrkr accept plan jobpack_JOB.zip --simulate stricter.yaml",
        "wrkr accept plan JOB --simulate stricter.yaml --json",
    ],
    explain=_explain_plan,
)
@click.argument("target", metavar="[JOB|PATH]", required=False)
@config_option
@click.option(
    "--simulate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Say what these rules would have said of JOB|PATH.",
)
@trust_option
@click.option(
    "--require-signature", is_flag=True, help="Refuse what nobody who is trusted has signed."
)
@limit_options
def plan(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    target: str | None,
    config: Path | None,
    simulate: Path | None,
    trust_file: Path | None,
    require_signature: bool,
    **limits: int | None,
) -> None:
    """Show every check that 'wrkr accept run' would make, and run none.

    With --simulate: what these rules would have said of a job in the store or a jobpack, which is
    verified first, as 'wrkr verify' does. Files are judged as the job recorded them. Commands and
    custom checks are not run: of them it says how they came out when they ran. Ends with 5 when the
    job would not have been accepted, with every reason.
    """
    if simulate is None:
        _require_no_target(target, require_signature=require_signature, limits=limits)
        _show_plan(session, config or RULES)
        return
    if target is None:
        raise InvalidInputError("name the job or the jobpack that --simulate is to judge")
    if config is not None:
        raise InvalidInputError("the rules are those of --simulate; leave out --config")
    from wrkr_cli.signing.keyring import trust_in_force
    from wrkr_cli.simulating import show_simulation

    rules, most, trust = _config(simulate), limits_of(**limits), trust_in_force(trust_file)
    subject = the_subject(session, target, trust, most, require_signature=require_signature)
    show_simulation(session, subject, simulate, rules)


def _require_no_target(
    target: str | None, *, require_signature: bool, limits: dict[str, int | None]
) -> None:
    """Refuse what only --simulate looks at; WRKR_TRUST_FILE may be set for other commands."""
    source = click.get_current_context().get_parameter_source("trust_file")
    is_trusting = source is click.core.ParameterSource.COMMANDLINE
    if target is not None or is_trusting or require_signature or limits_of(**limits) is not None:
        raise InvalidInputError(
            "a plan is of rules alone, not of a job",
            hint="add --simulate FILE to judge a job or a jobpack by the rules in FILE",
        )


def _show_plan(session: Session, path: Path) -> None:
    from wrkr_core.acceptance.planning import planned
    from wrkr_run.custom_checks import require_installed

    rules = _config(path)
    require_installed(rules)
    checks = planned(rules)
    session.result(
        {"config": str(path), "config_digest": rules.digest, "checks": checks},
        [clipped(f"{each['check']:<24} {plain(each['asks'])}") for each in checks],
        brief="\n".join(each["check"] for each in checks),
    )


def _explain_run(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    config: Path | None,
    workspace: Path | None,
    by: str | None,
    ci: bool,
    junit: Path | None,
) -> list[str]:
    from wrkr_core.acceptance.planning import planned

    del by
    rules = config or RULES
    return [
        f"judge {job_id} in {session.url} by {rules}: {len(planned(_config(rules)))} checks",
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
    config: Path | None,
    workspace: Path | None,
    by: str | None,
    ci: bool,
    junit: Path | None,
) -> None:
    """Judge JOB by the rules of a file, and record how it came out.

    It must be completed and wait for no decision. Ends with 5 when a check failed, with every reason.
    What was recorded is part of the job's jobpack and of its report.
    """
    from wrkr_core.acceptance.judging import refusal
    from wrkr_core.ids import check_actor
    from wrkr_core.report.junit import junit as junit_text
    from wrkr_core.report.workflow import workflow_errors
    from wrkr_run.accepting import run_acceptance
    from wrkr_run.workspace import workspace_of

    rules, ledger = _config(config or RULES), session.ledger
    if junit is not None:
        require_place(junit)
    folder = workspace if workspace is not None else workspace_of(ledger.spec(job_id))
    actor = check_actor(by) if by is not None else ledger.actor
    results = run_acceptance(ledger, job_id, rules, workspace=folder.absolute(), by=actor)
    if junit is not None:
        write_text(junit, junit_text(job_id, results))
    for line in workflow_errors(job_id, results) if ci else ():
        say(line)
    _show(session, job_id, rules, results)
    error = refusal(
        f"job {job_id} is not accepted",
        results,
        hint="mend it in a fork of the job, or change the rules, and run acceptance again",
    )
    if error is not None:
        raise error


def _show(
    session: Session, job_id: str, rules: AcceptanceConfig, results: list[CheckResult]
) -> None:
    passed = sum(each.has_passed for each in results)
    session.result(
        {
            "schema_id": "wrkr.acceptance",
            "schema_version": "v1",
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


def _view(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.name,
        "passed": result.has_passed,
        "code": result.code or None,
        "message": result.message,
        "output": result.output,
    }


def _line(result: CheckResult) -> str:
    if result.has_passed:
        return clipped(f"ok      {plain(result.name)}")
    return f"FAILED  {plain(result.name)}: {result.code} {plain(result.message)}"


command = group("accept", "Judge a finished job by rules of your own.", [init, plan, run])
