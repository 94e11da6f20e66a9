"""Saying that an event cannot have happened, and how much a log may leave open."""

from __future__ import annotations

from wrkr_core.job.state import MOST_OPEN


class IllegalEventError(Exception):
    """What is wrong with the event at hand, in words."""


def require(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # read as a sentence
    """Raise IllegalEventError with ``otherwise`` unless it holds."""
    if not holds:
        raise IllegalEventError(otherwise)


def require_none(problem: str) -> None:
    """Raise IllegalEventError with the problem if there is one."""
    if problem:
        raise IllegalEventError(problem)


def require_few(count: int, what: str) -> None:
    """Require that a log is not made to wear its reader out: all that is open is in the state."""
    require(count <= MOST_OPEN, f"it makes {count} {what}; more than {MOST_OPEN} are not followed")
