"""Let the disk fail under a short history: full, in error, taking a part, flushing nothing (A3, A4, D1).

Where a store works through ``os``, each of its writes, flushes, new names and renames is made to
fail in turn. Of any store that writes files itself the system's limit on the size of a file is
lowered under it, which is met in C as well (setrlimit(2)). After a flush that has failed the system
forgets what it should have kept, so there the power is lost afterwards, to see whether that was
believed (``power_loss``).
"""

from __future__ import annotations

import errno
import os
import pickle
import random  # noqa: TID251  # a seeded choice
import sys
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

import attrs

from wrkr_conformance.disk_model import Flush, Move, Name
from wrkr_conformance.expect import NotRun
from wrkr_conformance.forking import forked
from wrkr_conformance.judging import Finding, inspected
from wrkr_conformance.os_calls import Tap
from wrkr_conformance.power_loss import Effort, lose
from wrkr_conformance.processes import beside, elsewhere
from wrkr_conformance.recording import PartlyDone, Recorder, Recording, record
from wrkr_conformance.remains import Write
from wrkr_conformance.script import Account, Begun, Done, Failed, Player, script
from wrkr_conformance.story import broken
from wrkr_conformance.stubborn import StubbornPlayer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wrkr_conformance.disk_model import Change
    from wrkr_conformance.expect import Broken
    from wrkr_conformance.forking import Send
    from wrkr_conformance.judging import Topic
    from wrkr_conformance.script import Message, Step
    from wrkr_conformance.target import Site, Target

LONG: Final = 3600.0  # seconds
SOME_LOSSES: Final = Effort(each=4, images=24, again=0)
WARM: Final = 3  # steps before the limit on sizes is lowered
LIMITS: Final = (60, 3000)  # bytes by which files may grow under it


@attrs.frozen(kw_only=True)
class Fault:
    """Something that happens to the ``place``-th call of a kind.

    Attributes:
        kind: What happens.
        place: To which call of those it can happen to, from 0 on.

    """

    kind: str
    place: int

    def __str__(self) -> str:
        """Return what happens, for people."""
        return KINDS[self.kind][1].format(self.place + 1)


# What can happen, to which calls, and how to say it.
KINDS: Final[dict[str, tuple[tuple[type[Change], ...], str]]] = {
    "full": ((Write,), "the disk is full in the middle of write {}"),
    "error": ((Write,), "write {} fails with EIO"),
    "short": ((Write,), "write {} takes only a part, and says so"),
    "flush": ((Flush,), "flush {} fails with EIO"),
    "names": ((Name, Move), "change {} of names fails: the disk is full"),
}


@attrs.frozen(kw_only=True)
class Damage:
    """A finding, the fault that brought it about, and what was told on the way.

    Attributes:
        finding: What is wrong.
        fault: What happened to the disk.
        story: The answers, a line each.
        lost: What the power took with it afterwards; empty if it was not lost.

    """

    finding: Finding
    fault: str
    story: tuple[str, ...]
    lost: str = ""

    def error(self) -> Broken:
        """Return the error that says so."""
        power = f", and later the power was lost, with {self.lost}" if self.lost else ""
        return broken(
            self.finding.what,
            done=f"the script was played while {self.fault}{power}",
            expected="an error that says what became of the call, and nothing acknowledged lost",
            story=[*self.story, self.fault],
        )


@attrs.define
class Faults:
    """The first damage of each topic, without and with a later loss of power, and what was tried."""

    first: dict[Topic, Damage] = attrs.Factory(dict["Topic", Damage])
    after_flush: dict[Topic, Damage] = attrs.Factory(dict["Topic", Damage])
    tried: list[str] = attrs.Factory(list[str])
    flushes: int = 0

    def note(self, fault: str, log: Sequence[object], findings: Sequence[Finding]) -> None:
        """Take note of what is wrong after one fault, with what was told on the way."""
        story = tuple(str(each) for each in log if isinstance(each, Begun | Done | Failed))
        for finding in findings:
            self.first.setdefault(finding.topic, Damage(finding=finding, fault=fault, story=story))


def faults(site: Site) -> Faults:
    """Return what is wrong after faults of the disk. Raises: NotRun, Broken."""
    if not hasattr(os, "fork") or sys.platform == "win32":
        raise NotRun("this platform has no fork", applies=False)
    found = _faults(pickle.dumps(site.for_processes()[0]), site.quick, site.seed)
    if not found.tried:
        raise NotRun(
            "it does not write files in its own process, so the disk cannot be made to fail under it",
            applies=False,
        )
    return found


@lru_cache(maxsize=1)
def _faults(pickled: bytes, quick: bool, seed: int) -> Faults:  # noqa: FBT001  # the key of the cache
    target: Target = pickle.loads(pickled)  # noqa: S301  # pickled right before
    with target.fresh(quick=quick, seed=seed) as site:
        most = site.size(3, 10_000)
        found: Faults = elsewhere(site, f"{__name__}:fail", seed, most, seconds=LONG)
    return found


def fail(target: Target, directory: Path, seed: int, most: int) -> Faults:
    """Try up to ``most`` faults of each kind, in folders beside ``directory``."""
    schedule = random.Random(seed)  # noqa: S311  # repeatable on purpose
    steps = rehearse(target, directory)
    recorded = beside(directory, "recorded")
    recorded.mkdir(parents=True)
    heard = forked(lambda send: send(record(target, recorded).log)).sent
    changes: list[Change | Message] = heard[-1] if heard else []
    trial = _Trial(target, directory, steps, seed)
    for kind, (classes, _words) in KINDS.items():
        count = sum(isinstance(each, classes) for each in changes)
        for place in sorted(schedule.sample(range(count), min(most, count))):
            trial.run(Fault(kind=kind, place=place))
    for growth in LIMITS:
        trial.run(growth)
    return trial.found


