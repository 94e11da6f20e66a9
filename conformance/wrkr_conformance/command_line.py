"""``python -m wrkr_conformance``: the suite for those who installed no command line.

It needs nothing but this package; ``wrkr conformance run`` and the pytest plugin do the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from wrkr_conformance.clauses import all_clauses
from wrkr_conformance.finding import find_target
from wrkr_conformance.progress import Progress
from wrkr_conformance.rendering.text import clause_lines
from wrkr_conformance.running import (
    check_places,
    deliver,
    exit_code,
    put_out,
    run,
    say_what_is_tested,
    write,
)
from wrkr_core._version import __version__
from wrkr_core.errors import InterruptedByUserError, InvalidInputError, WrkrError
from wrkr_core.instants import to_text
from wrkr_core.machine import ThisMachine

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG: Final = """\
A target is package.module:factory, where the factory takes an empty folder (a pathlib.Path) and
returns a store, or a store URL with {directory} or {name} where one store differs from another.
Opening the same folder again must give another handle on the same store.

exit codes: 0 compatible, 1 incomplete (nothing is proven), 2 incompatible, 6 invalid input,
            130 interrupted

examples:
  python -m wrkr_conformance my_store:open_in
  python -m wrkr_conformance 'sqlite:///{directory}/wrkr.db' --only A2 --only F2.1
  python -m wrkr_conformance my_store:open_in --deep --junit report.xml --badge badge.svg
"""


class _Parser(argparse.ArgumentParser):
    """Tells a wrong command line as everything else that is wrong is told."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong. Raises: InvalidInputError."""
        raise InvalidInputError(message, hint="see 'python -m wrkr_conformance --help'")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = _Parser(
        prog="python -m wrkr_conformance",
        description="Prove that a store keeps the contract wrkr.store/1.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("target", nargs="?", metavar="TARGET", help="the store to test, see below")
    depth = made.add_mutually_exclusive_group()
    depth.add_argument(
        "--quick", action="store_true", help="the run of less than a minute (the default)"
    )
    depth.add_argument("--deep", action="store_true", help="the run of minutes")
    made.add_argument("--seed", type=int, default=0, metavar="N", help="repeats a run [0]")
    made.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="A2",
        help="only this article or clause; may be given again, the verdict is then incomplete",
    )
    made.add_argument("--json", action="store_true", help="print the report as JSON")
    made.add_argument("--junit", type=Path, metavar="FILE", help="write it as JUnit XML too")
    made.add_argument("--markdown", type=Path, metavar="FILE", help="write it as Markdown too")
    made.add_argument("--badge", type=Path, metavar="FILE", help="write the verdict as SVG too")
    made.add_argument("--list", action="store_true", help="print every clause and end")
    made.add_argument("--quiet", "-q", action="store_true", help="print only the verdict")
    made.add_argument("--verbose", "-v", action="store_true", help="a line for each clause run")
    made.add_argument("--version", action="version", version=f"wrkr {__version__}")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code. No error of a store or a user is a traceback."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return _run(parser().parse_args(words))
    except KeyboardInterrupt:
        return _tell(InterruptedByUserError("interrupted before the first clause"), words)
    except WrkrError as error:
        return _tell(error, words)


def _run(given: argparse.Namespace) -> int:
    if given.list:
        put_out("\n".join(clause_lines(all_clauses())))
        return 0
    if given.target is None:
        raise InvalidInputError(
            "no target is given", hint="see 'python -m wrkr_conformance --help'"
        )
    target = find_target(given.target)
    files = {
        form: getattr(given, form)
        for form in ("junit", "markdown", "badge")
        if getattr(given, form) is not None
    }
    check_places(files)
    if (note := say_what_is_tested(given.target, target)) and not given.quiet:
        _complain(note)
    progress = Progress.of(sys.stderr, is_quiet=given.quiet, is_verbose=given.verbose)
    try:
        report = run(
            target, watcher=progress, quick=not given.deep, seed=given.seed, only=given.only
        )
    finally:
        progress.close()
    deliver(report, as_json=given.json, is_quiet=given.quiet)
    write(report, files)
    return exit_code(report)


def _tell(error: WrkrError, words: Sequence[str]) -> int:
    """Print an error as ``wrkr`` does; return its exit code."""
    if "--json" in words:
        envelope = {
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
        _complain(json.dumps(envelope, ensure_ascii=False, sort_keys=True))
    else:
        _complain(f"{error.code}: {error.message}" + (f"\n  {error.hint}" if error.hint else ""))
    return error.exit_code


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
