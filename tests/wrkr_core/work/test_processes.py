"""Workers that are processes of their own, on one SQLite file: killed, stopped, and followed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

import wrkr_core as wrkr
from wrkr_core import events as e

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("wrkr_store_sqlite")

ROOT = Path(__file__).resolve().parents[3]
TTL = 300_000  # µs: long for a machine, short for a test
PROGRAM = """
import os, sys
import wrkr_core as wrkr

url, job_id, die_in, ttl = sys.argv[1:]


def step(name):
    print(name, flush=True)
    if name == die_in:
        sys.stdin.readline()
        if ttl == "0":
            os._exit(9)
    return name


ledger = wrkr.Ledger(wrkr.open_store(url))
times = {"ttl": int(ttl), "beat": int(ttl) // 3} if ttl != "0" else {}
try:
    with ledger.work(job_id, worker="child", **times) as job:
        for name in ("a", "b", "c"):
            job.step("do", step, name, key=name)
            job.charge(tokens=1)
        job.complete("by the child")
except wrkr.LeaseConflictError as error:
    print(error.code, flush=True)
"""


class Child:
    """The program in a process of its own."""

    def __init__(self, url: str, job_id: str, *, die_in: str, ttl: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url, job_id, die_in, str(ttl)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def read_until(self, line: str) -> None:
        for each in self._out:
            if each.strip() == line:
                return
        raise AssertionError(f"the child never said {line}")

    def go_on(self) -> list[str]:
        """Let it go on; return all that it still says."""
        rest, _ = self._process.communicate("\n", timeout=30)
        return rest.split()

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'jobs.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[wrkr.Ledger]:
    store = wrkr.open_store(url)
    yield wrkr.Ledger(store, actor="ann")
    store.close()


def work(ledger: wrkr.Ledger, job_id: str, ran: list[str]) -> None:
    def step(name: str) -> str:
        ran.append(name)
        return name

    with ledger.work(job_id, worker="parent") as job:
        for name in ("a", "b", "c"):
            assert job.step("do", step, name, key=name) == name
            job.charge(tokens=1)
        job.complete("by the parent")


def test_a_process_that_died_in_a_step_is_followed_at_once(ledger: wrkr.Ledger, url: str) -> None:
    job_id = ledger.submit(wrkr.JobSpec(name="killed"))
    child = Child(url, job_id, die_in="b")
    child.read_until("b")
    with pytest.raises(wrkr.LeaseConflictError, match="held by child"):
        work(ledger, job_id, [])
    child.go_on()
    ran: list[str] = []

    work(ledger, job_id, ran)

    assert ran == ["b", "c"]
    state = ledger.state(job_id)
    assert (state.status, state.summary) == ("completed", "by the parent")
    assert {each.meter: each.amount for each in state.spent if each.meter == "tokens"} == {
        "tokens": 3
    }
    taken = [each.event for each in ledger.events(job_id) if isinstance(each.event, e.LeaseTaken)]
    assert [each.took_over for each in taken] == [None, "holder_gone"]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="stops a process by a POSIX signal")
def test_a_process_that_was_stopped_for_too_long_does_nothing_more(
    ledger: wrkr.Ledger, url: str
) -> None:
    job_id = ledger.submit(wrkr.JobSpec(name="stopped"))
    child = Child(url, job_id, die_in="b", ttl=TTL)
    ran: list[str] = []
    try:
        child.read_until("b")
        os.kill(child.pid, signal.SIGSTOP)
        follow(ledger, job_id, ran)
        before = ledger.state(job_id)
        os.kill(child.pid, signal.SIGCONT)
        said = child.go_on()
    finally:
        child.kill()

    assert ran == ["b", "c"]
    assert said == ["E_LEASE_CONFLICT"]  # and never "c"
    assert ledger.state(job_id) == before
    assert before.summary == "by the parent"


def follow(ledger: wrkr.Ledger, job_id: str, ran: list[str]) -> None:
    """Work on the job as soon as its holder's lease is over."""
    for _ in range(200):
        try:
            work(ledger, job_id, ran)
        except wrkr.LeaseConflictError:
            ledger.wait(job_id, timeout=TTL / 1_000_000 / 5)
        else:
            return
    raise AssertionError("the lease of a stopped process never lapsed")


def test_a_pause_from_another_process_stops_a_worker_here(ledger: wrkr.Ledger, url: str) -> None:
    job_id = ledger.submit(wrkr.JobSpec(name="paused"))
    child = Child(url, job_id, die_in="b", ttl=30_000_000)
    child.read_until("b")

    ledger.pause(job_id, reason="lunch")

    assert child.go_on() == []
    state = ledger.state(job_id)
    assert (state.status, state.steps.done, state.lease) == ("paused", 2, None)
    ledger.resume(job_id, reason="back")
    ran: list[str] = []
    work(ledger, job_id, ran)
    assert ran == ["c"]
