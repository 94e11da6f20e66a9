"""Events: a closed union of frozen values, without floats, lists or logic."""

from __future__ import annotations

import inspect
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given

from tests.strategies import KNOWN_EVENTS
from tests.values import field_names, is_value
from wrkr_core import events as e

CLASSES = list(get_args(e.KnownEvent))


def parts(kind: object) -> set[object]:
    """Return every type that an annotation is made of, at any depth of values."""
    inner = [each for arg in get_args(kind) for each in parts(arg)]
    if isinstance(kind, type) and is_value(kind):
        inner += [each for hint in get_type_hints(kind).values() for each in parts(hint)]
    return {kind, *inner}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_no_event_holds_a_float_or_anything_that_can_be_changed(cls: type) -> None:
    held = parts(cls)

    assert held.isdisjoint({float, list, dict, set, bytearray})
    assert not any(str(kind).startswith(("list", "dict", "set")) for kind in held)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_event_is_a_frozen_value_with_a_sentence_about_it(cls: Any) -> None:  # noqa: ANN401
    assert issubclass(cls, msgspec.Struct)
    assert cls.__struct_config__.frozen
    assert inspect.getdoc(cls)
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in
               inspect.signature(cls).parameters.values())  # fmt: skip


def test_every_event_of_the_module_is_in_the_union() -> None:
    helpers = {"AcceptanceFailure", "ForkPoint", "RecordedEvent", "StepRef", "UnknownEvent"}
    defined = {
        name
        for name, cls in vars(e).items()
        if isinstance(cls, type) and cls.__module__ == e.__name__
    }

    assert defined - helpers == {cls.__name__ for cls in CLASSES}
    assert set(get_args(e.Event)) == {*CLASSES, e.UnknownEvent}


@given(KNOWN_EVENTS)
def test_an_event_cannot_be_changed(event: e.KnownEvent) -> None:
    field = field_names(type(event))[0]

    with pytest.raises(AttributeError):
        setattr(event, field, None)


@pytest.mark.parametrize("occurrence", [0, -1])
def test_occurrences_of_a_step_count_from_1(occurrence: int) -> None:
    with pytest.raises(ValueError, match="the first is 1"):
        e.StepRef(name="edit", occurrence=occurrence)
