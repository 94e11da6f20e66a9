"""Histories have an order or they do not, as trying every order finds it; what is shown is short."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from wrkr_conformance.linear import Operation, State, contradiction
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_conformance.linear import Model

STREAM = StreamRegister()
CELL = CellRegister()


def told(call: object, answer: object, invoked: int, returned: int | None) -> Operation:
    return Operation(caller="c", invoked=invoked, returned=returned, call=call, answer=answer)


def has_an_order(
    operations: Sequence[Operation], model: Model[State], begin: State | None = None
) -> bool:
    """Try every order of every choice of those without an answer."""
    sure = [each for each in operations if each.returned is not None]
    unsure = [each for each in operations if each.returned is None]
    chosen: list[list[Operation]] = [[]]
    for each in unsure:
        chosen += [[*some, each] for some in chosen]
    state = model.initial if begin is None else begin
    return any(
        is_legal(order, model, state) for some in chosen for order in permutations([*sure, *some])
    )


def is_legal(order: Sequence[Operation], model: Model[State], begin: State) -> bool:
    states = {begin}
    for place, each in enumerate(order):
        for later in order[place + 1 :]:
            if later.returned is not None and later.returned < each.invoked:
                return False
        states = {after for state in states for after in model.steps(state, each)}
    return bool(states)


NAMES = st.sampled_from([("x",), ("y",), ("y", "z")])
DATA = st.sampled_from([b"1", b"2", None])
STREAM_CALLS = st.one_of(
    st.builds(Append, st.integers(0, 2), NAMES),
    st.builds(Read, st.integers(0, 1), st.integers(1, 3)),
    st.just(Head()),
)
CELL_CALLS = st.one_of(st.builds(Put, st.integers(0, 2), DATA), st.just(Get()))
STREAM_ANSWERS: list[object] = [
    *[Done(number, replayed) for number in (1, 2, 3) for replayed in (False, True)],
    *[Refused(head) for head in range(4)],
    *[(), ("x",), ("y",), ("x", "y"), ("y", "z"), ("x", "y", "z")],
    *range(4),
]
CELL_ANSWERS: list[object] = [
    *[Done(version) for version in (1, 2, 3)],
    *[Refused(version) for version in (0, 1, 2)],
    *[(1, b"1"), (1, b"2"), (2, b"1"), (2, b"2"), None],
]


@st.composite
def histories(
    draw: st.DrawFn, model: Model[State], calls: st.SearchStrategy[object], answers: list[object]
) -> list[Operation]:
    """Draw calls that were done in an order, around the instants of which they began and ended.

    Now and then an answer or an interval is moved, so that about as many histories have no order.
    """
    state, history = model.initial, list[Operation]()
    for place, call in enumerate(draw(st.lists(calls, min_size=2, max_size=5))):
        fitting = [
            (answer, after)
            for answer in answers
            for after in model.steps(state, told(call, answer, 0, 0))
        ]
        answer, state = draw(st.sampled_from(fitting)) if fitting else (None, state)
        begin, end = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        at = 2 * place + draw(st.sampled_from([0, 0, 0, 0, 3, -3]))
        if draw(st.integers(0, 9)) == 0:
            answer = draw(st.sampled_from(answers))
        is_open = not fitting or draw(st.integers(0, 7)) == 0
        history.append(
            told(call, None, at - begin, None)
            if is_open
            else told(call, answer, at - begin, at + end)
        )
    return history


def stream_histories() -> st.SearchStrategy[list[Operation]]:
    return histories(STREAM, STREAM_CALLS, STREAM_ANSWERS)


@settings(max_examples=400)
@given(stream_histories())
def test_a_stream_has_an_order_exactly_if_trying_all_of_them_finds_one(
    history: list[Operation],
) -> None:
    assert (contradiction(history, STREAM) is None) == has_an_order(history, STREAM)


@settings(max_examples=400)
@given(histories(CELL, CELL_CALLS, CELL_ANSWERS))
def test_a_cell_has_an_order_exactly_if_trying_all_of_them_finds_one(
    history: list[Operation],
) -> None:
    assert (contradiction(history, CELL) is None) == has_an_order(history, CELL)


@given(stream_histories())
def test_what_is_shown_contradicts_itself_and_is_part_of_the_history(
    history: list[Operation],
) -> None:
    found = contradiction(history, STREAM)

    if found is None:
        return
    known = {(each.call, each.invoked) for each in history}
    assert {(each.call, each.invoked) for each in found.operations} <= known
    assert len(found.operations) <= len(history)
    assert not any(has_an_order(found.operations, STREAM, state) for state in found.begin)


def test_a_lost_update_is_shown_with_nothing_around_it() -> None:
    history = [
        told(Append(0, ("a",)), Done(1), 0, 1),
        told(Head(), 1, 2, 3),
        told(Append(1, ("b",)), Done(2), 10, 15),
        told(Head(), 1, 11, 12),
        told(Append(1, ("c",)), Done(2), 12, 16),
        told(Head(), 2, 20, 21),
        told(Read(0, 9), ("a", "c"), 22, 23),
    ]

    found = contradiction(history, STREAM)

    assert found is not None
    assert found.begin == frozenset({("a",)})
    assert [each.call for each in found.operations] == [Append(1, ("b",)), Append(1, ("c",))]
    assert str(found).startswith(
        "from ('a',):\n  c 0.000..0.000 ms: Append(expected=1, ids=('b',))"
    )


def test_a_call_without_an_answer_may_be_done_at_any_later_time_or_never() -> None:
    unknown = told(Append(0, ("a",)), None, 0, None)
    before, after = told(Head(), 0, 50, 51), told(Head(), 1, 60, 61)

    assert contradiction([unknown, before], STREAM) is None
    assert contradiction([unknown, before, after], STREAM) is None
    assert contradiction([unknown, after, attrs.evolve(before, invoked=70, returned=71)], STREAM)


def test_two_calls_without_an_answer_may_have_come_in_either_order() -> None:
    one, other = told(Append(0, ("x",)), None, 0, None), told(Append(0, ("y",)), None, 0, None)

    for seen in ("x", "y"):
        assert contradiction([one, other, told(Read(0, 9), (seen,), 10, 11)], STREAM) is None
    assert contradiction([one, other, told(Read(0, 9), ("x", "y"), 10, 11)], STREAM) is not None


def test_a_contradiction_is_not_cut_off_with_what_came_later() -> None:
    lost = [told(Append(0, ("a",)), Done(1), 0, 1), told(Append(0, ("b",)), Done(1), 2, 9)]
    later = told(Append(7, ("z",)), None, 8, None)

    found = contradiction([*lost, later], STREAM)

    assert found is not None
    assert lost[1] in found.operations


class Coin:
    """Falls on either side."""

    initial = "thrown"

    def steps(self, state: str, operation: Operation) -> list[str]:
        if operation.call == "throw":
            return ["heads", "tails"]
        return [state] if operation.answer == state else []

    def changes(self, operation: Operation) -> bool:
        return bool(operation.call == "throw")


def test_every_state_in_which_the_rest_may_have_begun_is_shown() -> None:
    found = contradiction([told("throw", None, 0, 1), told("look", "edge", 2, 3)], Coin())

    assert found is not None
    assert found.begin == frozenset({"heads", "tails"})
    assert str(found).startswith("from 'heads' or 'tails':\n")


def test_an_operation_says_when_it_was_and_what_came_of_it() -> None:
    assert str(told(Head(), 3, 1_500_000, 2_000_000)) == "c 1.500..2.000 ms: Head() -> 3"
    assert str(told(Head(), None, 0, None)) == "c 0.000..never told: Head() -> None"
