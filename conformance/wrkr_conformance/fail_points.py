"""Kill a process at each call by which a store could reach the world outside of Python (D1, X1).

The fail points need not be built into a store: they are the calls out of Python that are made while
it plays the script, such as ``posix.pwrite`` or ``sqlite3.Cursor.execute``, each named by what is
called, who calls it and for which time. A process that counts them by ``sys.setprofile`` kills
itself right before one of them; where a store writes through ``os``, also in the middle of a write;
and right after a call of the store itself, where that leaves Python by ways that are not seen.
Every such process is forked from one that has done nothing else, which takes milliseconds.
"""

from __future__ import annotations

import os
import pickle
import random  # noqa: TID251  # a seeded choice
import shutil
import signal
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import attrs

from wrkr_conformance.expect import Broken, NotRun
from wrkr_conformance.forking import __file__ as forking_file
from wrkr_conformance.forking import forked
from wrkr_conformance.judging import inspected
from wrkr_conformance.os_calls import Tap
from wrkr_conformance.os_calls import __file__ as os_calls_file
from wrkr_conformance.processes import beside, elsewhere
from wrkr_conformance.remains import Write
from wrkr_conformance.script import Account, Done, Message, Player, Saw, script
from wrkr_conformance.story import broken

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path
    from types import FrameType

    from wrkr_conformance.disk_model import Change
    from wrkr_conformance.forking import Forked, Send
    from wrkr_conformance.judging import Finding, Topic
    from wrkr_conformance.script import Step
    from wrkr_conformance.target import Site, Target

LONG: Final = 3600.0  # seconds
TIME: Final = ", time "
OWN_FILES: Final = frozenset({__file__, forking_file, os_calls_file})
# Modules of the standard library that reach the world; of others all do, but for a few.
REACHING: Final = frozenset(
    {"posix", "nt", "_io", "io", "fcntl", "msvcrt", "mmap", "_socket", "socket", "select"}
    | {"sqlite3", "_sqlite3", "_dbm", "_gdbm", "_multiprocessing", "_posixshmem"}
)
PURE: Final = frozenset({"attr", "attrs", "msgspec", "cattrs", "rfc8785", "coverage", "wrkr_core"})
HARMLESS: Final = frozenset(  # they leave nothing behind that was not there
    {"stat", "lstat", "fstat", "listdir", "scandir", "getpid", "fspath", "lseek", "pread", "read"}
    | {"readlink", "access", "getcwd", "urandom", "register_at_fork", "statvfs", "readinto"}
    | {"readall", "readline", "fileno", "fetchone", "fetchall", "fetchmany", "isatty", "__enter__"}
    | {"seekable", "readable", "writable", "umask", "uname", "getuid", "cursor"}
    | {"fsync", "fdatasync", "flock", "lockf", "fcntl", "posix.close"}
)
ON_PATHS: Final = "_path_"  # what ``os.path`` is made of, more of it with every Python


@attrs.frozen(kw_only=True)
class Kill:
    """A finding, and where the process was killed before it was made."""

    finding: Finding
    point: str
    told: tuple[str, ...]

    def error(self) -> Broken:
        """Return the error that says so."""
        last = self.told[-1] if self.told else "none"
        return broken(
            self.finding.what,
            done=f"a process was killed {self.point}; the last answer was: {last}",
            expected="everything that was acknowledged, and nothing in halves",
            story=[*self.told, f"killed {self.point}"],
        )


@attrs.define
class Kills:
    """The first finding of each topic, and at which points a process was killed."""

    first: dict[Topic, Kill] = attrs.Factory(dict["Topic", Kill])
    points: list[str] = attrs.Factory(list[str])


def kills(site: Site) -> Kills:
    """Return what is wrong after a kill at the fail points. Raises: NotRun, Broken."""
    if not hasattr(os, "fork"):
        raise NotRun("this platform has no fork", applies=False)
    return _kills(pickle.dumps(site.for_processes()[0]), site.quick, site.seed)


@lru_cache(maxsize=1)
def _kills(pickled: bytes, quick: bool, seed: int) -> Kills:  # noqa: FBT001  # the key of the cache
    target: Target = pickle.loads(pickled)  # noqa: S301  # pickled right before
    with target.fresh(quick=quick, seed=seed) as site:
        most = site.size(40, 100_000)
        found: Kills = elsewhere(site, f"{__name__}:kill", seed, most, seconds=LONG)
    return found


