"""Logs that fold: short ones, one matter each, and ones with what a reader does not know."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Raw

from vectors.making.telling import NOON, SECOND, Log, begun, charged, failed, finished, started
from wrkr_core import chain
from wrkr_core import events as e
from wrkr_core.budget import Budget, Reservation, amounts
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.spec import CheckpointPolicy, Command, StepSpec

Folded = dict[str, tuple[list[str], tuple[int, ...]]]
"""Logs by name, each with the seqs at which its whole state is stated."""

STEPS: Final = (
    StepSpec(id="edit", command=Command(argv=("edit", "--all")), retries=1),
    StepSpec(id="merge", command=Command(argv=("git", "merge")), gate="Merge?"),
)


def legal() -> Folded:
    """Return logs of one matter each."""
    budget = Budget(wall="1m", steps=3, tokens=100, cost="0.50", pages=7)
    linux = fingerprint([Observation(rule="os", value="linux")])
    asked = begun().ask("Merge?").block("decision", "Merge?").release()
    asked.ask("Tag it?", choices=("v1", "v2"), key="ask/2")
    yes = e.ApprovalGiven(checkpoint_id="cp_6", subject=asked.head, reason="so", choice="v2")
    first = e.ApprovalRefused(checkpoint_id="cp_3", subject=_hash(asked, 3), reason="no")
    keyed = [e.StepRef(name="edit", occurrence=1, key=key) for key in ("b.py", "a.py")]
    logs = {
        "submitted": Log().submit(),
        "submitted-with-everything": Log().submit(
            objective="Port \u2028",
            budget=budget,
            checkpoints=CheckpointPolicy(min_interval=SECOND, required=("plan", "progress")),
            steps=STEPS,
            inputs={"b": 0.5, "a": [None]},
            environment=("os", "env:HOME"),
        ),
        "submitted-as-one-command": Log().submit(command=Command(argv=("true",))),
        "taken": begun(),
        "taken-over": begun().take(2, "bob", took_over="expired", took_over_from="ada"),
        "released": begun().release(),
        "environment": begun().tell(
            e.EnvironmentCaptured(fingerprint=linux),
            e.EnvironmentAccepted(
                expected=linux.digest,
                fingerprint=fingerprint([Observation(rule="os", value="darwin")]),
                reason="same tools",
            ),
        ),
        "step-open": begun().tell(started(at_most_once=True)),
        "step-retried": begun().tell(
            started(), failed(retry_at=NOON + 60 * SECOND), started(2), finished(2)
        ),
        "steps-side-by-side": begun().tell(
            *(started(step=each) for each in keyed), finished(step=keyed[0])
        ),
        "budget-counted": begun(budget=budget).tell(
            charged(tokens=60, pages=1),
            charged(tokens=40),
            e.BudgetReserved(reservation=Reservation(id="r1", amounts=amounts(cost="0.40"))),
            e.BudgetReserved(reservation=Reservation(id="r2", amounts=amounts(cost="0.10"))),
            e.BudgetSettled(reservation="r1", amounts=amounts(cost="0.25")),
            e.BudgetRaised(limits=amounts(tokens=200, chapters=2), reason="worth it"),
        ),
        "counted-to-the-largest": begun().tell(charged(tokens=2**53 - 1)),
        "two-decisions": asked,
        "decisions-answered": asked.copy().tell(yes, first, e.JobResumed(reason="go"), by="ann"),
        "paused": begun().tell(e.JobPaused(reason="lunch"), by="ann").release(),
        "asleep": begun().tell(e.TimerSet(key="sleep/1", wake_at=NOON + 3600 * SECOND)).release(),
        "blocked": begun().checkpoint("blocked", "stuck", reason_codes=("E_ADAPTER_FAIL",)).block(),
        "canceled-with-a-step-under-way": begun()
        .tell(started())
        .tell(e.JobCanceled(reason="enough", reason_codes=("E_X",)), by="ann")
        .tell(finished())
        .release(),
        "completed": begun().checkpoint("completed", "done").tell(e.JobCompleted(summary="done")),
    }
    return {name: (log.lines, (len(log.lines),)) for name, log in logs.items()}


def _hash(log: Log, seq: int) -> str:
    return log.lines[seq - 1][10:74]


def erasable() -> Folded:
    """Return logs of a job whose content is sealed; what stands in its place is only text to a fold."""
    word = "sealed:1:id.{}:{}:" + "A" * 56
    begin = begun(
        erasable=True,
        objective=word.format(1, "/spec/objective"),
    )
    done = (
        begin.copy()
        .tell(started(), finished(result=Raw(f'"{word.format(4, "/result")}"'.encode())))
        .checkpoint("completed", word.format(5, "/summary"))
        .tell(e.JobCompleted(summary=word.format(6, "/summary")))
    )
    canceled = begin.copy().tell(e.JobCanceled(reason=word.format(3, "/reason")), by="ann")
    erased = e.PayloadsErased(reason="asked for")
    logs = {
        "sealed": begin,
        "completed": done,
        "erased": done.copy().tell(erased, by="ann"),
        "canceled-and-erased": canceled.copy().tell(erased, by="ann"),
        "let-go-after-it-was-erased": canceled.copy().tell(erased, by="ann").release(),
    }
    return {name: (log.lines, (len(log.lines),)) for name, log in logs.items()}


def unknown() -> Folded:
    """Return logs with types, versions and fields that no release knows."""
    step = {"name": "edit", "occurrence": 1}
    holder = {
        "host": "h", "boot_id": "", "pid_namespace": "", "pid": 1, "started_at": 0
    }  # fmt: skip
    fields = {"reason": "lunch", "mood": {"b": [0.5], "a": "\u2028"}, "zz": None}
    logs = {
        "type": begun().put("wormhole_opened/1", {"to": "elsewhere"}),
        "type-twice": begun().put("wormhole_opened/1", {}).put("wormhole_opened/1", {}),
        "types": begun().put("wormhole_opened/1", {}).put("tea_served/3", []).put("tea_served/4", 1),
        "newer-version": begun().tell(started()).put(
            "step_finished/2", {"step": step, "attempt": 1, "epoch": 1}
        ),
        "version-zero": begun().put("job_paused/0", {"reason": "lunch"}),
        "no-version": begun().put("job_paused", {"reason": "lunch"}),
        "version-that-is-no-number": begun().put("job_paused/one", {"reason": "lunch"}),
        "version-with-a-leading-zero": begun().put("job_paused/01", {"reason": "lunch"}),
        "known-ones-go-on": begun()
        .put("wormhole_opened/1", {})
        .tell(started(), finished(), charged(tokens=3)),
        # Behind an unknown event nothing can be held against the ones that follow.
        "what-was-illegal-changes-nothing": begun()
        .put("wormhole_opened/1", {})
        .tell(finished(7), e.JobResumed(reason="go"), e.BudgetSettled(reservation="r", amounts=()))
        .tell(e.JobPaused(reason="lunch")),
        "fields-of-a-payload": begun().put("job_paused/1", fields),
        "fields-of-a-line": _with_field(begun(), "job_paused/1", {"reason": "lunch"}),
        "fields-inside": begun().put(
            "step_started/1", {"step": {**step, "colour": 1}, "attempt": 1, "epoch": 1}
        ),
        "optional-fields-left-out": Log()
        .submit()
        .put(
            "lease_taken/1", {"worker": "ada", "epoch": 1, "ttl": 30 * SECOND, "holder": holder}
        )
        .put("step_started/1", {"step": step, "attempt": 1, "epoch": 1})
        .put("step_finished/1", {"step": step, "attempt": 1, "epoch": 1})
        .put("checkpoint_recorded/1", {"checkpoint_id": "cp_5", "kind": "plan", "summary": "s"})
        .put("charged/1", {"amounts": []})
        .put("job_canceled/1", {"reason": "enough"}),
    }  # fmt: skip
    return {name: (log.lines, (len(log.lines),)) for name, log in logs.items()}


def versions() -> Folded:
    """Return logs that hold each released version of an event there is more than one of."""
    asked = begun().ask("Merge?", choices=("v1", "v2")).block("decision", "Merge?")
    yes = {"checkpoint_id": "cp_3", "subject": _hash(asked, 3), "reason": "so", "choice": "v1"}
    given, refused = {**yes, "expires_at": NOON + 3600 * SECOND}, {**yes, "choice": None}
    signature: dict[str, Any] = {"payload": "e30=", "payloadType": "text/plain", "signatures": []}
    logs = {
        "approval-given-1": asked.copy().put("approval_given/1", given),
        "approval-given-1-in-few-words": asked.copy().put("approval_given/1", yes),
        # Version 1 has no signature: what stands there is a field nobody knew.
        "approval-given-1-with-a-signature": asked.copy().put(
            "approval_given/1", {**given, "signature": signature}
        ),
        "approval-given-2": asked.copy().put("approval_given/2", {**given, "signature": None}),
        "approval-given-2-in-few-words": asked.copy().put("approval_given/2", yes),
        "approval-refused-1": asked.copy().put("approval_refused/1", refused),
        "approval-refused-1-with-a-signature": asked.copy().put(
            "approval_refused/1", {**refused, "signature": signature}
        ),
        "approval-refused-2": asked.copy().put(
            "approval_refused/2", {**refused, "signature": None}
        ),
        "approval-given-of-a-later-version": asked.copy().put("approval_given/99", yes),
    }
    return {name: (log.lines, (len(log.lines),)) for name, log in logs.items()}


def _with_field(log: Log, wire: str, payload: object) -> Log:
    """Add a line that has a field no release knows, sealed with it."""
    line = log.put(wire, payload).lines.pop()
    grown = line[:-1] + ',"zz":{"a":1}}'
    log.lines.append(grown[:10] + chain.hash_of(grown.encode()) + grown[74:])
    return log
