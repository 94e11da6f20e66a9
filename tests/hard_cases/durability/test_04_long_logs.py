"""4: what an append costs does not depend on how long the log is: counted, not timed."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.hard_cases.jobs import grow
from tests.worlds import TOO_LONG, Intercepted
from wrkr_core.ledger import Ledger
from wrkr_core.spec import JobSpec
from wrkr_core.work.heartbeat import read_heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.hard_cases.places import Place
    from wrkr_core.store import NewEvent

SHORT: Final = 600
LONG: Final = 20_000
IO: Final = Path("/proc/thread-self/io")


def io_of(act: Callable[[], object]) -> int:
    """Return how many bytes this thread reads and writes, files or pipes, while it acts."""
    before = bytes_moved()
    act()
    return bytes_moved() - before


def bytes_moved() -> int:
    found = re.findall(r"[rw]char: (\d+)", IO.read_text())
    return sum(int(each) for each in found)


def costs(place: Place) -> tuple[int, int, int]:
    """Return the bytes moved by an operator's append, a worker's step and a worker's charge."""
    operator, worker = place.ledger(), place.ledger()
    operator.emit("j", "progress", "warm")
    with worker.work("j") as job:
        keys = (f"{job.state.seq}.{number}" for number in range(5))
        said = min(io_of(lambda: operator.emit("j", "progress", "more")) for _ in range(5))
        stepped = min(io_of(lambda: job.step("edit", abs, -1, key=next(keys))) for _ in range(5))
        charged = min(io_of(lambda: job.charge(tokens=1)) for _ in range(5))
    return said, stepped, charged


@pytest.mark.skipif(not IO.exists(), reason="Linux counts what a thread reads and writes")
def test_04_an_append_moves_no_more_bytes_behind_a_long_log_than_behind_a_short_one(
    on_disk: Place,
) -> None:
    ledger = on_disk.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    grow(ledger, SHORT)
    before = costs(on_disk)

    grow(ledger, LONG)

    for short, long in zip(before, costs(on_disk), strict=True):
        assert 1000 < long <= 2 * short + 20_000


def test_04_an_append_reads_no_more_records_behind_a_long_log_than_behind_a_short_one(
    in_memory: Place,
) -> None:
    ledger = in_memory.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    counted: list[tuple[int, int, int]] = []
    for records in (SHORT, LONG):
        grow(ledger, records)
        store = Intercepted(in_memory.open())
        operator = Ledger(store, actor="ann")
        operator.emit("j", "progress", "first")
        with operator.work("j") as job:
            store.records_read = 0
            store.appended.clear()
            job.step("edit", abs, -1, key=str(records))
            job.charge(tokens=1)
            counted.append((store.records_read, len(store.appended), sum(store.appended)))
        operator.emit("j", "progress", "last")
        assert store.records_read <= 300  # from the snapshot on

    (read, appends, size), later = counted
    assert read == later[0] == 0
    assert appends == later[1] == 3
    assert later[2] <= size + 100  # numbers have more digits


def test_04_a_heartbeat_does_not_wait_behind_its_holders_append(in_memory: Place) -> None:
    store = Intercepted(in_memory.open())
    reached, release = threading.Event(), threading.Event()
    beats: list[int] = []

    def hold(_stream: str, events: Sequence[NewEvent]) -> None:
        if events[0].type.startswith("charged"):
            reached.set()
            assert release.wait(TOO_LONG)

    def work() -> None:
        with Ledger(store, actor="ada").work("j", ttl=300_000, beat=10_000) as job:
            store.before_append = hold
            job.charge(tokens=1)

    def beat(_key: str) -> None:
        if reached.is_set() and not release.is_set():
            found, _ = read_heartbeat(store.inner, "j")
            beats.append(found.beats if found is not None else 0)
            if len(beats) > 20:
                release.set()

    Ledger(store, actor="ann").submit(JobSpec(name="j"), job_id="j")
    store.before_put = beat
    worker = threading.Thread(target=work)
    worker.start()
    worker.join(2 * TOO_LONG)

    assert beats == list(range(beats[0], beats[0] + len(beats)))
    assert len(beats) > 20
