"""A store with people and processes around it: some write, some die, some look on.

Every process goes by the same clocks, which only a test moves, and no process has a memory of what
another one did but the store.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tests.fakes import FakeMachine
from wrkr_core.errors import HandleClosed
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core import events as e
    from wrkr_core.job.state import JobState
    from wrkr_core.store import Appended, Cell, Event, NewEvent, Store, StoreInfo, StreamInfo
    from wrkr_core.work.job import Job

SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
TOO_LONG: Final = 10.0  # seconds; only a test that fails waits for so long


class Intercepted:
    """A store that does what the one behind it does, counts, and lets a test step in.

    Attributes:
        before_append: Called with the stream and the records, before they get through.
        after_append: Called with the same when they are written.
        before_put: Called with the key of a cell that is to be written.
        appended: How many bytes every append carried.
        durable: Whether every append was to survive the loss of power.
        records_read: How many records were read.
        cells_read: How many bytes of cells were read.

    """

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.before_append: Callable[[str, Sequence[NewEvent]], None] | None = None
        self.after_append: Callable[[str, Sequence[NewEvent]], None] | None = None
        self.before_put: Callable[[str], None] | None = None
        self.appended: list[int] = []
        self.durable: list[bool] = []
        self.records_read = 0
        self.cells_read = 0

    @property
    def info(self) -> StoreInfo:
        return self.inner.info

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if self.before_append is not None:
            self.before_append(stream, events)
        done = self.inner.append(stream, expected, events, durable=durable)
        self.appended.append(sum(len(event.data) for event in events))
        self.durable.append(durable)
        if self.after_append is not None:
            self.after_append(stream, events)
        return done

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        found = self.inner.read(stream, after, limit)
        self.records_read += len(found)
        return found

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        return self.inner.feed(cursor, limit)

    def stream(self, stream: str) -> StreamInfo | None:
        return self.inner.stream(stream)

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        return self.inner.streams(after, limit, prefix)

    def get(self, key: str) -> Cell | None:
        cell = self.inner.get(key)
        self.cells_read += len(cell.data) if cell is not None else 0
        return cell

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        if self.before_put is not None:
            self.before_put(key)
        return self.inner.put(key, data, expected, durable=durable)

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return self.inner.keys(prefix, after, limit)

    def delete(self, stream: str) -> None:
        self.inner.delete(stream)

    def close(self) -> None:
        self.inner.close()

    def trim(self, stream: str, through: int) -> None:
        self.inner.trim(stream, through)

    def wait(self, cursor: str, timeout: float) -> bool:
        return self.inner.wait(cursor, timeout)


class Died(BaseException):
    """The process is gone; nothing it has not written is anywhere."""


class Mortal(Intercepted):
    """What a process sees of a store until it dies at one of its appends.

    ``dies_at`` counts from 0; with ``written`` the append still gets through. Nothing does after it.
    """

    def __init__(self, inner: Store, *, dies_at: int, written: bool) -> None:
        super().__init__(inner)
        self.is_dead = False
        self._left = dies_at
        self._written = written

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        self._live()
        self._left -= 1
        if self._left >= 0:
            return super().append(stream, expected, events, durable=durable)
        if self._written:
            super().append(stream, expected, events, durable=durable)
        self.is_dead = True
        raise Died

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        self._live()
        return super().read(stream, after, limit)

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        if self.is_dead:  # what a heartbeat's thread hears, which did not see the death
            raise HandleClosed("the process is gone")
        return super().put(key, data, expected, durable=durable)

    def _live(self) -> None:
        if self.is_dead:
            raise Died


class Process(FakeMachine):
    """Another process of a world's host, by the world's clocks."""

    def __init__(self, clocks: FakeMachine, *, pid: int) -> None:
        super().__init__(pid=pid)
        self._clocks = clocks
        self.gone = clocks.gone

    def now(self) -> int:
        return self._clocks.now()

    def uptime(self) -> int:
        return self._clocks.uptime()

    def sleep(self, duration: int) -> None:
        self._clocks.sleep(duration)


_worlds = itertools.count(1)


class World:
    """One store, an operator called ann, and as many processes as a test wants.

    Attributes:
        store: Where everything is kept.
        clocks: What time it is for everybody.
        operator: A ledger of a process that works on nothing.

    """

    def __init__(self, store: Store | None = None) -> None:
        self.store: Store = store if store is not None else MemoryStore()
        self._pid = 10_000 * next(_worlds)  # so no two worlds make the same ids
        self.clocks = FakeMachine(pid=self._pid)
        self.operator = Ledger(self.store, machine=self.clocks, actor="ann")
        self._held: list[object] = []

    def process(self, store: Store | None = None) -> Ledger:
        """Return the ledger of a new process."""
        self._pid += 1
        return Ledger(
            store if store is not None else self.store,
            machine=Process(self.clocks, pid=self._pid),
            actor=f"worker-{self._pid}",
        )

    def take(self, ledger: Ledger, job_id: str, **options: Any) -> Job:  # noqa: ANN401  # of Ledger.work
        """Claim the job; it is held until the test lets go of it or ends."""
        working = ledger.work(job_id, **options)
        self._held.append(working)
        return working.__enter__()

    def bury(self, ledger: Ledger) -> None:
        """Have everybody on the host see that the process of ``ledger`` is gone."""
        self.clocks.gone.add(ledger.machine.holder())

    def submit(self, **fields: Any) -> str:  # noqa: ANN401  # the fields of a spec
        return self.operator.submit(JobSpec(**{"name": "refactor", **fields}))

    def state(self, job_id: str) -> JobState:
        return self.operator.state(job_id)

    def events(self, job_id: str) -> list[e.Event]:
        return [recorded.event for recorded in self.operator.events(job_id)]

    def names(self, job_id: str) -> list[str]:
        """Return the class name of every event."""
        return [type(event).__name__ for event in self.events(job_id)]

    def spent(self, job_id: str) -> dict[str, int]:
        """Return what was spent, but for running time."""
        spent = self.state(job_id).spent_by_meter()
        spent.pop("wall", None)
        return spent

    def heartbeats(self) -> list[str]:
        """Return the jobs for which a heartbeat's thread runs in this process."""
        names = {thread.name for thread in threading.enumerate()}
        jobs = [info.stream for info in self.store.streams()]
        return [job_id for job_id in jobs if f"wrkr-beat-{job_id}" in names]

    def approve(self, job_id: str) -> None:
        """Say yes to every open decision."""
        for decision in self.state(job_id).decisions:
            self.operator.approve(job_id, decision.checkpoint_id, reason="looked at it")


def damage(store: MemoryStore, job_id: str, seq: int, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of one record behind the store's back."""
    contents = store._contents
    records = contents.streams[job_id].records
    found = records[seq - 1]
    records[seq - 1] = changed = msgspec.structs.replace(found, data=change(found.data))
    contents.feed = [changed if each is found else each for each in contents.feed]


def drop(store: MemoryStore, job_id: str, seq: int) -> None:
    """Take one record out behind the store's back."""
    del store._contents.streams[job_id].records[seq - 1]


def before_next(store: Intercepted, kind: str, act: Callable[[], object]) -> None:
    """Have ``act`` happen just before the next batch that begins with an event of ``kind``."""

    def hook(_stream: str, events: Sequence[NewEvent]) -> None:
        if events[0].type.startswith(kind):
            store.before_append = None
            act()

    store.before_append = hook


def error_of(call: Callable[[], object]) -> BaseException | None:
    """Return what ``call`` raises."""
    try:
        call()
    except BaseException as error:  # noqa: BLE001  # any of them is the answer
        return error
    return None
