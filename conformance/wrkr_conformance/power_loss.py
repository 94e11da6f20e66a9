"""Lose the power at every moment of a short history, and look at what is left (D1, R1, X1).

For stores written in Python that keep files. One process plays the script while every call that
changes a file is recorded, and at each of them a reader looks. A second one makes what the disk may
hold if the power had gone after any of these calls, opens the store there, as if the machine had
been started again, and compares with what was told until then. All of it is done once for all
clauses that are about it.

A quick run leaves moments out, but none at which something was promised: right after every
acknowledgement, and after a reader was given records, all that is not flushed is lost. So a promise
without its flush is found in any run, whichever call it belongs to.
"""

from __future__ import annotations

import pickle
import random  # noqa: TID251  # a seeded choice
import shutil
import sys
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_conformance.disk_model import Disk, Flush, Move, Name
from wrkr_conformance.expect import NotRun
from wrkr_conformance.expect import record as record_of
from wrkr_conformance.judging import PROBE, inspect
from wrkr_conformance.os_calls import Tap, another_boot, write_tree
from wrkr_conformance.processes import beside, elsewhere
from wrkr_conformance.recording import Recorder, told
from wrkr_conformance.script import Account, Begun, Done, Message
from wrkr_conformance.story import broken

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from wrkr_conformance.disk_model import Change, Image
    from wrkr_conformance.expect import Broken
    from wrkr_conformance.judging import Finding, Topic
    from wrkr_conformance.recording import Recording
    from wrkr_conformance.target import Site, Target

BOOTS: Final = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002")
LONG: Final = 7200.0  # seconds


@attrs.frozen(kw_only=True)
class Loss:
    """A finding, and the shortest history after which it was made.

    Attributes:
        finding: What is wrong.
        lost: What of the files was lost.
        story: The calls until the power went and what was told, a line each.

    """

    finding: Finding
    lost: str
    story: tuple[str, ...]

    def error(self) -> Broken:
        """Return the error that says so."""
        return broken(
            self.finding.what,
            done=f"the power went after {len(self.story)} calls and answers, the last of them: "
            f"{self.story[-1]}; lost was: {self.lost}",
            expected="everything that was acknowledged durably or read, and nothing in halves",
            story=[*self.story, f"the power goes; lost is: {self.lost}"],
        )


@attrs.define
class Losses:
    """The first loss of each topic, and how many contents of the disk were tried."""

    first: dict[Topic, Loss] = attrs.Factory(dict["Topic", Loss])
    images: int = 0


@attrs.frozen(kw_only=True)
class Effort:
    """How much to try.

    Attributes:
        each: Contents of the disk after one call, at most.
        images: Contents in all, at most; moments are left out evenly to keep to it. What is left
            right after a promise is tried besides.
        again: After every so many, lose the power once more while the store recovers; 0 never.

    """

    each: int
    images: int
    again: int


QUICK: Final = Effort(each=5, images=180, again=45)
THOROUGH: Final = Effort(each=200, images=1_000_000, again=100)


def losses(site: Site) -> Losses:
    """Return what is wrong after a loss of power. Raises: NotRun, Broken."""
    if sys.platform == "win32":
        raise NotRun("this platform gives no inodes to tell files by", applies=False)
    durability = site.open().info.durability
    if durability != "power":
        raise NotRun(f"the store's durability is {durability}", applies=False)
    site.close()
    found = _losses(pickle.dumps(site.for_processes()[0]), site.quick, site.seed)
    if isinstance(found, str):
        raise NotRun(found, applies=False)
    return found


@lru_cache(maxsize=1)
def _losses(pickled: bytes, quick: bool, seed: int) -> Losses | str:  # noqa: FBT001  # the key of the cache
    """Return what is wrong, or why that cannot be found out."""
    target: Target = pickle.loads(pickled)  # noqa: S301  # pickled right before
    with target.fresh(quick=quick, seed=seed) as site:
        try:
            recording = elsewhere(site, "wrkr_conformance.recording:record")
        except NotRun as reason:
            return str(reason)
        effort = QUICK if quick else THOROUGH
        found: Losses = elsewhere(site, f"{__name__}:lose", recording, seed, effort, seconds=LONG)
    return found


