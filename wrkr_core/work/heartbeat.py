"""The sign of life beside the stream: a cell the holder renews from a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from wrkr_core.decoding import decode_as
from wrkr_core.errors import Conflict, StoreError
from wrkr_core.lease import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.machine import Machine
    from wrkr_core.store import Store

_encode = msgspec.json.Encoder(order="sorted").encode


def heartbeat_key(job_id: str) -> str:
    """Return the key of the cell in which the holder of a job shows that it lives."""
    return f"lease/{job_id}"


def read_heartbeat(store: Store, job_id: str) -> tuple[Heartbeat | None, int]:
    """Return the newest heartbeat and the cell's version; None and 0 if there is none."""
    cell = store.get(heartbeat_key(job_id))
    if cell is None:
        return None, 0
    try:
        return decode_as(Heartbeat, cell.data), cell.version
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None, cell.version


class Pulse:
    """Renews the heartbeat every ``every`` µs until stopped or another epoch has written it.

    A beat that cannot be written is no reason to stop: authority comes from the stream. Thread-safe.
    """

    def __init__(  # what one heartbeat is made of
        self,
        *,
        store: Store,
        machine: Machine,
        job_id: str,
        epoch: Callable[[], int],
        unrecorded: Callable[[], int],
        ttl: int,
        every: int,
    ) -> None:
        """Prepare to beat; ``start`` begins."""
        self.beats = 0
        self._store = store
        self._machine = machine
        self._job_id = job_id
        self._epoch = epoch
        self._unrecorded = unrecorded
        self._ttl = ttl
        self._every = every
        self._version = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"wrkr-beat-{job_id}", daemon=True)

    def start(self) -> None:
        """Begin beating, the first time at once."""
        self._version = read_heartbeat(self._store, self._job_id)[1]
        self._thread.start()

    def stop(self) -> None:
        """Beat no more; the thread has ended when this returns."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                alive = self._beat()
            except StoreError:
                alive = True  # the next beat may get through; the stream decides meanwhile
            if not alive or self._stopped.wait(self._every / 1_000_000):
                return

    def _beat(self) -> bool:
        """Write one heartbeat; tell whether the job is still ours as far as the cell knows."""
        beat = Heartbeat(
            epoch=self._epoch(),
            beats=self.beats + 1,
            unrecorded=self._unrecorded(),
            expires_at=self._machine.now() + self._ttl,
            boot_id=self._machine.boot_id(),
            expires_uptime=self._machine.uptime() + self._ttl,
        )
        key = heartbeat_key(self._job_id)
        try:
            self._version = self._store.put(key, _encode(beat), self._version, durable=False)
        except Conflict:
            other, self._version = read_heartbeat(self._store, self._job_id)
            return other is None or other.epoch <= beat.epoch
        self.beats += 1
        return True
