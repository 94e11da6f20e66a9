"""Packs of logs that cannot have happened: sealed afresh, and every document says what the log says.

Only the one rule that each of them breaks can tell. Beside each stands a part of what the verifier
says, so that a pack is not refused for another reason than the one it is here for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vectors.making.pack_bases import GATED, QUESTION, gated_log
from vectors.making.packing import contents_of, packed, with_log
from vectors.making.telling import (
    NOON,
    SECOND,
    Log,
    begun,
    charged,
    failed,
    finished,
    started,
)
from wrkr_core import events as e
from wrkr_core.budget import Budget, Reservation, amounts
from wrkr_core.canonical import digest, loads
from wrkr_core.environment import Fingerprint, Observation, fingerprint
from wrkr_core.spec import CheckpointPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

LINUX: Final = fingerprint([Observation(rule="os", value="linux")])
DARWIN: Final = fingerprint([Observation(rule="os", value="darwin")])
SPENT: Final = amounts(steps=1)
HASH: Final = "0" * 64


def histories() -> Mapping[str, tuple[bytes, str]]:
    """Return packs by name, each with a part of what is said of it."""
    logs = {**_gates(), **_answers(), **_steps(), **_budgets(), **_reports(), **_rest()}
    return {
        **{name: (packed(contents_of(log.lines)), said) for name, (log, said) in logs.items()},
        "begins-without-a-submission": (_headless(), "begin"),
    }


def _gates() -> dict[str, tuple[Log, str]]:
    """I5: no guarded command runs before its approval."""
    asked = gated_log(until=4)
    subject = asked.lines[2][10:74]
    yes = e.ApprovalGiven(checkpoint_id="cp_3", subject=subject, reason="so")
    no = e.ApprovalRefused(checkpoint_id="cp_3", subject=subject, reason="no")
    decoy = begun(steps=GATED).ask("Is the sky blue?").block("decision", "sky")
    decoyed = e.ApprovalGiven(checkpoint_id="cp_3", subject=decoy.lines[2][10:74], reason="so")
    resumed = e.JobResumed(reason="go")
    unasked = "is guarded and nobody had approved it"
    return {
        "gate-never-asked": (begun(steps=GATED).tell(started()), unasked),
        "gate-approval-not-named": (
            asked.copy().tell(yes, resumed, by="ann").take(2).tell(started(epoch=2)),
            unasked,
        ),
        "gate-asked-and-not-answered": (
            begun(steps=GATED).ask(QUESTION).tell(started(approval="cp_3")),
            "which nobody had approved",
        ),
        "gate-refused": (
            asked.copy().tell(no, resumed, by="ann").take(2).tell(
                started(epoch=2, approval="cp_3")
            ),
            "which nobody had approved",
        ),
        "gate-asked-after-the-start": (
            begun(steps=GATED).tell(started(approval="cp_4")).ask(QUESTION),
            "which nobody had approved",
        ),
        "gate-by-another-question": (
            decoy.tell(decoyed, resumed, by="ann").take(2).tell(
                started(epoch=2, approval="cp_3")
            ),
            "which asked something else",
        ),
        "approval-that-is-no-checkpoint": (
            begun().tell(started(approval="cp_2")),
            "which nobody had approved",
        ),
    }  # fmt: skip


def _answers() -> dict[str, tuple[Log, str]]:
    """Answers to other questions, by nobody, too late, or with choices nobody offered."""
    choosing = begun().ask("Which tag?", choices=("v1", "v2")).block("decision", "Which tag?")
    asked = begun().ask("Merge?").block("decision", "Merge?")
    resumed = e.JobResumed(reason="go")

    def yes(log: Log, **fields: Any) -> e.ApprovalGiven:  # noqa: ANN401  # of the event
        return e.ApprovalGiven(**_answer(log, fields))

    def no(log: Log, **fields: Any) -> e.ApprovalRefused:  # noqa: ANN401  # of the event
        return e.ApprovalRefused(**_answer(log, fields))

    return {
        "approval-moved-to-another-question": (
            asked.copy().tell(yes(asked, subject=HASH), by="ann"),
            "not an open decision",
        ),
        "approval-of-a-checkpoint-that-asks-nothing": (
            begun().checkpoint("progress", "half").tell(yes(asked), by="ann"),
            "not an open decision",
        ),
        "approval-given-twice": (
            asked.copy().tell(yes(asked), yes(asked), by="ann"),
            "not an open decision",
        ),
        "approval-by-nobody": (asked.copy().tell(yes(asked), by=""), "cannot name"),
        "approval-without-a-reason": (asked.copy().tell(yes(asked, reason=" "), by="ann"), "empty"),
        "approval-with-a-choice-not-offered": (
            choosing.copy().tell(yes(choosing, choice="v3"), by="ann"),
            "a choice that was not offered",
        ),
        "approval-without-a-choice": (
            choosing.copy().tell(yes(choosing), by="ann"),
            "a choice that was not offered",
        ),
        "approval-with-a-choice-where-there-is-none": (
            asked.copy().tell(yes(asked, choice="v1"), by="ann"),
            "a choice that was not offered",
        ),
        "approval-expired-when-given": (
            asked.copy().tell(yes(asked, expires_at=NOON), by="ann"),
            "had expired when it was given",
        ),
        "refusal-with-a-choice-not-offered": (
            choosing.copy().tell(no(choosing, choice="v3"), by="ann"),
            "a choice that was not offered",
        ),
        "resumed-without-an-answer": (
            asked.copy().tell(resumed, by="ann"),
            "waited for a decision",
        ),
        "completed-without-an-answer": (
            begun().ask("Merge?").checkpoint("completed", "done").tell(
                e.JobCompleted(summary="done")
            ),
            "waited for a decision",
        ),
    }  # fmt: skip


def _answer(log: Log, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an answer to the question in the log's third line."""
    subject = log.lines[2][10:74]
    return {"checkpoint_id": "cp_3", "subject": subject, "reason": "so", **fields}


