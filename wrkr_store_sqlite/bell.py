"""Wakes threads of this process that wait for records; other processes' commits are polled for."""

from __future__ import annotations

import threading


class Bell:
    """Counts rings. Thread-safe."""

    def __init__(self) -> None:
        """Start silent."""
        self.rings = 0
        self._sleepers = 0
        self._changed = threading.Condition()

    def ring(self) -> None:
        """Wake everyone; almost free when nobody sleeps."""
        self.rings += 1
        if self._sleepers:
            with self._changed:
                self._changed.notify_all()

    def sleep(self, heard: int, seconds: float) -> None:
        """Return at the first ring after the ``heard``-th, at the latest after ``seconds``."""
        with self._changed:
            self._sleepers += 1
            try:
                if self.rings == heard:
                    self._changed.wait(seconds)
            finally:
                self._sleepers -= 1
