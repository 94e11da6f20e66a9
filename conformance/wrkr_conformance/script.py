"""A short history that is cut off at every place, and what its player was told until then.

Everything that crashes a store on purpose (power, kills, faults of the disk) plays this one script,
so that what must be left of it is worked out in one place (``judging``).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Literal

import attrs

from wrkr_conformance.expect import record, same

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from wrkr_core.store import Event, NewEvent, Store

Act = Literal["append", "put", "clear", "trim", "delete"]
Place = tuple[str, int]  # a stream and a seq

ACTS: Final[tuple[tuple[Act, str, int, bool], ...]] = (
    ("append", "a", 2, True),
    ("put", "k", 0, True),
    ("append", "b", 1, False),
    ("append", "a", 3, False),
    ("put", "k", 0, False),
    ("append", "b", 2, True),
    ("put", "l", 0, True),
    ("trim", "a", 2, True),
    ("append", "b/c", 1, True),
    ("clear", "l", 0, True),
    ("append", "a", 1, False),
    ("delete", "b", 0, True),
    ("put", "k", 0, True),
    ("append", "a", 2, True),
    ("append", "b/c", 2, False),
)


@attrs.frozen(kw_only=True)
class Step:
    """One call of the script.

    Attributes:
        number: Its place in the script, from 1 on.
        act: What is called; ``clear`` is a put of None.
        name: The stream or the key.
        size: How many records to append, or the seq to trim through.
        durable: Whether it is to survive a loss of power at once.
        expected: Where to append.

    """

    number: int
    act: Act
    name: str
    size: int
    durable: bool
    expected: int

    @property
    def last(self) -> int:
        """The seq of the last record of an append."""
        return self.expected + self.size

    def batch(self) -> list[NewEvent]:
        """Return the records to append."""
        return [
            record(name, data_of(name))
            for name in (f"{self.number}.{seq}" for seq in range(self.expected + 1, self.last + 1))
        ]

    def data(self) -> bytes | None:
        """Return what to put."""
        return data_of(f"cell-{self.number}") if self.act == "put" else None

    def __str__(self) -> str:
        """Return the step as the call it is."""
        relaxed = "" if self.durable else ", durable=False"
        match self.act:
            case "append":
                return f"append({self.name!r}, {self.expected}, {self.size} records{relaxed})"
            case "put":
                return f"put({self.name!r}, data{relaxed})"
            case "clear":
                return f"put({self.name!r}, None)"
            case "trim":
                return f"trim({self.name!r}, {self.size})"
            case "delete":
                return f"delete({self.name!r})"


def script(capabilities: Collection[str]) -> tuple[Step, ...]:
    """Return the script for a store that declares these capabilities."""
    heads: dict[str, int] = {}
    steps: list[Step] = []
    for act, name, size, durable in ACTS:
        if act == "trim" and "trim" not in capabilities:
            continue
        expected = heads.get(name, 0)
        if act == "append":
            heads[name] = expected + size
        steps.append(
            Step(
                number=len(steps) + 1,
                act=act,
                name=name,
                size=size,
                durable=durable or "relaxed" not in capabilities,
                expected=expected,
            )
        )
    return tuple(steps)


def data_of(name: str) -> bytes:
    """Return the data that belongs to a name: JSON, up to some hundred bytes."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    size = int(digest[:2], 16) * 3
    return f'{{"name":"{name}","fill":"{(digest * 13)[:size]}"}}'.encode()


@attrs.frozen
class Begun:
    """A step was begun."""

    number: int


@attrs.frozen
class Done:
    """A step was acknowledged; ``answer`` is the version of a put."""

    number: int
    answer: int = 0


@attrs.frozen
class Failed:
    """A step ended in an error; ``written`` tells whether it may have been done all the same."""

    number: int
    written: bool
    error: str


@attrs.frozen
class Saw:
    """A reader was given these records, and the cursor behind them."""

    cursor: str
    places: tuple[Place, ...]


