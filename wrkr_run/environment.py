"""Looking at this machine by the rules of a job's environment fingerprint.

Values of ``env:`` rules are only ever seen as HMAC-SHA256 under a key that the job has for itself, in
a cell that no jobpack carries: equal values can be told to be equal, and nothing else about them.
"""

from __future__ import annotations

import hmac
import os
import platform
import socket
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from wrkr_core.environment import Fingerprint, Observation, fingerprint
from wrkr_core.errors import InvalidInputError, StepFailedError
from wrkr_core.events import JobSubmitted
from wrkr_core.job_log import JobLog
from wrkr_run.launching import Launched, find_program
from wrkr_run.workspace import workspace_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from wrkr_core.job.state import JobState
    from wrkr_core.machine import Machine
    from wrkr_core.spec import JobSpec
    from wrkr_core.store import Store

    Probe = Callable[[JobState], Fingerprint]

COMMAND_LIMIT: Final = 10_000_000  # µs
ABSENT: Final = "absent"

_SYSTEMS: Final[Mapping[str, str]] = {"linux": "linux", "darwin": "darwin", "windows": "windows"}
_ARCHITECTURES: Final[Mapping[str, str]] = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "aarch64": "arm64",
    "i386": "x86",
    "i486": "x86",
    "i586": "x86",
    "i686": "x86",
}


def make_probe(store: Store, machine: Machine) -> Probe:
    """Return a function that looks at this machine by the rules of a job of ``store``.

    It is what ``Ledger.work`` takes as ``probe``. The job's key is made when it is first needed.
    """

    def probe(state: JobState) -> Fingerprint:
        rules = state.environment_rules
        needs_key = any(rule.startswith("env:") for rule in rules)
        log = JobLog(store, machine, state.job_id)
        key = log.payloads.key() if needs_key else b""
        spec = _spec(store, machine, state.job_id)
        return observe(rules, workspace=workspace_of(spec), key=key, machine=machine)

    return probe


def _spec(store: Store, machine: Machine, job_id: str) -> JobSpec:
    for recorded in JobLog(store, machine, job_id).records(0, 1):
        if isinstance(recorded.event, JobSubmitted):
            return recorded.event.spec
    raise InvalidInputError(f"job {job_id} does not begin with its spec")


def observe(rules: Iterable[str], *, workspace: Path, key: bytes, machine: Machine) -> Fingerprint:
    """Return what each rule yields here, as text; ``absent`` for what there is not.

    ``cwd`` is the workspace, and paths and commands are meant there. A command yields its exit code
    and the digest of its standard output, or that it took longer than ten seconds.
    """
    return fingerprint(
        Observation(rule=rule, value=_observe(rule, workspace, key, machine)) for rule in rules
    )


def _observe(rule: str, workspace: Path, key: bytes, machine: Machine) -> str:
    if rule in _PLAIN:
        return _PLAIN[rule]()
    if rule == "cwd":
        return str(workspace.resolve())
    if rule == "git:HEAD":
        return _git_head(workspace, machine)
    kind, _, name = rule.partition(":")
    if kind == "env":
        return _hashed_variable(name, key)
    if kind == "file":
        return _file(workspace / name)
    if kind == "command":
        return _command(name, workspace, machine)
    raise InvalidInputError(f"{rule!r} is not an environment rule")


def system_name(name: str) -> str:
    """Return the name of an operating system as every Python on it says it."""
    return _SYSTEMS.get(name.lower(), name.lower())


def architecture_name(name: str) -> str:
    """Return one name for an architecture that systems call by several."""
    return _ARCHITECTURES.get(name.lower(), name.lower())


_PLAIN: Final[Mapping[str, Callable[[], str]]] = {
    "os": lambda: system_name(platform.system()),
    "arch": lambda: architecture_name(platform.machine()),
    "python": lambda: f"{sys.version_info.major}.{sys.version_info.minor}",
    "hostname": socket.gethostname,
}


def _hashed_variable(name: str, key: bytes) -> str:
    value = os.environ.get(name)
    if value is None:
        return ABSENT
    # The name is part of it, so that two variables of one value do not look alike.
    text = f"env\0{name}\0{value}".encode("utf-8", "surrogateescape")
    return f"hmac-sha256:{hmac.new(key, text, sha256).hexdigest()}"


def _file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            digest = sha256()
            while piece := file.read(1024 * 1024):
                digest.update(piece)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ABSENT
    except OSError as error:
        return f"unreadable: {error.strerror}"
    return f"sha256:{digest.hexdigest()}"


def _git_head(workspace: Path, machine: Machine) -> str:
    argv = ["git", "rev-parse", "--verify", "--quiet", "HEAD^{commit}"]
    output = bytearray()
    code = _run(argv, workspace, machine, output.extend)
    return output.decode("ascii", "replace").strip() if code == 0 else ABSENT


def _command(line: str, workspace: Path, machine: Machine) -> str:
    digest = sha256()
    code = _run(["/bin/sh", "-c", line], workspace, machine, digest.update)
    if code is None:
        return "took longer than 10s, or cannot be run"
    return f"exit {code} sha256:{digest.hexdigest()}"


def _run(
    argv: list[str], workspace: Path, machine: Machine, take: Callable[[bytes], None]
) -> int | None:
    """Hand on the standard output of a command and return its exit code, None if it has none."""

    def only_stdout(stream: str, piece: bytes) -> None:
        if stream == "stdout":
            take(piece)

    try:
        program = find_program(argv, workspace, os.environ)
        with Launched(program, folder=workspace, environment=os.environ) as launched:
            launched.let_go()
            began = machine.uptime()
            while not launched.wait(began + COMMAND_LIMIT - machine.uptime(), only_stdout):
                if machine.uptime() - began >= COMMAND_LIMIT:
                    return None
            return launched.returncode()
    except StepFailedError:
        return None
