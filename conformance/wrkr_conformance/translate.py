"""Compare answers of two stores where the contract lets them differ in spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import attrs

from wrkr_conformance.expect import claim, drain, same
from wrkr_core.errors import Conflict, StoreError, Trimmed
from wrkr_core.store import Appended, Event, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.store import Cell, Store

Place = tuple[str, int]


def answer_of(store: Store, call: Callable[[Store], object]) -> object:
    """Return what the call returned or the contract's error it raised."""
    try:
        return call(store)
    except (StoreError, ValueError) as error:
        return error


def meaning_of(answer: object) -> object:
    """Return what an answer means, equal for two stores that agree: everything but ``pos``."""
    if isinstance(answer, list):
        return [meaning_of(item) for item in cast("list[object]", answer)]
    return _error_meaning(answer) if isinstance(answer, Exception) else _value_meaning(answer)


def _value_meaning(answer: object) -> object:
    match answer:
        case Appended(seq=seq, replayed=replayed):
            return ("appended", seq, replayed)
        case StreamInfo(stream=stream, head=head, first=first):
            return ("stream", stream, head, first)
        case Event():
            return _content(answer)
        case _:
            return answer


def _error_meaning(error: Exception) -> object:
    match error:
        case Conflict(stream=stream, expected=expected, head=head):
            return ("Conflict", stream, expected, head)
        case Trimmed(first=first):
            return ("Trimmed", first)
        case _:
            return _kind(error)


def _kind(error: Exception) -> str:
    """Return the name of the contract's class, also for a store's own subclass of it."""
    if isinstance(error, ValueError):
        return "ValueError"
    known = (
        kind.__name__ for kind in type(error).__mro__ if kind.__module__ == StoreError.__module__
    )
    return next(known, type(error).__name__)


def _content(event: Event) -> tuple[object, ...]:
    return (event.stream, event.seq, event.id, event.type, event.at, event.data)


class Positions:
    """The ``pos`` the store under test gave; it only grows and belongs to its record for good."""

    def __init__(self) -> None:
        """Know none."""
        self._known: dict[Place, int] = {}
        self._newest = 0

    def learn(self, stream: str, answer: object) -> None:
        """Take note of an append's answer. Raises: Broken."""
        if not isinstance(answer, Appended):
            return
        place = (stream, answer.seq)
        if answer.replayed:
            same(answer.pos, self._known.get(place, answer.pos), f"pos of {place}, replayed")
        else:
            claim(answer.pos > self._newest, f"pos {answer.pos} was given after {self._newest}")
            self._newest = answer.pos
        self._known[place] = answer.pos

    def compare(self, answer: object) -> None:
        """Go on only if records and heads of streams have the pos they were given. Raises: Broken."""
        for each in cast("list[object]", answer) if isinstance(answer, list) else [answer]:
            if isinstance(each, Event | StreamInfo):
                place = (each.stream, each.seq if isinstance(each, Event) else each.head)
                same(each.pos, self._known.get(place, each.pos), f"pos of {place}")


class Versions:
    """Which version of the store under test is which of the reference, key by key."""

    def __init__(self) -> None:
        """Know none."""
        self._pairs: dict[str, list[tuple[int, int]]] = {}

    def guess(self, model: Store, key: str, guess: str) -> tuple[int, int]:
        """Return an expected version for the reference and the same one for the other store."""
        pairs = self._pairs.get(key, [])
        if guess == "absent":
            return 0, 0
        if guess == "never":
            return 1 << 40, 1 << 40
        if guess == "stale" and len(pairs) > 1:
            return pairs[-2]
        cell = model.get(key)
        present = cell.version if cell is not None else 0
        return present, dict(pairs).get(present, 0)

    def compare_put(self, key: str, wanted: object, found: object) -> None:
        """Go on only if both put or both refused alike. Raises: Broken."""
        if isinstance(wanted, Conflict) and isinstance(found, Conflict):
            self._same(key, wanted.head, found.head, f"the version in Conflict for {key!r}")
        elif isinstance(wanted, int) and isinstance(found, int):
            known = {theirs for _mine, theirs in self._pairs.get(key, [])} | {0}
            claim(found not in known, f"put gave {key!r} version {found}, which it had before")
            self._pairs.setdefault(key, []).append((wanted, found))
        else:
            same(meaning_of(found), meaning_of(wanted), f"put of {key!r}")

    def compare_get(self, key: str, wanted: Cell | None, found: Cell | None) -> None:
        """Go on only if both have the same cell. Raises: Broken."""
        same(
            found and (found.key, found.data),
            wanted and (wanted.key, wanted.data),
            f"get({key!r})",
        )
        if wanted is not None and found is not None:
            self._same(key, wanted.version, found.version, f"the version of {key!r}")

    def _same(self, key: str, wanted: int, found: int, what: str) -> None:
        same(found, {0: 0, **dict(self._pairs.get(key, []))}.get(wanted), what)


@attrs.define
class Follower:
    """A place in the feed: a cursor, and what was seen on the way to it."""

    cursor: str = ""
    seen: set[Place] = attrs.Factory(set[Place])

    def step(self, store: Store, model: Store, limit: int) -> None:
        """Take the next page; it must be unseen, right, and empty only at the end."""
        page, self.cursor = store.feed(self.cursor, limit)
        claim(len(page) <= limit, f"feed(limit={limit}) gives {len(page)} records")
        rest = self._rest(model)
        claim(bool(page) or not rest, f"the feed ends though {sorted(rest)} were not seen")
        self._compare(page, rest)
        self.seen |= {(event.stream, event.seq) for event in page}

    def check_rest(self, store: Store, model: Store) -> None:
        """Read on to the end without moving; it must be all that was not seen."""
        rest = self._rest(model)
        found, _cursor = drain(store, self.cursor, limit=4)
        same(sorted((e.stream, e.seq) for e in found), sorted(rest), "the feed behind a cursor")
        self._compare(found, rest)

    def check_wait(self, store: Store, model: Store) -> None:
        """Ask whether there is more, without waiting."""
        same(store.wait(self.cursor, 0), bool(self._rest(model)), "wait without waiting")

    def _rest(self, model: Store) -> dict[Place, Event]:
        live = {(event.stream, event.seq): event for event in drain(model)[0]}
        return {place: event for place, event in live.items() if place not in self.seen}

    def _compare(self, page: list[Event], rest: dict[Place, Event]) -> None:
        reached: dict[str, int] = {}
        for event in page:
            wanted = rest.get((event.stream, event.seq))
            claim(
                wanted is not None, f"the feed gives {event.stream}/{event.seq}, seen or not there"
            )
            same(_content(event), wanted and _content(wanted), "a record in the feed")
            before = [seq for name, seq in rest if name == event.stream and seq < event.seq]
            last = reached.get(event.stream, 0)
            claim(all(seq <= last for seq in before), f"the feed skips before {event.seq}")
            reached[event.stream] = event.seq
