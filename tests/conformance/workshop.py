"""A store author's folder: a module with right and wrong stores, and the command lines run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).resolve().parents[2]
MODULE: Final = '''
"""Stores that somebody wrote."""

from wrkr_core.memory import MemoryStore


def right(folder):
    return MemoryStore(str(folder))


class Forgetful(MemoryStore):
    """Gives one record less than it has."""

    def read(self, stream, after=0, limit=1000):
        return super().read(stream, after, limit)[:-1]


def forgetful(folder):
    return Forgetful(str(folder))


class Excused(MemoryStore):
    """Excuses itself from being tested."""

    def append(self, *given, **named):
        from wrkr_conformance.expect import NotRun

        raise NotRun("not today", applies=False)


def excused(folder):
    return Excused(str(folder))


class Leaving(MemoryStore):
    """Ends the program as if all were well."""

    def append(self, *given, **named):
        raise SystemExit(0)


def leaving(folder):
    return Leaving(str(folder))


def skipping(folder):
    import pytest

    pytest.skip("not today")


def broken(folder):
    raise RuntimeError("no database")


def no_store(folder):
    return {"folder": folder}


class Half:
    """A store that is not finished."""

    info = MemoryStore("half").info
    append = read = feed = stream = streams = get = put = close = lambda self: None


def half(folder):
    return Half()


NUMBER = 7
'''


@attrs.frozen
class Workshop:
    """A folder with ``my_store.py`` in it, from which command lines are run."""

    folder: Path

    @classmethod
    def within(cls, folder: Path) -> Workshop:
        """Set it up."""
        (folder / "my_store.py").write_text(MODULE)
        return cls(folder)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the folder, with the project to import."""
        paths = os.pathsep.join([str(ROOT), str(ROOT / "conformance")])
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "80", "NO_COLOR": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def suite(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``python -m wrkr_conformance``."""
        return self.python("-m", "wrkr_conformance", *arguments)

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``pytest --pyargs wrkr_conformance``."""
        plugins = ("-p", "wrkr_conformance.plugin", "-p", "no:cacheprovider", "-p", "no:randomly")
        return self.python("-m", "pytest", *plugins, "--pyargs", "wrkr_conformance", *arguments)
