"""The tasks that judge the source: tests, style, types, coverage, documentation."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any, Final

from devtools.commands import ROOT, run
from devtools.environment import Environment, Needs, main_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

TEST_NEEDS: Final = Needs(frozenset({"cli", "conformance"}), frozenset({"build", "test"}))
CHECK_NEEDS: Final = TEST_NEEDS.union(Needs(groups=frozenset({"lint"})))
DOCS_NEEDS: Final = Needs(frozenset({"cli"}), frozenset({"build", "docs"}))
MOST_WORKERS: Final = 8


def test(arguments: Sequence[str]) -> int:
    """Run pytest; without arguments all of it, on all processors at once.

    With WRKR_COVERAGE=1 the run is measured, for `coverage` to judge; without arguments, what
    `[tool.wrkr.unmeasured]` names runs afterwards, as fast as it can.
    """
    environment = main_environment()
    environment.prepare(TEST_NEEDS)
    # Two for each processor: much of the time a test waits for the disk or for another process.
    workers = min(2 * (os.cpu_count() or 1), MOST_WORKERS)
    everything = ["-q", "-n", str(workers)]
    pytest = ["-m", "pytest", *(arguments or everything)]
    if os.environ.get("WRKR_COVERAGE") != "1":
        return run([environment.python, *pytest], cwd=ROOT)
    measure = [environment.python, "-m", "coverage"]
    run([*measure, "erase"], cwd=ROOT)
    if arguments:
        return run([*measure, "run", *pytest], cwd=ROOT)
    unmeasured: list[str] = settings()["unmeasured"]["tests"]
    measured = run(
        [*measure, "run", *pytest, *(f"--ignore={each}" for each in unmeasured)], cwd=ROOT
    )
    return run([environment.python, *pytest, *unmeasured], cwd=ROOT) or measured


def check(_arguments: Sequence[str]) -> int:
    """Run every checker, the quick ones first, and return the first exit code that is not 0."""
    environment = main_environment()
    environment.prepare(CHECK_NEEDS)
    python = environment.python
    commands = [
        [python, "-m", "ruff", "format", "--check", "--quiet", "."],
        [python, "-m", "ruff", "check", "--quiet", "."],
        [*environment.script("lint-imports"), "--no-logo"],
        [python, "-m", "mypy"],
        [python, "-m", "pyright", "--warnings"],
    ]
    # pyright would ask the network for a newer version of itself.
    variables = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "NO_COLOR": "1"}
    codes = [_announced(command, environment, variables) for command in commands]
    return next((code for code in codes if code), 0)


def _announced(command: list[str], environment: Environment, variables: dict[str, str]) -> int:
    words = [word for word in command if word not in {environment.python, "-m"}]
    print("--", " ".join(words).replace(str(environment.path), environment.path.name), flush=True)
    return run(command, cwd=ROOT, variables=variables)


def coverage(_arguments: Sequence[str]) -> int:
    """Compare what was measured with the least that `[tool.wrkr.coverage]` asks."""
    environment = main_environment()
    environment.prepare(TEST_NEEDS)
    measure = [environment.python, "-m", "coverage"]
    if list(ROOT.glob(".coverage.*")):
        run([*measure, "combine", "--quiet"], cwd=ROOT)
    codes: list[int] = []
    for pattern, least in settings()["coverage"].items():
        chosen = [] if pattern == "*" else [f"--include={pattern}"]
        print(f"-- {pattern}: at least {least} %", flush=True)
        codes.append(run([*measure, "report", f"--fail-under={least}", *chosen], cwd=ROOT))
    return next((code for code in codes if code), 0)


def docs(_arguments: Sequence[str]) -> int:
    """Build the documentation; a warning is an error."""
    environment = main_environment()
    environment.prepare(DOCS_NEEDS)
    sphinx = [environment.python, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    return run([*sphinx, "docs", "docs/_build/html"], cwd=ROOT)


def settings() -> dict[str, Any]:
    """Return the table `[tool.wrkr]` of `pyproject.toml`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    table: dict[str, Any] = project["tool"]["wrkr"]
    return table
