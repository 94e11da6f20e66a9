"""Starting a program that waits for a word before it begins, and watching it.

The new process leads a session and process group of its own, so that its children can be stopped
with it. It begins as a shell that reads one line from its standard input: with the line it becomes
the program (same process, ``/dev/null`` as input), without one it ends. That gives its parent time to
note which process it is before anything has happened (see ``exclusion``), for about 2 ms on Linux.

On Linux the kernel kills the process when the *thread* that started it ends (``PR_SET_PDEATHSIG``),
so start commands only from a thread that waits for them. It is set by a ``preexec_fn`` that makes one
system call through a function resolved beforehand; Python warns of ``preexec_fn`` beside threads
because of locks that another thread may hold, and this one takes none.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import selectors
import signal
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import IO, TYPE_CHECKING, Final, Self

from wrkr_core.errors import NotSupportedHereError, StepFailedError
from wrkr_run.processes import signal_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HELD: Final = 'read -r WRKR_HELD && exec "$@" </dev/null'
# A shell drops variables whose names it could not set itself; Python does not.
HELD_IN_PYTHON: Final = (
    "import os, sys\n"
    "if sys.stdin.buffer.readline():\n"
    "    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)\n"
    "    os.execvp(sys.argv[1], sys.argv[1:])\n"
)
SHELL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
IS_POSIX: Final = os.name == "posix"
PIECE: Final = 64 * 1024  # bytes read at once
LARGEST_PIPE: Final = 1024 * 1024  # bytes a pipe can hold: no more can be left of one that ended
_GLANCE: Final = 20_000  # µs between looks at a process whose end cannot be waited for
_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG, prctl(2)


def _death_with_parent() -> Callable[[], None] | None:
    """Return what a new process calls so that it does not outlive its parent, None if it cannot."""
    if sys.platform != "linux":
        return None
    set_option = ctypes.CDLL(None).prctl
    return lambda: set_option(_DEATH_SIGNAL, signal.SIGKILL) and None


_die_with_parent: Final = _death_with_parent()


def find_program(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Return ``argv`` with the program as a path.

    Raises: StepFailedError: there is no such program, it may not be run, or ``folder`` is no folder.
    """
    if not folder.is_dir():
        raise StepFailedError(
            f"the folder {folder} to run {argv[0]!r} in does not exist", cwd=str(folder)
        )
    name = argv[0]
    if os.sep not in name:
        found = which(name, path=environment.get("PATH", os.defpath))
        if found is None:
            raise StepFailedError(
                f"command not found: {name!r}",
                hint="is it installed, and on the PATH?",
                command=name,
            )
        return [str(Path(found).absolute()), *argv[1:]]
    path = folder / name
    if not path.is_file():
        raise StepFailedError(f"command not found: {str(path)!r}", command=name)
    if not os.access(path, os.X_OK):
        raise StepFailedError(
            f"{str(path)!r} is not executable", hint=f"chmod +x {path}", command=name
        )
    return [str(path.absolute()), *argv[1:]]


class Launched:
    """A program that was started held. Use from the thread that made it, as a context manager.

    When the block is left the process has ended, whatever happened, and its pipes are closed.

    Attributes:
        pid: Its process id, which is also the id of its process group.

    """

    def __init__(
        self, argv: Sequence[str], *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Start the process; it does nothing before ``let_go``.

        Raises: StepFailedError: the system cannot start it. NotSupportedHereError: on Windows.
        """
        if not IS_POSIX:
            raise NotSupportedHereError(
                "commands are run on Linux and macOS only",
                hint="use a python: job, or the Windows Subsystem for Linux",
            )
        odd = any(not SHELL_NAME.fullmatch(name) for name in environment)
        held = (
            [sys.executable, "-I", "-S", "-c", HELD_IN_PYTHON]
            if odd
            else ["/bin/sh", "-c", HELD, "sh"]
        )
        try:
            self._process = subprocess.Popen(  # noqa: S603  # running commands is what this is for
                [*held, *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=folder,
                env={**environment, "PWD": str(folder)},
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  # see the head of this file
            )
        except (OSError, ValueError) as error:
            raise StepFailedError(f"{argv[0]!r} cannot be started: {error}") from error
        self.pid = self._process.pid
        self._exit_handle = _exit_handle(self.pid)
        self._selector = selectors.DefaultSelector()
        self._pipes: dict[str, IO[bytes]] = {}
        for name, pipe in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe, selectors.EVENT_READ, name)
                self._pipes[name] = pipe
        if self._exit_handle is not None:
            self._selector.register(self._exit_handle, selectors.EVENT_READ, None)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Kill what is still running, and close everything."""
        if not self.has_ended():
            self.kill()
        self._process.wait()
        self._selector.close()
        if self._exit_handle is not None:
            os.close(self._exit_handle)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def let_go(self) -> None:
        """Let the program begin."""
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # killed by somebody else while it waited
                stdin.write(b"\n")
                stdin.close()

    def has_ended(self) -> bool:
        """Tell whether the process has ended. It stays a zombie, so its id is nobody else's yet."""
        if self._process.returncode is not None:
            return True
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return self._process.poll() is not None
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def wait(self, duration: int, take: Callable[[str, bytes], None]) -> bool:
        """Hand on output (stream name, bytes) until the process ends, at most for ``duration`` µs.

        Returns after the first news; tells whether the process has ended. Then all it wrote was
        handed on, even if a child of its holds the pipe open for ever.
        """
        longest = duration if self._exit_handle is not None else min(duration, _GLANCE)
        for key, _events in self._selector.select(max(0, longest) / 1_000_000):
            if key.data is not None:
                self._read(key.data, take)
        if not self.has_ended():
            return False
        for name in list(self._pipes):
            taken = 0
            while taken < LARGEST_PIPE and (size := self._read(name, take)):
                taken += size
        return True

    def _read(self, name: str, take: Callable[[str, bytes], None]) -> int:
        """Hand on what is there; return its size, 0 for nothing now or never again."""
        pipe = self._pipes.get(name)
        if pipe is None:
            return 0
        try:
            piece = os.read(pipe.fileno(), PIECE)
        except BlockingIOError:
            return 0
        if piece:
            take(name, piece)
        else:
            self._selector.unregister(pipe)
            del self._pipes[name]
        return len(piece)

    def terminate(self) -> None:
        """Ask the whole process group to end."""
        signal_group(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the whole process group at once; returns when the process has ended."""
        signal_group(self.pid, signal.SIGKILL)
        self._process.wait()

    def returncode(self) -> int:
        """Return the exit code, or minus the number of the signal that ended the process."""
        return self._process.wait()


def _exit_handle(pid: int) -> int | None:
    """Return a file that becomes readable when the process ends, None where there is no such thing."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # a kernel before 5.3, or a sandbox that forbids it
        return None
