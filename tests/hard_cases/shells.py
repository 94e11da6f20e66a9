"""Workspaces with a store of their own, and what can be seen in one after some commands.

What is bound to differ from one run to the next (instants, hashes, generated ids, processes) is
masked, so that two runs of the same commands look the same, and a difference means something.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tests.hard_cases.jobs import ROOT
from tests.wrkr_cli.conftest import SPEC, Said
from wrkr_cli.framing import COMMON
from wrkr_cli.main import COMMANDS, CommandTable, _run
from wrkr_core.finding import open_store
from wrkr_core.ledger import Ledger
from wrkr_core.views import event_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

MASKS: Final = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "(instant)"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "(instant)"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "(hash)"),
    (re.compile(r"\b[0-9a-f]{12,16}\b"), "(short hash)"),
    (re.compile(re.escape(socket.gethostname()) + r"-\d+"), "(worker)"),
    (re.compile(r"\b[0-9a-hjkmnp-tv-z]{26}\b"), "(id)"),
    (re.compile(r"(?<=[ (])[\d.]+ ?(ms|us|s)\b"), "(time)"),
    (re.compile(r"\d+ bytes|\"(?:size|bytes)\": ?\d+|\b[\d.]+ (?:kB|MB|GB|GiB|MiB)\b"), "(bytes)"),
)
# Of an event: what says when exactly, or how long.
VOLATILE: Final = frozenset(
    {"at", "id", "hash", "holder", "spec_digest", "config_digest", "input_digest", "subject"}
    | {"usage", "duration", "beats", "heartbeats", "wall", "fingerprint", "budget"}
)
ONE: Final = "submit job.yaml --job-id j1"
TWO: Final = f"{ONE}; submit job.yaml --job-id j2"
ASKS: Final = f"{ONE}; checkpoint emit j1 decision-needed Which? --choice a --choice b"
DONE: Final = "wrap --job-id j1 -- true"
# Two commands that end well only when they run at the same time.
MEET: Final = (
    "touch here-$WRKR_JOB_ID; for i in 1 2 3 4 5 6 7 8 9; do "
    "test -f here-j1 -a -f here-j2 && exit 0; sleep 0.1; done; exit 1"
)
COMMON_NAMES: Final = {each.opts[0] for each in COMMON}
WHEN: Final = frozenset({"retry_at", "wake_at", "expires_at"})  # whether there is one matters
_numbers = itertools.count(1)


class Shell:
    """One workspace and one store.

    Attributes:
        folder: The workspace, which is the working folder while commands run.
        url: The store.
        said: What each command said, in order.

    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / f"workspace-{next(_numbers):05}"
        self.folder.mkdir()
        self.url = f"sqlite:///{self.folder}.store/wrkr.db"
        self.said: list[Said] = []
        (self.folder / "job.yaml").write_text(SPEC)
        self._patch = monkeypatch

    def run(self, line: str) -> Said:
        """Run ``wrkr LINE``."""
        self._patch.chdir(self.folder)
        self._patch.setenv("WRKR_STORE", self.url)
        self._patch.setenv("WRKR_APPROVED_BY", "ann")
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = _run(shlex.split(line))
            except SystemExit as ended:
                code = int(ended.code or 0)
        self.said.append(Said(code, out.getvalue(), err.getvalue()))
        return self.said[-1]

    def script(self, lines: str) -> Said:
        """Run several commands, separated by ``;``, and return what the last one said.

        One that begins with ``!`` runs in a process of its own.
        """
        for line in filter(None, (each.strip() for each in lines.split(";"))):
            self.apart(line[1:]) if line.startswith("!") else self.run(line)
        return self.said[-1]

    def apart(self, line: str) -> None:
        """Run ``wrkr LINE`` in a process that may die of it."""
        done = subprocess.run(
            [sys.executable, "-m", "wrkr_cli", *shlex.split(line)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "WRKR_STORE": self.url},
            capture_output=True,
            text=True,
            check=False,
        )
        self.said.append(Said(done.returncode, done.stdout, done.stderr))

    def files(self) -> list[str]:
        """Return the names of all files in the workspace."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(self.mask(str(path.relative_to(self.folder))) for path in found)

    def effects(self) -> str:
        """Return what the steps have noted."""
        files = (self.folder / name for name in ("effects", "ran.txt"))
        return "".join(file.read_text() for file in files if file.exists())

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield every event of the store but what the spec itself says."""
        path = Path(self.url.removeprefix("sqlite:///"))
        if not path.exists():
            return
        store = open_store(self.url + "?mode=ro")
        with contextlib.closing(store):
            for job_id, recorded in Ledger(store, actor="ann").feed()[0]:
                view = json.loads(json.dumps(event_view(job_id, recorded)))
                if recorded.seq == 1:
                    view["payload"].pop("spec")
                yield without_volatile(view)

    def mask(self, text: str) -> str:
        """Return the text without what no two runs have in common."""
        here = self.folder.name
        for name in (here, here.replace("-", "_"), str(os.getpid())):
            text = text.replace(name, "(here)")
        for pattern, instead in MASKS:
            text = pattern.sub(instead, text)
        return text

    def seen(self) -> dict[str, object]:
        """Return all that can be seen from outside."""
        last = self.said[-1]
        return {
            "code": last.code,
            "out": self.mask(last.out),
            "err": self.mask(last.err),
            "files": self.files(),
            "effects": self.effects(),
            "events": self.mask(json.dumps(list(self.events()), sort_keys=True)).splitlines(),
        }


def without_volatile(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in VOLATILE}
        return {
            key: each is not None if key in WHEN else without_volatile(each)
            for key, each in kept.items()
        }
    if isinstance(value, list):
        return [without_volatile(each) for each in value]
    return value


@cache
def other_tests() -> str:
    """Return the text of the tests in which commands with needs of their own are tried."""
    folders = (ROOT / "tests" / "wrkr_cli", ROOT / "tests" / "conformance")
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return "".join(path.read_text("utf-8") for path in files)


def shell_after(folder: Path, before: str, patch: pytest.MonkeyPatch) -> Shell:
    """Return a new workspace in which some commands were run already."""
    shell = Shell(folder, patch)
    (shell.folder / "meet.yaml").write_text(f"name: meet\nsteps: [{{id: a, run: '{MEET}'}}]\n")
    (shell.folder / "place.yaml").write_text(
        "name: place\nenvironment: ['file:lock']\nsteps: [{id: a, run: 'test -f lock'}]\n"
    )
    # Its command prints the secret that its spec should not hold.
    (shell.folder / "secret.yaml").write_text(
        "name: secret\ncommand: {run: 'echo $A_KEY', env: {A_KEY: not-a-real-one}}\n"
    )
    if before:
        shell.script(before)
    return shell


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its path, like ``budget raise``."""
    waiting = [(name, CommandTable()[name]) for name in COMMANDS]
    for path, command in waiting:
        if isinstance(command, click.Group):
            waiting += [(f"{path} {name}", each) for name, each in command.commands.items()]
        else:
            yield path, command
