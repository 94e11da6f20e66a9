"""Mutation testing: break the heart of the project in every small way, and see whether a test notices.

It takes hours, so no other task runs it. What is broken and which tests must notice is said in
`pyproject.toml` under `[tool.mutmut]`. It works on a copy, so the checkout stays as it is. A part of it
is named as mutmut does: `dev.py mutants run 'wrkr_store_files.*'`; `show NAME` prints one mutant.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from devtools.checks import TEST_NEEDS
from devtools.commands import ROOT, run
from devtools.environment import Needs, main_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MUTATION_NEEDS: Final = TEST_NEEDS.union(Needs(groups=frozenset({"mutation"})))
NOT_COPIED: Final = (".*", "build", "dist", "__pycache__", "_build", "docs", "wrkr-out")
COPY: Final = ROOT / "build" / "mutation"
# Few generated examples, and for every mutant the same: what survives once survives again.
SAME_EXAMPLES: Final = {"WRKR_HYPOTHESIS": "quick"}


def mutants(arguments: Sequence[str]) -> int:
    """Run mutmut on a fresh copy; with arguments, run `mutmut ARGUMENTS` on the copy there is."""
    environment = main_environment()
    environment.prepare(MUTATION_NEEDS)
    mutmut = environment.script("mutmut")
    if not arguments or not COPY.exists():
        copy_tree(COPY)
    if arguments:
        return run([*mutmut, *arguments], cwd=COPY, variables=SAME_EXAMPLES)
    code = run([*mutmut, "run"], cwd=COPY, variables=SAME_EXAMPLES)
    return code or run([*mutmut, "results"], cwd=COPY)


def copy_tree(target: Path) -> None:
    """Make ``target`` a copy of the source tree, in place of what was there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*NOT_COPIED))