def rehearse(target: Target, directory: Path) -> tuple[Step, ...]:
    """Play the script once without any fault and return it. Raises: what the store raises."""
    store = target.open(directory)
    steps = script(store.info.capabilities)
    Player(store, lambda _message: None).play(steps)
    store.close()
    return steps


class Saboteur:
    """Makes one call fail, and all writes behind it where a disk is full, until it is relieved."""

    def __init__(self, fault: Fault) -> None:
        """Wait for the call."""
        self._fault = fault
        self._classes = KINDS[fault.kind][0]
        self._count = 0
        self._is_full = False

    def relieve(self) -> None:
        """Let writes succeed again."""
        self._is_full = False

    def __call__(self, change: Change, perform: Callable[..., Any]) -> Any:  # noqa: ANN401  # what os returns
        """Do the call, or have it fail. Raises: OSError, PartlyDone."""
        is_due = isinstance(change, self._classes) and self._count == self._fault.place
        self._count += isinstance(change, self._classes)
        if is_due:
            return self._strike(change, perform)
        if self._is_full and isinstance(change, Write):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return perform()

    def _strike(self, change: Change, perform: Callable[..., Any]) -> Any:  # noqa: ANN401  # as above
        code = errno.ENOSPC if self._fault.kind in {"full", "names"} else errno.EIO
        error = OSError(code, os.strerror(code))
        if not isinstance(change, Write) or self._fault.kind == "error":
            raise error
        size = max(1, len(change.data) // 2)
        if self._fault.kind == "short":
            return perform(size)
        self._is_full = True
        perform(size)
        raise PartlyDone(size, error)


class SizeLimit:
    """Lowers the system's limit on the size of a file once the third step is done."""

    def __init__(self, directory: Path, growth: int) -> None:
        """Let files grow by ``growth`` bytes beyond what the largest has then."""
        import resource

        self._resource = resource
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self._directory = directory
        self._growth = growth

    def hear(self, message: Message) -> None:
        """Lower the limit if it is time."""
        if isinstance(message, Done) and message.number == WARM:
            files = [path for path in self._directory.rglob("*") if path.is_file()]
            largest = max((path.stat().st_size for path in files), default=0)
            self._set(largest + self._growth)

    def relieve(self) -> None:
        """Put the limit back."""
        self._resource.setrlimit(self._resource.RLIMIT_FSIZE, self._before)

    def _set(self, most: int) -> None:
        self._resource.setrlimit(self._resource.RLIMIT_FSIZE, (most, self._before[1]))


class _Trial:
    """Plays the script through one fault after the other, each in a child and a folder of its own."""

    def __init__(self, target: Target, first: Path, steps: Sequence[Step], seed: int) -> None:
        """Work in folders beside ``first``."""
        self._target = target
        self._first = first
        self._steps = steps
        self._seed = seed
        self._count = 0
        self.found = Faults()

    def run(self, fault: Fault | int) -> None:
        """Try one fault, or a limit of so many bytes, and note what is wrong after it."""
        self._count += 1
        directory = beside(self._first, f"fault-{self._count}")
        directory.mkdir(parents=True)
        place = (self._target, directory, self._steps)
        played = forked(
            partial(_play, *place, fault)
            if isinstance(fault, Fault)
            else partial(_play_limited, *place, fault)
        )
        words = (
            str(fault) if isinstance(fault, Fault) else f"no file may grow by {fault} bytes more"
        )
        if not played.sent:
            self.found.note(words, (), [unusable(played.error)])
            return
        log, findings, met = played.sent[-1]
        if isinstance(fault, Fault) or met:
            self.found.tried.append(words)
        account = Account(self._steps)
        account.take_all(log)
        findings += inspected(self._target, directory, account)
        self.found.note(words, log, findings)
        if isinstance(fault, Fault) and fault.kind == "flush":
            self._lose_power(directory, log, words)

    def _lose_power(self, directory: Path, log: Sequence[Change | Message], fault: str) -> None:
        """Lose the power after a flush has failed."""
        self.found.flushes += 1
        recording = Recording(steps=self._steps, begun={}, log=log)
        place = (self._target, directory, recording, self._seed, SOME_LOSSES)
        lost = forked(lambda send: send(lose(*place)))
        for topic, loss in lost.sent[-1].first.items() if lost.sent else ():
            self.found.after_flush.setdefault(
                topic,
                Damage(finding=loss.finding, fault=fault, story=loss.story, lost=loss.lost),
            )


def _play(target: Target, directory: Path, steps: Sequence[Step], fault: Fault, send: Send) -> None:
    saboteur = Saboteur(fault)
    recorder = Recorder(saboteur)
    with Tap(directory, recorder):
        player = StubbornPlayer(
            lambda: target.open(directory), recorder.log.append, saboteur.relieve
        )
        player.play(steps)
        player.close()
    send((recorder.log, player.findings, player.met))


def _play_limited(
    target: Target, directory: Path, steps: Sequence[Step], growth: int, send: Send
) -> None:
    limit = SizeLimit(directory, growth)
    log: list[Message] = []

    def tell(message: Message) -> None:
        log.append(message)
        limit.hear(message)

    player = StubbornPlayer(lambda: target.open(directory), tell, limit.relieve)
    player.play(steps)
    limit.relieve()
    player.close()
    send((log, player.findings, player.met))


def unusable(error: str) -> Finding:
    """Return the finding for a process that ended without a word but ``error``."""
    return Finding("error", f"the store cannot be used: {error or 'its process dies or hangs'}")
