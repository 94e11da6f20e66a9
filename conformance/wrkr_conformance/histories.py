"""Histories of real calls, by threads or by processes, that must fit one order (S1).

Every caller writes down when each of its calls began and ended and what it was told. Then each
stream and each cell is looked at on its own: there must be an order in which all those answers come
out (``linear``, ``registers``). Of a history that has none, the shortest part is shown.
"""

from __future__ import annotations

import random  # noqa: TID251  # a seeded schedule
import time
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import attrs

from wrkr_conformance.expect import ids, insist, records, together
from wrkr_conformance.linear import Operation, contradiction
from wrkr_conformance.processes import await_message, let_go, spawned
from wrkr_conformance.registers import (
    Append,
    CellRegister,
    Done,
    Get,
    Head,
    Put,
    Read,
    Refused,
    StreamRegister,
)
from wrkr_conformance.story import broken
from wrkr_core.errors import Conflict, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection

    from wrkr_conformance.target import Site
    from wrkr_core.store import Appended, Store

    Log = dict[str, list[Operation]]

STREAMS: Final = ("h0", "h1")
CELL: Final = "h"
TAIL: Final = 4


class Witness:
    """One caller of a store, who writes everything down.

    Attributes:
        log: The calls so far, by the stream or cell they went to.

    """

    def __init__(self, store: Store, caller: str) -> None:
        """Call ``store`` under the name ``caller``."""
        self._store = store
        self._caller = caller
        self._heads: dict[str, int] = dict.fromkeys(STREAMS, 0)
        self._version = 0
        self._last: dict[str, Append] = {}
        self._named = 0
        self.log: Log = {name: [] for name in (*STREAMS, CELL)}

    def act(self, schedule: random.Random) -> None:
        """Do one thing, whichever the schedule says."""
        stream = schedule.choice(STREAMS)
        luck = schedule.random()
        if luck < 0.45:
            self._named += 1
            size = schedule.randint(1, 3)
            names = tuple(f"{self._caller}.{self._named}.{n}" for n in range(size))
            self.append(stream, Append(self._heads[stream], names))
        elif luck < 0.55 and stream in self._last:
            self.append(stream, self._last[stream])
        elif luck < 0.65:
            self.head(stream)
        elif luck < 0.8:
            self.read(stream, Read(max(0, self._heads[stream] - TAIL), TAIL * 2))
        elif luck < 0.92:
            data = None if schedule.random() < 0.2 else f"{self._caller}.{len(self.log[CELL])}"
            self.put(Put(self._version, data.encode() if data is not None else None))
        else:
            self.get()

    def append(self, stream: str, call: Append) -> None:
        """Append, and believe the head that is told."""
        batch = records(*call.ids)

        def write() -> Appended:
            return insist(self._store.append, stream, call.expected, batch, durable=False)

        answer = self._write(stream, call, write)
        self._last[stream] = call
        self._heads[stream] = answer.number if isinstance(answer, Done) else answer.head

    def put(self, call: Put) -> None:
        """Put, and believe the version that is told."""

        def write() -> int:
            return insist(self._store.put, CELL, call.data, call.expected, durable=False)

        answer = self._write(CELL, call, write)
        if isinstance(answer, Refused):
            self._version = answer.head
        else:
            self._version = answer.number if call.data is not None else 0

    def head(self, stream: str) -> None:
        """Ask for a stream's head."""

        def ask() -> int:
            info = self._store.stream(stream)
            return info.head if info is not None else 0

        self._heads[stream] = cast("int", self._note(stream, Head(), ask))

    def read(self, stream: str, call: Read) -> None:
        """Read some of a stream."""
        self._note(
            stream, call, lambda: tuple(ids(self._store.read(stream, call.after, call.limit)))
        )

    def get(self) -> None:
        """Look at the cell."""

        def ask() -> tuple[int, bytes] | None:
            cell = self._store.get(CELL)
            return (cell.version, cell.data) if cell is not None else None

        held = cast("tuple[int, bytes] | None", self._note(CELL, Get(), ask))
        self._version = held[0] if held is not None else 0

    def _write(
        self, name: str, call: Append | Put, write: Callable[[], Appended | int]
    ) -> Done | Refused:
        """Write, repeating the call while its outcome is unknown (A3)."""

        def ask() -> Done | Refused:
            try:
                answer = write()
            except Conflict as conflict:
                return Refused(conflict.head)
            if isinstance(answer, int):
                return Done(answer)
            return Done(answer.seq, answer.replayed)

        while True:
            with suppress(Unknown):
                return cast("Done | Refused", self._note(name, call, ask))

    def _note(self, name: str, call: object, ask: Callable[[], object]) -> object:
        """Call and write it down; a call whose outcome is unknown is left without an end."""
        invoked = time.monotonic_ns()
        try:
            answer = ask()
        except Unknown:
            self.log[name].append(Operation(caller=self._caller, invoked=invoked, call=call))
            raise
        returned = time.monotonic_ns()
        self.log[name].append(
            Operation(
                caller=self._caller, invoked=invoked, returned=returned, call=call, answer=answer
            )
        )
        return answer


def by_threads(site: Site, *, callers: int, calls: int) -> None:
    """Let threads call, two of them through one handle. Raises: Broken if no order fits."""
    shared = site.open()
    handles = [shared, shared, *(site.open() for _ in range(callers - 2))]

    def live(number: int) -> Log:
        return _live(handles[number], f"t{number}", site.seed + number, calls)

    lives = [partial(live, number) for number in range(callers)]
    check(together(lives, "threads calling one store"))


def by_processes(site: Site, *, callers: int, calls: int) -> None:
    """Let processes call, and this one beside them. Raises: Broken if no order fits."""
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                spawned(site, f"{__name__}:historian", site.seed, number, calls, held=True)
            )
            for number in range(callers)
        ]
        store = site.open()
        let_go(children)
        logs = [_live(store, "here", site.seed + callers, calls)]
        logs += [cast("Log", await_message(child, "done")) for child in children]
    check(logs)


def historian(store: Store, pipe: Connection, seed: int, number: int, calls: int) -> None:
    """Call, as a child process, and report what was written down."""
    pipe.send(("done", _live(store, f"p{number}", seed + number, calls)))


def _live(store: Store, caller: str, seed: int, calls: int) -> Log:
    schedule = random.Random(seed)  # noqa: S311  # repeatable on purpose
    witness = Witness(store, caller)
    for _call in range(calls):
        witness.act(schedule)
    return witness.log


def check(logs: Iterable[Log]) -> None:
    """Go on only if there is an order for each stream and cell. Raises: Broken, showing why not."""
    logs = list(logs)
    begin = min(each.invoked for log in logs for told in log.values() for each in told)
    for name in (*STREAMS, CELL):
        told = [
            attrs.evolve(
                each,
                invoked=each.invoked - begin,
                returned=None if each.returned is None else each.returned - begin,
            )
            for log in logs
            for each in log[name]
        ]
        found = (
            contradiction(told, CellRegister())
            if name == CELL
            else contradiction(told, StreamRegister())
        )
        if found is not None:
            raise broken(
                f"{name}: no order of the calls gives the answer of {found.operations[-1]}",
                done=f"{len(logs)} callers made {len(told)} calls on {name} at the same time",
                expected="answers as if the calls had been made one after another",
                story=str(found).split("\n"),
            )
