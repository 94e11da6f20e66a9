"""Starting other programs, with an environment that leads Python and pip nowhere else."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
TAIL_LINES: Final = 15
MISLEADING: Final = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    variables: Mapping[str, str | None] | None = None,
) -> int:
    """Return the exit code of a command that talks to the terminal; 128 + n after signal n.

    Args:
        command: The words that start it.
        cwd: The folder to start it in; the current one by default.
        variables: Environment variables to set, or with None to leave out.

    """
    changed = clean_variables() | dict(variables or {})
    kept = {name: value for name, value in changed.items() if value is not None}
    interrupted = False
    with subprocess.Popen(command, cwd=cwd, env=kept) as process:
        while process.poll() is None:
            # The terminal has told the command too: let it end in its own way.
            with contextlib.suppress(KeyboardInterrupt):
                interrupted = True
                process.wait()
                interrupted = False
    if interrupted:
        raise KeyboardInterrupt
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def run_quietly(
    command: Sequence[str], *, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it prints."""
    return subprocess.run(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=clean_variables(),
        check=False,
    )


def clean_variables() -> dict[str, str]:
    """Return the environment variables without those that would lead Python or pip astray."""
    variables = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    return variables | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}


def tail(text: str) -> str:
    """Return the last lines of a long output, indented."""
    return "\n".join("  " + line for line in text.rstrip().splitlines()[-TAIL_LINES:])
