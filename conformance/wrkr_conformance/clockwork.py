"""A machine without chance: its clocks stand still, its ids count up, its process has no name."""

from __future__ import annotations

import threading
from typing import Final

from wrkr_core.ids import time_sortable
from wrkr_core.lease import Holder

NOON: Final = 1_700_000_000_000_000  # 2023-11-14T22:13:20Z, µs since 1970 UTC
NOBODY: Final = Holder(host="clockwork", boot_id="", pid_namespace="", pid=1, started_at=0)


class Clockwork:
    """A ``wrkr_core.machine.Machine`` on which the same calls always get the same answers."""

    def __init__(self) -> None:
        """Begin at noon, with the first id."""
        self._lock = threading.Lock()
        self._ids = 0

    def now(self) -> int:
        """Return the instant at which everything happens."""
        return NOON

    def uptime(self) -> int:
        """Return the same uptime always."""
        return 1_000_000

    def sleep(self, duration: int) -> None:
        """Return at once: no time passes."""

    def new_id(self) -> str:
        """Return the next id."""
        with self._lock:
            self._ids += 1
            return time_sortable(NOON, self._ids.to_bytes(10, "big"))

    def jitter(self, most: int) -> int:
        """Return the longest pause."""
        return most

    def holder(self) -> Holder:
        """Return a process nobody can look for."""
        return NOBODY

    def boot_id(self) -> str:
        """Return that the boot has no name."""
        return ""

    def is_gone(self, holder: Holder) -> bool:
        """Tell that nothing is known of the process."""
        del holder
        return False
