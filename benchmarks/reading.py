"""Folding a log, and opening jobs of very different length."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import wrkr_core as wrkr
from benchmarks.doing import open_fresh
from benchmarks.figures import Figure, at_most, cpu_of, median, paired
from wrkr_core import events as e
from wrkr_core.chain import GENESIS
from wrkr_core.job.fold import fold_all
from wrkr_core.job_log import JobLog
from wrkr_core.lease import Holder
from wrkr_core.machine import ThisMachine
from wrkr_core.record import open_all, seal_all
from wrkr_core.spec import spec_digest
from wrkr_core.store import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.store import Store

JOB = "bench"
BATCH = 1000
SHORT, LONG = 1_000, 1_000_000


def history(length: int) -> Iterator[e.Event]:
    """Yield a job of ``length`` events: steps with small results, a charge every other step."""
    spec = wrkr.JobSpec(name=JOB)
    holder = Holder(host="h", boot_id="", pid_namespace="", pid=1, started_at=0)
    yield e.JobSubmitted(spec=spec, spec_digest=spec_digest(spec), engine="0")
    yield e.LeaseTaken(worker="w", epoch=1, ttl=1, holder=holder)
    made = 2
    for number in count(1):
        step = e.StepRef(name="edit", occurrence=1, key=f"src/module_{number}.py")
        yield e.StepStarted(step=step, attempt=1, epoch=1, input_digest="0" * 64)
        yield e.StepFinished(
            step=step, attempt=1, epoch=1, result=msgspec.Raw(b'{"changed":true,"lines":12}')
        )
        made += 2
        if made >= length:
            return


def stored(length: int) -> Iterator[list[Event]]:
    """Yield the job's records in batches, sealed as the ledger seals them."""
    ids = (f"id-{number}" for number in count())
    after, prev, batch = 0, GENESIS, list[e.Event]()
    for event in history(length):
        batch.append(event)
        if len(batch) == BATCH:
            new, recorded = seal_all(
                JOB, after=after, prev=prev, events=batch, at=1, by="w", ids=ids
            )
            yield [
                Event(JOB, after + place, after + place, each.id, each.type, each.at, each.data)
                for place, each in enumerate(new, 1)
            ]
            after, prev = recorded[-1].seq, recorded[-1].hash
            batch.clear()


def fold_figures() -> Iterator[Figure]:
    """Yield decoding, chain check and fold of 100,000 events against decoding alone."""
    records = [record for batch in stored(100_000) for record in batch]
    decode = msgspec.json.Decoder().decode

    def bare() -> float:
        return cpu_of(lambda: [decode(record.data) for record in records])

    def ours() -> float:
        return cpu_of(lambda: fold_all(None, open_all(JOB, records, prev=GENESIS), JOB))

    ratio, mine, floor = paired(ours, bare, 5)
    behind = f"{mine / len(records) * 1e6:.1f} against {floor / len(records) * 1e6:.1f} µs/event"
    yield at_most("decode + fold of 100,000 events / msgspec decode", ratio, 5.0, behind)


def _filled(store: Store, length: int) -> Store:
    from wrkr_core.store import NewEvent

    for batch in stored(length):
        new = [NewEvent(each.id, each.type, each.at, each.data) for each in batch]
        store.append(JOB, batch[0].seq - 1, new, durable=False)
    log = JobLog(store, ThisMachine(), JOB)
    log.load()
    log.keep_snapshot()
    return store


def open_figures() -> Iterator[Figure]:
    """Yield the CPU of reading the state of a job of a million events against one of a thousand."""
    for kind in ("sqlite", "files"):
        with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
            short = _filled(open_fresh(kind, Path(few)), SHORT)
            long = _filled(open_fresh(kind, Path(many)), LONG)

            def opened(store: Store) -> float:
                return median(
                    [
                        cpu_of(
                            lambda: [JobLog(store, ThisMachine(), JOB).load() for _ in range(50)]
                        )
                        for _ in range(3)
                    ]
                )

            ratio, mine, floor = paired(lambda: opened(long), lambda: opened(short), 5)  # noqa: B023  # called at once
            behind = f"{mine / 50 * 1e6:.0f} against {floor / 50 * 1e6:.0f} µs"
            yield at_most(f"{kind}: state at 1,000,000 events / at 1,000", ratio, 1.3, behind)
            short.close()
            long.close()
