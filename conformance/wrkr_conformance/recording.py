"""Play the script while every call that changes a file is written down, and a reader looks on."""

from __future__ import annotations

import queue
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

import attrs

from wrkr_conformance.disk_model import Disk, Flush, Move, Name
from wrkr_conformance.expect import NotRun
from wrkr_conformance.os_calls import Tap, read_tree
from wrkr_conformance.remains import Cut, Write
from wrkr_conformance.script import Message, Player, Saw, places_of, script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wrkr_conformance.disk_model import Change, Tree
    from wrkr_conformance.script import Step
    from wrkr_conformance.target import Target
    from wrkr_core.store import Store

    Play = Callable[[Store, Sequence[Step], Callable[[Message], None]], None]

UNHEARD: Final = (
    "its files are not written by os or open in this process, so losing the power cannot be tried"
)
READER_SECONDS: Final = 2.0


@attrs.frozen(kw_only=True)
class Recording:
    """What was done to the files, and what was told in between, in order.

    Attributes:
        steps: The script.
        begun: What was there before.
        log: The calls and the messages.

    """

    steps: Sequence[Step]
    begun: Tree
    log: Sequence[Change | Message]


class Recorder:
    """Hears the calls, does them and writes them down; ``fault`` may answer one in their place.

    Attributes:
        log: The calls and the messages so far.
        reader: Looks at the store after every call.

    """

    def __init__(self, fault: Callable[[Change, Callable[..., Any]], Any] | None = None) -> None:
        """Do the calls, or have ``fault`` do them."""
        self._fault = fault
        self.log: list[Change | Message] = []
        self.reader: Reader | None = None

    def __call__(self, change: Change, perform: Callable[..., Any]) -> Any:  # noqa: ANN401  # what os returns
        """Do the call and write it down as far as it was done."""
        try:
            answer = perform() if self._fault is None else self._fault(change, perform)
        except PartlyDone as error:
            self.log.append(_part(change, error.size))
            raise error.told from None
        except OSError:
            if isinstance(change, Flush):
                self.log.append(Flush(change.file, failed=True))
            raise
        self.log.append(_part(change, answer))
        if self.reader is not None:
            self.log.extend(self.reader.look())
        return answer


class PartlyDone(Exception):
    """A write ends in an error after so many bytes."""

    def __init__(self, size: int, told: OSError) -> None:
        """Say how much was written, and what the caller is told."""
        super().__init__(size)
        self.size = size
        self.told = told


def _part(change: Change, answer: object) -> Change:
    """Return what was done of a call that returned ``answer``."""
    if isinstance(change, Write) and isinstance(answer, int):
        return attrs.evolve(change, data=change.data[:answer])
    return change


class Reader:
    """A handle that follows the feed in a thread of its own, a page whenever it is asked to."""

    def __init__(self, store: Store) -> None:
        """Follow the feed of ``store``."""
        self._store = store
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Saw | Exception] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._turn = threading.Lock()
        self._is_stuck = False
        self.error: Exception | None = None
        self._thread.start()

    def look(self) -> list[Saw]:
        """Return what is new, if it can be had now.

        A reader that waits for a writer is not asked again: another clause says so.
        """
        mine = threading.current_thread() is self._thread
        if mine or self._is_stuck or not self._turn.acquire(blocking=False):
            return []
        try:
            self._asked.put(True)  # noqa: FBT003  # go on
            answer = self._answers.get(timeout=READER_SECONDS)
        except queue.Empty:
            self._is_stuck = True
            return []
        finally:
            self._turn.release()
        if isinstance(answer, Exception):
            self.error, self._is_stuck = answer, True
            return []
        return [answer] if answer.places else []

    def close(self) -> None:
        """End the thread and the handle. Raises: the error the reader met beside the writer."""
        self._asked.put(False)  # noqa: FBT003  # end
        if not self._is_stuck:
            self._thread.join(READER_SECONDS)
            self._store.close()
        if self.error is not None:
            raise self.error

    def _follow(self) -> None:
        cursor = ""
        while self._asked.get():
            try:
                page, cursor = self._store.feed(cursor, 100)
            except Exception as error:  # noqa: BLE001  # raised where the reader is closed
                self._answers.put(error)
                return
            self._answers.put(Saw(cursor, places_of(page)))


def record(
    target: Target,
    directory: Path,
    *,
    recorder: Recorder | None = None,
    play: Play | None = None,
) -> Recording:
    """Play the script on the store of ``directory`` and write down what is done.

    Raises: NotRun if the store does not change its files through ``os``; what the store raises.
    """
    recorder = recorder or Recorder()
    begun = read_tree(directory)
    with Tap(directory, recorder), ExitStack() as stack:
        store = target.open(directory)
        stack.callback(store.close)
        capabilities = store.info.capabilities
        steps = script(capabilities)
        if "concurrent_readers" in capabilities:
            recorder.reader = Reader(target.open(directory))
            stack.callback(recorder.reader.close)
        (play or _play)(store, steps, recorder.log.append)
        log = [*recorder.log]
        ended = read_tree(directory)
        with suppress(KeyError):  # of a file that appeared unheard
            if begun != ended and _replayed(begun, log) == ended:
                return Recording(steps=steps, begun=begun, log=log)
    raise NotRun(UNHEARD, applies=False)


def _play(store: Store, steps: Sequence[Step], tell: Callable[[Message], None]) -> None:
    Player(store, tell).play(steps)


def _replayed(begun: Tree, log: Sequence[Change | Message]) -> Tree:
    """Return what the calls must have left. Raises: KeyError."""
    disk = Disk(begun)
    for each in log:
        if not isinstance(each, Message):
            disk.take(each)
    return disk.now()


def told(change: Change, path: str) -> str:
    """Return a call as a line for people."""
    match change:
        case Write(offset=offset, data=data):
            return f"write {len(data)} bytes at {offset} of {path}"
        case Cut(size=size):
            return f"cut {path} to {size} bytes"
        case Flush(failed=failed):
            return f"flush {path}" + (", which fails" if failed else "")
        case Name(name=name, file=file):
            return f"{'remove' if file is None else 'make'} {name} in {path}"
        case Move(name=name, to_name=to_name):
            return f"rename {name} in {path} to {to_name}"
