"""Running one command to its end, or until something stops it.

The command is over when its main process is, never when a pipe ends: a child it left behind may hold
the pipe for ever. What it writes is read all the time and kept in part (see ``capture``), so neither
a gigabyte of output nor a child that goes on writing blocks or fills anything.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from wrkr_core.errors import InvalidInputError, LeaseConflictError
from wrkr_core.redaction.mask import counted
from wrkr_run.capture import Capture, Captured
from wrkr_run.known_secrets import KnownSecrets, throwaway_mask
from wrkr_run.launching import Launched, find_program

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from wrkr_core.machine import Machine
    from wrkr_core.redaction.mask import Mask
    from wrkr_core.spec import Command
    from wrkr_run.interruption import Interruption

GRACE: Final = 5_000_000  # µs between asking a command to end and killing it
LOOK_EVERY: Final = 250_000  # µs


class Guard(Protocol):
    """Who allows a command to run, and to go on running."""

    def begin(self, pid: int) -> None:
        """Take note of the process, which waits; an exception ends it before it has done anything."""
        ...

    def pause(self) -> int:
        """Return how many µs may pass before ``look`` is called again."""
        ...

    def look(self) -> None:
        """Raise if the command has to stop."""
        ...

    def end(self) -> None:
        """Take note that the process is gone."""
        ...


class NoGuard:
    """Lets everything run."""

    def begin(self, pid: int) -> None:
        """Do nothing."""

    def pause(self) -> int:
        """Return the usual pause."""
        return LOOK_EVERY

    def look(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""


@attrs.frozen(kw_only=True)
class CommandOutcome:
    """How a command ended.

    ``exit_code`` is None when a signal ended it, which ``signal`` then names. ``duration`` is in µs.
    """

    exit_code: int | None
    signal: str | None
    timed_out: bool
    stdout: Captured
    stderr: Captured
    duration: int

    @property
    def succeeded(self) -> bool:
        """Tell whether it ended by itself with exit code 0."""
        return self.exit_code == 0 and not self.timed_out

    @property
    def redacted(self) -> dict[str, int]:
        """How many secrets were masked in its output, by rule."""
        return counted(Counter(self.stdout.redacted) + Counter(self.stderr.redacted))

    @property
    def summary(self) -> str:
        """How it ended, in a few words, with the last line it wrote to standard error."""
        ended = f"exit code {self.exit_code}" if self.signal is None else f"ended by {self.signal}"
        said = self.stderr.last_line
        return f"{ended}: {said}" if said else ended


def run_command(  # a run is made of these
    command: Command,
    *,
    workspace: Path,
    variables: Mapping[str, str],
    machine: Machine,
    interruption: Interruption,
    guard: Guard | None = None,
    grace: int = GRACE,
    mask: Callable[[Mapping[str, str]], Mask] | None = None,
) -> CommandOutcome:
    """Run ``command`` and return how it ended.

    It gets this process's environment, its own variables and then ``variables``; ``/dev/null`` as
    input; a session of its own. At its timeout, when ``guard`` objects or when an interruption is
    requested, the process group gets SIGTERM and, ``grace`` µs later or when the main process has
    ended, SIGKILL. Call it from a thread that lives until it returns. ``mask`` is handed the command's
    whole environment and returns what masks its output; without it markers are this run's own.

    Raises:
        StepFailedError: It cannot be started.
        KeyboardInterrupt: An interruption was requested.
        LeaseConflictError, Blocked: whatever ``guard`` raises, after the command was stopped.

    """
    allowed = guard if guard is not None else NoGuard()
    folder = (workspace / command.cwd).absolute()
    environment = {
        **os.environ,
        **{each.name: each.value for each in command.env},
        **variables,
    }
    argv = find_program(arguments(command), folder, environment)
    masking = mask(environment) if mask is not None else throwaway_mask(KnownSecrets(environment))
    captures = {"stdout": Capture(masking), "stderr": Capture(masking)}
    began = machine.uptime()
    with Launched(argv, folder=folder, environment=environment) as launched:
        run = _Run(launched, captures, allowed, interruption, machine, grace)
        allowed.begin(launched.pid)
        launched.let_go()
        try:
            timed_out = run.wait(command.timeout)
        except BaseException as error:
            # A worker that took the job over runs it already: there is no time to be polite.
            run.stop(0 if isinstance(error, LeaseConflictError) else grace)
            raise
        finally:
            if launched.has_ended():
                allowed.end()
        code = launched.returncode()
    return CommandOutcome(
        exit_code=code if code >= 0 else None,
        signal=signal.Signals(-code).name if code < 0 else None,
        timed_out=timed_out,
        stdout=captures["stdout"].result(),
        stderr=captures["stderr"].result(),
        duration=machine.uptime() - began,
    )


def arguments(command: Command) -> list[str]:
    """Return what to start: the program with its arguments. Raises: InvalidInputError: nothing."""
    if command.shell:
        return ["/bin/sh", "-c", command.shell]
    if not command.argv:
        raise InvalidInputError("a command without a program and without a shell line")
    return list(command.argv)


class _Run:
    """The watch over one started command."""

    def __init__(  # noqa: PLR0917  # what one run is made of
        self,
        launched: Launched,
        captures: Mapping[str, Capture],
        guard: Guard,
        interruption: Interruption,
        machine: Machine,
        grace: int,
    ) -> None:
        self._launched = launched
        self._captures = captures
        self._guard = guard
        self._interruption = interruption
        self._machine = machine
        self._grace = grace

    def wait(self, timeout: int | None) -> bool:
        """Wait until the command ends or its time is up; then stop it and return True."""
        began = looked = self._machine.uptime()
        while True:
            now = self._machine.uptime()
            if timeout is not None and now - began >= timeout:
                self.stop(self._grace)
                return True
            self._interruption.stop_if_requested()
            if now - looked >= self._guard.pause():
                self._guard.look()
                looked = self._machine.uptime()
            wanted = min(LOOK_EVERY, max(0, looked + self._guard.pause() - now))
            if timeout is not None:
                wanted = min(wanted, began + timeout - now)
            if self._launched.wait(wanted, self._take):
                return False

    def stop(self, grace: int) -> None:
        """Ask the process group to end, wait for the main process, and kill what is left."""
        self._launched.terminate()
        asked = self._machine.uptime()
        while not self._launched.has_ended():
            left = asked + grace - self._machine.uptime()
            if left <= 0 or self._interruption.is_urgent:
                break
            self._launched.wait(min(left, LOOK_EVERY), self._take)
        self._launched.kill()
        self._launched.wait(0, self._take)  # its last words, if it ended between two looks

    def _take(self, name: str, piece: bytes) -> None:
        self._captures[name].feed(piece)