Message = Begun | Done | Failed | Saw


@attrs.define
class Account:
    """What was told until the script was cut off.

    Attributes:
        steps: The whole script.
        fates: What became of each step that was begun.
        seen: Every record a reader was given.
        cursors: Every cursor a reader was given, and what was before it.
        doubted: The steps that ended in an error that leaves open whether they were done.

    """

    steps: Sequence[Step]
    fates: dict[int, Begun | Done | Failed] = attrs.Factory(dict[int, Begun | Done | Failed])
    seen: frozenset[Place] = frozenset()
    cursors: list[tuple[str, frozenset[Place]]] = attrs.Factory(list[tuple[str, frozenset[Place]]])
    doubted: set[int] = attrs.Factory(set[int])

    def take(self, message: Message) -> None:
        """Take note of what was told. What may have been done once is never sure not to be."""
        if isinstance(message, Failed) and message.written:
            self.doubted.add(message.number)
        if isinstance(message, Failed) and message.number in self.doubted:
            message = attrs.evolve(message, written=True)
        if not isinstance(message, Saw):
            self.fates[message.number] = message
        elif message.places:
            self.seen |= frozenset(message.places)
            self.cursors.append((message.cursor, self.seen))

    def take_all(self, log: Iterable[object]) -> None:
        """Take note of every message in a log."""
        for each in log:
            if isinstance(each, Message):
                self.take(each)

    def told(self, *acts: Act, name: str | None = None) -> Iterator[tuple[Step, bool]]:
        """Yield the steps that were or may have been done, and whether they surely were."""
        for step in self.steps:
            fate = self.fates.get(step.number)
            if fate is None or step.act not in acts or name not in (None, step.name):
                continue
            if not isinstance(fate, Failed) or fate.written:
                yield step, isinstance(fate, Done)

    @property
    def streams(self) -> list[str]:
        """Every stream the script knows."""
        return sorted({step.name for step in self.steps if step.act == "append"})

    @property
    def keys(self) -> list[str]:
        """Every key the script knows."""
        return sorted({step.name for step in self.steps if step.act == "put"})

    def versions(self, key: str) -> set[int]:
        """Return every version that was handed out for a key."""
        fates = (self.fates.get(step.number) for step, _sure in self.told("put", "clear", name=key))
        return {fate.answer for fate in fates if isinstance(fate, Done)}


class Player:
    """Plays the script on a store and tells what it is told."""

    def __init__(self, store: Store, tell: Callable[[Message], None]) -> None:
        """Play on ``store``, from its beginning."""
        self.store = store
        self._tell = tell
        self._cursor = ""

    def play(self, steps: Sequence[Step]) -> None:
        """Do every step. Raises: what the store raises."""
        for step in steps:
            self._tell(Begun(step.number))
            self._tell(Done(step.number, self.do(step)))
            self._tell(self.look())

    def do(self, step: Step) -> int:
        """Do one step and return the version of a put, else 0."""
        store = self.store
        if step.act == "append":
            done = store.append(step.name, step.expected, step.batch(), durable=step.durable)
            same(done.seq, step.last, f"seq that {step} returned")
        elif step.act == "trim":
            store.trim(step.name, step.size)
        elif step.act == "delete":
            store.delete(step.name)
        else:
            return store.put(
                step.name, step.data(), version_of(store, step.name), durable=step.durable
            )
        return 0

    def look(self) -> Saw:
        """Read the next records of the feed."""
        page, self._cursor = self.store.feed(self._cursor, 100)
        return Saw(self._cursor, places_of(page))


def places_of(events: Sequence[Event]) -> tuple[Place, ...]:
    """Return where each record stands."""
    return tuple((event.stream, event.seq) for event in events)


def version_of(store: Store, key: str) -> int:
    """Return the version of a cell, 0 if it is absent."""
    cell = store.get(key)
    return cell.version if cell is not None else 0
