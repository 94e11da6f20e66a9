"""``python -m wrkr_conformance.vectors FOLDER``: hold this implementation to a folder of vectors."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from wrkr_conformance.vectors.running import run_vectors
from wrkr_core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what running the vectors found; return 0 if all came out as stated, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m wrkr_conformance.vectors",
        description="Hold this implementation to a folder of language-neutral vectors.",
    )
    parser.add_argument("folder", help="such as conformance/vectors of a source tree")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    given = parser.parse_args(arguments)
    try:
        report = run_vectors(given.folder)
    except NotFoundError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n  {error.hint}\n")
        return error.exit_code
    said = json.dumps(report.view(), sort_keys=True) if given.json else report.summary()
    sys.stdout.write(f"{said}\n")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
