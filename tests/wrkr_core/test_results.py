"""Results of steps: what comes back the first time is what comes back after a crash."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import JSON_VALUES
from wrkr_core import results
from wrkr_core.artifact import Artifact
from wrkr_core.canonical import dumps
from wrkr_core.errors import InvalidInputError, ResultNotStorableError
from wrkr_core.results import Outcome, decode_result, encode_result, read_back, register_result

if TYPE_CHECKING:
    from collections.abc import Iterator


@attrs.frozen
class Plan:
    files: tuple[str, ...]
    size: int


class Shape(msgspec.Struct, frozen=True):
    sides: int


@dataclasses.dataclass(frozen=True)
class Note:
    text: str


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(results, "_by_class", {})
    monkeypatch.setattr(results, "_by_name", {})
    yield  # noqa: PT022  # the registry is put back after the test


def through(value: object) -> Any:  # noqa: ANN401  # any value
    return decode_result(*encode_result(value))


JSON_AND_TUPLES = JSON_VALUES | st.tuples(
    JSON_VALUES, st.floats(allow_nan=False, max_value=1e15, min_value=-1e15)
)


@given(JSON_AND_TUPLES)
def test_the_first_run_returns_what_every_replay_returns(value: object) -> None:
    data, type_name = encode_result(value)

    first = read_back(value, data, type_name)

    assert type_name is None
    assert data == dumps(value)
    assert first == decode_result(data, type_name)
    assert type(first) is type(decode_result(data, type_name))


@pytest.mark.parametrize(
    ("value", "comes_back_as"), [((1, 2), [1, 2]), (1.0, 1), (-0.0, 0), ("a", "a"), (True, True)]
)
def test_json_is_what_comes_back_at_once(value: object, comes_back_as: object) -> None:
    found = read_back(value, *encode_result(value))

    assert found == comes_back_as
    assert type(found) is type(comes_back_as)


@pytest.mark.parametrize("value", [Plan(("a",), 7), Shape(3), Note("x\u2028")])
def test_a_registered_type_comes_back_as_itself(value: object) -> None:
    register_result(type(value))

    data, type_name = encode_result(value)

    assert type_name == type(value).__name__
    assert through(value) == value == read_back(value, data, type_name)
    assert type(through(value)) is type(value)


def test_a_type_may_bring_its_own_codec_and_name() -> None:
    register_result(
        complex, name="point", encode=lambda z: [z.real, z.imag], decode=lambda v: complex(*v)
    )

    assert encode_result(1.5 + 2.5j) == (b"[1.5,2.5]", "point")
    assert through(1.5 + 2.5j) == 1.5 + 2.5j


def test_registering_is_a_decorator_and_may_be_repeated() -> None:
    assert register_result(Plan) is Plan
    assert register_result(Plan) is Plan


def test_a_name_belongs_to_one_class() -> None:
    register_result(Plan)

    with pytest.raises(InvalidInputError, match="result type 'Plan' is registered for"):
        register_result(Shape, name="Plan")
    assert encode_result(Plan((), 1))[1] == "Plan"


@pytest.mark.parametrize(
    "value",
    [object(), {1: 2}, float("nan"), float("inf"), 2**53, "\ud800", b"bytes", {1, 2}, Plan((), 1)],
    ids=["object", "number as key", "nan", "inf", "2^53", "surrogate", "bytes", "set", "class"],
)
def test_what_is_neither_json_nor_registered_is_not_storable(value: object) -> None:
    with pytest.raises(ResultNotStorableError) as caught:
        encode_result(value)

    assert f"a result of type {type(value).__name__} cannot be stored: " in caught.value.message
    assert "register_result" in caught.value.hint
    assert caught.value.details["type"] == type(value).__name__
    assert caught.value.__cause__ is not None


def test_a_result_that_holds_itself_is_not_storable() -> None:
    loop: list[object] = []
    loop.append(loop)

    with pytest.raises(ResultNotStorableError):
        encode_result(loop)


def test_a_codec_that_yields_no_json_is_not_storable() -> None:
    register_result(Plan, encode=lambda plan: plan)

    with pytest.raises(ResultNotStorableError, match="Plan"):
        encode_result(Plan((), 1))


def test_a_recorded_type_that_is_not_registered_here_is_named() -> None:
    with pytest.raises(ResultNotStorableError) as caught:
        decode_result(b"{}", "Plan")

    assert caught.value.message == (
        "a recorded result is of type 'Plan', which is not registered here"
    )
    assert "before working on the job" in caught.value.hint


def test_a_recorded_value_its_type_no_longer_takes_is_named() -> None:
    """The class has changed since: a new field without a default."""
    register_result(Plan)

    with pytest.raises(ResultNotStorableError, match="Plan"):
        decode_result(b'{"files":[]}', "Plan")


def test_an_outcome_is_a_value_with_its_files() -> None:
    artifact = Artifact(path="a", sha256="0" * 64, size=0)

    assert Outcome(3) == Outcome(value=3, artifacts=())
    assert Outcome(3, (artifact,)).artifacts == (artifact,)
