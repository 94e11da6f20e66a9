"""Who holds a job as its log tells it: who took it from whom, and whose work is recorded.

That epochs count up, and that work is recorded under the one that holds, is checked by the fold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wrkr_core.events import LeaseReleased, LeaseTaken


class Tenure:
    """The worker that holds the job, and whether it is at work.

    Attributes:
        worker: Who holds the job, None if nobody does.
        runs: Whether the job is being worked on.

    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self.runs = False
        self.worker: str | None = None

    def taken(self, event: LeaseTaken) -> str:
        """Take in a claim; return what is wrong with it, or nothing."""
        held_by, self.worker = self.worker, event.worker
        self.runs = True
        if (event.took_over is None) != (event.took_over_from is None):
            return f"{event.worker} took the job over, and from whom or why is not said"
        if event.took_over_from is None:
            goes_on = held_by in (None, event.worker)
            return "" if goes_on else f"{event.worker} took the job while {held_by} held it"
        if event.took_over_from != held_by:
            return (
                f"{event.worker} took the job over from {event.took_over_from}, who did not hold it"
            )
        return ""

    def released(self, event: LeaseReleased) -> str:
        """Take in that the holder let go; return what is wrong with it, or nothing."""
        held_by, self.worker = self.worker, None
        self.end()
        if held_by is not None and event.worker != held_by:
            return f"{event.worker} let go of the job, which {held_by} held"
        return ""

    def end(self) -> None:
        """Take in that the job is not worked on any more, whoever holds it."""
        self.runs = False
