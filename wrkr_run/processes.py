"""Processes of this machine: who they are, and ending a group of them.

A process id says little, because ids are used again. A process is known by its id together with the
instant it started. Linux tells both in ``/proc``; elsewhere psutil is asked, where it is installed.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.lease import Holder
    from wrkr_core.machine import Machine

UNKNOWN: Final = 0
_STATE, _GROUP, _START = 0, 2, 19  # fields of /proc/<pid>/stat behind the command's name, proc(5)
_LOOK_EVERY: Final = 5_000  # µs between looks whether a killed process has gone


@attrs.frozen(kw_only=True)
class Process:
    """A process that has not ended; ``started_at`` in µs of uptime, 0 where that is not known."""

    pid: int
    group: int
    started_at: int


def process(pid: int) -> Process | None:
    """Return the process with this id, None if there is none or only a zombie."""
    if sys.platform != "linux":
        return _process_by_psutil(pid)
    try:
        line = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = line.rpartition(") ")[2].split()
    if len(fields) <= _START or fields[_STATE] in ("Z", "X"):
        return None
    started = int(fields[_START]) * 1_000_000 // os.sysconf("SC_CLK_TCK")
    return Process(pid=pid, group=int(fields[_GROUP]), started_at=started)


def _process_by_psutil(pid: int) -> Process | None:
    try:
        import psutil
    except ImportError:
        return Process(pid=pid, group=UNKNOWN, started_at=UNKNOWN)
    try:
        found = psutil.Process(pid)
        if found.status() == psutil.STATUS_ZOMBIE:
            return None
        group = os.getpgid(pid) if os.name == "posix" else UNKNOWN
        return Process(pid=pid, group=group, started_at=int(found.create_time() * 1_000_000))
    except (psutil.Error, ProcessLookupError):
        return None


def members(group: int) -> list[Process]:
    """Return the processes of a group that have not ended, by id. Linux only; elsewhere the leader."""
    if sys.platform != "linux":
        leader = process(group)
        return [leader] if leader is not None else []
    found = (process(pid) for pid in _all_ids())
    return [each for each in found if each is not None and each.group == group]


def _all_ids() -> Iterator[int]:
    for entry in sorted(Path("/proc").iterdir()):
        if entry.name.isdigit():
            yield int(entry.name)


def variable_of(pid: int, name: str) -> str | None:
    """Return a variable of the environment a process was started with, None where it is not known."""
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    prefix = os.fsencode(f"{name}=")
    values = [pair[len(prefix) :] for pair in pairs if pair.startswith(prefix)]
    return os.fsdecode(values[0]) if values else None


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to every process of a group; one that has ended already is no error."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # macOS says PermissionError of a group in which only zombies are left


def is_same_machine(one: Holder, other: Holder) -> bool:
    """Tell whether process ids of ``one`` mean something to ``other``."""
    return (one.host, one.boot_id, one.pid_namespace) == (
        other.host,
        other.boot_id,
        other.pid_namespace,
    )


def end_leftover(leader: Holder, *, job_id: str, machine: Machine, patience: int) -> bool:
    """Kill the process group that ``leader`` began, as far as it is still the same one.

    The leader is told from a stranger with the same id by its start. When only its children are
    left, they must have been started for the job. Returns whether nothing is left after at most
    ``patience`` µs.
    """
    waited = 0
    while left := _leftover(leader, job_id):
        if left[0].pid == leader.pid:
            signal_group(leader.pid, signal.SIGKILL)
        for each in left:
            _kill(each.pid)
        if waited >= patience:
            return False
        machine.sleep(_LOOK_EVERY)
        waited += _LOOK_EVERY
    return True


def _leftover(leader: Holder, job_id: str) -> list[Process]:
    """Return what is left of the group, its leader first."""
    first = process(leader.pid)
    if first is None:
        group = members(leader.pid)
        return [each for each in group if variable_of(each.pid, "WRKR_JOB_ID") == job_id]
    if first.started_at != leader.started_at or leader.started_at == UNKNOWN:
        return []  # the id was given to somebody else, so nobody of the group is left
    return [first, *(each for each in members(leader.pid) if each.pid != leader.pid)]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # gone meanwhile, or another user's: whoever asked looks again