def _steps() -> dict[str, tuple[Log, str]]:
    done = begun().tell(started(), finished())
    keyed = e.StepRef(name="edit", occurrence=1, key="a")
    again = e.StepRef(name="edit", occurrence=2, key="a")
    return {
        "first-attempt-left-out": (begun().tell(started(2)), "attempt 2"),
        "attempt-skipped": (begun().tell(started(), failed(), started(3)), "attempt 3"),
        "attempt-twice": (begun().tell(started(), failed(), started(1)), "attempt 1"),
        "step-begun-after-it-was-done": (done.copy().tell(started(2)), "finished before"),
        "step-begun-anew-after-it-was-done": (done.copy().tell(started(1)), "finished before"),
        "keyed-step-begun-after-it-was-done": (
            begun().tell(started(step=keyed), finished(step=keyed), started(step=again)),
            "finished before",
        ),
        "step-done-twice": (done.copy().tell(finished()), "finished before"),
        "step-done-that-never-began": (begun().tell(finished()), "not open"),
        "step-done-under-a-lost-epoch": (
            begun().tell(started()).take(2).tell(finished(epoch=1)),
            "epoch 1",
        ),
        "step-begun-while-queued": (Log().submit().tell(started()), "queued"),
        "step-begun-after-a-cancel": (
            begun().tell(e.JobCanceled(reason="enough"), started()),
            "canceled",
        ),
    }


def _budgets() -> dict[str, tuple[Log, str]]:
    """I4: settled + open <= limit whenever something begins."""
    limited = begun(budget=Budget(steps=1, retries=0, tokens=10, wall="1m"))
    other = e.StepRef(name="merge", occurrence=1)
    nine = Reservation(id="r1", amounts=amounts(tokens=9))
    two = Reservation(id="r2", amounts=amounts(tokens=2))
    refused = "the budget did not allow it"
    return {
        "step-over-the-budget": (limited.copy().tell(started(), started(step=other)), refused),
        "retry-over-the-budget": (
            limited.copy().tell(started(), failed(), started(2)),
            refused,
        ),
        "step-after-an-overrun": (limited.copy().tell(charged(tokens=11), started()), refused),
        "step-after-the-time": (limited.copy().tell(charged(wall="1m"), started()), refused),
        "reservation-over-the-budget": (
            limited.copy().tell(
                e.BudgetReserved(reservation=nine), e.BudgetReserved(reservation=two)
            ),
            refused,
        ),
        "reservation-twice": (
            begun().tell(*[e.BudgetReserved(reservation=nine)] * 2),
            "exists",
        ),
        "settled-without-a-reservation": (
            begun().tell(e.BudgetSettled(reservation="r1", amounts=())),
            "not open",
        ),
        "checkpoint-states-less-than-was-spent": (
            begun().tell(started()).checkpoint("progress", "half"),
            "other sums",
        ),
        "checkpoint-states-more-than-was-spent": (
            begun().checkpoint("progress", "half", budget=SPENT),
            "other sums",
        ),
    }


