"""The tasks that try the project elsewhere: as a wheel where nothing is, on other Pythons."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devtools.checks import TEST_NEEDS, settings
from devtools.commands import ROOT, run, run_quietly, tail
from devtools.environment import Environment, Needs, main_environment
from devtools.errors import SetupError
from devtools.pythons import find_python

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILD_NEEDS: Final = Needs(groups=frozenset({"build"}))
BARE_TRIAL: Final = """
import wrkr_core
store = wrkr_core.open_store("memory://")
print("wrkr_core", wrkr_core.__version__, "imports with", type(store).__name__)
"""


def wheel(_arguments: Sequence[str]) -> int:
    """Build sdist and wheel, install the wheel where nothing else is, and use it."""
    main = main_environment()
    main.prepare(BUILD_NEEDS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        built = run_quietly([main.python, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT)
        if built.returncode:
            raise SetupError(f"the wheel could not be built:\n{tail(built.stdout)}")
        empty = Environment(folder / "empty", main.base, main.version)
        empty.create()
        empty.install_locked(Needs())
        empty.pip("--no-deps", str(next(folder.glob("*.whl"))))
        code = run([empty.python, "-I", "-c", BARE_TRIAL], cwd=folder)
        empty.install_locked(Needs(frozenset({"cli"})))
        return run([*empty.script("wrkr"), "version"], cwd=folder) or code


def versions(_arguments: Sequence[str]) -> int:
    """Run the part of the tests that `[tool.wrkr.versions]` names on the other Pythons."""
    chosen = settings()["versions"]
    here = "{}.{}".format(*sys.version_info)
    codes: list[int] = []
    for version in chosen["pythons"]:
        if version == here:
            continue
        base = find_python(version)
        if base is None:
            print(f"-- Python {version}: not found here", flush=True)
            continue
        print(f"-- Python {version}", flush=True)
        environment = Environment(ROOT / "build" / f"venv-{version}", base, version)
        environment.prepare(TEST_NEEDS)
        command = [environment.python, "-m", "pytest", "-q", "-n", "2", "-m", "not slow"]
        variables = {"WRKR_HYPOTHESIS": "quick", "WRKR_COVERAGE": "0"}
        codes.append(run([*command, *chosen["tests"]], cwd=ROOT, variables=variables))
    return next((code for code in codes if code), 0)
