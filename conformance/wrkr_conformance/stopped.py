"""What goes on beside a writer that stands still wherever it was, perhaps with every lock (R2, A4)."""

from __future__ import annotations

import os
import random  # noqa: TID251  # a seeded schedule
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from wrkr_conformance.crash import append_surely
from wrkr_conformance.expect import (
    PATIENCE,
    NotRun,
    bounded,
    claim,
    head_of,
    read_all,
    records,
    same,
)
from wrkr_conformance.processes import receive, spawned
from wrkr_core.errors import Busy, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from wrkr_conformance.processes import Child
    from wrkr_conformance.target import Site
    from wrkr_core.store import Appended, Store

WRITER: Final = "wrkr_conformance.crash:writer"
BESIDE: Final = "beside"


def beside_a_stopped_writer(site: Site, look: Callable[[], None], *, moments: int) -> None:
    """Call ``look`` ``moments`` times while a writing process stands still wherever it was.

    Raises: Broken if ``look`` does not return; what it raises.
    """
    if not hasattr(signal, "SIGSTOP"):
        raise NotRun("this platform cannot stop a process", applies=False)
    schedule = random.Random(site.seed)  # noqa: S311  # repeatable on purpose
    with spawned(site, WRITER, site.seed, 0) as child:
        for _moment in range(moments):
            while child.pipe.poll():  # a writer that waits for its reader is not in an append
                receive(child)
            for _ack in range(schedule.randint(1, 4)):
                receive(child)
            time.sleep(schedule.uniform(0, 0.002))
            os.kill(child.process.pid or 0, signal.SIGSTOP)
            try:
                bounded(look, "a read beside a stopped writer", PATIENCE / 6)
            finally:
                os.kill(child.process.pid or 0, signal.SIGCONT)


def write_beside_a_stopped_writer(site: Site, *, moments: int, seconds: float) -> None:
    """Append while a writing process stands still wherever it was, for ``seconds`` at the most.

    The append has to be done, or end in Busy with nothing written; once the other goes on it has to
    be done. Raises: Broken if it is neither, NotRun.
    """
    if not hasattr(signal, "SIGSTOP"):
        raise NotRun("this platform cannot stop a process", applies=False)
    schedule = random.Random(site.seed)  # noqa: S311  # repeatable on purpose
    store = site.open()
    names = [f"beside-{moment}" for moment in range(moments)]
    with spawned(site, WRITER, site.seed, 0) as child:
        for expected, name in enumerate(names):
            while child.pipe.poll():
                receive(child)
            for _ack in range(schedule.randint(1, 4)):
                receive(child)
            time.sleep(schedule.uniform(0, 0.002))
            with _stopped(child, seconds):
                answer = _tried(store, expected, name)
            if isinstance(answer, Busy):
                same(head_of(store, BESIDE), expected, "the head after Busy")
            done = append_surely(store, BESIDE, expected, records(name), durable=True)
            claim(
                not done.replayed or not isinstance(answer, Busy),
                "an append was there already that had ended in Busy",
            )
            same(done.seq, expected + 1, "seq of an append beside a stopped writer")
    same([event.id for event in read_all(store, BESIDE)], names, "what was appended beside it")


def _tried(store: Store, expected: int, name: str) -> Appended | Busy | Unknown:
    """Append once, in a thread that is waited for. Raises: what else the store raises."""
    try:
        return bounded(
            lambda: store.append(BESIDE, expected, records(name)),
            "an append beside a writer that stood still and goes on",
        )
    except (Busy, Unknown) as error:
        return error


@contextmanager
def _stopped(child: Child, seconds: float) -> Generator[None]:
    """Stop a process while the body runs, but for no longer than ``seconds``."""
    pid = child.process.pid or 0
    os.kill(pid, signal.SIGSTOP)
    alarm = threading.Timer(seconds, os.kill, (pid, signal.SIGCONT))
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()
        alarm.join()
        os.kill(pid, signal.SIGCONT)
