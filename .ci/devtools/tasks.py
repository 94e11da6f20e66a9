"""The tasks of `dev.py`, by name."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devtools import checks, fuzzing, mutation, packaging
from devtools.commands import ROOT, run
from devtools.environment import Needs, main_environment
from devtools.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Task = Callable[[Sequence[str]], int]

FAILURE: Final = 1
INVALID_INPUT: Final = 6
USAGE: Final = """\
usage: python3 dev.py TASK [ARGUMENT ...]

  demo      set everything up and run `wrkr demo`; arguments are passed on
  test      set everything up and run the tests; arguments are passed to pytest
  check     formatting, lint, import contracts, types
  coverage  compare what the last `test` under WRKR_COVERAGE=1 measured with pyproject.toml
  docs      build the documentation into docs/_build, every warning an error
  wheel     build the wheel and try it in an empty environment
  versions  run a part of the tests on every other supported Python found here
  mutants   break the heart in every small way and see which tests notice; takes long
  fuzz      fuzz what reads foreign bytes; [SECONDS [TARGET ...]], 60 s for each; on Linux
  lock      write uv.lock anew; arguments are passed to `uv lock`, such as --upgrade
  all       what CI runs: all of the above but mutants, fuzz and lock
"""
# Cheap and telling ones first; `demo` before all, while only what it needs is installed.
UNATTENDED: Final = {"demo": ("--yes",)}  # nobody is there to be asked
STEPS: Final = ("demo", "check", "test", "coverage", "docs", "wheel", "versions")


def main(arguments: Sequence[str]) -> int:
    """Run the task that the first argument names; return its exit code."""
    name, *rest = arguments or ["help"]
    if name in {"help", "-h", "--help"}:
        print(USAGE, end="")
        return 0
    if name not in TASKS:
        print(f"dev.py has no task {name!r}\n\n{USAGE}", end="", file=sys.stderr)
        return INVALID_INPUT
    try:
        return TASKS[name](rest)
    except SetupError as error:
        print(f"dev.py {name}: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return FAILURE


def demo(arguments: Sequence[str]) -> int:
    """Run `wrkr demo` in the current folder."""
    environment = main_environment()
    environment.prepare(Needs(frozenset({"cli"}), frozenset({"build"})))
    return run([*environment.script("wrkr"), "demo", *arguments])


def lock(arguments: Sequence[str]) -> int:
    """Write `uv.lock` by the public index, whatever this machine is set up to use."""
    uv = shutil.which("uv")
    if uv is None:
        environment = main_environment()
        environment.prepare(Needs(groups=frozenset({"lock"})))
        uv = environment.script("uv")[-1]
    misleading = [name for name in os.environ if name.startswith(("UV_", "PIP_"))]
    variables = dict.fromkeys(misleading)
    return run([uv, "lock", "--no-config", *arguments], cwd=ROOT, variables=variables)


def everything(_arguments: Sequence[str]) -> int:
    """Run every step as its own `dev.py`, then say which passed."""
    # The same examples on every run: a red run is red again on the next machine.
    examples = os.environ.get("WRKR_HYPOTHESIS", "ci")
    results: list[tuple[str, int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in STEPS:
            print(f"\n=== dev.py {name}", flush=True)
            before = time.monotonic()
            code = run(
                [sys.executable, str(ROOT / "dev.py"), name, *UNATTENDED.get(name, ())],
                cwd=Path(folder),
                variables={
                    "WRKR_COVERAGE": "1",
                    "WRKR_HOME": str(Path(folder) / "home"),
                    "WRKR_HYPOTHESIS": examples,
                },
            )
            results.append((name, code, time.monotonic() - before))
    print()
    for name, code, seconds in results:
        print(f"{name:10}{'ok' if code == 0 else f'FAILED ({code})':14}{seconds:6.0f} s")
    failed = sum(code != 0 for _name, code, _seconds in results)
    print(f"\nsteps: {len(results) - failed} passed, {failed} failed")
    return FAILURE if failed else 0


TASKS: Final[dict[str, Task]] = {
    "demo": demo,
    "test": checks.test,
    "check": checks.check,
    "coverage": checks.coverage,
    "docs": checks.docs,
    "wheel": packaging.wheel,
    "versions": packaging.versions,
    "mutants": mutation.mutants,
    "fuzz": fuzzing.fuzz,
    "lock": lock,
    "all": everything,
}
