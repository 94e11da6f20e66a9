"""A virtual environment made from the lock, made anew when it no longer fits.

It no longer fits when its Python is gone or of another version, or when the project has moved: the
scripts in it and its link to the project hold absolute paths. A stamp in it says what is installed;
while that is enough, nothing is installed and nothing is asked of the network.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
import tempfile
import tomllib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devtools.commands import ROOT, run_quietly, tail
from devtools.errors import SetupError
from devtools.lock import requirements
from devtools.pythons import version_of

if TYPE_CHECKING:
    from collections.abc import Generator

WHAT_PINS: Final = ("pyproject.toml", "uv.lock", "wrkr_core/_version.py")
STAMP: Final = "wrkr-setup.json"
LONGEST_SETUP_SECONDS: Final = 1800
UNREACHABLE: Final = re.compile(
    r"ProxyError|ConnectionError|ConnectTimeout|NewConnectionError|ReadTimeout|SSLError"
    r"|No matching distribution|Could not find a version"
)
OFFLINE_HINT: Final = (
    "pip could not get a package from its index. Behind a proxy, set HTTPS_PROXY; with a mirror of"
    " your own, name it once: pip config set global.index-url URL"
)
HASH_HINT: Final = (
    "the index serves other files than uv.lock names; a mirror that rebuilds does that"
)


@dataclass(frozen=True)
class Needs:
    """What a task wants installed: extras of the project and dependency groups."""

    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def union(self, other: Needs) -> Needs:
        """Return what both want."""
        return Needs(self.extras | other.extras, self.groups | other.groups)

    def within(self, other: Needs) -> bool:
        """Say whether the other has all of this."""
        return self.extras <= other.extras and self.groups <= other.groups


@dataclass(frozen=True)
class Environment:
    """A virtual environment at ``path``, for a ``version`` of Python that ``base`` starts."""

    path: Path
    base: str
    version: str

    @property
    def python(self) -> str:
        """The path of its interpreter."""
        return str(self._scripts / ("python.exe" if os.name == "nt" else "python"))

    @property
    def _scripts(self) -> Path:
        return self.path / ("Scripts" if os.name == "nt" else "bin")

    def script(self, name: str) -> list[str]:
        """Return the words that start an installed command, whatever its first line says."""
        if os.name == "nt":
            return [str(self._scripts / f"{name}.exe")]
        return [self.python, str(self._scripts / name)]

    def prepare(self, needs: Needs) -> None:
        """Install the project, editable, with what is needed; quick when all of it is there.

        Raises:
            SetupError: Python cannot make the environment, or pip cannot fill it.

        """
        if self._has(needs):
            return
        with _alone():
            if self._has(needs):
                return
            print(f"setting up {self.path.name} (Python {self.version}) ...", file=sys.stderr)
            if not self._fits():
                self.create()
            wanted = needs.union(self._installed())
            self.install_locked(wanted)
            self.pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
            self.compile_project()
            self._write_stamp(wanted)

    def create(self) -> None:
        """Make it anew and empty, whatever was at its path. Raises: SetupError."""
        done = run_quietly([self.base, "-m", "venv", "--clear", str(self.path)])
        if done.returncode:
            raise SetupError(
                f"Python {self.version} could not make {self.path}:\n{tail(done.stdout)}",
                hint="on Debian and Ubuntu the package python3-venv may be missing",
            )

    def install_locked(self, needs: Needs) -> None:
        """Install what the project needs, by the lock, without the project. Raises: SetupError."""
        lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
        lines = requirements(lock, extras=sorted(needs.extras), groups=sorted(needs.groups))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "requirements.txt"
            file.write_text("\n".join(lines), "utf-8")
            self.pip("--no-deps", "--require-hashes", "--requirement", str(file))

    def compile_project(self) -> None:
        """Write the project's bytecode, as pip does for all it installs but what is editable.

        Where Python is told to write none, every start would compile all of it once more. What does
        not compile is left to those who run it.
        """
        packages = [str(path.parent) for path in ROOT.glob("*/py.typed")]
        run_quietly([self.python, "-m", "compileall", "-q", *packages])

    def pip(self, *arguments: str) -> None:
        """Run ``pip install`` in it, quietly. Raises: SetupError with the end of pip's output."""
        done = run_quietly([self.python, "-m", "pip", "install", *arguments])
        if done.returncode == 0:
            return
        hint = ""
        if "DO NOT MATCH THE HASHES" in done.stdout:
            hint = HASH_HINT
        elif UNREACHABLE.search(done.stdout):
            hint = OFFLINE_HINT
        raise SetupError(f"pip could not install:\n{tail(done.stdout)}", hint=hint)

    def _fits(self) -> bool:
        """Say whether it was made at this very place and its Python starts."""
        settings = ""
        with suppress(OSError):
            settings = (self.path / "pyvenv.cfg").read_text("utf-8")
        made_here = any(
            line.startswith("command = ") and line.endswith(f" {self.path}")
            for line in settings.splitlines()
        )
        return made_here and version_of(self.python) == self.version

    def _has(self, needs: Needs) -> bool:
        current = self._stamp().get("pins") == [pins()]
        return current and needs.within(self._installed()) and self._fits()

    def _installed(self) -> Needs:
        stamp = self._stamp()
        return Needs(frozenset(stamp.get("extras", ())), frozenset(stamp.get("groups", ())))

    def _stamp(self) -> dict[str, list[str]]:
        with suppress(OSError, ValueError):
            stamp: dict[str, list[str]] = json.loads((self.path / STAMP).read_text("utf-8"))
            return stamp
        return {}

    def _write_stamp(self, needs: Needs) -> None:
        stamp = {
            "pins": [pins()],
            "extras": sorted(needs.extras),
            "groups": sorted(needs.groups),
        }
        (self.path / STAMP).write_text(json.dumps(stamp, indent=2), "utf-8")


def main_environment() -> Environment:
    """Return the environment `.venv` for the Python that runs this."""
    # In a virtual environment this names the Python it was made from, which outlives it.
    base: str = getattr(sys, "_base_executable", sys.executable)
    return Environment(ROOT / ".venv", base, "{}.{}".format(*sys.version_info))


def pins() -> str:
    """Return a digest of the files that say what is to be installed."""
    digest = sha256()
    for name in WHAT_PINS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone() -> Generator[None, None, None]:
    """Keep a second `dev.py` waiting while this one installs.

    A lock of SQLite works alike on every system and ends with the process that holds it.
    """
    (ROOT / "build").mkdir(exist_ok=True)
    connection = sqlite3.connect(
        ROOT / "build" / "setup.lock", timeout=LONGEST_SETUP_SECONDS, isolation_level=None
    )
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()
