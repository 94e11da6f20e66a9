"""What is taken for canonical without walking through it is canonical."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest
from hypothesis import given

from tests.stories import canceled_story, whole_story
from tests.strategies import KNOWN_EVENTS, UNKNOWN_EVENTS
from wrkr_core import chain, codec
from wrkr_core import events as e
from wrkr_core.canonical import MAX_DEPTH, is_canonical
from wrkr_core.jobpack.plain_lines import FOREIGN, plain_line
from wrkr_core.record import read_line, seal_all

if TYPE_CHECKING:
    from msgspec.inspect import Type


def line_of(event: e.Event) -> bytes:
    ids = (str(number) for number in itertools.count(1))
    (new,), _ = seal_all(
        "port-utils", after=0, prev=chain.GENESIS, events=(event,), at=7, by="ann", ids=ids
    )
    return new.data


def sealed(payload: str, wire: str = "job_paused/1", **fields: int) -> bytes:
    given = {"at": 7, "seq": 1, **fields}
    return chain.seal(
        prev=chain.GENESIS,
        by="ann",
        id="1",
        job="port-utils",
        payload=payload.encode(),
        type=wire,
        **given,
    )[1]


@given(KNOWN_EVENTS | UNKNOWN_EVENTS)
def test_a_plain_line_is_canonical_and_its_event_is_the_one_it_holds(event: e.Event) -> None:
    line = line_of(event)

    found = plain_line(line)

    if found is not None:
        assert is_canonical(line)
        assert found == (read_line(line), event)


def test_nearly_every_line_of_a_job_is_plain() -> None:
    lines = [
        each.data
        for story in (whole_story(), canceled_story())
        for each in story.store.read(story.job_id)
    ]

    others = {read_line(line).type for line in lines if plain_line(line) is None}

    # Only what holds a spec, or a timer with an instant of sixteen digits and the like.
    assert "job_submitted/1" in others
    assert sum(plain_line(line) is not None for line in lines) > 0.8 * len(lines)


def _holds(kind: Type) -> set[str]:
    """Return which kinds of foreign values a type holds, at any depth."""
    if isinstance(kind, msgspec.inspect.StructType):
        return {found for field in kind.fields for found in _holds(field.type)}
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return _holds(kind.item_type)
    if isinstance(kind, msgspec.inspect.UnionType):
        return {found for each in kind.types for found in _holds(each)}
    plain = (
        msgspec.inspect.StrType,
        msgspec.inspect.IntType,
        msgspec.inspect.BoolType,
        msgspec.inspect.NoneType,
        msgspec.inspect.LiteralType,
    )
    return set() if isinstance(kind, plain) else {type(kind).__name__}


@pytest.mark.parametrize(
    "kind", [each for each in get_args(e.KnownEvent) if each is not e.JobSubmitted]
)
def test_an_event_holds_json_of_others_only_where_it_is_looked_for(kind: type) -> None:
    """No floats, no objects with free keys: those sorted msgspec output may get wrong."""
    found = msgspec.inspect.type_info(kind)
    assert isinstance(found, msgspec.inspect.StructType)

    foreign = {field.name: _holds(field.type) for field in found.fields if _holds(field.type)}

    assert foreign == ({FOREIGN[kind]: {"RawType"}} if kind in FOREIGN else {})


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        sealed('{"reason":"x","zeal":1}'),
        sealed('{"reason": "x"}'),
        sealed('{"reason":"x","reason":"x"}'),
        sealed('{"reason":"\\u0041"}'),
        sealed('{"reason":1}'),
        sealed('{"reason":"x"}', "job_paused/2"),
        sealed('{"key":"k","wake_at":9007199254740992}', "timer_set/1"),
        sealed('{"reason":"x"}', at=2**53),
        sealed('{"reason":"x"}', seq=2**53),
        line_of(e.JobPaused(reason="x")).replace(b',"seq"', b', "seq"'),
        line_of(e.JobPaused(reason="x"))[:-1] + b',"zeal":1}',
    ],
)
def test_of_any_other_line_nothing_is_said(line: bytes) -> None:
    assert plain_line(line) is None


@pytest.mark.parametrize(
    "result",
    [
        b"1.0",
        b"1e5",
        b"-0",
        b"[1, 2]",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"9007199254740992",
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    ],
)
def test_a_result_is_not_taken_for_canonical_because_the_rest_is(result: bytes) -> None:
    step = e.StepRef(name="edit", occurrence=1)
    honest = line_of(e.StepFinished(step=step, attempt=1, epoch=1, result=msgspec.Raw(b"[3]")))
    assert plain_line(honest) is not None

    payload = bytes(read_line(honest).payload).replace(b'"result":[3]', b'"result":' + result)

    assert plain_line(sealed(payload.decode(), "step_finished/1")) is None
    assert isinstance(codec.decode("step_finished/1", payload), e.StepFinished)
