"""Where in the code of a job we are, so that a replay does not record anything twice.

Code that is run again after a crash comes by the same charges, checkpoints and questions again. Each
gets a *mark*: the step it follows, what it is, and the how-manieth of that kind since the step. A
mark that is in the log already is passed over. Inside a running step there is no mark: what an
attempt uses, it uses, and the next attempt uses it again.

The place is kept in a context variable, so concurrent tasks of one job each have their own. A thread
that has not come by a step yet shares the place before the first one with all others like it.
"""

from __future__ import annotations

from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Final

from wrkr_core.job.step_text import step_text

if TYPE_CHECKING:
    from wrkr_core.approval import Answer
    from wrkr_core.events import StepRef


class Place:
    """Behind ``step`` (None: before the first), or inside it; how much of each kind came since.

    ``approval`` is the answer this task got since, on which its next step rests.
    """

    __slots__ = ("approval", "counts", "inside", "step")

    def __init__(self, step: StepRef | None, *, inside: bool) -> None:
        """Begin counting at ``step``."""
        self.step = step
        self.inside = inside
        self.counts: dict[str, int] = {}
        self.approval: Answer | None = None


_places: Final[ContextVar[dict[int, Place] | None]] = ContextVar("wrkr_places", default=None)
_roots: Final[dict[int, Place]] = {}
_counting: Final = Lock()


def open_root(holding: int) -> None:
    """Begin a holding, known by its number: nobody has come by a step yet."""
    _roots[holding] = Place(None, inside=False)


def place_of(holding: int) -> Place:
    """Return where this task is in the code under the holding of this number."""
    found = (_places.get() or {}).get(holding)
    return found if found is not None else _roots.setdefault(holding, Place(None, inside=False))


def move_to(holding: int, place: Place) -> Place:
    """Set and return where this task is."""
    _places.set({**(_places.get() or {}), holding: place})
    return place


def rest_on(holding: int, answer: Answer) -> None:
    """Note that what this task does next rests on ``answer``, if it is a yes."""
    if answer.approved:
        here = place_of(holding)
        place = Place(here.step, inside=here.inside)
        place.counts = here.counts  # one count for all who are at this place
        place.approval = answer
        move_to(holding, place)


def forget(holding: int) -> None:
    """Drop the place of a holding that is over."""
    _roots.pop(holding, None)
    places = dict(_places.get() or {})
    places.pop(holding, None)
    _places.set(places)


def mark(holding: int, kind: str) -> str:
    """Return the mark of the next ``kind`` at this place; empty inside a running step."""
    place = place_of(holding)
    if place.inside:
        return ""
    with _counting:
        count = place.counts[kind] = place.counts.get(kind, 0) + 1
    behind = step_text(place.step) if place.step is not None else "start"
    return f"{kind}@{behind}/{count}"
