"""``python -m wrkr_conformance.engine -- COMMAND…``: is this command line a wrkr-compatible engine?"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from wrkr_conformance.engine.checking import check_engine, chosen_clauses
from wrkr_conformance.engine.clauses import all_engine_clauses
from wrkr_core.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_conformance.engine.report import EngineOutcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the run found; return 0 if the engine is compatible, 2 if it is not, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m wrkr_conformance.engine",
        description="Find out whether a command line is a wrkr-compatible engine.",
        epilog="Everything behind -- is the command line, for instance: -- wrkr",
    )
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="run only these")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--list", action="store_true", help="print every clause, run none")
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="the engine")
    given = parser.parse_args(arguments)
    if given.list:
        for clause in all_engine_clauses():
            sys.stdout.write(f"{clause.id:<7}{clause.level:<8}{clause.sentence}\n")
        return 0
    try:
        chosen_clauses(given.only)
        report = check_engine(given.command, only=given.only, watch=_say)
    except ValueError as error:
        sys.stderr.write(f"{InvalidInputError.code}: {error}\n")
        return InvalidInputError.exit_code
    except NotFoundError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n  {error.hint}\n")
        return error.exit_code
    said = json.dumps(report.view(), sort_keys=True) if given.json else report.summary()
    sys.stdout.write(f"{said}\n")
    return report.exit_code


def _say(outcome: EngineOutcome) -> None:
    """Show progress to a person who waits."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{outcome.clause.id:<7}{outcome.status:<9}{outcome.seconds:.1f} s\n")


if __name__ == "__main__":
    sys.exit(main())
