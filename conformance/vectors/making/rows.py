"""A row of a table of decisions."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class Row:
    """One command on one job.

    Attributes:
        id: Names the case.
        log: Which situation of ``scenes``.
        outcome: The code it is refused with, or the names of the events, with spaces between.
        arguments: What the command is given; values of this project or JSON.

    """

    id: str
    log: str
    outcome: str
    arguments: dict[str, Any]


def rows(base: dict[str, Any], *given: tuple[str, str, str, dict[str, Any]]) -> tuple[Row, ...]:
    """Return rows whose arguments are ``base`` but for what each row says."""
    return tuple(Row(name, log, outcome, {**base, **other}) for name, log, outcome, other in given)
