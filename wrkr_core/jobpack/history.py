"""Folding a whole log as a stranger would: every event must have been allowed when it happened.

``job.fold`` checks what a state can know: legal moves, lease epochs, outcomes of open attempts,
answers to open decisions. A state is small and forgets. Here the log is read from its beginning, so
these are checked besides: times never run back, steps finish once and their attempts count 1, 2,
3…, a guarded step has an approval given before it, for this job and this step, that is not over
(I5), nothing begins while a decision waits, what may run only once and was interrupted runs again
only where a person allowed it, answers are among the choices offered, nothing began over budget and
what went over it said so at once (I4), work is recorded by whoever held the job, checkpoints state
the sums of their moment, checks of acceptance add up, and a job was completed only with nothing
left to decide.

All of it is a function of the log. A history that was invented as a whole, and is legal, cannot be
told from a true one here: that is what signatures and receipts held by others are for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.errors import InvalidInputError, MoveNotAllowedError, VerifyHistoryError
from wrkr_core.job.fold import Folding
from wrkr_core.jobpack.illegal import IllegalEventError
from wrkr_core.jobpack.past import Past

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState

    Watcher = Callable[[RecordedEvent], None]


class History:
    """Checks the events of one job from the first on; not thread-safe.

    Attributes:
        state: What the events so far fold to; None before the first.

    """

    def __init__(self, job_id: str, *watchers: Watcher) -> None:
        """Begin before the first event; ``watchers`` are handed every event that was allowed."""
        self.state: JobState | None = None
        self._job_id = job_id
        self._watchers = watchers
        self._folding = Folding(job_id)
        self._past = Past()
        self._seq = 0

    def follow(self, events: Iterable[RecordedEvent]) -> JobState:
        """Return the state after ``events``, which follow those before.

        Raises: VerifyHistoryError: one of them cannot have happened; ``details`` hold its ``seq``.
        """
        try:
            self.state = self._folding.add(self._checked(events))
        except (IllegalEventError, MoveNotAllowedError, InvalidInputError, ValueError) as error:
            message = getattr(error, "message", str(error))
            raise VerifyHistoryError(
                f"the log of job {self._job_id} is no legal history: record {self._seq}: {message}",
                job_id=self._job_id,
                seq=self._seq,
                line=self._seq,
            ) from error
        if self.state is None:
            raise VerifyHistoryError(f"the log of job {self._job_id} is empty", job_id=self._job_id)
        return self.state

    def _checked(self, events: Iterable[RecordedEvent]) -> Iterator[RecordedEvent]:
        check, watchers = self._past.take_in, self._watchers
        for recorded in events:
            self._seq = recorded.seq
            check(recorded)
            for watcher in watchers:
                watcher(recorded)
            yield recorded
