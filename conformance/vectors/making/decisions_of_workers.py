"""What workers ask: to claim a job, to work on it, to spend, to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from vectors.making.decisions_of_people import (
    APPROVAL,
    INVALID,
    LEASE,
    LONGEST,
    MOVE,
    NOW,
    UNKNOWN,
)
from vectors.making.rows import rows
from vectors.making.scenes import DARWIN, INSIDE, LINUX, WAKE_AT
from vectors.making.telling import EDIT, HOLDER, NOON, SECOND, TTL
from wrkr_core import events as e
from wrkr_core.approval import Answer
from wrkr_core.artifact import Artifact
from wrkr_core.budget import LARGEST, Reservation, amounts
from wrkr_core.lease import Heartbeat

if TYPE_CHECKING:
    from vectors.making.rows import Row

ENVIRONMENT: Final = "E_ENV_FINGERPRINT_MISMATCH"
MERGE: Final = e.StepRef(name="merge", occurrence=1)
YES: Final = Answer(
    checkpoint_id="cp_3", approved=True, by="ann", reason="so", choice=None, at=NOON
)
NO: Final = Answer(
    checkpoint_id="cp_3", approved=False, by="ann", reason="no", choice=None, at=NOON
)


def until(expires_at: int) -> Answer:
    """Return an approval that may be used until an instant."""
    return msgspec.structs.replace(YES, expires_at=expires_at)


def beat(**fields: Any) -> Heartbeat:  # noqa: ANN401  # of the heartbeat
    """Return a heartbeat of the first epoch that lasts another ten seconds by every clock."""
    given: dict[str, Any] = {
        "epoch": 1,
        "beats": 7,
        "unrecorded": 5 * SECOND,
        "expires_at": NOW + 10 * SECOND,
        "boot_id": "boot-1",
        "expires_uptime": 110 * SECOND,
        **fields,
    }
    return Heartbeat(**given)


def seen(**fields: Any) -> dict[str, Any]:  # noqa: ANN401  # of the observer
    """Return what an observer on the holder's own boot knows, but for the instant."""
    return {
        "uptime": 100 * SECOND,
        "boot_id": "boot-1",
        "holder_is_gone": False,
        "unchanged_for": 0,
        "same_clock": True,
        **fields,
    }


BOB: Final = {
    "worker": "bob",
    "holder": msgspec.to_builtins(HOLDER) | {"pid": 200},
    "ttl": TTL,
}
CLAIM: Final = {**BOB, "beat": None, "observer": seen(), "actual": None, "accept_because": None}
AWAY: Final = seen(boot_id="boot-2", same_clock=False)
ATTEMPT: Final[dict[str, Any]] = {"epoch": 1, "step": EDIT, "attempt": 1}

