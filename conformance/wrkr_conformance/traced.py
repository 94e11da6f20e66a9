"""Fail the flushes of a store that makes them in C, by ``strace``, where that is installed (D1).

``strace -e inject`` answers a system call in the kernel's place (strace(1)), so it does not matter
what a store is written in. What a power loss would take afterwards cannot be tried this way.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from wrkr_conformance.expect import PATIENCE, NotRun
from wrkr_conformance.faults import Faults, rehearse, unusable
from wrkr_conformance.judging import inspected
from wrkr_conformance.processes import beside, elsewhere
from wrkr_conformance.script import Account
from wrkr_conformance.stubborn import StubbornPlayer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wrkr_conformance.judging import Finding
    from wrkr_conformance.script import Message, Step
    from wrkr_conformance.target import Site, Target

    Played = tuple[list[Message], list[Finding], int]

FLUSHES: Final = "fsync,fdatasync,msync,sync_file_range"
PROGRAM: Final = f"from {__name__} import main; main()"


def failed_flushes(site: Site) -> Faults:
    """Return what is wrong after a flush that failed in the kernel. Raises: NotRun, Broken."""
    tracer = shutil.which("strace")
    if tracer is None:
        raise NotRun("this platform has no strace, or it is not installed")
    found: Faults = elsewhere(site, f"{__name__}:trace", tracer, site.size(2, 1000))
    if not found.tried:
        raise NotRun("it flushes nothing in its own process", applies=False)
    return found


def trace(target: Target, directory: Path, tracer: str, most: int) -> Faults:
    """Let up to ``most`` flushes fail in turn, in folders beside ``directory``. Raises: NotRun."""
    steps = rehearse(target, directory)
    found = Faults()
    calls = directory.parent / "calls"
    _run(tracer, ["-o", str(calls)], (target, beside(directory, "calls"), steps))
    if not calls.exists():
        raise NotRun("this platform lets strace trace nothing")
    count = sum("(" in line for line in calls.read_text().split("\n"))
    for place in range(1, count + 1, max(1, count // most)):
        outer = beside(directory, f"flush-{place}")
        inject = f"inject={FLUSHES}:error=EIO:when={place}"
        played = _run(tracer, ["-o", os.devnull, "-e", inject], (target, outer, steps))
        words = f"flush {place} of {count} fails with EIO"
        found.tried.append(words)
        if played is None:
            found.note(words, (), [unusable("")])
            continue
        log, findings, _met = played
        account = Account(steps)
        account.take_all(log)
        found.note(words, log, [*findings, *inspected(target, outer, account)])
    return found


def _run(
    tracer: str, options: Sequence[str], errand: tuple[Target, Path, Sequence[Step]]
) -> Played | None:
    """Return what came of playing the script under a tracer; None if that ended early."""
    errand[1].mkdir(parents=True)
    command = [tracer, "-f", "-qq", "-e", f"trace={FLUSHES}", *options]
    ended = subprocess.run(  # noqa: S603  # the tracer that was found, on this very program
        [*command, sys.executable, "-c", PROGRAM],
        input=pickle.dumps(errand),
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    played: Played | None = pickle.loads(ended.stdout) if ended.stdout else None  # noqa: S301  # our own
    return played


def main() -> None:
    """Play the script that is read from stdin, and write what came of it to stdout."""
    target, directory, steps = pickle.load(sys.stdin.buffer)  # noqa: S301  # our own
    log: list[Message] = []
    player = StubbornPlayer(lambda: target.open(directory), log.append, lambda: None)
    player.play(steps)
    player.close()
    sys.stdout.buffer.write(pickle.dumps((log, player.findings, player.met)))
