"""Checks by code that is installed under the entry point group ``wrkr.checks``.

A check is a function that takes a ``JudgedJob`` and returns what is wrong, one sentence each; an
empty list is a pass. It runs in a process of its own, in the workspace: only so its timeout holds,
what it prints is captured, and nothing it does can reach the process that records the outcome.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core.acceptance.custom import CustomCheck
from wrkr_core.acceptance.judging import CheckResult
from wrkr_core.errors import AcceptanceTestError, InvalidInputError, StepFailedError
from wrkr_core.instants import duration_text
from wrkr_core.spec import Command
from wrkr_run import custom_check_process
from wrkr_run.command import run_command
from wrkr_run.custom_check_process import GROUP, MOST_SHOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wrkr_core.acceptance.config import AcceptanceConfig
    from wrkr_core.machine import Machine
    from wrkr_core.redaction.mask import Mask
    from wrkr_run.command import CommandOutcome
    from wrkr_run.interruption import Interruption
    from wrkr_run.judged_job import JudgedJob

LARGEST_ANSWER: Final = 1 << 20  # bytes


def installed() -> dict[str, list[str]]:
    """Return the custom checks there are: each name with where it is, ``module:function``."""
    found: dict[str, list[str]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point.value)
    return dict(sorted(found.items()))


def require_installed(config: AcceptanceConfig) -> None:
    """Require that every custom check of the rules is there, once. Nothing is loaded.

    Raises: InvalidInputError: one is not, or two packages offer it.
    """
    wanted = {each.custom: each for each in config.checks if isinstance(each, CustomCheck)}
    if not wanted:
        return
    there = installed()
    for name, check in wanted.items():
        found = sorted(set(there.get(name, ())))
        if not found:
            raise InvalidInputError(
                f"the check {check.name!r} wants the custom check {name!r}, which is not installed; "
                f"installed: {', '.join(there) or 'none'}",
                hint=f"install the package that offers it under the entry point group {GROUP}",
                installed=list(there),
            )
        if len(found) > 1:
            raise InvalidInputError(
                f"the custom check {name!r} is offered twice: by {' and '.join(found)}",
                hint="uninstall all packages but one that offer it",
            )


def run_custom(
    check: CustomCheck,
    job: JudgedJob,
    *,
    variables: Mapping[str, str],
    machine: Machine,
    interruption: Interruption,
    mask: Callable[[Mapping[str, str]], Mask],
) -> CheckResult:
    """Run one custom check to its end, or until its time is up, and return how it came out.

    Whatever it does, raise, return nonsense or end its process, is a check that failed. ``mask`` as in
    ``run_command``; what the check says is masked by it, too.

    Raises: KeyboardInterrupt: an interruption was requested.
    """
    with TemporaryDirectory(prefix="wrkr-check-") as folder:
        request, answer = Path(folder, "request.json"), Path(folder, "answer.json")
        wanted = {"custom": check.custom, "path": _import_path(), "job": job.to_json()}
        request.write_text(json.dumps(wanted), "utf-8")
        program = (sys.executable, "-P", custom_check_process.__file__, str(request), str(answer))
        try:
            ended = run_command(
                Command(argv=program, timeout=check.timeout),
                workspace=job.workspace,
                variables=variables,
                machine=machine,
                interruption=interruption,
                mask=mask,
            )
        except StepFailedError as error:
            return _failed(check, error.message)
        masking = mask({**os.environ, **variables})
        problems = _read(answer, masking) if ended.succeeded else None
    return _judged(check, ended, problems)


def _import_path() -> list[str]:
    """Return where this process finds modules, so that the check's finds the same."""
    return [str(Path(each).absolute()) for each in sys.path]


def _read(answer: Path, mask: Mask) -> list[str] | None:
    """Return the problems that the check named, masked, None if there is no answer."""
    try:
        with answer.open("rb") as file:
            masked, _counts = mask.data(file.read(LARGEST_ANSWER))
            return msgspec.json.decode(masked, type=list[str])
    except (OSError, msgspec.DecodeError):
        return None


def _judged(check: CustomCheck, ended: CommandOutcome, problems: list[str] | None) -> CheckResult:
    output = "\n".join(each.text for each in (ended.stdout, ended.stderr) if each.text)
    if ended.timed_out:
        said = f"it did not end within {duration_text(check.timeout)}"
        return _failed(check, said, output)
    if not ended.succeeded:
        return _failed(check, ended.summary, output)
    if problems is None:
        return _failed(check, "it ended without an answer", output)
    if problems:
        return _failed(check, _sentences(problems), output)
    return CheckResult(name=f"check:{check.name}", output=output)


def _sentences(problems: Sequence[str]) -> str:
    more = f"; and {len(problems) - MOST_SHOWN} more" if len(problems) > MOST_SHOWN else ""
    return "; ".join(problems[:MOST_SHOWN]) + more


def _failed(check: CustomCheck, said: str, output: str = "") -> CheckResult:
    return CheckResult(
        name=f"check:{check.name}", code=AcceptanceTestError.code, message=said, output=output
    )