WORKERS: Final[dict[str, tuple[Row, ...]]] = {
    "take": rows(
        CLAIM,
        ("queued", "queued", "lease_taken", {}),
        ("for-the-first-time", "queued", "lease_taken environment_captured", {"actual": LINUX}),
        ("again", "let-go", "lease_taken", {"actual": LINUX}),
        ("elsewhere", "let-go", ENVIRONMENT, {"actual": DARWIN}),
        ("elsewhere-accepted", "let-go", "environment_accepted lease_taken",
         {"actual": DARWIN, "accept_because": "same tools"}),
        ("accepted-though-the-same", "let-go", "lease_taken",
         {"actual": LINUX, "accept_because": "same tools"}),
        ("never-beaten-and-over", "held", "lease_taken", {}),
        ("holder-lives", "held", LEASE, {"beat": beat()}),
        ("elsewhere-while-held", "held-in-linux", LEASE, {"beat": beat(), "actual": DARWIN}),
        ("holder-is-gone", "held", "lease_taken",
         {"beat": beat(), "observer": seen(holder_is_gone=True)}),
        ("lapsed-by-uptime", "held", "lease_taken", {"beat": beat(expires_uptime=100 * SECOND)}),
        ("uptime-counts-on-the-same-boot", "held", LEASE, {"beat": beat(expires_at=NOON)}),
        ("lapsed-by-the-shared-clock", "held", "lease_taken",
         {"beat": beat(expires_at=NOW), "observer": seen(boot_id="boot-2")}),
        ("lives-by-the-shared-clock", "held", LEASE,
         {"beat": beat(), "observer": seen(boot_id="boot-2")}),
        ("another-hosts-clock-is-not-believed", "held", LEASE,
         {"beat": beat(expires_at=NOON), "observer": AWAY}),
        ("unchanged-for-one-ttl", "held", "lease_taken",
         {"beat": beat(), "observer": {**AWAY, "unchanged_for": TTL}}),
        ("unchanged-for-nearly-one-ttl", "held", LEASE,
         {"beat": beat(), "observer": {**AWAY, "unchanged_for": TTL - 1}}),
        ("heartbeat-of-an-epoch-before", "taken-over", "lease_taken", {"beat": beat()}),
        ("asleep", "asleep", MOVE, {}),
        ("incomplete-fork", "fork-under-way", MOVE, {"observer": seen(holder_is_gone=True)}),
        ("paused", "paused", MOVE, {}),
        ("waiting", "waiting-for-a-decision", APPROVAL, {}),
        ("waiting-with-all-answered", "waiting-with-all-answered", MOVE, {}),
        ("over-its-budget", "blocked-by-its-budget", MOVE, {}),
        ("stuck", "blocked-by-an-error", MOVE, {}),
        ("completed", "completed", MOVE, {}),
        ("canceled", "canceled", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "block_on_environment": rows(
        {"beat": None, "observer": seen(), "actual": DARWIN},
        ("another", "let-go", "checkpoint_recorded job_blocked", {}),
        ("the-same", "let-go", "", {"actual": LINUX}),
        ("while-held", "held-in-linux", LEASE, {"beat": beat()}),
        ("paused", "let-go-and-paused", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "retake": rows(
        {"epoch": 1, **BOB},
        ("after-a-pause-taken-back", "paused-and-back", "lease_taken", {}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("paused", "paused-and-held", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "release": rows(
        {"epoch": 1, "reason": "left", "heartbeats": 7, "ran": 5 * SECOND},
        ("held", "held", "lease_released", {}),
        ("at-once", "held", "lease_released", {"ran": 0, "heartbeats": 0}),
        ("paused", "paused-and-held", "lease_released", {}),
        ("completed", "completed", "lease_released", {}),
        ("canceled", "canceled", "lease_released", {}),
        ("let-go-before", "let-go", LEASE, {}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "block_on_decisions": rows(
        {"epoch": 1},
        ("one-open", "held-with-a-decision-open", "job_blocked", {}),
        ("none-open", "held", "", {}),
        ("blocked-before", "waiting-for-a-choice", "", {}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "complete": rows(
        {"epoch": 1, "summary": "merged"},
        ("held", "held", "checkpoint_recorded job_completed", {}),
        ("with-what-was-required", "held-with-its-plan", "checkpoint_recorded job_completed", {}),
        ("states-what-was-spent", "held-over-its-budget", "checkpoint_recorded job_completed", {}),
        ("without-what-was-required", "held-with-a-plan-to-come", INVALID, {}),
        ("summary-too-long", "held", INVALID, {"summary": LONGEST + "s"}),
        ("decision-open", "held-with-a-decision-open", APPROVAL, {}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("let-go", "let-go", LEASE, {}),
        ("paused", "paused-and-held", MOVE, {}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "block_on_error": rows(
        {
            "epoch": 1,
            "summary": "no route to host",
            "reason_codes": ["E_ADAPTER_FAIL"],
            "step": EDIT,
        },
        ("by-the-holder", "held", "checkpoint_recorded job_blocked", {}),
        ("by-nobody", "queued", "checkpoint_recorded job_blocked", {"epoch": None, "step": None}),
        ("longer-than-a-summary", "held", "checkpoint_recorded job_blocked",
         {"summary": LONGEST + "s"}),
        ("blank", "held", "checkpoint_recorded job_blocked", {"summary": " "}),
        ("blank-without-a-code", "held", "checkpoint_recorded job_blocked",
         {"summary": "", "reason_codes": []}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("blocked-before", "blocked-by-an-error", MOVE, {"epoch": None}),
        ("canceled", "canceled", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "start": rows(
        {
            **ATTEMPT,
            "input_digest": None,
            "at_most_once": False,
            "gate": None,
            "running": 0,
        },
        ("first", "held", "step_started", {}),
        ("with-everything", "held", "step_started",
         {"input_digest": "ab" * 32, "at_most_once": True, "gate": YES,
          "step": e.StepRef(name="edit", occurrence=1, key="src/\u00fc.py")}),
        ("settles-what-an-attempt-had-reserved", "held-with-an-attempt-and-a-reservation",
         "budget_settled step_started", {"attempt": 2}),
        ("leaves-what-another-step-had-reserved", "held-with-an-attempt-and-a-reservation",
         "step_started", {"step": MERGE}),
        ("last-one-within-the-budget", "held-within-a-budget", "step_started", {}),
        ("one-more-than-the-budget", "held-with-a-step-done",
         "budget_exceeded checkpoint_recorded job_blocked", {"step": MERGE}),
        ("retry-over-the-budget", "held-with-a-failed-attempt",
         "budget_exceeded checkpoint_recorded job_blocked", {"attempt": 2}),
        ("interrupted-is-no-retry", "held-with-an-attempt", "step_started", {"attempt": 2}),
        ("over-the-budget-already", "held-over-its-budget",
         "budget_exceeded checkpoint_recorded job_blocked", {}),
        ("time-is-used-up", "held-within-a-budget",
         "budget_exceeded checkpoint_recorded job_blocked", {"running": 60 * SECOND}),
        ("time-is-nearly-used-up", "held-within-a-budget", "step_started",
         {"running": 60 * SECOND - 1}),
        ("decision-open", "held-with-a-decision-open", "job_blocked", {}),
        ("gate-approved-for-now", "held", "step_started", {"gate": until(NOW + 1)}),
        ("gate-approval-is-over", "held", APPROVAL, {"gate": until(NOW)}),
        ("gate-refused", "held", APPROVAL, {"gate": NO}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("paused", "paused-and-held", MOVE, {}),
        ("canceled", "canceled", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "finish": rows(
        {
            **ATTEMPT,
            "result": {"merged": 2, "a": [0.5, None]},
            "result_blob": None,
            "result_type": None,
            "artifacts": [],
            "ran": 2 * SECOND,
        },
        ("held", "held-with-an-attempt", "step_finished", {}),
        ("with-everything", "held-with-an-attempt", "step_finished",
         {"result": None, "result_blob": "cd" * 32, "result_type": "Merge", "ran": 0,
          "artifacts": [Artifact(path="src/a.py", sha256="12" * 32, size=10)]}),
        ("canceled-meanwhile", "canceled", "step_finished", {}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "fail": rows(
        {
            **ATTEMPT,
            "code": "E_ADAPTER_FAIL",
            "error_type": "OSError",
            "message": "no route to host",
            "retry_at": None,
            "ran": 2 * SECOND,
        },
        ("for-good", "held-with-an-attempt", "step_failed", {}),
        ("to-be-tried-again", "held-with-an-attempt", "step_failed", {"retry_at": NOW + SECOND}),
        ("message-is-cut", "held-with-an-attempt", "step_failed", {"message": "m" * 4001}),
        ("canceled-meanwhile", "canceled", "step_failed", {}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "sleep": rows(
        {"epoch": 1, "key": "sleep/1", "wake_at": WAKE_AT},
        ("held", "held", "timer_set", {}),
        ("until-long-ago", "held", "timer_set", {"wake_at": 0}),
        ("until-the-largest-number", "held", "timer_set", {"wake_at": LARGEST}),
        ("until-before-1970", "held", INVALID, {"wake_at": -1}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("paused", "paused-and-held", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "artifact": rows(
        {
            "epoch": 1,
            "artifact": Artifact(path="src/a.py", sha256="12" * 32, size=10),
            "mark": "artifact/1",
        },
        ("held", "held", "artifact_recorded", {}),
        ("kept-and-masked", "held", "artifact_recorded",
         {"artifact": Artifact(
             path="a", sha256="12" * 32, size=0, capture="content", redacted=True)}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "acceptance": rows(
        {"epoch": 1, "checks_run": 2, "passed": 2, "failures": [], "config_digest": "78" * 32},
        ("passed", "held", "acceptance_recorded", {}),
        ("failed", "held", "acceptance_recorded",
         {"passed": 1, "failures": [e.AcceptanceFailure(
             check="lint", code="E_ACCEPT_TEST_FAIL", message="exit 1")]}),
        ("of-a-completed-job", "completed", "acceptance_recorded", {}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("canceled", "canceled", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "charge": rows(
        {"epoch": 1, "amounts": amounts(tokens=100), "step": None, "mark": ""},
        ("to-the-limit", "held-within-a-budget", "charged", {}),
        ("without-a-limit", "held", "charged", {"amounts": amounts(tokens=LARGEST, pages=3)}),
        ("inside-a-step", "held-with-an-attempt", "charged", {"step": EDIT, "mark": "charge/1"}),
        ("over-the-limit", "held-within-a-budget",
         "charged budget_exceeded checkpoint_recorded job_blocked",
         {"amounts": amounts(tokens=101)}),
        ("over-two-limits", "held-within-a-budget",
         "charged budget_exceeded checkpoint_recorded job_blocked",
         {"amounts": amounts(tokens=101, cost="0.51")}),
        ("over-with-what-is-reserved", "held-with-a-reservation",
         "charged budget_exceeded checkpoint_recorded job_blocked",
         {"amounts": amounts(tokens=61)}),
        ("over-while-paused", "paused-and-held", "charged", {}),
        ("canceled-meanwhile", "canceled", "charged", {}),
        ("nothing", "held", INVALID, {"amounts": []}),
        ("more-than-can-be-counted", "held-counting-to-the-largest", INVALID, {}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "reserve": rows(
        {"epoch": 1, "reservation": INSIDE},
        ("fits", "held-within-a-budget", "budget_reserved", {}),
        ("fits-exactly", "held-within-a-budget", "budget_reserved",
         {"reservation": Reservation(id="r", amounts=amounts(tokens=100, cost="0.5"))}),
        ("does-not-fit", "held-within-a-budget",
         "budget_exceeded checkpoint_recorded job_blocked",
         {"reservation": Reservation(id="r", amounts=amounts(tokens=101))}),
        ("does-not-fit-beside-another", "held-with-a-reservation",
         "budget_exceeded checkpoint_recorded job_blocked",
         {"reservation": Reservation(id="r", amounts=amounts(tokens=61))}),
        ("without-a-limit", "held", "budget_reserved", {}),
        ("nothing", "held", INVALID, {"reservation": Reservation(id="r", amounts=())}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("paused", "paused-and-held", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "settle": rows(
        {"epoch": 1, "reservation_id": "edit!1", "amounts": amounts(tokens=40)},
        ("as-reserved", "held-with-a-reservation", "budget_settled", {}),
        ("less", "held-with-a-reservation", "budget_settled", {"amounts": amounts(tokens=1)}),
        ("nothing", "held-with-a-reservation", "budget_settled", {"amounts": []}),
        ("more-but-within", "held-with-a-reservation", "budget_settled",
         {"amounts": amounts(tokens=100)}),
        ("more-than-the-limit", "held-with-a-reservation",
         "budget_settled budget_exceeded checkpoint_recorded job_blocked",
         {"amounts": amounts(tokens=101)}),
        ("no-such-reservation", "held-with-a-reservation", INVALID, {"reservation_id": "r"}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "budget_check": rows(
        {"epoch": 1, "running": 0},
        ("within", "held-within-a-budget", "", {}),
        ("no-limits", "held", "", {"running": LARGEST}),
        ("over", "held-over-its-budget", "budget_exceeded checkpoint_recorded job_blocked", {}),
        ("time-used-up", "held-within-a-budget",
         "budget_exceeded checkpoint_recorded job_blocked", {"running": 60 * SECOND}),
        ("time-nearly-used-up", "held-within-a-budget", "", {"running": 60 * SECOND - 1}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
}  # fmt: skip
