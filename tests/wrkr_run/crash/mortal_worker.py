"""A worker that dies where it is told to, and notes what the store has promised to keep.

``python mortal_worker.py URL NOTES POINT``: works on whatever jobs there are. POINT is how many writes
it survives, with ``before`` or ``after`` the fatal one, or ``never``, or ``drain`` to end with the
work. Every acknowledged record is noted in the file NOTES after the store has answered: what stands
there must never be lost.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wrkr_core.finding import open_store
from wrkr_core.ledger import Ledger
from wrkr_run.supervision import Surroundings
from wrkr_run.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from wrkr_core.store import Appended, NewEvent, Store


class MortalStore:
    """A store that kills its process around its Nth write; all else is the store's own."""

    def __init__(self, store: Store, notes: int, point: str) -> None:
        """Die at ``point`` ("7 before", "7 after")."""
        self._store = store
        self._notes = notes
        number, _, self._when = point.partition(" ")
        self._left = int(number) if self._when else -1
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> object:
        """Return what the store has under this name."""
        return getattr(self._store, name)

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        """Append, note what was acknowledged, and maybe die."""
        with self._write():
            appended = self._store.append(stream, expected, events, durable=durable)
            noted = [f"{stream} {expected + n} {each.id}\n" for n, each in enumerate(events, 1)]
            os.write(self._notes, "".join(noted).encode())
        return appended

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        """Put, and maybe die."""
        with self._write():
            return self._store.put(key, data, expected, durable=durable)

    @contextmanager
    def _write(self) -> Generator[None]:
        with self._lock:
            self._left -= 1
            is_fatal = self._left == 0
        if is_fatal and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            yield
        finally:  # a write that was refused is a write too
            if is_fatal:
                os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, notes: str, point: str) -> None:
    """Work until the end."""
    handle = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    store = MortalStore(open_store(url), handle, point)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    Worker(
        Ledger(store),  # type: ignore[arg-type]  # a store by delegation
        drain=point == "drain",
        poll=20_000,
        ttl=10_000_000,
        surroundings=Surroundings(store_url=url, grace=100_000),
    ).run()
    os.close(handle)


if __name__ == "__main__":
    main(*sys.argv[1:])
