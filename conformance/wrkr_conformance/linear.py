"""Did concurrent calls get answers that one after another could have given?

A history is linearizable if every call can be given one instant between its invocation and its
return, so that the answers are those of the calls done in that order (Herlihy and Wing 1990). The
search is the one of Wing and Gong 1993 with what Lowe 2017 remembers: a set of calls that are done,
together with the state they lead to, is tried once.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

State = TypeVar("State", bound=Hashable)


@attrs.frozen(kw_only=True)
class Operation:
    """A call as its caller saw it.

    Attributes:
        caller: Who called.
        invoked: When the call began, on a clock that all callers share, ns.
        returned: When it ended; None if it did not, or ended without telling whether it was done:
            then it may be done at any time from ``invoked`` on, or never.
        call: What was asked for.
        answer: What came back; None with ``returned``.

    """

    caller: str
    invoked: int
    returned: int | None = None
    call: Any
    answer: Any = None

    def __str__(self) -> str:
        """Return the operation as one line."""
        end = "never told" if self.returned is None else f"{self.returned / 1e6:.3f} ms"
        return f"{self.caller} {self.invoked / 1e6:.3f}..{end}: {self.call} -> {self.answer}"


class Model(Protocol[State]):
    """What the calls mean when they are done one after another."""

    @property
    def initial(self) -> State:
        """Return the state before the first call."""
        ...

    def steps(self, state: State, operation: Operation) -> Collection[State]:
        """Return the states the operation may lead to; none if its answer is impossible in ``state``.

        An operation without an answer may have had any.
        """
        ...

    def changes(self, operation: Operation) -> bool:
        """Tell whether the operation may have changed anything."""
        ...


@attrs.frozen(kw_only=True)
class Contradiction(Generic[State]):
    """Operations that no order explains, in the order of their invocation.

    Attributes:
        begin: The states in which the first of them may have been called.
        operations: As few as could be found.

    """

    begin: frozenset[State]
    operations: tuple[Operation, ...]

    def __str__(self) -> str:
        """Return one line for the beginning and one for each operation."""
        begin = " or ".join(sorted(repr(state) for state in self.begin))
        return "\n".join([f"from {begin}:", *(f"  {each}" for each in self.operations)])


def contradiction(
    operations: Sequence[Operation], model: Model[State]
) -> Contradiction[State] | None:
    """Return None if the history is linearizable, else the shortest part of it that is not."""
    history = sorted(operations, key=lambda each: each.invoked)
    begin = frozenset({model.initial})
    if _ends(history, model, begin):
        return None
    history = _shortest_beginning(history, model, begin)
    history = _without_needless(history, model, begin)
    return _latest_part(history, model, begin)


def _ends(
    history: Sequence[Operation],
    model: Model[State],
    begin: frozenset[State],
    *,
    all_of_them: bool = False,
) -> frozenset[State]:
    """Return a state a legal order ends in, or all such states; none if there is no order."""
    wanted = sum(1 << place for place, each in enumerate(history) if each.returned is not None)
    found: set[State] = set()
    tried: set[tuple[int, State]] = set()
    todo = [(0, state) for state in begin]
    while todo:
        done, state = configuration = todo.pop()
        if configuration in tried:
            continue
        tried.add(configuration)
        if done & wanted == wanted:
            found.add(state)
            if not all_of_them:
                break
        for place in _next(history, done):
            todo += [(done | 1 << place, after) for after in model.steps(state, history[place])]
    return frozenset(found)


def _next(history: Sequence[Operation], done: int) -> Iterator[int]:
    """Yield the places of operations that may come next: none has returned before they began."""
    open_until: int | None = None
    for place in range((~done & done + 1).bit_length() - 1, len(history)):
        each = history[place]
        if open_until is not None and each.invoked > open_until:
            return
        if done >> place & 1:
            continue
        yield place
        if each.returned is not None:
            open_until = each.returned if open_until is None else min(each.returned, open_until)


def _shortest_beginning(
    history: list[Operation], model: Model[State], begin: frozenset[State]
) -> list[Operation]:
    """Return what had happened when the contradiction was complete.

    Beginnings of a linearizable history are linearizable, so the place can be found by halving.
    """
    ends = sorted(each.returned for each in history if each.returned is not None)
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if _ends(_until(history, ends[middle]), model, begin):
            low = middle + 1
        else:
            high = middle
    return _until(history, ends[low])


def _until(history: Sequence[Operation], instant: int) -> list[Operation]:
    """Return what was called by then; what had not returned is left without an answer."""
    return [
        each
        if each.returned is not None and each.returned <= instant
        else attrs.evolve(each, returned=None, answer=None)
        for each in history
        if each.invoked <= instant
    ]


def _without_needless(
    history: list[Operation], model: Model[State], begin: frozenset[State]
) -> list[Operation]:
    """Leave out what changed nothing, as long as the rest contradicts itself without it.

    What changed something stays: others may have seen it.
    """
    for each in reversed(history):
        fewer = [other for other in history if other is not each]
        if not model.changes(each) and not _ends(fewer, model, begin):
            history = fewer
    return history


def _latest_part(
    history: list[Operation], model: Model[State], begin: frozenset[State]
) -> Contradiction[State]:
    """Leave out what was over before the contradiction began."""
    for place in range(len(history) - 1, 0, -1):
        before = history[:place]
        if any(each.returned is None for each in before):
            continue
        if max(each.returned or 0 for each in before) >= history[place].invoked:
            continue
        states = _ends(before, model, begin, all_of_them=True)
        return Contradiction(begin=states, operations=tuple(history[place:]))
    return Contradiction(begin=begin, operations=tuple(history))