def lose(
    target: Target, directory: Path, recording: Recording, seed: int, effort: Effort
) -> Losses:
    """Try what may be left after each call of the recording, in folders beside ``directory``."""
    schedule = random.Random(seed)  # noqa: S311  # repeatable on purpose
    trial = _Trial(target, directory, Account(recording.steps))
    disk = Disk(recording.begun)
    first = _first(recording.log)
    moments = _moments(recording.log, first, effort, schedule)
    for number, each in enumerate(recording.log):
        trial.story.append(_line(disk, each))
        seen = trial.account.seen
        if isinstance(each, Message):
            trial.account.take(each)
        else:
            disk.take(each)
        if number in moments:
            for image in disk.after_crash(effort.each, schedule):
                trial.inspect(image)
                if effort.again and trial.found.images % effort.again == 0:
                    trial.recover(image, effort, schedule)
        is_promise = isinstance(each, Done) or trial.account.seen != seen
        if is_promise and number >= first:
            trial.inspect(disk.after_worst_crash())
    return trial.found


def _first(log: Sequence[Change | Message]) -> int:
    """Return the place from which on to lose the power: the first flush that failed, if one did."""
    failed = (place for place, each in enumerate(log) if isinstance(each, Flush) and each.failed)
    return next(failed, 0)


def _moments(
    log: Sequence[Change | Message], first: int, effort: Effort, schedule: random.Random
) -> set[int]:
    """Return after which calls and messages to lose the power."""
    places = [place for place in range(first, len(log)) if not isinstance(log[place], Begun)]
    return set(schedule.sample(places, min(len(places), effort.images // effort.each)))


class _Trial:
    """Opens what is left of the files and compares it with what was told."""

    def __init__(self, target: Target, first: Path, account: Account) -> None:
        """Try stores of ``target`` in folders beside ``first``."""
        self._target = target
        self._first = first
        self._tried: set[tuple[bytes, int, int, int]] = set()
        self.account = account
        self.story: list[str] = []
        self.found = Losses()

    def inspect(self, image: Image, *more: str) -> None:
        """Note what is wrong with a store of this content; ``more`` is told after the story."""
        account = self.account
        ended = sum(not isinstance(each, Begun) for each in account.fates.values())
        key = (image.digest, len(account.fates), ended, len(account.seen))
        if key in self._tried:
            return
        self._tried.add(key)
        self.found.images += 1
        for finding in self._findings(image, BOOTS[len(more) > 0]):
            if finding.topic not in self.found.first:
                self.found.first[finding.topic] = Loss(
                    finding=finding, lost=image.lost, story=(*self.story, *more)
                )

    def recover(self, image: Image, effort: Effort, schedule: random.Random) -> None:
        """Lose the power again, after each call that the store makes to recover."""
        recorder = Recorder()
        with (
            self._directory(image) as directory,
            another_boot(BOOTS[0], directory.parent),
            Tap(directory, recorder),
            suppress(Exception),  # which ``inspect`` has noted
        ):
            store = self._target.open(directory)
            store.append(PROBE, 0, [record_of("probe-1")])
            store.close()
        disk = Disk(image.tree)
        more = [f"the power goes; lost is: {image.lost}"]
        for change in recorder.log:
            more.append(_line(disk, change))
            if not isinstance(change, Message):
                disk.take(change)
                for left in disk.after_crash(max(2, effort.each // 10), schedule):
                    self.inspect(left, *more)

    def _findings(self, image: Image, boot: str) -> list[Finding]:
        with self._directory(image) as directory, another_boot(boot, directory.parent):
            return inspect(lambda: self._target.open(directory), self.account, power=True)

    @contextmanager
    def _directory(self, image: Image) -> Generator[Path]:
        """Give the folder of a store with that content."""
        directory = beside(self._first, f"loss-{self.found.images}")
        write_tree(directory, image.tree)
        try:
            yield directory
        finally:
            shutil.rmtree(directory.parent)


def _line(disk: Disk, each: Change | Message) -> str:
    """Return a call or a message as a line for people, with the paths as they are before it."""
    if isinstance(each, Message):
        return str(each)
    return told(each, disk.path_of(each.folder if isinstance(each, Name | Move) else each.file))
