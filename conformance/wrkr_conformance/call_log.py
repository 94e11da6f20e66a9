"""What was called on a store's handles, kept so that it can be printed and pasted.

Keeping it is thin, but it is not nothing: between threads it changes who comes first. So it is done
when a clause that has failed is run again, and by the model, where one thread makes the calls.
"""

from __future__ import annotations

import re
import threading
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import attrs

from wrkr_conformance.expect import records, shown
from wrkr_core.store import NewEvent, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

METHODS: Final = frozenset(
    name for name in vars(Store) if not name.startswith("_") and name != "info"
)
MOST_CALLS: Final = 30
MOST_OF_AN_ARGUMENT: Final = 4000  # characters
MOST_OF_AN_ANSWER: Final = 200
# What a word in a script needs before it.
_NEEDED: Final = {
    "suppress(": "from contextlib import suppress",
    "": "from wrkr_conformance import Target",
    "records(": "from wrkr_conformance.expect import records",
    "NewEvent(": "from wrkr_core.store import NewEvent",
}


class Reproduction(str):
    """The lines that repeat a failure; an error carries them as a note."""

    __slots__ = ()


@attrs.define(kw_only=True)
class Call:
    """One call on a handle, or the opening of one: then ``method`` is empty.

    Attributes:
        handle: The handle's name in the printed lines, such as ``s1``.
        method: Its name.
        arguments: As they were given.
        named: Those that were given by name.
        thread: Which thread it was made in.
        has_ended: Whether it returned or raised.
        answer: What it returned.
        error: What it raised.

    """

    handle: str
    method: str = ""
    arguments: Sequence[object] = ()
    named: Mapping[str, object] = attrs.Factory(dict[str, object])
    thread: int = attrs.Factory(threading.get_ident)
    has_ended: bool = False
    answer: object = None
    error: BaseException | None = None

    def line(self) -> str:
        """Return the call as Python writes it, without its answer."""
        if not self.method:
            return f"{self.handle} = site.open()"
        given = [_written(each) for each in self.arguments]
        given += [f"{name}={_written(each)}" for name, each in self.named.items()]
        return f"{self.handle}.{self.method}({', '.join(given)})"

    def lines(self, thread: str = "", *, is_last: bool = False) -> list[str]:
        """Return the call as a line to paste, and what came of it as a comment below.

        What a call raised is suppressed where others follow.
        """
        goes_on = self.error is not None and not is_last
        line = f"with suppress(Exception): {self.line()}" if goes_on else self.line()
        line = line if _is_python(line) else f"# cannot be pasted: {line}"
        if not self.method:
            return [line + thread]
        return [line + thread, f"# {self.ending()}"]

    def ending(self) -> str:
        """Return what came of the call, on one line."""
        if not self.has_ended:
            return "did not return"
        if self.error is None:
            return f"-> {shown(self.answer, MOST_OF_AN_ANSWER)}"
        told = " ".join(f"{type(self.error).__name__}: {self.error}".split())
        return f"raises {told[:MOST_OF_AN_ANSWER]}"


class CallLog:
    """The calls made on the handles of one store, in the order in which they began.

    Attributes:
        calls: All of them.
        has_processes: Whether other processes were given the store too; their calls are not here.
        is_over: Whether only calls that raise are still of interest: handles are being put away.

    """

    def __init__(self) -> None:
        """Begin empty."""
        self.restart()

    def restart(self) -> None:
        """Forget everything: the calls on another store begin."""
        self.calls: list[Call] = []
        self.has_processes = False
        self.is_over = False
        self._handles = 0

    def logged(self, handle: Store) -> Store:
        """Return the handle with its calls kept here."""
        self._handles += 1
        name = f"s{self._handles}"
        self.calls.append(Call(handle=name))
        return cast("Store", Logged(handle, name, self))

    def script(self, imported: str, target: str) -> Reproduction:
        """Return lines that make the same calls again, only the newest if there are many.

        ``target`` is the Python expression a target is made of; ``imported`` is the line it needs.
        """
        left_out = max(0, len(self.calls) - MOST_CALLS)
        calls = self.calls[left_out:]
        threads = list(dict.fromkeys(call.thread for call in calls))
        body = [f"# … {left_out} calls before these"] if left_out else []
        body += ["# several threads, in the order in which they began"] if len(threads) > 1 else []
        for call in calls:
            number = threads.index(call.thread) + 1
            thread = f"  # thread {number}" if len(threads) > 1 else ""
            body += call.lines(thread, is_last=call is calls[-1])
        if self.has_processes:
            body.append("# other processes used the store too; their calls are not known here")
        needed = [line for word, line in _NEEDED.items() if any(word in each for each in body)]
        needed = needed or [_NEEDED[""]]
        head = [
            *needed,
            *filter(None, [imported]),
            "",
            f"with Target.of({target}).fresh() as site:",
        ]
        return Reproduction("\n".join([*head, *(f"    {line}" for line in (body or ["pass"]))]))


def last_call(script: str) -> str:
    """Return the newest call in a script, empty if there is none."""
    lines = [line.strip() for line in script.split("\n")]
    calls = [line for line in lines if re.match(r"s\d+\.", line)]
    return calls[-1].partition("  # thread ")[0] if calls else ""


class Logged:
    """A store's handle whose calls are kept in a log. All else is the handle's own."""

    def __init__(self, handle: Store, name: str, log: CallLog) -> None:
        """Stand before the handle."""
        self._handle = handle
        self._name = name
        self._log = log

    def __getattr__(self, name: str) -> object:
        """Return the handle's attribute, or one of its methods so that calls are kept."""
        found: object = getattr(self._handle, name)
        if name in METHODS and callable(found):
            return partial(self._call, name, found)
        return found

    def _call(
        self, method: str, function: Callable[..., object], *given: object, **named: object
    ) -> object:
        call = Call(
            handle=self._name, method=method, arguments=[_kept(each) for each in given], named=named
        )
        was_over = self._log.is_over
        if not was_over:
            self._log.calls.append(call)
        try:
            answer = function(*given, **named)
        except BaseException as error:
            call.error, call.has_ended = error, True
            if was_over:
                self._log.calls.append(call)
            raise
        call.answer, call.has_ended = _kept(answer), True
        return answer


def _written(value: object) -> str:
    """Return an argument as Python writes it; a batch like the clauses' own, as they write it."""
    if not isinstance(value, list | tuple):
        return shown(value, MOST_OF_AN_ARGUMENT)
    batch = [each for each in cast("Sequence[object]", value) if isinstance(each, NewEvent)]
    if not batch or len(batch) != len(cast("Sequence[object]", value)):
        return shown(cast("object", value), MOST_OF_AN_ARGUMENT)
    names = ", ".join(repr(each.id) for each in batch)
    if batch == records(*(each.id for each in batch)):
        return f"records({names})"
    events = ", ".join(
        f"NewEvent({each.id!r}, {each.type!r}, {each.at!r}, {shown(each.data, MOST_OF_AN_ARGUMENT)})"
        for each in batch
    )
    return f"[{events}]"


def _is_python(line: str) -> bool:
    """Tell whether the line can be pasted: values may be cut, or not be written in Python."""
    try:
        compile(line, "line", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _kept(value: object) -> object:
    """Return the value so that later changes of a list are not seen in it."""
    return list(cast("list[object]", value)) if isinstance(value, list) else value
