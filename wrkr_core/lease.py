"""Who may work on a job, and until when.

A lease is a promise with an end. ``epoch`` grows by one with every claim, so a worker that slept
through its lease is told apart from the one that replaced it (Kleppmann 2016, "How to do
distributed locking": a fencing token). Authority comes only from the stream: the holder is who wrote
the newest ``lease_taken``. The heartbeat is a cell beside it and only says that the holder lives.

Nothing here reads a clock. Instants are microseconds since 1970 UTC; ``uptime`` is microseconds of
a clock that nobody sets, comparable only within one boot of one machine.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

DEFAULT_TTL: Final = 30_000_000
DEFAULT_BEAT: Final = 10_000_000

Standing = Literal["live", "released", "expired", "holder_gone"]


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The process that holds a lease, named so that another process can find out whether it lives.

    ``pid`` and ``started_at`` (µs of uptime) mean something only where ``boot_id`` and
    ``pid_namespace`` are the asker's own. Empty texts mean unknown.
    """

    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    started_at: int


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The newest claim, as the stream tells it; ``ttl`` in microseconds."""

    worker: str
    epoch: int
    ttl: int
    holder: Holder
    taken_at: int

    def __post_init__(self) -> None:
        """Refuse an epoch before the first, and a promise that is over at once."""
        if self.epoch < 1 or self.ttl < 1:
            raise ValueError(f"a lease has epoch {self.epoch} and TTL {self.ttl} µs; both are 1 up")


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """What the cell ``lease/<job>`` holds: the last sign of life under ``epoch``.

    ``unrecorded`` is running time in microseconds that no event has accounted for. ``expires_at``
    is by the holder's wall clock, ``expires_uptime`` by the uptime of the boot named in ``boot_id``.
    """

    epoch: int
    beats: int
    unrecorded: int
    expires_at: int
    boot_id: str
    expires_uptime: int


class Observer(msgspec.Struct, frozen=True, kw_only=True):
    """What the one who asks knows at this moment.

    Attributes:
        now: Wall clock, microseconds since 1970 UTC.
        uptime: Microseconds since this boot.
        boot_id: This boot, empty if the platform has none.
        holder_is_gone: True only if the holder's process is known to have ended.
        unchanged_for: How long the heartbeat has been seen without change, microseconds.
        same_clock: Every user of the store shares this host.

    """

    now: int
    uptime: int
    boot_id: str
    holder_is_gone: bool
    unchanged_for: int
    same_clock: bool


def standing(lease: Lease | None, beat: Heartbeat | None, observer: Observer) -> Standing:
    """Tell what the lease is worth to somebody else.

    On the holder's own boot the uptime decides, so a wall clock that jumps changes nothing. With a
    shared clock the wall clock does. Otherwise the lease is over once the heartbeat was seen without
    change for one whole TTL: no other host's clock is believed.
    """
    if lease is None:
        return "released"
    if observer.holder_is_gone:
        return "holder_gone"
    if beat is None or beat.epoch != lease.epoch:
        expires_at = lease.taken_at + lease.ttl
        if observer.now < expires_at and observer.unchanged_for < lease.ttl:
            return "live"
        return "expired" if observer.unchanged_for >= lease.ttl or observer.same_clock else "live"
    if beat.boot_id and beat.boot_id == observer.boot_id:
        return "live" if observer.uptime < beat.expires_uptime else "expired"
    if observer.same_clock or observer.unchanged_for >= lease.ttl:
        over = observer.now >= beat.expires_at or observer.unchanged_for >= lease.ttl
        return "expired" if over else "live"
    return "live"
