"""From events to state: ``fold`` for one, ``fold_all`` for many.

Both are pure: the same events give the same state, always. Many events are applied to one private
draft that is thawed once and frozen once, which is what makes replaying 100,000 events cheap; nobody
outside sees a draft. An event that the moves table does not allow is refused, so a state that comes
out of here has a legal history behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.events import JobBlocked, JobSubmitted, UnknownEvent
from wrkr_core.job.draft import Draft
from wrkr_core.job.effects import EFFECTS
from wrkr_core.job.moves import MOVES, not_allowed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_core.events import KnownEvent, RecordedEvent
    from wrkr_core.job.state import JobState

VERSION: Final = 3  # of what folding gives; a snapshot of another version is dropped


def fold(state: JobState | None, recorded: RecordedEvent, job_id: str = "") -> JobState:
    """Return the state after one more event; ``job_id`` is needed only for the first.

    Raises: MoveNotAllowedError: the event cannot follow.
    """
    if state is None:
        return _begin(job_id, recorded).freeze()
    draft = Draft.of(state)
    apply(draft, recorded)
    return draft.freeze()


def fold_all(
    state: JobState | None, events: Iterable[RecordedEvent], job_id: str = ""
) -> JobState | None:
    """Return the state after ``events``, None if there is none at all.

    Raises: MoveNotAllowedError: an event cannot follow the ones before it.
    """
    return Folding(job_id, state).add(events)


class Folding:
    """A fold that goes on: keeps its draft, so each further event costs only what it changes."""

    def __init__(self, job_id: str, state: JobState | None = None) -> None:
        """Go on from ``state``, or from nothing."""
        self._job_id = job_id
        self._draft = None if state is None else Draft.of(state)

    def add(self, events: Iterable[RecordedEvent]) -> JobState | None:
        """Return the state after ``events``.

        Raises: MoveNotAllowedError: an event cannot follow; the fold is then of no use any more.
        """
        for recorded in events:
            if self._draft is None:
                self._draft = _begin(self._job_id, recorded)
            else:
                apply(self._draft, recorded)
        return None if self._draft is None else self._draft.freeze()


def apply(draft: Draft, recorded: RecordedEvent) -> None:
    """Apply one event to a draft.

    Behind an event this release does not know, nothing can be held against the ones that follow: it
    may be what made them legal. They change what they can.

    Raises: MoveNotAllowedError.
    """
    if recorded.seq != draft.seq + 1:
        raise MoveNotAllowedError(
            f"job {draft.job_id}: record {recorded.seq} cannot follow record {draft.seq}",
            seq=recorded.seq,
        )
    event = recorded.event
    if isinstance(event, UnknownEvent):
        draft.unknown = _with(draft.unknown, event.type)
    else:
        try:
            _change(draft, recorded, event)
        except MoveNotAllowedError:
            if not draft.unknown:
                raise
    draft.seq = recorded.seq
    draft.at = recorded.at
    draft.hash = recorded.hash


def _change(draft: Draft, recorded: RecordedEvent, event: KnownEvent) -> None:
    effect = EFFECTS.get(type(event))
    if effect is None:
        raise MoveNotAllowedError(
            f"job {draft.job_id}: record {recorded.seq} submits a job that exists", seq=recorded.seq
        )
    name, change = effect
    if isinstance(event, JobBlocked):
        name = f"job_blocked:{event.status}"
    after = MOVES[name].get(draft.status)
    if after is None:
        raise not_allowed(draft.job_id, draft.status, name)
    try:
        change(draft, recorded, event)
    except ValueError as error:  # a value's own validator: more than can be counted, no time at all
        raise MoveNotAllowedError(f"job {draft.job_id}: {error}", seq=recorded.seq) from error
    draft.status = after


def _with(types: tuple[str, ...], new: str) -> tuple[str, ...]:
    return types if new in types else (*types, new)


def _begin(job_id: str, recorded: RecordedEvent) -> Draft:
    """Return the draft a stream begins with."""
    event = recorded.event
    if recorded.seq != 1 or not isinstance(event, JobSubmitted):
        raise MoveNotAllowedError(
            f"job {job_id} does not begin with job_submitted", job_id=job_id, seq=recorded.seq
        )
    return Draft.begin(job_id, recorded, event)
