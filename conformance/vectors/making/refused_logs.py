"""Logs of which the last line is wrong, each in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from vectors.making.telling import (
    HOLDER,
    Log,
    begun,
    charged,
    failed,
    finished,
    started,
)
from wrkr_core import chain
from wrkr_core import events as e
from wrkr_core.budget import Reservation, amounts
from wrkr_core.canonical import loads
from wrkr_core.spec import JobSpec, spec_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

MOVE: Final = "E_INVALID_STATE_TRANSITION"
CORRUPT: Final = "E_STORE_CORRUPT"
SUBMITTED: Final = e.JobSubmitted(
    spec=JobSpec(name="x"), spec_digest=spec_digest(JobSpec(name="x")), engine="0.1.0"
)
STEP: Final = {"name": "edit", "occurrence": 1}


def rows() -> Iterator[tuple[str, list[str], str]]:
    """Yield name, lines and the code the last line is refused with."""
    for name, log in _illegal().items():
        yield name, log.lines, MOVE
    for name, log in _unreadable().items():
        yield name, log.lines, CORRUPT
    for name, lines in _damaged().items():
        yield name, lines, CORRUPT


def erasures() -> Iterator[tuple[str, list[str], str]]:
    """Yield name, lines and code of each log that erases what it cannot."""
    erased = e.PayloadsErased(reason="asked for")
    over = e.JobCompleted(summary="done")
    logs = {
        "not-erasable": begun().tell(over, erased),
        "not-over": begun(erasable=True).tell(erased),
        "erased-twice": begun(erasable=True).tell(over, erased, erased),
    }
    for name, log in logs.items():
        yield name, log.lines, MOVE


def _illegal() -> dict[str, Log]:
    """Return logs of which the last event cannot have happened."""
    reservation = Reservation(id="r1", amounts=amounts(tokens=1))
    done = begun().tell(started(), finished())
    asked = begun().ask("Merge?")
    subject = asked.head
    yes = e.ApprovalGiven(checkpoint_id="cp_3", subject=subject, reason="so")
    elsewhere = e.ApprovalGiven(checkpoint_id="cp_3", subject="0" * 64, reason="so")
    other = e.ApprovalGiven(checkpoint_id="cp_2", subject=subject, reason="so")
    misnamed = e.CheckpointRecorded(checkpoint_id="cp_9", kind="plan", summary="s")
    over = begun().tell(e.JobCompleted(summary="done"))
    return {
        "begins-with-a-lease": Log().take(),
        "begins-with-an-unknown-event": Log().put("wormhole_opened/1", {}),
        "submitted-twice": Log().submit().tell(SUBMITTED),
        "work-on-a-queued-job": Log().submit().tell(started()),
        "paused-twice": begun().tell(e.JobPaused(reason="a"), e.JobPaused(reason="b")),
        "resumed-while-running": begun().tell(e.JobResumed(reason="go")),
        "canceled-after-the-end": over.copy().tell(e.JobCanceled(reason="late")),
        "paused-after-the-end": over.copy().tell(e.JobPaused(reason="late")),
        "charged-after-the-end": over.copy().tell(charged(tokens=1)),
        "taken-while-blocked": begun().block().take(2),
        "epoch-skipped": Log().submit().take(2),
        "epoch-used-again": begun().release().take(1),
        "released-under-another-epoch": begun().release(2),
        "released-by-nobody": Log().submit().release(1),
        "step-under-another-epoch": begun().tell(started(epoch=2)),
        "step-after-a-takeover": begun().tell(started()).take(2).tell(finished(epoch=1)),
        "finish-of-what-never-began": begun().tell(finished()),
        "finish-of-another-attempt": begun().tell(started(), finished(2)),
        "finish-twice": done.copy().tell(finished()),
        "failure-of-what-is-done": done.copy().tell(failed()),
        "reserved-twice": begun().tell(*[e.BudgetReserved(reservation=reservation)] * 2),
        "settled-without-reservation": begun().tell(e.BudgetSettled(reservation="r1", amounts=())),
        "checkpoint-of-another-record": begun().tell(misnamed),
        "approval-of-another-question": asked.copy().tell(elsewhere),
        "approval-of-no-decision": asked.copy().tell(other),
        "approval-of-another-question-in-an-older-version": asked.copy().put(
            "approval_given/1", {"checkpoint_id": "cp_3", "subject": "0" * 64, "reason": "so"}
        ),
        "approval-twice": asked.copy().tell(yes, yes),
        "more-than-can-be-counted": begun().tell(charged(tokens=2**53 - 1), charged(tokens=1)),
    }


def _unreadable() -> dict[str, Log]:
    """Return logs of which the last line is sealed, and no record of this job's log."""
    ref = {"step": STEP, "attempt": 1, "epoch": 1}
    holder = msgspec.to_builtins(HOLDER)
    taken = {"worker": "ada", "epoch": 1, "ttl": 1, "holder": holder}
    amount = {"meter": "tokens", "amount": 1}
    return {
        "another-job": begun().put("job_paused/1", {"reason": "x"}, job="other"),
        "seq-skipped": begun().put("job_paused/1", {"reason": "x"}, seq=4),
        "seq-again": begun().put("job_paused/1", {"reason": "x"}, seq=2),
        "payload-is-no-object": begun().put("job_paused/1", "lunch"),
        "required-field-missing": begun().put("job_paused/1", {}),
        "text-is-a-number": begun().put("job_paused/1", {"reason": 1}),
        "number-is-text": begun().put("step_started/1", {**ref, "attempt": "1"}),
        "number-is-a-fraction": begun().put("step_started/1", {**ref, "attempt": 1.5}),
        "yes-is-no-boolean": begun().put("step_started/1", {**ref, "at_most_once": "yes"}),
        "occurrence-zero": begun().put(
            "step_started/1", {**ref, "step": {**STEP, "occurrence": 0}}
        ),
        "negative-amount": begun().put("charged/1", {"amounts": [{**amount, "amount": -1}]}),
        "amount-too-large": begun().put(
            "charged/1", {"amounts": [{**amount, "amount": 2**53 - 1}, {"meter": "tokens"}]}
        ),
        "unknown-kind-of-checkpoint": begun().put(
            "checkpoint_recorded/1", {"checkpoint_id": "cp_3", "kind": "done", "summary": "s"}
        ),
        "unknown-kind-of-block": begun().put(
            "job_blocked/1", {"status": "blocked_tea", "summary": "s", "reason_codes": []}
        ),
        "older-version-incomplete": begun()
        .ask("Merge?")
        .put("approval_given/1", {"checkpoint_id": "cp_3", "reason": "so"}),
        "holder-incomplete": Log().submit().put("lease_taken/1", {**taken, "holder": {"pid": 1}}),
        "artifact-without-a-digest": begun().put(
            "artifact_recorded/1", {"artifact": {"path": "a", "sha256": "12", "size": 1}}
        ),
        "artifact-of-negative-size": begun().put(
            "artifact_recorded/1", {"artifact": {"path": "a", "sha256": "12" * 32, "size": -1}}
        ),
    }


def _damaged() -> dict[str, list[str]]:
    """Return logs of which the last line has not the hash it states, or follows another."""
    *before, last = begun().tell(e.JobPaused(reason="lunch")).lines
    stranger = Log().submit(objective="another").take().tell(e.JobPaused(reason="lunch")).lines[-1]
    reason = last.replace("lunch", "dinner")
    fields = loads(last.encode())
    _, early = chain.seal(
        prev=fields["_prev"],
        at=fields["at"],
        by=fields["by"],
        id=fields["id"],
        job=fields["job"],
        payload=b'{"reason":',
        seq=3,
        type=fields["type"],
    )
    return {
        "line-changed": [*before, reason],
        "line-of-another-log": [*before, stranger],
        "line-cut-off": [*before, last[:-1]],
        "line-is-no-json": [*before, early.decode()],
        "line-left-out": [before[0], last],
        "line-twice": [*before, last, last],
        "line-empty": [*before, ""],
    }