def kill(target: Target, directory: Path, seed: int, most: int) -> Kills:
    """Kill processes before up to ``most`` calls and in some writes, beside ``directory``."""
    schedule = random.Random(seed)  # noqa: S311  # repeatable on purpose
    store = target.open(directory)
    steps = script(store.info.capabilities)
    store.close()
    trial = _Trial(target, directory, steps)
    calls = trial.count(CallWatch)
    writes = trial.count(WriteWatch)
    for place in _telling(calls, most, schedule):
        trial.kill(CallWatch(place), f"before {calls[place]}")
    for place in sorted(schedule.sample(range(len(writes)), min(len(writes), most // 4))):
        trial.kill(WriteWatch(place), f"in the middle of {writes[place]}")
    for step in sorted(schedule.sample(steps, min(len(steps), most // 8)), key=_number_of):
        trial.kill(StepWatch(step.number), f"right after {step}")
    return trial.found


def _number_of(step: Step) -> int:
    return step.number


def _telling(calls: Sequence[str], most: int, schedule: random.Random) -> list[int]:
    """Return the places of the first call of each kind, and of some others, in order."""
    kinds: dict[str, int] = {}
    for place, name in enumerate(calls):
        kinds.setdefault(name.partition(TIME)[0], place)
    chosen = [*kinds.values()][:most]
    others = sorted(set(range(len(calls))) - set(chosen))
    return sorted([*chosen, *schedule.sample(others, min(len(others), most - len(chosen)))])


class CallWatch:
    """Names every call out of Python, and kills this process before the ``fatal``-th.

    Attributes:
        seen: The names so far.

    """

    def __init__(self, fatal: int | None = None) -> None:
        """Kill at the call of that place, or never."""
        self._fatal = fatal
        self._times: Counter[str] = Counter()
        self.seen: list[str] = []

    @contextmanager
    def watching(self, _directory: Path) -> Generator[None]:
        """Watch this process."""
        threading.setprofile(self._hear)
        sys.setprofile(self._hear)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _hear(self, frame: FrameType, event: str, called: Any) -> None:  # noqa: ANN401  # any callable
        if event != "c_call" or frame.f_code.co_filename in OWN_FILES:
            return
        name = _reaching(called)
        if not name:
            return
        point = f"{name}, called by {frame.f_code.co_qualname}"
        self._times[point] += 1
        if self._fatal == len(self.seen):
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen.append(f"{point}{TIME}{self._times[point]}")


def _reaching(called: Any) -> str:  # noqa: ANN401  # any callable
    """Return the name of a function that is not Python and may reach the world, else nothing."""
    owner = getattr(called, "__self__", None)
    if owner is None or isinstance(owner, ModuleType):
        module, name = called.__module__ or "", called.__name__
    else:
        kind = owner if isinstance(owner, type) else type(owner)
        module, name = kind.__module__, f"{kind.__qualname__}.{called.__name__}"
    top = module.partition(".")[0]
    if top in PURE or (top in sys.stdlib_module_names and top not in REACHING):
        return ""
    whole = f"{module}.{name}"
    is_harmless = HARMLESS & {called.__name__, whole} or called.__name__.startswith(ON_PATHS)
    return "" if is_harmless else whole


class WriteWatch:
    """Names every write through ``os``, and kills this process in the middle of the ``fatal``-th.

    Attributes:
        seen: The names so far.

    """

    def __init__(self, fatal: int | None = None) -> None:
        """Kill in the write of that place, or never."""
        self._fatal = fatal
        self.seen: list[str] = []

    @contextmanager
    def watching(self, directory: Path) -> Generator[None]:
        """Watch what is written below ``directory``."""
        with Tap(directory, self._hear):
            yield

    def _hear(self, change: Change, perform: Callable[..., Any]) -> Any:  # noqa: ANN401  # what os returns
        if isinstance(change, Write) and len(change.data) > 1:
            if self._fatal == len(self.seen):
                perform(len(change.data) // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            self.seen.append(f"write {len(self.seen) + 1}, of {len(change.data)} bytes")
        return perform()


class StepWatch:
    """Kills this process when the step of that number was acknowledged."""

    def __init__(self, fatal: int) -> None:
        """Kill after the step."""
        self._fatal = fatal
        self.seen: list[str] = []

    @contextmanager
    def watching(self, _directory: Path) -> Generator[None]:
        """Watch nothing but what is told."""
        yield

    def hear(self, message: Message) -> None:
        """Kill if that was the step."""
        if isinstance(message, Done) and message.number == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


Watch = CallWatch | WriteWatch | StepWatch


class _Trial:
    """Plays the script in children that kill themselves, and looks at what they leave."""

    def __init__(self, target: Target, first: Path, steps: Sequence[Step]) -> None:
        """Work in folders beside ``first``."""
        self._target = target
        self._first = first
        self._steps = steps
        self._count = 0
        self.found = Kills()

    def count(self, kind: type[CallWatch | WriteWatch]) -> list[str]:
        """Return the name of every point of one kind."""
        ended, _directory = self._play(kind())
        seen: list[str] = ended.sent[-1]
        return seen

    def kill(self, watch: Watch, point: str) -> None:
        """Kill a child at one point and note what is wrong with what it leaves."""
        ended, directory = self._play(watch)
        account = Account(self._steps)
        told = [each for each in ended.sent if isinstance(each, Message)]
        for message in told:
            account.take(message)
        for finding in inspected(self._target, directory, account):
            lines = tuple(str(message) for message in told if not isinstance(message, Saw))
            self.found.first.setdefault(
                finding.topic, Kill(finding=finding, point=point, told=lines)
            )
        self.found.points.append(point)
        shutil.rmtree(directory.parent)

    def _play(self, watch: Watch) -> tuple[Forked, Path]:
        self._count += 1
        directory = beside(self._first, f"kill-{self._count}")
        directory.mkdir(parents=True)

        def work(send: Send) -> None:
            def tell(message: Message) -> None:
                send(message)
                if isinstance(watch, StepWatch):
                    watch.hear(message)

            with watch.watching(directory):
                store = self._target.open(directory)
                Player(store, tell).play(self._steps)
                store.close()
            send(watch.seen)

        ended = forked(work)
        if ended.error:
            raise Broken(f"the script cannot be played: {ended.error}")
        return ended, directory
