"""Instants and durations on a page for people: no finer than they are of use, exact where it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.budget import amount_text
from wrkr_core.instants import duration_text
from wrkr_core.report.escaping import in_html

if TYPE_CHECKING:
    from wrkr_core.views import View

# From so many µs on, what is finer than the second figure is left out.
_GRAINS: Final = ((3_600_000_000, 60_000_000), (60_000_000, 1_000_000), (1_000_000, 10_000))
_MILLISECOND: Final = 1_000


def when(instant: str) -> str:
    """Return an instant to the second; the element holds it to the microsecond.

    ``instant`` is RFC 3339 in UTC, as ``to_text`` writes it.
    """
    day, time = instant.rstrip("Z").split("T")
    exact = in_html(instant)
    return f'<time datetime="{exact}" title="{exact}">{day} {time[:8]} UTC</time>'


def about(duration: int) -> str:
    """Return a duration in µs without what is too fine for its length; under 1 ms it is exact."""
    grain = next((grain for least, grain in _GRAINS if duration >= least), _MILLISECOND)
    return duration_text(duration - duration % grain if duration >= _MILLISECOND else duration)


def spent(meter: str, row: View) -> str:
    """Return what a row of a report's budget says was spent, running time as ``about``."""
    return about(row["spent"]) if meter == "wall" else amount_text(meter, row["spent"])
