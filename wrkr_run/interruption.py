"""Being asked to stop: Ctrl-C, or SIGTERM from whoever supervises the process.

The first request lets what is under way end in order. The second ends it at once.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """How often this process was asked to stop. Thread-safe: a counter that only grows."""

    def __init__(self) -> None:
        """Begin without a request."""
        self._requests = 0
        self._raises_at_once = False

    @property
    def is_requested(self) -> bool:
        """Tell whether work is to stop."""
        return self._requests > 0

    @property
    def is_urgent(self) -> bool:
        """Tell whether work is to stop without waiting for anything."""
        return self._requests > 1

    def request(self) -> None:
        """Ask once more to stop."""
        self._requests += 1

    def stop_if_requested(self) -> None:
        """Raise if work is to stop. Raises: KeyboardInterrupt."""
        if self.is_requested:
            raise KeyboardInterrupt

    @contextmanager
    def listen(self) -> Generator[Interruption]:
        """Take signals as requests while the block runs; only the main thread can.

        The second signal, and the first one within ``raising``, raises ``KeyboardInterrupt``.
        """
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def raising(self) -> Generator[None]:
        """Let a request interrupt the Python code of the block; for code that never asks.

        Python can do that only in the main thread; elsewhere only a request made before counts.

        Raises: KeyboardInterrupt: there was a request before, or there is one.
        """
        self.stop_if_requested()
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before, self._raises_at_once = self._raises_at_once, True
        try:
            yield
        finally:
            self._raises_at_once = before

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.request()
        if self._raises_at_once or self.is_urgent:
            raise KeyboardInterrupt
