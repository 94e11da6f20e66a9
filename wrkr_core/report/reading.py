"""Instants on a page for people: no finer than they are of use, exact where it counts."""

from __future__ import annotations

from wrkr_core.report.escaping import in_html


def when(instant: str) -> str:
    """Return an instant to the second; the element holds it to the microsecond.

    ``instant`` is RFC 3339 in UTC, as ``to_text`` writes it.
    """
    day, time = instant.rstrip("Z").split("T")
    exact = in_html(instant)
    return f'<time datetime="{exact}" title="{exact}">{day} {time[:8]} UTC</time>'
