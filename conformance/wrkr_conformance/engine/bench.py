"""Where a clause drives an engine: a fresh workspace and home, and the commands run in them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from wrkr_conformance.engine.invocation import Running
from wrkr_conformance.expect import Broken

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from wrkr_conformance.engine.invocation import Said


class Bench:
    """A fresh workspace and home for one clause.

    Attributes:
        workspace: The folder in which every command runs.
        home: ``HOME`` and, in it, ``WRKR_HOME``; nothing outside is written by an engine.
        variables: Environment variables of the commands, besides this process's own.
        transcript: Every command line so far, with its exit code.

    """

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        """Make the folders; run nothing yet."""
        self._command = tuple(command)
        self.workspace = folder / "work space"
        self.home = folder / "home"
        self.variables: dict[str, str] = {}
        self.transcript: list[str] = []
        self._started: list[Running] = []
        for each in (self.workspace, self.home):
            each.mkdir()

    @classmethod
    @contextmanager
    def fresh(cls, command: Sequence[str]) -> Generator[Self]:
        """Give a new bench; what it started is ended and its folders are removed in the end."""
        with tempfile.TemporaryDirectory(prefix="wrkr-", ignore_cleanup_errors=True) as folder:
            bench = cls(command, Path(folder).resolve())
            try:
                yield bench
            finally:
                bench.let_go()

    def let_go(self) -> None:
        """End whatever still runs, also commands of steps that wait."""
        self.allow()
        for each in self._started:
            each.abandon()

    def say(self, *arguments: str) -> Said:
        """Run the engine as a person would and wait for its end. Raises: Broken."""
        return self.begin(*arguments).end()

    def ask(self, *arguments: str) -> Said:
        """Run the engine as a script would, with ``--json``. Raises: Broken."""
        return self.begin(*arguments, "--json").end()

    def begin(self, *arguments: str) -> Running:
        """Start the engine and do not wait. Raises: Broken if it cannot be started."""
        try:
            with _heeding_interrupts():
                process = subprocess.Popen(  # noqa: S603  # the command line under test
                    [*self._command, *arguments],
                    cwd=self.workspace,
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                )
        except OSError as error:
            raise Broken(f"{self._command[0]} cannot be started: {error}") from error
        running = Running(process, arguments, self.transcript)
        self._started.append(running)
        return running

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the commands: nothing of wrkr's own but its home."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("WRKR_")}
        home = str(self.home)
        places = {"HOME": home, "USERPROFILE": home, "WRKR_HOME": str(self.home / "wrkr")}
        # Steps and engines of any language print what they like; it is read as UTF-8.
        return {**mine, **places, "PYTHONIOENCODING": "utf-8", **self.variables}

    @contextmanager
    def elsewhere(self) -> Generator[None]:
        """Have the commands inside use another store, in the same workspace."""
        self.variables["WRKR_HOME"] = str(self.home / "other")
        try:
            yield
        finally:
            del self.variables["WRKR_HOME"]

    def spec(self, name: str = "job.json", **fields: object) -> str:
        """Write a spec; return the file's name."""
        self.write(name, json.dumps({"name": "lane", **fields}))
        return name

    def write(self, name: str, text: str) -> Path:
        """Write a file of the workspace; return its path."""
        path = self.workspace / name
        path.write_text(text, "utf-8")
        return path

    def ran(self) -> list[str]:
        """Return what the commands of steps have done so far, in order."""
        path = self.workspace / "ran.txt"
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def allow(self) -> None:
        """Let every command go on that waits."""
        with suppress(OSError):
            (self.workspace / "go").touch()


@contextmanager
def _heeding_interrupts() -> Generator[None]:
    """Start processes that heed Ctrl-C, also from one that was told to ignore it (a job of a shell)."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    except ValueError:  # not the main thread, which alone may
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
