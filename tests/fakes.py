"""A machine that does what a test says: its clocks stand still until they are moved."""

from __future__ import annotations

import threading
from zlib import crc32

from msgspec.structs import replace

from wrkr_core.ids import time_sortable
from wrkr_core.lease import Holder

NOON = 1_700_000_000_000_000
"""Where every fake wall clock begins: 2023-11-14T22:13:20Z, in microseconds since 1970 UTC."""


class FakeMachine:
    """A ``wrkr_core.machine.Machine`` without chance: same calls, same answers.

    One of another host or pid gives other ids; ``twin``, ``elsewhere``, ``rebooted`` make one.

    Attributes:
        at: The wall clock, µs since 1970 UTC; set it or ``advance`` it.
        up: The uptime, µs; moved by ``advance`` and by sleeping.
        gone: Holders whose process has ended.
        slept: Every duration that was slept, µs.

    """

    def __init__(
        self, *, at: int = NOON, up: int = 1_000_000, pid: int = 100, host: str = "host-a"
    ) -> None:
        self.at = at
        self.up = up
        self.gone: set[Holder] = set()
        self.slept: list[int] = []
        self.boot = f"boot-{host}"
        self._holder = Holder(
            host=host, boot_id=self.boot, pid_namespace="pid:[1]", pid=pid, started_at=pid * 1000
        )
        self._ids = 0
        self._salt = crc32(f"{host} {pid}".encode())
        self._lock = threading.Lock()

    def now(self) -> int:
        return self.at

    def uptime(self) -> int:
        return self.up

    def sleep(self, duration: int) -> None:
        """Let ``duration`` pass at once."""
        self.slept.append(duration)
        self.advance(duration)

    def advance(self, duration: int) -> None:
        """Move both clocks on by ``duration`` µs."""
        self.at += duration
        self.up += duration

    def new_id(self) -> str:
        """Return the next id: they count up, under the fixed first instant."""
        with self._lock:
            self._ids += 1
            return time_sortable(NOON, self._salt.to_bytes(4, "big") + self._ids.to_bytes(6, "big"))

    def jitter(self, most: int) -> int:
        return most

    def holder(self) -> Holder:
        return self._holder

    def boot_id(self) -> str:
        return self.boot

    def is_gone(self, holder: Holder) -> bool:
        return holder in self.gone

    def twin(self, *, pid: int) -> FakeMachine:
        """Return another process on the same host and boot, with clocks as they are now."""
        return FakeMachine(at=self.at, up=self.up, pid=pid, host=self._holder.host)

    def elsewhere(self, host: str) -> FakeMachine:
        """Return a process on another host, whose uptime cannot be compared with ours."""
        return FakeMachine(at=self.at, up=7_000_000, pid=self._holder.pid, host=host)

    def rebooted(self) -> FakeMachine:
        """Return a process of the same pid on the same host after another boot."""
        again = FakeMachine(at=self.at, up=1_000_000, pid=self._holder.pid, host=self._holder.host)
        again.boot = f"{self.boot}-2"
        again._holder = replace(again._holder, boot_id=again.boot)
        again._salt += 1
        return again
