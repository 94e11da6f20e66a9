"""Which fields of an event hold content, and reaching them: the closed table behind sealing.

Content is what people and programs said or handed over: texts, results, inputs, commands. Ids, names,
digests, paths, codes, times and amounts are not: the rules of a job, and whoever verifies it, need
them with no key. A place is a path of attributes; ``*`` is every member of a tuple. What is empty is
left as it is, so whether something was said stays visible, and how long it was.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec
from msgspec.structs import replace

from wrkr_core import events as e
from wrkr_core.job.state import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Change = Callable[[str, str | msgspec.Raw], str | msgspec.Raw]

T = TypeVar("T")

_COMMAND: Final = ("command/argv/*", "command/shell", "command/env/*/value")

CONTENT: Final[Mapping[type, tuple[str, ...]]] = {
    e.JobSubmitted: (
        "spec/objective",
        "spec/inputs",
        "spec/steps/*/gate",
        *(f"spec/steps/*/{each}" for each in _COMMAND),
        *(f"spec/{each}" for each in _COMMAND),
        *(f"spec/acceptance/*/{each}" for each in _COMMAND),
    ),
    e.EnvironmentCaptured: (),
    e.EnvironmentAccepted: ("reason",),
    e.LeaseTaken: (),
    e.LeaseReleased: (),
    e.StepStarted: (),
    e.StepFinished: ("result",),
    e.StepFailed: ("message",),
    e.Charged: (),
    e.BudgetReserved: (),
    e.BudgetSettled: (),
    e.BudgetExceeded: (),
    e.BudgetRaised: ("reason",),
    e.CheckpointRecorded: ("summary", "required_action/instructions", "data"),
    e.ApprovalGiven: ("reason",),
    e.ApprovalRefused: ("reason",),
    e.JobPaused: ("reason",),
    e.JobResumed: ("reason",),
    e.JobCanceled: ("reason",),
    e.JobBlocked: ("summary",),
    e.JobCompleted: ("summary",),
    e.ArtifactRecorded: (),
    e.AcceptanceRecorded: ("failures/*/message",),
    e.TimerSet: (),
    e.PayloadsErased: (),
}
"""The places that hold content, by event; total over the known events."""

IN_JSON: Final = ("/spec/inputs", "/result", "/data")
"""Pointers of the content that is a JSON value; all other is text."""

IN_STATE: Final = ("objective", "summary", "decisions/*/question")
"""Where a folded state repeats content of the events it was folded from."""

_NOTHING: Final = frozenset({b"null", b"{}", b"[]", b'""'})
_LONGEST_NOTHING: Final = 4
_PATHS: Final = {
    cls: [tuple(place.split("/")) for place in places]
    for cls, places in {**CONTENT, JobState: IN_STATE}.items()
}


def content_of(value: object) -> Iterator[tuple[str, str | msgspec.Raw]]:
    """Yield each content of an event or state that is not empty, with its pointer (RFC 6901)."""
    for path in _PATHS.get(type(value), ()):
        yield from _found(value, path, "")


def with_content(value: T, change: Change) -> T:
    """Return an event or state whose every content that is not empty is as ``change`` gives it.

    ``change`` is handed the pointer and the content, a text or a JSON value, and returns the same kind.
    """
    changed: Any = value
    for path in _PATHS.get(type(value), ()):
        changed = _changed(changed, path, "", change)
    return cast("T", changed)


def is_empty(content: str | msgspec.Raw) -> bool:
    """Tell whether a field holds nothing: no text, or a JSON value without any content."""
    if isinstance(content, str):
        return not content
    return len(memoryview(content)) <= _LONGEST_NOTHING and bytes(content) in _NOTHING


def _found(
    value: Any,  # noqa: ANN401  # a struct, a spec, a tuple or a leaf
    path: tuple[str, ...],
    pointer: str,
) -> Iterator[tuple[str, str | msgspec.Raw]]:
    if not path:
        if not is_empty(value):
            yield pointer, value
    elif path[0] == "*":
        for index, each in enumerate(value):
            yield from _found(each, path[1:], f"{pointer}/{index}")
    elif (inner := getattr(value, path[0])) is not None:
        yield from _found(inner, path[1:], f"{pointer}/{path[0]}")


def _changed(value: Any, path: tuple[str, ...], pointer: str, change: Change) -> Any:  # noqa: ANN401
    if not path:
        return value if is_empty(value) else change(pointer, value)
    if path[0] == "*":
        return tuple(
            _changed(each, path[1:], f"{pointer}/{index}", change)
            for index, each in enumerate(cast("tuple[Any, ...]", value))
        )
    inner = getattr(value, path[0])
    if inner is None:
        return value
    new = _changed(inner, path[1:], f"{pointer}/{path[0]}", change)
    return value if new is inner else _with(value, path[0], new)


def _with(value: Any, name: str, new: object) -> Any:  # noqa: ANN401
    if isinstance(value, msgspec.Struct):
        return replace(value, **{name: new})
    changed = copy.copy(value)  # a spec, whose constructor takes what people write
    object.__setattr__(changed, name, new)
    return changed
