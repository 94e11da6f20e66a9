"""The sign of life beside the stream: renewed while work goes on, tolerant of a store that fails."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace

from tests.worlds import TOO_LONG, Intercepted, World
from wrkr_core.errors import Busy, Conflict, HandleClosed, StoreError, StoreUnavailable, Unknown
from wrkr_core.memory import MemoryStore
from wrkr_core.work.heartbeat import Pulse, heartbeat_key, read_heartbeat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.lease import Heartbeat
    from wrkr_core.store import Store

TTL = 30_000_000
SOON = 1_000  # µs between beats of a test; nobody measures it


class Beating:
    """A pulse over a store that tells when so many beats were tried."""

    def __init__(self, store: Store | None = None, *, every: int = SOON) -> None:
        self.world = World()
        self.store = Intercepted(store if store is not None else self.world.store)
        self.epoch = 3
        self.tries = 0
        self.errors: list[StoreError] = []
        self._changed = threading.Condition()
        self.store.before_put = self._tried
        self.pulse = Pulse(
            store=self.store,
            machine=self.world.clocks,
            job_id="j-1",
            epoch=lambda: self.epoch,
            unrecorded=lambda: 7,
            ttl=TTL,
            every=every,
        )

    def _tried(self, _key: str) -> None:
        with self._changed:
            self.tries += 1
            self._changed.notify_all()
            if self.errors:
                raise self.errors.pop(0)

    def wait_for(self, tries: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.tries >= tries, TOO_LONG)

    @property
    def newest(self) -> Heartbeat | None:
        return read_heartbeat(self.store.inner, "j-1")[0]


@pytest.fixture
def beating() -> Iterator[Beating]:
    found = Beating()
    yield found
    found.pulse.stop()
    assert not found.pulse._thread.is_alive()


def test_the_first_beat_comes_at_once_and_says_until_when(beating: Beating) -> None:
    beating.pulse.start()
    beating.wait_for(1)
    beating.pulse.stop()

    clocks = beating.world.clocks
    assert beating.newest is not None
    assert (beating.newest.epoch, beating.newest.unrecorded) == (3, 7)
    assert beating.newest.expires_at == clocks.now() + TTL
    assert beating.newest.expires_uptime == clocks.uptime() + TTL
    assert beating.newest.boot_id == clocks.boot_id()


def test_it_beats_again_and_counts(beating: Beating) -> None:
    beating.pulse.start()
    beating.wait_for(3)
    beating.pulse.stop()

    assert beating.pulse.beats == beating.tries >= 3
    assert beating.newest is not None
    assert beating.newest.beats == beating.pulse.beats


def test_after_stop_no_thread_is_left_and_nothing_beats(beating: Beating) -> None:
    beating.pulse.start()
    beating.wait_for(1)

    beating.pulse.stop()

    tries = beating.tries
    assert not beating.pulse._thread.is_alive()
    beating.pulse.stop()  # twice is allowed
    assert beating.tries == tries


def test_a_pulse_that_never_began_can_be_stopped() -> None:
    Beating().pulse.stop()


@pytest.mark.parametrize(
    "error", [Busy("locked"), Unknown("?"), StoreUnavailable("full"), HandleClosed("closed")]
)
def test_a_beat_that_cannot_be_written_is_no_reason_to_stop(
    beating: Beating, error: StoreError
) -> None:
    beating.errors = [error, error]
    beating.pulse.start()
    beating.wait_for(4)
    beating.pulse.stop()

    assert beating.pulse.beats >= 2


def overwrite(store: Store, data: bytes) -> None:
    """Write the cell as somebody else, however often it beats in between."""
    while True:
        cell = store.get(heartbeat_key("j-1"))
        assert cell is not None
        try:
            store.put(cell.key, data, cell.version)
        except Conflict:
            continue
        return


def test_a_beat_of_a_higher_epoch_ends_it_and_stays(beating: Beating) -> None:
    beating.pulse.start()
    beating.wait_for(1)
    while beating.newest is None:
        beating.wait_for(beating.tries + 1)
    theirs = replace(beating.newest, epoch=4, beats=1)

    overwrite(beating.store.inner, msgspec.json.encode(theirs))

    beating.pulse._thread.join(TOO_LONG)
    assert not beating.pulse._thread.is_alive()
    assert beating.newest == theirs


def test_a_beat_of_the_same_epoch_by_somebody_else_is_only_skipped(beating: Beating) -> None:
    beating.pulse.start()
    beating.wait_for(1)
    while beating.newest is None:
        beating.wait_for(beating.tries + 1)

    overwrite(beating.store.inner, b"not a heartbeat")

    beating.wait_for(beating.tries + 3)
    beating.pulse.stop()

    assert beating.newest is not None
    assert beating.newest.epoch == 3


def test_a_retaken_lease_beats_under_its_new_epoch(beating: Beating) -> None:
    beating.pulse.start()
    beating.wait_for(1)
    beating.epoch = 5
    beating.wait_for(beating.tries + 2)
    beating.pulse.stop()

    assert beating.newest is not None
    assert beating.newest.epoch == 5


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"epoch":"x"}'])
def test_a_cell_that_is_no_heartbeat_is_none(data: bytes) -> None:
    store = MemoryStore()
    version = store.put(heartbeat_key("j-1"), data, 0)

    assert read_heartbeat(store, "j-1") == (None, version)
    assert read_heartbeat(store, "j-2") == (None, 0)


def test_a_beat_needs_no_flush_of_its_own() -> None:
    flags: list[bool] = []

    class Flags(Intercepted):
        def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
            flags.append(durable)
            return super().put(key, data, expected, durable=durable)

    beating = Beating(Flags(MemoryStore()))
    beating.pulse.start()
    beating.wait_for(2)
    beating.pulse.stop()

    assert set(flags) == {False}
