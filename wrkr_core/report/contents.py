"""What a report says, as JSON values: all a reviewer who was not there has to know of a job.

Everything is computed from the job's events and from what their verification found; no clock is
read, so the same job gives the same report on any day. The pages beside this module only show it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import msgspec

from wrkr_core import events as e
from wrkr_core.budget import amount_text
from wrkr_core.errors import VerifyHistoryError
from wrkr_core.inspection import inspection
from wrkr_core.instants import to_text
from wrkr_core.jobpack.answers import Answers
from wrkr_core.jobpack.receipt import receipt_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wrkr_core.jobpack.verification import Verification
    from wrkr_core.signing.trust import Trust
    from wrkr_core.spec import JobSpec
    from wrkr_core.views import View


@attrs.frozen(kw_only=True)
class Subject:
    """A verified job, and all that a report is made from.

    ``events`` are all its events, ``pack_id`` the id of the jobpack that they make, ``trust`` by whom
    signed answers are judged, None when nobody is trusted. A report goes where no erasure reaches, so
    of an erasable job the content in ``spec`` and ``events`` is hidden; ``recorded`` are the events
    as they were sealed and signed.
    """

    spec: JobSpec
    events: Sequence[e.RecordedEvent]
    verification: Verification
    pack_id: str
    trust: Trust | None = None
    recorded: Sequence[e.RecordedEvent] | None = None

    def as_recorded(self, shown: e.RecordedEvent) -> e.RecordedEvent:
        """Return one of ``events`` as it is recorded."""
        return shown if self.recorded is None else self.recorded[shown.seq - 1]


def report(subject: Subject) -> View:
    """Return ``wrkr.report``: asked, done, spent, decided, accepted, made, and how far it is proven.

    Raises: VerifyHistoryError: what was verified is not the history that the events are.
    """
    found, events = subject.verification, subject.events
    if not events or events[-1].hash != found.head_hash:
        raise VerifyHistoryError(
            f"job {found.job_id} went on, or was changed, while it was read",
            hint="make the report again",
            job_id=found.job_id,
        )
    page = inspection(found.job_id, subject.spec, events)
    status = page["status"]
    return {
        "schema_id": "wrkr.report",
        "schema_version": "v1",
        "job_id": found.job_id,
        "name": status["name"],
        "status": status["status"],
        "summary": status["summary"],
        "reason_codes": status["reason_codes"],
        "asked": _asked(page, subject),
        "updated_at": status["updated_at"],
        "steps": page["steps"],
        "steps_done": status["steps"]["done"],
        "steps_total": status["steps"].get("total"),
        "failed_attempts": status["steps"]["failed_attempts"],
        "budget": _budget(status["budget"]),
        "raises": _raises(events),
        "decisions": _decisions(page, subject),
        "checkpoints": [
            _checkpoint(each) for each in page["checkpoints"] if each["kind"] != "decision-needed"
        ],
        "acceptance": _acceptance(events, status["status"]),
        "artifacts": page["artifacts"],
        "takeovers": page["takeovers"],
        "redacted": page["redacted"],
        "head": status["head"],
        "pack_id": subject.pack_id,
        "receipt": receipt_line(found.job_id, subject.pack_id),
        "verification": {
            name: value
            for name, value in found.view().items()
            if name not in {"job_id", "pack_id", "status", "head_hash"}
        },
    }


def _asked(page: View, subject: Subject) -> View:
    spec, status = subject.spec, page["status"]
    return {
        "objective": spec.objective,
        "by": status["submitted"]["by"],
        "at": status["submitted"]["at"],
        "forked_from": status.get("forked_from"),
        "expected_artifacts": list(spec.expected_artifacts),
        "acceptance": [check.name for check in spec.acceptance],
        "spec": page["spec"],
    }


def _budget(budget: View) -> View:
    """Return the budget with every limit also as people read it, None where there is none."""
    return {
        meter: {
            **row,
            "limit_text": None if row["limit"] is None else amount_text(meter, row["limit"]),
        }
        for meter, row in budget.items()
    }


def _raises(events: Iterable[e.RecordedEvent]) -> list[View]:
    """Return who set new limits, and why."""
    return [
        {
            "at": to_text(each.at),
            "by": each.by,
            "reason": each.event.reason,
            "limits": {
                amount.meter: amount_text(amount.meter, amount.amount)
                for amount in each.event.limits
            },
        }
        for each in events
        if isinstance(each.event, e.BudgetRaised)
    ]


def _checkpoint(view: View) -> View:
    return {name: view[name] for name in ("checkpoint_id", "kind", "summary", "at", "reason_codes")}


def _decisions(page: View, subject: Subject) -> list[View]:
    """Return every question with what was shown, and what was answered by whom.

    An answer is bound to ``shown``, the hash of the record that asked, which holds the question, its
    choices, data and files, and what was spent by then.
    """
    answers = {
        each.event.checkpoint_id: each
        for each in subject.events
        if isinstance(each.event, e.ApprovalGiven | e.ApprovalRefused)
    }
    waiting = {each["checkpoint_id"] for each in page["status"]["open_decisions"]}
    rows: list[View] = []
    for asked in page["checkpoints"]:
        if asked["kind"] != "decision-needed":
            continue
        name = asked["checkpoint_id"]
        answer = answers.get(name)
        rows.append(
            {
                "checkpoint_id": name,
                "question": asked["summary"],
                "choices": asked.get("required_action", {}).get("choices", []),
                "asked_at": asked["at"],
                "asked_by": asked["by"],
                "shown": asked["hash"],
                "spent_by_then": {
                    meter: amount_text(meter, amount) for meter, amount in asked["budget"].items()
                },
                "files": asked["artifacts"],
                "data": asked["data"],
                "is_open": name in waiting,
                "answer": None if answer is None else _answer(answer, subject),
                "allowed": [each["step"] for each in page["steps"] if each.get("approval") == name],
            }
        )
    return rows


def _answer(recorded: e.RecordedEvent, subject: Subject) -> View:
    event = recorded.event
    if not isinstance(event, e.ApprovalGiven | e.ApprovalRefused):
        raise TypeError(f"record {recorded.seq} is no answer")
    expires_at = event.expires_at if isinstance(event, e.ApprovalGiven) else None
    return {
        "approved": isinstance(event, e.ApprovalGiven),
        "by": recorded.by,
        "at": to_text(recorded.at),
        "reason": event.reason,
        "choice": event.choice,
        "expires_at": None if expires_at is None else to_text(expires_at),
        **_worth(recorded, subject),
    }


def _worth(recorded: e.RecordedEvent, subject: Subject) -> View:
    """Return what one answer is worth: ``asserted``, ``signed``, ``unknown key`` or ``void``.

    Raises: VerifySignatureError, VerifyMalformedError: its signature is bad.
    """
    answers = Answers(subject.verification.job_id, subject.trust)
    answers.take_in(subject.as_recorded(recorded))
    found = answers.found()
    counts = {"signed": found.signed, "unknown key": found.unknown, "void": found.not_counted}
    return {
        "assurance": next((name for name, count in counts.items() if count), "asserted"),
        "signed_by": next(iter(found.signed_by), None),
        "objection": next(iter(found.objections), None),
    }


def is_early(acceptance: View) -> bool:
    """Tell whether checks passed of a job that is not completed, and so not accepted."""
    return bool(acceptance["has_passed"] and not acceptance["is_accepted"])


def _acceptance(events: Iterable[e.RecordedEvent], status: str) -> View | None:
    """Return how acceptance came out the last time it ran, None if it never did.

    ``has_passed`` is what the log says of that run, which may be of a worker before its job's end;
    ``is_accepted`` besides that the job is completed.
    """
    found: View | None = None
    runs = 0
    for each in events:
        event = each.event
        if isinstance(event, e.AcceptanceRecorded):
            runs += 1
            passed = 0 < event.checks_run == event.passed and not event.failures
            found = {
                "at": to_text(each.at),
                "by": each.by,
                "runs": runs,
                "has_passed": passed,
                "is_accepted": passed and status == "completed",
                **msgspec.to_builtins(event),
            }
    return found
