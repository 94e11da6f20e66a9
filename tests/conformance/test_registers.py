"""What a stream and a cell answer when calls come one after another."""

from __future__ import annotations

import pytest

from wrkr_conformance.linear import Operation
from wrkr_conformance.registers import (
    UNTOLD,
    Append,
    CellRegister,
    CellState,
    Done,
    Get,
    Head,
    Put,
    Read,
    Refused,
    StreamRegister,
)

STREAM = StreamRegister()
CELL = CellRegister()


def told(call: object, answer: object) -> Operation:
    return Operation(caller="c", invoked=0, returned=1, call=call, answer=answer)


def untold(call: object) -> Operation:
    return Operation(caller="c", invoked=0, call=call)


@pytest.mark.parametrize(
    ("there", "call", "answer", "after"),
    [
        ((), Append(0, ("a", "b")), Done(2), ("a", "b")),
        (("a", "b"), Append(0, ("a", "b")), Done(2, replayed=True), ("a", "b")),
        (("a", "b"), Append(1, ("b",)), Done(2, replayed=True), ("a", "b")),
        (("a", "b"), Append(0, ("a", "c")), Refused(2), ("a", "b")),
        (("a",), Append(0, ("a", "b")), Refused(1), ("a",)),
        (("a",), Append(5, ("b",)), Refused(1), ("a",)),
        (("a", "b", "c"), Read(1, 1), ("b",), ("a", "b", "c")),
        (("a",), Head(), 1, ("a",)),
    ],
)
def test_a_stream_answers(
    there: tuple[str, ...], call: object, answer: object, after: tuple[str, ...]
) -> None:
    assert list(STREAM.steps(there, told(call, answer))) == [after]
    assert list(STREAM.steps(there, told(call, "anything else"))) == []
    assert list(STREAM.steps(there, untold(call))) == [after]


def test_only_an_append_that_was_or_may_have_been_done_changes_a_stream() -> None:
    assert STREAM.changes(told(Append(0, ("a",)), Done(1)))
    assert STREAM.changes(untold(Append(0, ("a",))))
    assert not STREAM.changes(told(Append(0, ("a",)), Done(1, replayed=True)))
    assert not STREAM.changes(told(Append(0, ("a",)), Refused(1)))
    assert not STREAM.changes(untold(Head()))


ABSENT = CellState(None, frozenset({1, 2}))
HELD = CellState((3, b"x"), frozenset({1, 2, 3}))


@pytest.mark.parametrize(
    ("cell", "call", "answer", "after"),
    [
        (HELD, Get(), (3, b"x"), HELD),
        (ABSENT, Get(), None, ABSENT),
        (HELD, Put(3, b"y"), Done(4), CellState((4, b"y"), frozenset({1, 2, 3, 4}))),
        (HELD, Put(3, None), Done(9), CellState(None, frozenset({1, 2, 3, 9}))),
        (ABSENT, Put(0, b"y"), Done(3), CellState((3, b"y"), frozenset({1, 2, 3}))),
        (HELD, Put(0, b"y"), Refused(3), HELD),
        (ABSENT, Put(2, b"y"), Refused(0), ABSENT),
    ],
)
def test_a_cell_answers(cell: CellState, call: object, answer: object, after: CellState) -> None:
    assert list(CELL.steps(cell, told(call, answer))) == [after]


@pytest.mark.parametrize(
    ("cell", "call", "answer"),
    [
        (HELD, Get(), (2, b"x")),
        (HELD, Get(), (3, b"y")),
        (HELD, Get(), None),
        (ABSENT, Get(), (2, b"x")),
        (HELD, Put(3, b"y"), Done(2)),
        (HELD, Put(3, b"y"), Done(0)),
        (HELD, Put(2, b"y"), Done(4)),
        (HELD, Put(3, b"y"), Refused(3)),
        (HELD, Put(1, b"y"), Refused(2)),
    ],
)
def test_a_cell_does_not_answer(cell: CellState, call: object, answer: object) -> None:
    assert list(CELL.steps(cell, told(call, answer))) == []


def test_the_version_of_a_put_without_an_answer_is_learned_from_who_sees_it() -> None:
    (unsure,) = CELL.steps(HELD, untold(Put(3, b"y")))

    assert unsure == CellState((UNTOLD, b"y"), HELD.spent)
    assert list(CELL.steps(unsure, told(Get(), (7, b"y")))) == [
        CellState((7, b"y"), HELD.spent | {7})
    ]
    assert list(CELL.steps(unsure, told(Get(), (2, b"y")))) == []
    assert list(CELL.steps(unsure, told(Get(), None))) == []
    assert list(CELL.steps(HELD, untold(Put(2, b"y")))) == [HELD]


def test_only_a_put_that_was_or_may_have_been_done_changes_a_cell() -> None:
    assert CELL.changes(told(Put(0, b"x"), Done(1)))
    assert CELL.changes(untold(Put(0, b"x")))
    assert not CELL.changes(told(Put(0, b"x"), Refused(1)))
    assert not CELL.changes(told(Get(), None))
