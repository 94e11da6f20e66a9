"""``python -m benchmarks [PART …]``: print every figure with its budget."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from typing import TYPE_CHECKING

from benchmarks.packing import export_figures, verify_figures
from benchmarks.reading import fold_figures, open_figures
from benchmarks.remembering import memory_figures
from benchmarks.starting import start_figures
from benchmarks.writing import append_figures, group_figures, race_figures, step_figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Figure


def catch_figures() -> Iterator[Figure]:
    """Yield how long each wrong store stays uncaught; what that needs is imported here only."""
    from benchmarks.catching import catch_figures as figures

    return figures()


PARTS = {
    "append": append_figures,
    "group": group_figures,
    "step": step_figures,
    "race": race_figures,
    "fold": fold_figures,
    "open": open_figures,
    "export": export_figures,
    "verify": verify_figures,
    "memory": memory_figures,
    "start": start_figures,
    "catch": catch_figures,
}
ONLY_BY_NAME = {"catch", "memory"}  # minutes, and gigabytes of disk


def main() -> int:
    """Run the parts named, or all but the long ones; return 1 when a budget is not kept."""
    chosen = sys.argv[1:] or [part for part in PARTS if part not in ONLY_BY_NAME]
    unknown = [part for part in chosen if part not in PARTS]
    if unknown:
        print(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 6
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    )
    kept = True
    for part in chosen:
        for figure in PARTS[part]():
            print(figure.line(), flush=True)
            kept = kept and figure.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
