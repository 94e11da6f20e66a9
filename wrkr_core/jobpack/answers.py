"""What the approvals and refusals of a log are worth: who signed them, and whether that counts.

A signature is bound to the hash of the record that asked, so it fits one question of one job with
one history. It is checked before it is read, with a key that is trusted as reviewer. Answers that
nobody signed are legal and called ``asserted``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from wrkr_core import events as e
from wrkr_core.errors import VerifyError, VerifySignatureError
from wrkr_core.job.decide.deciding import answer_claim
from wrkr_core.jobpack.manifest import EVENTS
from wrkr_core.jobpack.verification import AnswersFound
from wrkr_core.signing.claims import read_approval_claim
from wrkr_core.signing.dsse import read_envelope

if TYPE_CHECKING:
    from wrkr_core.signing.trust import Trust

ROLE: Final = "reviewer"
"""As what a key must be trusted to answer decisions."""

MOST_OBJECTIONS: Final = 100
"""How many reasons are kept; what does not count is counted beyond."""

_UNKNOWN: Final = "its key is not known here"


class Answers:
    """Takes in a log and judges its answers; in memory is only what was found, not the log.

    Attributes:
        errors: What is wrong with signatures, at most ``MOST_OBJECTIONS``.
        more_errors: How many there were beyond.

    """

    def __init__(self, job_id: str, trust: Trust | None) -> None:
        """Begin before the first event."""
        self._job_id = job_id
        self._trust = trust
        self._counted: Counter[str] = Counter()
        self._signed_by: set[str] = set()
        self._objections: list[str] = []
        self.errors: list[VerifyError] = []
        self.more_errors = 0

    def take_in(self, recorded: e.RecordedEvent) -> None:
        """Look at the next event; what is wrong with its signature is raised by ``found``.

        Raises: NotSupportedHereError: PyNaCl is not installed.
        """
        event = recorded.event
        if not isinstance(event, e.ApprovalGiven | e.ApprovalRefused):
            return
        if event.signature == e.NULL:
            self._counted["asserted"] += 1
            return
        try:
            identity, why = self._judged(recorded, event)
        except VerifyError as error:
            error.details = {**error.details, "entry": EVENTS, "line": recorded.seq}
            if len(self.errors) < MOST_OBJECTIONS:
                self.errors.append(error)
            else:
                self.more_errors += 1
            return
        if not why:
            self._counted["signed"] += 1
            self._signed_by.add(identity)
            return
        self._counted["unknown" if why == _UNKNOWN else "not_counted"] += 1
        if why != _UNKNOWN and len(self._objections) < MOST_OBJECTIONS:
            self._objections.append(f"{event.checkpoint_id}: {why}")

    def found(self) -> AnswersFound:
        """Return what the answers so far are worth.

        Raises:
            VerifyMalformedError: A signature is not in its one legal form.
            VerifySignatureError: A trusted key did not sign what is said to be signed by it, or
                signed another answer.

        """
        if self.errors:
            raise self.errors[0]
        return self.counted()

    def counted(self) -> AnswersFound:
        """Return what the answers are worth of which the signature is not wrong."""
        return AnswersFound(
            asserted=self._counted["asserted"],
            signed=self._counted["signed"],
            unknown=self._counted["unknown"],
            not_counted=self._counted["not_counted"],
            signed_by=tuple(sorted(self._signed_by)),
            objections=tuple(self._objections),
        )

    def _judged(
        self, recorded: e.RecordedEvent, event: e.ApprovalGiven | e.ApprovalRefused
    ) -> tuple[str, str]:
        """Return who signed an answer, and why that does not count, empty if it does."""
        place = f"the signature of {event.checkpoint_id} in record {recorded.seq}"
        envelope = read_envelope(bytes(event.signature), entry=place)
        key = self._trust.find(envelope.keyid) if self._trust is not None else None
        if key is None:
            return "", _UNKNOWN
        if not envelope.is_signed_by(key.public):
            raise VerifySignatureError(
                f"{place} is not of {key.identity}, whose key it names",
                hint="do not trust this history: answer or signature was changed or forged",
                keyid=envelope.keyid,
            )
        if read_approval_claim(envelope.payload, entry=place) != answer_claim(self._job_id, event):
            raise VerifySignatureError(
                f"{place} was given by {key.identity} for another answer",
                hint="do not trust this history: the signature was moved, or the answer changed",
                keyid=envelope.keyid,
            )
        return key.identity, key.objection(role=ROLE, job_id=self._job_id, at=recorded.at)


def answers_said(found: AnswersFound) -> str:
    """Return in a few words what the answers of a log are worth."""
    others = {"signed": found.signed, "by unknown keys": found.unknown, "void": found.not_counted}
    if not any(others.values()):
        return "asserted, not signed"
    counts = {"asserted": found.asserted, **others}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