def _reports() -> dict[str, tuple[Log, str]]:
    """Checkpoints and outcomes that cannot be what they say."""
    question = e.CheckpointRecorded(checkpoint_id="cp_3", kind="decision-needed", summary="Merge?")
    action = begun().ask("Merge?")
    planned = begun(checkpoints=CheckpointPolicy(required=("plan",)))
    return {
        "question-without-an-action": (begun().tell(question), "ask for something"),
        "progress-with-an-action": (_as_progress(action), "ask for something"),
        "summary-too-long": (begun().checkpoint("progress", "s" * 2001), "2001 characters"),
        "summary-blank": (begun().checkpoint("progress", "  "), "empty"),
        "checkpoint-of-another-record": (
            begun().tell(e.CheckpointRecorded(checkpoint_id="cp_9", kind="plan", summary="s")),
            "cp_9",
        ),
        "completed-without-the-plan-it-needs": (
            planned.checkpoint("completed", "done").tell(e.JobCompleted(summary="done")),
            "requires: plan",
        ),
        "more-checks-passed-than-run": (
            begun().tell(
                e.AcceptanceRecorded(checks_run=1, passed=2, failures=(), config_digest=HASH)
            ),
            "2 of 1 acceptance checks",
        ),
        "fewer-than-no-checks-passed": (
            begun().tell(
                e.AcceptanceRecorded(checks_run=1, passed=-1, failures=(), config_digest=HASH)
            ),
            "-1 of 1 acceptance checks",
        ),
    }


def _as_progress(log: Log) -> Log:
    fields = loads(log.lines.pop().encode())
    return log.put(fields["type"], {**fields["payload"], "kind": "progress"})


def _rest() -> dict[str, tuple[Log, str]]:
    """Times, environments, leases and moves."""
    other = Fingerprint(observations=DARWIN.observations, digest=digest({"os": "plan9"}))
    captured = e.EnvironmentCaptured(fingerprint=LINUX)
    resumed = e.JobResumed(reason="go")
    over = begun().tell(e.JobCompleted(summary="done"))
    return {
        "time-runs-back": (
            begun().put("job_paused/1", {"reason": "x"}, at=NOON + SECOND),
            "time runs back",
        ),
        "environment-captured-twice": (begun().tell(captured, captured), "captured before"),
        "environment-accepted-that-was-not-there": (
            begun().tell(
                captured,
                e.EnvironmentAccepted(expected=HASH, fingerprint=DARWIN, reason="same"),
            ),
            "was not there",
        ),
        "environment-with-another-digest": (
            begun().tell(e.EnvironmentCaptured(fingerprint=other)),
            "digest of the environment",
        ),
        "submitted-twice": (Log().submit().submit(), "submitted before"),
        "epoch-skipped": (Log().submit().take(2), "epoch 2"),
        "epoch-used-again": (begun().release().take(1), "epoch 1"),
        "paused-twice": (
            begun().tell(e.JobPaused(reason="a"), e.JobPaused(reason="b")),
            "paused",
        ),
        "resumed-after-the-end": (over.copy().tell(resumed), "completed"),
        "canceled-after-the-end": (over.copy().tell(e.JobCanceled(reason="late")), "completed"),
        "unknown-event": (begun().put("wormhole_opened/1", {"to": "x"}), "wormhole_opened/1"),
        "unknown-version": (
            begun().put("job_paused/9", {"reason": "lunch"}),
            "job_paused/9",
        ),
    }


def _headless() -> bytes:
    """Return a pack whose log begins with something else than a submission."""
    log = Log().tell(e.JobPaused(reason="lunch"))
    contents = contents_of(Log().submit().lines)
    return with_log(contents, log.lines[0].encode() + b"\n", head_hash=log.head)
