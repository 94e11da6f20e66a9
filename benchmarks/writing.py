"""Durable appends and durable steps against their raw floors."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import wrkr_core as wrkr
from benchmarks.doing import append, append_from_threads, open_fresh, run_steps
from benchmarks.figures import Figure, at_least, at_most, cpu_of, paired
from benchmarks.floors import RawFile, RawSqlite
from benchmarks.flushes import flushes, flushes_each

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 7
COUNT = 300
PROCESSES = 8
THREADS = 64


def append_figures() -> Iterator[Figure]:
    """Yield CPU and flushes of one durable append in each store."""
    for kind, limit in (("sqlite", 1.6), ("files", 6.0)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            floor = RawSqlite(folder) if kind == "sqlite" else RawFile(folder)
            store = open_fresh(kind, folder)
            done = [0]

            def ours(store: wrkr.Store = store, done: list[int] = done) -> float:
                begin, done[0] = done[0], done[0] + COUNT
                return cpu_of(lambda: append(store, COUNT, begin=begin))

            def raw(floor: RawSqlite | RawFile = floor) -> float:
                return cpu_of(lambda: floor.run(COUNT))

            ratio, mine, bare = paired(ours, raw, ROUNDS)
            behind = f"{mine / COUNT * 1e6:.0f} against {bare / COUNT * 1e6:.0f} µs"
            yield at_most(f"{kind}: CPU of a durable append / raw", ratio, limit, behind)
            store.close()
        each = flushes_each(kind, "append")
        if each is not None:
            yield at_most(f"{kind}: flushes of a durable append", each, 1.0)


def step_figures() -> Iterator[Figure]:
    """Yield CPU and flushes of one durable step in each store, against the INSERT transaction."""
    for kind in ("sqlite", "files"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            floor = RawSqlite(folder)
            store = open_fresh(kind, folder)
            ledger = wrkr.Ledger(store, actor="bench")
            done = [0]
            with ledger.work(ledger.submit(wrkr.JobSpec(name="bench"))) as job:

                def ours(job: wrkr.Job = job, done: list[int] = done) -> float:
                    begin, done[0] = done[0], done[0] + COUNT
                    return cpu_of(lambda: run_steps(job, begin, COUNT))

                def raw(floor: RawSqlite = floor) -> float:
                    return cpu_of(lambda: floor.run(COUNT))

                ratio, mine, bare = paired(ours, raw, ROUNDS)
            behind = f"{mine / COUNT * 1e6:.0f} against {bare / COUNT * 1e6:.0f} µs"
            yield at_most(f"{kind}: CPU of a durable step / raw INSERT", ratio, 4.0, behind)
            store.close()
        each = flushes_each(kind, "step")
        if each is not None:
            yield at_most(f"{kind}: flushes of a durable step", each, 2.0)


def group_figures() -> Iterator[Figure]:
    """Yield what 64 concurrent callers share, per durable append, and what they gain."""
    for kind in ("sqlite", "files"):
        with tempfile.TemporaryDirectory() as name:
            store = open_fresh(kind, Path(name))

            def alone(store: wrkr.Store = store, done: list[int] = [0]) -> float:  # noqa: B006  # counts over rounds
                done[0] += 1
                began = time.perf_counter()
                append(store, 500, f"alone{done[0]}")
                return 500 / (time.perf_counter() - began)

            def together(folder: str = name, kind: str = kind, done: list[int] = [0]) -> float:  # noqa: B006  # as above
                done[0] += 1
                own = Path(folder, f"t{done[0]}")
                own.mkdir()
                fresh = open_fresh(kind, own)
                began = time.perf_counter()
                append_from_threads(fresh, 30, THREADS)
                took = time.perf_counter() - began
                fresh.close()
                return THREADS * 30 / took

            ratio, many, one = paired(together, alone, 5)
            behind = f"{many:.0f} against {one:.0f} appends/s"
            yield at_least(f"{kind}: throughput of 64 callers / of one", ratio, 4.0, behind)
            store.close()
        counted = flushes([kind, "threads", "30"])
        if counted is not None:
            yield at_most(f"{kind}: flushes per append of 64 callers", counted / (64 * 30), 0.125)


def race_figures() -> Iterator[Figure]:
    """Yield the throughput of 8 processes on one SQLite file against one process."""

    def throughput(processes: int) -> float:
        with tempfile.TemporaryDirectory() as name:
            url = f"sqlite:///{Path(name, 'race.db')}"
            store = wrkr.open_store(url)
            program = [sys.executable, "-m", "benchmarks.racing", url]
            racers = [
                subprocess.Popen(
                    [*program, f"p{number}", str(2400 // processes)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
                for number in range(processes)
            ]
            for racer in racers:
                if racer.stdout is not None:
                    racer.stdout.readline()
            began = time.perf_counter()
            for racer in racers:
                if racer.stdin is not None:
                    racer.stdin.close()
            failed = sum(racer.wait() != 0 for racer in racers)
            took = time.perf_counter() - began
            stored = sum(info.head for info in store.streams())
            store.close()
            if failed or stored != 2400 // processes * processes:
                raise SystemExit(f"{failed} racers failed, {stored} of 2400 records are there")
            return stored / took

    ratio, many, one = paired(lambda: throughput(PROCESSES), lambda: throughput(1), 3)
    behind = f"{many:.0f} against {one:.0f} appends/s"
    yield at_least("sqlite: throughput of 8 processes / of one", ratio, 0.7, behind)
