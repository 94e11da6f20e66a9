"""What clauses are written with: claims that hold under ``python -O`` too, and bounded calls."""

from __future__ import annotations

import queue
import sys
import threading
import time
from contextlib import suppress
from traceback import walk_tb
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from wrkr_core.errors import Busy
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.store import Event, Store

Fault = TypeVar("Fault", bound=BaseException)
Answer = TypeVar("Answer")
Given = ParamSpec("Given")

PATIENCE: Final = 60.0  # seconds after which a call is said never to return
MOST_BUSY: Final = 1000
_HURRIED: Final = 1e-5  # seconds a thread runs before another gets its turn
_MOMENT: Final = 2.0


class Broken(AssertionError):
    """The store does not keep the clause; the message says what it did instead.

    Attributes:
        done: What was done or looked at; empty if only the message says it.
        expected: What had to come of it.
        came: What came.

    """

    def __init__(self, message: str, *, done: str = "", expected: str = "", came: str = "") -> None:
        """Say what is wrong, and where it is known, its three parts."""
        super().__init__(message)
        self.done = done
        self.expected = expected
        self.came = came


class NotRun(Exception):
    """The clause could not be run here.

    Attributes:
        applies: False if the clause has no meaning on this platform.

    """

    def __init__(self, reason: str, *, applies: bool = True) -> None:
        """Say why."""
        super().__init__(reason)
        self.applies = applies


def is_own(module: str) -> bool:
    """Tell whether the module of this name belongs to the suite."""
    return f"{module}.".startswith(f"{__package__}.")


def is_the_suites_own(error: NotRun) -> bool:
    """Tell whether a clause gave up by itself: a store cannot excuse itself from one."""
    modules = {
        str(frame.f_globals.get("__name__", "")) for frame, _line in walk_tb(error.__traceback__)
    }
    return all(
        is_own(module) or module.partition(".")[0] in sys.stdlib_module_names for module in modules
    )


def claim(condition: bool, message: str) -> None:  # noqa: FBT001  # reads as a sentence
    """Go on only if ``condition`` is true. Raises: Broken."""
    if not condition:
        raise Broken(message)


def same(found: object, wanted: object, what: str) -> None:
    """Go on only if the two are equal. Raises: Broken, showing both."""
    if found != wanted:
        raise differs(what, shown(wanted), shown(found))


def differs(what: str, expected: str, came: str) -> Broken:
    """Return the error that says what was expected and what came instead."""
    return Broken(
        f"{what}: expected {expected}, got {came}", done=what, expected=expected, came=came
    )


def raises(
    kind: type[Fault],
    what: str,
    call: Callable[Given, object],
    *args: Given.args,
    **kwargs: Given.kwargs,
) -> Fault:
    """Return the error of the class ``kind`` that the call must raise. Raises: Broken."""
    try:
        answer = call(*args, **kwargs)
    except kind as error:
        return error
    except Exception as error:
        raise differs(what, kind.__name__, f"{type(error).__name__}: {error}") from error
    raise Broken(
        f"{what}: expected {kind.__name__}, but it returned {shown(answer)}",
        done=what,
        expected=kind.__name__,
        came=f"it returned {shown(answer)}",
    )


def insist(call: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """Return the answer of a write that may be told Busy, in which case nothing was written (A4).

    Raises: what else it raises; Broken if it is told Busy without end.
    """
    for _time in range(MOST_BUSY):
        with suppress(Busy):
            return call(*args, **kwargs)
    raise Broken(f"the store was Busy {MOST_BUSY} times in a row")


def record(name: str, data: bytes = b"{}", *, kind: str = "noted/1", at: int = 1) -> NewEvent:
    """Return a record to append, with ``name`` as its id."""
    return NewEvent(name, kind, at, data)


def records(*names: str) -> list[NewEvent]:
    """Return a batch with these ids; each record's data tells its id."""
    return [record(name, f'{{"id":"{name}"}}'.encode()) for name in names]


def ids(events: Sequence[Event]) -> list[str]:
    """Return the ids, in order."""
    return [event.id for event in events]


def head_of(store: Store, stream: str) -> int:
    """Return the stream's head, 0 if there is no stream."""
    info = store.stream(stream)
    return info.head if info is not None else 0


def read_all(store: Store, stream: str, *, after: int = 0, limit: int = 500) -> list[Event]:
    """Return every record of a stream after ``after``, read page by page."""
    found: list[Event] = []
    while page := store.read(stream, after, limit):
        claim(page[-1].seq > after, f"read({stream!r}, {after}) gives seq {page[-1].seq} last")
        after = page[-1].seq
        found += page
    return found


def drain(store: Store, cursor: str = "", *, limit: int = 500) -> tuple[list[Event], str]:
    """Return everything in the feed after ``cursor``, page by page, and the cursor behind it."""
    found: list[Event] = []
    keys: set[tuple[str, int]] = set()
    while True:
        page, cursor = store.feed(cursor, limit)
        claim(len(page) <= limit, f"feed(limit={limit}) gives {len(page)} records")
        if not page:
            return found, cursor
        for event in page:
            key = (event.stream, event.seq)
            claim(key not in keys, f"the feed holds {key} twice")
            keys.add(key)
        found += page


def bounded(call: Callable[[], Answer], what: str, seconds: float = PATIENCE) -> Answer:
    """Return the answer of ``call``. Raises: what it raises; Broken if it does not return."""
    return together([call], what, seconds)[0]


def together(
    calls: Sequence[Callable[[], Answer]], what: str, seconds: float = PATIENCE
) -> list[Answer]:
    """Run the calls at the same time, each in a thread, and return their answers in order.

    Raises: the first error of a call; Broken if one does not return within ``seconds``.
    """
    answers: dict[int, Answer] = {}
    ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    start = threading.Barrier(len(calls))

    def run(number: int) -> None:
        try:
            start.wait()
            answers[number] = calls[number]()
        except BaseException as error:  # noqa: BLE001  # handed to the caller below
            ended.put(error)
        else:
            ended.put(None)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(_HURRIED)
    try:
        for number in range(len(calls)):
            threading.Thread(target=run, args=(number,), daemon=True).start()
        errors = _await(ended, len(calls), what, seconds)
    finally:
        sys.setswitchinterval(interval)
    if errors:
        raise errors[0]
    return [answers[number] for number in range(len(calls))]


def _await(
    ended: queue.SimpleQueue[BaseException | None], count: int, what: str, seconds: float
) -> list[BaseException]:
    """Return the errors of the threads; once one failed, the others get a moment only."""
    errors: list[BaseException] = []
    deadline = time.monotonic() + seconds
    for _thread in range(count):
        try:
            error = ended.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            claim(bool(errors), f"{what}: did not return within {seconds:g} seconds")
            break
        if error is not None:
            errors.append(error)
            deadline = min(deadline, time.monotonic() + _MOMENT)
    return errors


def shown(value: object, most: int = 400) -> str:
    """Return the value as it is written in Python, cut where it is too long to read."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001  # what a store answers with may be anything
        text = f"<a {type(value).__name__} that cannot be shown: {type(error).__name__}>"
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
