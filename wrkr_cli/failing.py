"""How errors reach the person: one sentence and a way out, or the error envelope as JSON.

The code inside the envelope, the code printed and the exit code come from the same error class.
"""

from __future__ import annotations

import os
from errno import ENAMETOOLONG
from typing import TYPE_CHECKING, Final

import click

from wrkr_cli.session import in_ascii_where_unseen, without_secrets
from wrkr_cli.streams import say
from wrkr_core._version import __version__
from wrkr_core.errors import (
    Blocked,
    InterruptedByUserError,
    InvalidInputError,
    NotFoundError,
    StoreUnavailable,
    WrkrError,
)
from wrkr_core.instants import to_text
from wrkr_core.machine import ThisMachine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BUG_HINT: Final = "this is a defect of wrkr; WRKR_DEBUG=1 shows where. The store is unharmed."
MOST_PROBLEMS: Final = 50
LONGEST_NAME: Final = 200  # characters of a name that no file can have


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Print ``error`` to standard error as the arguments ask for; return the exit code."""
    told = _as_ours(error)
    if os.environ.get("WRKR_DEBUG"):
        import traceback

        lines = ["".join(traceback.format_exception(error)).rstrip("\n")]
    elif "--json" in _own(arguments):
        import json

        told_as_json = json.dumps(envelope(told), ensure_ascii=False, sort_keys=True)
        lines = [in_ascii_where_unseen(told_as_json)]
    else:
        lines = _lines(told)
    for line in lines:
        say(without_secrets(line))
    return told.exit_code


def _lines(told: WrkrError) -> list[str]:
    """Return the error as it is told to people: what is wrong, each mistake, and the way out."""
    from wrkr_core.views import plain

    lines = [f"{told.code}: {plain(told.message)}"]
    problems = told.problems if isinstance(told, InvalidInputError) else ()
    lines += [f"  {plain(problem)}" for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"  … and {len(problems) - MOST_PROBLEMS} more")
    if told.hint:
        lines.append(f"  {plain(told.hint)}")
    return lines


def _own(arguments: Sequence[str]) -> Sequence[str]:
    """Return the arguments up to ``--``: what follows belongs to the command that is wrapped."""
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def envelope(error: WrkrError) -> Mapping[str, object]:
    """Return the error as ``wrkr.error_envelope``."""
    return {
        "schema_id": "wrkr.error_envelope",
        "schema_version": "v1",
        "created_at": to_text(ThisMachine().now()),
        "producer_version": __version__,
        "code": error.code,
        "message": error.message,
        "exit_code": error.exit_code,
        "details": dict(error.details),
        "hint": error.hint,
    }


def _as_ours(error: BaseException) -> WrkrError:
    """Return the error as one of ours: usage, Ctrl-C, the operating system's, or a defect."""
    if isinstance(error, WrkrError):
        return error
    if isinstance(error, Blocked):
        return WrkrError(str(error))
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx is not None else "wrkr"
        return InvalidInputError(error.format_message(), hint=f"see '{where} --help'")
    if isinstance(error, click.exceptions.Exit):
        raise SystemExit(error.exit_code)
    if isinstance(error, click.ClickException):
        return InvalidInputError(error.format_message())
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return InterruptedByUserError(
            "interrupted", hint="nothing is lost: 'wrkr list' shows what can be resumed"
        )
    if isinstance(error, OSError):
        return _of_the_system(error)
    return WrkrError(f"{type(error).__name__}: {error}", hint=BUG_HINT)


def _of_the_system(error: OSError) -> WrkrError:
    if isinstance(error, FileNotFoundError):
        return NotFoundError(f"there is no file {error.filename}", path=str(error.filename))
    if error.errno == ENAMETOOLONG:
        name = str(error.filename)
        return InvalidInputError(
            f"no file can have a name of {len(name)} characters: {name[:LONGEST_NAME]}…"
        )
    return StoreUnavailable(str(error), hint="check the path, its permissions and free space")
