"""26: what a run keeps and writes grows with its length and no faster."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.worlds import Intercepted
from wrkr_core.ledger import Ledger
from wrkr_core.snapshot import EVERY, snapshot_key
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from tests.hard_cases.places import Place
    from wrkr_core.work.job import Job

IO: Final = Path("/proc/self/io")
PART: Final = 2 * EVERY
BESIDE: Final = 5_000_000  # a journal or a write-ahead log, which is emptied now and then
RESULT: Final = "x" * 300


def work(job: Job, first: int, last: int) -> None:
    """Do steps that return something, cost something and are told of, as an agent's are."""
    for number in range(first, last):
        job.step("edit", str, RESULT, key=f"file-{number:05}")
        job.charge(tokens=7)
        if number % 5 == 0:
            job.checkpoint("progress", f"{number:05} files done", added=[f"{number:05}.py"])


@pytest.mark.slow
@pytest.mark.skipif(not IO.exists(), reason="Linux counts what a process writes")
def test_26_what_a_run_keeps_and_writes_grows_with_its_length_and_not_with_its_square(
    on_disk: Place,
) -> None:
    ledger = on_disk.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    sizes: list[int] = []
    written: list[int] = []
    with ledger.work("j") as job:
        for first in range(0, 3 * PART, PART):
            before = bytes_written()
            work(job, first, first + PART)
            written.append(bytes_written() - before)
            sizes.append(on_disk.size())

    assert sizes[2] > 3 * PART * 1000  # it is all there
    assert sizes[2] <= 3.3 * sizes[0] + BESIDE
    assert written[2] <= 1.5 * written[0]


def bytes_written() -> int:
    (found,) = re.findall(r"wchar: (\d+)", IO.read_text())
    return int(found)


def test_26_no_step_of_a_run_writes_more_than_the_steps_before_it(in_memory: Place) -> None:
    store = Intercepted(in_memory.open())
    put: list[int] = []
    inner = store.inner.put

    def counted(key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        put.append(len(data or b""))
        return inner(key, data, expected, durable=durable)

    store.put = counted  # type: ignore[method-assign]
    ledger = Ledger(store, actor="ann")
    ledger.submit(JobSpec(name="j"), job_id="j")
    written: list[tuple[int, int]] = []
    with ledger.work("j", ttl=10**12, beat=10**11) as job:
        for first in range(0, 2000, 500):
            store.appended.clear()
            put.clear()
            work(job, first, first + 500)
            written.append((sum(store.appended), sum(put)))

    appended, kept = zip(*written, strict=True)
    assert max(appended) <= 1.02 * min(appended)
    assert max(kept) <= 1.5 * min(kept) + 5000  # snapshots: a few, all of one size
    assert max(kept) < min(appended) / 10


def test_26_a_snapshot_is_as_small_after_many_steps_as_after_few(in_memory: Place) -> None:
    sizes: list[int] = []
    ledger = in_memory.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    for first in (0, 100, 200, 300):
        with ledger.work("j") as job:
            work(job, first, first + 100)
        cell = ledger.store.get(snapshot_key("j"))
        assert cell is not None
        sizes.append(len(cell.data))

    assert max(sizes) <= min(sizes) + 100
    assert max(sizes) < 5000
