"""The machine: now, ids, randomness, who this process is. One of the two doors of the core.

Everything that differs from run to run comes from here and is handed in, so that a test can hand in
something else. Instants are microseconds since 1970 UTC, uptime is microseconds of a clock that
nobody sets.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Final, Protocol

from wrkr_core.ids import time_sortable
from wrkr_core.lease import Holder

_BOOT_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)  # Linux; counts sleep too
_BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"
_STAT_STATE, _STAT_START = 0, 19  # fields of /proc/<pid>/stat behind the command's name, proc(5)


class Machine(Protocol):
    """What the ledger asks of the machine it runs on."""

    def now(self) -> int:
        """Return the wall clock."""
        ...

    def uptime(self) -> int:
        """Return a clock that only runs forward, also while the machine sleeps where it can."""
        ...

    def sleep(self, duration: int) -> None:
        """Wait ``duration`` microseconds."""
        ...

    def new_id(self) -> str:
        """Return a new 26-character time-sortable id."""
        ...

    def jitter(self, most: int) -> int:
        """Return a random number from 0 to ``most``."""
        ...

    def holder(self) -> Holder:
        """Return who this process is."""
        ...

    def boot_id(self) -> str:
        """Return this boot's id, empty where the platform has none."""
        ...

    def is_gone(self, holder: Holder) -> bool:
        """Tell whether the process is known to have ended; False when it cannot be known."""
        ...


class ThisMachine:
    """The real one. Thread-safe; may be carried over a fork."""

    def __init__(self) -> None:
        """Look up nothing yet."""
        self._holders: dict[int, Holder] = {}
        self._lock = threading.Lock()

    def now(self) -> int:
        """Return the wall clock."""
        return time.time_ns() // 1000

    def uptime(self) -> int:
        """Return ``CLOCK_BOOTTIME`` where there is one, else the monotonic clock."""
        if _BOOT_CLOCK is None:
            return time.monotonic_ns() // 1000
        return time.clock_gettime_ns(_BOOT_CLOCK) // 1000

    def sleep(self, duration: int) -> None:
        """Wait ``duration`` microseconds."""
        time.sleep(duration / 1_000_000)

    def new_id(self) -> str:
        """Return a new id: 48 bits of milliseconds, 80 of randomness."""
        return time_sortable(self.now(), os.urandom(10))

    def jitter(self, most: int) -> int:
        """Return a random number from 0 to ``most``."""
        return int.from_bytes(os.urandom(4), "big") % (most + 1)

    def boot_id(self) -> str:
        """Return the kernel's boot id, empty where there is none."""
        return _read(_BOOT_ID).strip()

    def holder(self) -> Holder:
        """Return who this process is, found out once per process."""
        pid = os.getpid()
        known = self._holders.get(pid)
        if known is None:
            known = Holder(
                host=_host(),
                boot_id=self.boot_id(),
                pid_namespace=_pid_namespace(),
                pid=pid,
                started_at=_started_at(pid) or 0,
            )
            with self._lock:
                self._holders = {pid: known}
        return known

    def is_gone(self, holder: Holder) -> bool:
        """Tell whether the process is known to have ended: same boot, same pid namespace, no such pid.

        A process id that was given to another process is told by its start time; a zombie has ended.
        """
        mine = self.holder()
        if not mine.boot_id or not mine.pid_namespace:
            return False
        if (holder.boot_id, holder.pid_namespace) != (mine.boot_id, mine.pid_namespace):
            return False
        if not _is_there(holder.pid):
            return True
        started = _started_at(holder.pid)
        if started is None or not holder.started_at:
            return False  # it may not be looked at, or did not know when it began: it may be alive
        return started != holder.started_at


def random_bytes(count: int) -> bytes:
    """Return so many bytes that nobody can guess, for keys."""
    return os.urandom(count)


def user_name() -> str:
    """Return the name the system has for the user, empty if it has none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123  # no pathlib in a hot import
            return file.read()
    except OSError:
        return ""


def _host() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    import platform

    return platform.node()


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115  # no pathlib in a hot import
    except OSError:
        return ""


def _is_there(pid: int) -> bool:
    """Tell whether there is such a process, one that may not be signalled included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _started_at(pid: int) -> int | None:
    """Return when a process started, in µs of uptime; None if that cannot be seen.

    A zombie has ended: it is said to have started at -1, which no holder did. Linux only; elsewhere
    None, with which no process is ever told to be gone.
    """
    _, _, rest = _read(f"/proc/{pid}/stat").rpartition(") ")
    fields = rest.split()
    if len(fields) <= _STAT_START:
        return None
    if fields[_STAT_STATE] in ("Z", "X"):
        return -1
    return int(fields[_STAT_START]) * 1_000_000 // os.sysconf("SC_CLK_TCK")
