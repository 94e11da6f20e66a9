"""The history in a jobpack's log, followed while the log is being checked, so that it is read once.

A log must be in order before anything in it is judged. So what is wrong with the history, or with a
document made from it, is kept here and only said when it is the history's turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.errors import WrkrError
from wrkr_core.jobpack.answers import Answers
from wrkr_core.jobpack.comparing import Comparison
from wrkr_core.jobpack.history import History
from wrkr_core.jobpack.manifest import APPROVALS, CHECKPOINTS
from wrkr_core.jobpack.projections import WITHOUT_END, Projections

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wrkr_core.errors import VerifyError
    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState
    from wrkr_core.jobpack.problems import Report
    from wrkr_core.jobpack.projections import Room
    from wrkr_core.signing.trust import Trust


class Followed:
    """Follows a log and reads ``checkpoints.jsonl`` and ``approvals.jsonl`` beside it.

    Attributes:
        projections: What was projected from the log.
        answers: What the approvals and refusals in it are worth.
        outcome: What the log folds to, or why it could not be followed to its end.

    """

    def __init__(
        self,
        job_id: str,
        trust: Trust | None,
        documents: Mapping[str, Iterable[bytes]],
        room: Room = WITHOUT_END,
    ) -> None:
        """Begin before the first event; ``documents`` are the contents of the two, by name."""
        self.outcome: JobState | WrkrError
        self._wrong: list[VerifyError] = []
        self._report: Report = self._wrong.append
        self._documents = {
            name: Comparison(name, documents.get(name, ()), self._say)
            for name in (CHECKPOINTS, APPROVALS)
        }
        self.projections = Projections(
            job_id,
            checkpoints=self._documents[CHECKPOINTS].expect,
            approvals=self._documents[APPROVALS].expect,
            room=room,
        )
        self.answers = Answers(job_id, trust)
        self._history = History(job_id, self.projections.take_in, self.answers.take_in)
        self._is_given = True

    def follow(self, events: Iterator[RecordedEvent]) -> None:
        """Follow the events to their end, or to the first that cannot have happened.

        Raises: what ``events`` raises.
        """
        try:
            self.outcome = self._history.follow(self._given(events))
        except WrkrError as error:
            if not self._is_given:
                raise
            self.outcome = error

    def state(self, report: Report) -> JobState:
        """Return what the log folds to, after reporting what was found wrong by then.

        Raises: what ``report`` raises, and the error that kept the history from being followed.
        """
        self._report = report
        for each in self._wrong:
            report(each)
        if isinstance(self.outcome, WrkrError):
            raise self.outcome
        return self.outcome

    def end(self) -> None:
        """Require that neither document goes on. Raises: what the report given to ``state`` raises."""
        for document in self._documents.values():
            document.end()

    def _say(self, error: VerifyError) -> None:
        self._report(error)

    def _given(self, events: Iterator[RecordedEvent]) -> Iterator[RecordedEvent]:
        try:
            yield from events
        except WrkrError:
            self._is_given = False
            raise
