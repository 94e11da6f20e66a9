"""One invocation of an engine: what it printed and how it ended, or that it has not ended."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from wrkr_conformance.expect import Broken, claim

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE: Final = 60.0  # seconds after which a command is said never to end
_PAUSE: Final = 0.02
_MOST_SHOWN: Final = 300


@attrs.frozen(kw_only=True)
class Said:
    """What one invocation of the engine printed, and how it ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The command line, without the engine's own name."""
        return shlex.join(self.arguments)

    def result(self) -> dict[str, Any]:
        """Return the one JSON object on standard output. Raises: Broken."""
        lines = self.out.splitlines()
        claim(len(lines) == 1, f"{self.line} prints {len(lines)} lines of result: {self.shown()}")
        return _object(lines[0], f"the result of {self.line}")

    def lines(self) -> list[dict[str, Any]]:
        """Return the JSON objects on standard output, one a line. Raises: Broken."""
        return [_object(each, f"a line of {self.line}") for each in self.out.splitlines()]

    def envelope(self) -> dict[str, Any]:
        """Return the error envelope, the last line on standard error. Raises: Broken."""
        lines = self.err.splitlines()
        claim(bool(lines), f"{self.line} says nothing on standard error: {self.shown()}")
        return _object(lines[-1], f"the error of {self.line}")

    def shown(self) -> str:
        """Return how it ended and what it printed, cut to what a person reads."""
        out, err = self.out.strip()[:_MOST_SHOWN], self.err.strip()[-_MOST_SHOWN:]
        return f"exit {self.code}, stdout {out!r}, stderr {err!r}"


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise Broken(f"{what} is no JSON: {text[:_MOST_SHOWN]!r}") from error
    if not isinstance(value, dict):
        raise Broken(f"{what} is no JSON object: {text[:_MOST_SHOWN]!r}")
    return cast("dict[str, Any]", value)


class Running:
    """An invocation that has not ended."""

    def __init__(
        self, process: subprocess.Popen[str], arguments: tuple[str, ...], transcript: list[str]
    ) -> None:
        """Take over a process that was started."""
        self._process = process
        self._arguments = arguments
        self._transcript = transcript

    @property
    def has_ended(self) -> bool:
        """Tell whether the process is over."""
        return self._process.poll() is not None

    def await_file(self, path: Path) -> None:
        """Wait until there is such a file. Raises: Broken: the command ended or took too long."""
        deadline = time.monotonic() + PATIENCE
        while not path.exists():
            if self.has_ended:
                said = self.end()
                raise Broken(f"{said.line} ended before {path.name} was there: {said.shown()}")
            claim(time.monotonic() < deadline, f"{path.name} was not there in {PATIENCE:g} s")
            time.sleep(_PAUSE)

    def interrupt(self) -> None:
        """Send what Ctrl-C sends."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process at once; it cannot do anything about it, and what it said is lost."""
        self.abandon()
        self._transcript.append(f"{shlex.join(self._arguments)}  # killed")

    def end(self) -> Said:
        """Wait for the end and return what was said. Raises: Broken if it does not end."""
        line = shlex.join(self._arguments)
        try:
            out, err = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            self.abandon()
            self._transcript.append(f"{line}  # did not end")
            raise Broken(f"{line} did not end within {PATIENCE:g} seconds") from error
        code = self._process.returncode
        self._transcript.append(f"{line}  # exit {code}")
        return Said(arguments=self._arguments, code=code, out=out, err=err)

    def abandon(self) -> None:
        """End the process if it still runs.

        Its output is not read to the end: what it started may hold that open for ever.
        """
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
