"""What a stream and a cell are when calls come one after another: registers with compare-and-set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Collection

    from wrkr_conformance.linear import Operation

    Held = tuple[int, bytes]


@attrs.frozen
class Append:
    """Append records with these ids at ``expected``."""

    expected: int
    ids: tuple[str, ...]


@attrs.frozen
class Read:
    """Read up to ``limit`` ids after ``after``; answered by a tuple of them."""

    after: int
    limit: int


@attrs.frozen
class Head:
    """Ask for the head; answered by a number."""


@attrs.frozen
class Put:
    """Set the cell, or delete it with None, if its version is ``expected``."""

    expected: int
    data: bytes | None


@attrs.frozen
class Get:
    """Ask for the cell; answered by version and data, or None."""


@attrs.frozen
class Done:
    """The write was done: the seq of the batch's last record, or the cell's new version."""

    number: int
    replayed: bool = False


@attrs.frozen
class Refused:
    """The write was a Conflict that carried this head or version."""

    head: int


class StreamRegister:
    """A stream: its state is the ids of its records, in order."""

    initial: tuple[str, ...] = ()

    def steps(self, state: tuple[str, ...], operation: Operation) -> Collection[tuple[str, ...]]:
        """Return the stream after the operation; none if it cannot have answered so."""
        after, answer = _answer(state, operation.call)
        return [after] if operation.returned is None or operation.answer == answer else []

    def changes(self, operation: Operation) -> bool:
        """Tell whether the operation was an append that was done, or may have been."""
        if not isinstance(operation.call, Append):
            return False
        return operation.returned is None or operation.answer == Done(
            operation.call.expected + len(operation.call.ids)
        )


def _answer(there: tuple[str, ...], call: Append | Read | Head) -> tuple[tuple[str, ...], object]:
    """Return the stream after a call and what the call has to answer."""
    match call:
        case Append():
            return _append(there, call)
        case Read(after=after, limit=limit):
            return there, there[after : after + limit]
        case Head():
            return there, len(there)


def _append(there: tuple[str, ...], call: Append) -> tuple[tuple[str, ...], Done | Refused]:
    """Return the stream after an append and what it has to be told (A2, A3)."""
    last = call.expected + len(call.ids)
    if len(there) == call.expected:
        return there + call.ids, Done(last)
    if there[call.expected : last] == call.ids:
        return there, Done(last, replayed=True)
    return there, Refused(len(there))


@attrs.frozen
class CellState:
    """A cell: version and data if it is there, and every version it is known to have had."""

    held: Held | None = None
    spent: frozenset[int] = frozenset()

    def at(self, version: int) -> CellState | None:
        """Return the cell if that may be its version (0 = absent), None if it cannot be."""
        if self.held is None or version == self.held[0]:
            return self if version == (self.held[0] if self.held else 0) else None
        if self.held[0] != UNTOLD or version == 0 or version in self.spent:
            return None
        return self.with_version(version, self.held[1])

    def with_version(self, version: int, data: bytes | None) -> CellState:
        """Return the cell set to ``data``, or deleted with None, which took ``version``."""
        spent = self.spent if version == UNTOLD else self.spent | {version}
        return CellState(None if data is None else (version, data), spent)


UNTOLD: Final = -1  # the version of a put whose answer never came, until somebody sees it


class CellRegister:
    """A cell: its versions are any numbers above 0 that do not repeat (C1, C2)."""

    initial: CellState = CellState()

    def steps(self, state: CellState, operation: Operation) -> Collection[CellState]:
        """Return the cell after the operation; none if it cannot have answered so."""
        after: CellState | None = state
        if isinstance(operation.call, Put):
            after = _put(state, operation.call, operation.answer)
        elif operation.returned is not None:
            after = _seen(state, operation.answer)
        return [] if after is None else [after]

    def changes(self, operation: Operation) -> bool:
        """Tell whether the operation was a put that was done, or may have been."""
        return isinstance(operation.call, Put) and not isinstance(operation.answer, Refused)


def _seen(cell: CellState, answer: object) -> CellState | None:
    """Return the cell once it was looked at, None if it cannot have looked so."""
    match answer:
        case (int(version), bytes()):
            after = cell.at(version)
        case None:
            after = cell.at(0)
        case _:
            return None
    return after if after is not None and after.held == answer else None


def _put(cell: CellState, call: Put, answer: object) -> CellState | None:
    """Return the cell after a put, None if the answer is impossible."""
    found = cell.at(call.expected)
    match answer:
        case None:
            return cell if found is None else found.with_version(UNTOLD, call.data)
        case Refused(head=head):
            return cell.at(head) if head != call.expected else None
        case Done(number=version) if found and version > 0 and version not in found.spent:
            return found.with_version(version, call.data)
        case _:
            return None
