"""Jobs that stand where commands are decided: one log for each kind of situation."""

from __future__ import annotations

from typing import Final

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
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.spec import CheckpointPolicy, JobSpec, spec_digest

LINUX: Final = fingerprint(
    [Observation(rule="os", value="linux"), Observation(rule="python", value="3.12")]
)
DARWIN: Final = fingerprint(
    [Observation(rule="arch", value="arm64"), Observation(rule="os", value="darwin")]
)
WAKE_AT: Final = NOON + 3600 * SECOND
BUDGET: Final = Budget(steps=1, tokens=100, cost="0.50", wall="1m")
INSIDE: Final = Reservation(id="edit!1", amounts=amounts(tokens=40))


def logs() -> dict[str, list[str]]:
    """Return the lines of every situation by name."""
    asked = begun().ask("Merge?")
    waiting = asked.copy().block("decision", "Merge?").release()
    choosing = begun().ask("Which tag?", choices=("v1", "v2")).block("decision", "Which tag?")
    two = waiting.copy().ask("Tag it?", key="ask/2")
    held = begun(budget=BUDGET)
    over = held.copy().tell(charged(tokens=101)).block("budget", "over").release()
    spec = JobSpec(name="port-utils")
    origin = e.ForkPoint(job="origin", seq=9, hash="9a" * 32)
    submitted = e.JobSubmitted(
        spec=spec, spec_digest=spec_digest(spec), engine="0.1.0", forked_from=origin
    )
    found = {
        "none": Log(),
        "queued": Log().submit(),
        "held": begun(),
        "held-within-a-budget": held,
        "held-over-its-budget": held.copy().tell(charged(tokens=101)),
        "held-over-its-time": held.copy().tell(charged(wall="1m")),
        "held-with-a-reservation": held.copy().tell(e.BudgetReserved(reservation=INSIDE)),
        "held-with-an-attempt": begun(budget=Budget(retries=0)).tell(started()),
        "held-with-a-failed-attempt": begun(budget=Budget(retries=0)).tell(
            started(), failed(retry_at=NOON)
        ),
        "held-with-an-attempt-and-a-reservation": begun().tell(
            started(), e.BudgetReserved(reservation=INSIDE)
        ),
        "held-with-a-step-done": held.copy().tell(started(), finished()),
        "held-counting-to-the-largest": begun().tell(charged(tokens=2**53 - 1)),
        "held-in-linux": begun().tell(e.EnvironmentCaptured(fingerprint=LINUX)),
        "held-with-a-plan-to-come": begun(checkpoints=CheckpointPolicy(required=("plan",))),
        "held-with-its-plan": begun(checkpoints=CheckpointPolicy(required=("plan",))).checkpoint(
            "plan", "first this"
        ),
        "held-with-a-decision-open": asked,
        "let-go": begun().tell(e.EnvironmentCaptured(fingerprint=LINUX)).release(),
        "let-go-and-paused": begun()
        .tell(e.EnvironmentCaptured(fingerprint=LINUX))
        .release()
        .tell(e.JobPaused(reason="lunch"), by="ann"),
        "taken-over": begun().take(2, "bob", took_over="expired", took_over_from="ada"),
        "asleep": begun().tell(e.TimerSet(key="sleep/1", wake_at=WAKE_AT)).release(),
        "paused": begun().tell(e.JobPaused(reason="lunch"), by="ann").release(),
        "paused-and-held": begun().tell(e.JobPaused(reason="lunch"), by="ann"),
        "paused-and-back": begun().tell(
            e.JobPaused(reason="lunch"), e.JobResumed(reason="over"), by="ann"
        ),
        "waiting-for-a-decision": waiting,
        "waiting-for-a-choice": choosing,
        "waiting-for-two-decisions": two,
        "waiting-with-all-answered": waiting.copy().tell(
            e.ApprovalGiven(checkpoint_id="cp_3", subject=asked.head, reason="so"), by="ann"
        ),
        "blocked-by-its-budget": over,
        "blocked-by-its-budget-which-was-raised": over.copy().tell(
            e.BudgetRaised(limits=amounts(tokens=200), reason="worth it"), by="ann"
        ),
        "blocked-by-an-error": begun()
        .checkpoint("blocked", "stuck", reason_codes=("E_ADAPTER_FAIL",))
        .block(reason_codes=("E_ADAPTER_FAIL",))
        .release(),
        "completed": begun().checkpoint("completed", "done").tell(e.JobCompleted(summary="done")),
        "erasable-and-held": begun(erasable=True),
        "erasable-and-completed": begun(erasable=True).tell(e.JobCompleted(summary="done")),
        "erasable-and-canceled": begun(erasable=True).tell(e.JobCanceled(reason="enough")),
        "erased": begun(erasable=True).tell(
            e.JobCompleted(summary="done"), e.PayloadsErased(reason="asked for")
        ),
        "canceled": begun().tell(started(), e.JobCanceled(reason="enough"), by="ann"),
        "fork-under-way": Log().tell(submitted).take(1, "fork").tell(started(), finished()),
        "unknown-event": begun().put("wormhole_opened/1", {"to": "elsewhere"}),
    }
    return {name: log.lines for name, log in found.items()}
