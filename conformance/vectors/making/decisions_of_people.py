"""What people and programs outside a worker ask of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vectors.making.rows import rows
from vectors.making.scenes import BUDGET, DARWIN, LINUX
from vectors.making.telling import NOON, SECOND
from wrkr_core import events as e
from wrkr_core.budget import amounts
from wrkr_core.checkpoint import ArtifactChanges, RequiredAction
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from vectors.making.rows import Row

INVALID: Final = "E_INVALID_INPUT_SCHEMA"
MOVE: Final = "E_INVALID_STATE_TRANSITION"
LEASE: Final = "E_LEASE_CONFLICT"
APPROVAL: Final = "E_CHECKPOINT_APPROVAL_REQUIRED"
OVER: Final = "E_BUDGET_EXCEEDED"
MISSING: Final = "E_NOT_FOUND"
UNKNOWN: Final = "E_UNKNOWN_EVENT"
NOW: Final = NOON + 600 * SECOND
LONGEST: Final = "s" * 2000
YES: Final = RequiredAction(kind="approval", instructions="look", key="ask/9")
FORK: Final = e.ForkPoint(job="origin", seq=9, hash="9a" * 32)

PEOPLE: Final[dict[str, tuple[Row, ...]]] = {
    "submit": rows(
        {
            "job_id": "port-utils",
            "spec": JobSpec(name="port-utils"),
            "engine": "0.1.0",
            "forked_from": None,
        },
        ("new", "none", "job_submitted", {}),
        ("new-with-a-budget", "none", "job_submitted", {"spec": JobSpec(name="a", budget=BUDGET)}),
        ("new-as-a-fork", "none", "job_submitted", {"forked_from": FORK}),
        ("the-same-again", "queued", "", {}),
        ("the-same-again-by-another-release", "queued", "", {"engine": "0.2.0"}),
        ("the-same-again-after-the-end", "completed", "", {}),
        ("another-spec", "queued", "E_JOB_EXISTS", {"spec": JobSpec(name="another")}),
        ("the-same-spec-as-a-fork", "queued", "E_JOB_EXISTS", {"forked_from": FORK}),
    ),
    "pause": rows(
        {"reason": "lunch"},
        ("queued", "queued", "job_paused", {}),
        ("held", "held", "job_paused", {}),
        ("longest-reason", "held", "job_paused", {"reason": LONGEST}),
        ("reason-too-long", "held", INVALID, {"reason": LONGEST + "s"}),
        ("reason-blank", "held", INVALID, {"reason": " \n"}),
        ("paused", "paused", MOVE, {}),
        ("waiting", "waiting-for-a-decision", MOVE, {}),
        ("over-its-budget", "blocked-by-its-budget", MOVE, {}),
        ("stuck", "blocked-by-an-error", MOVE, {}),
        ("completed", "completed", MOVE, {}),
        ("canceled", "canceled", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "cancel": rows(
        {"reason": "enough"},
        ("queued", "queued", "job_canceled", {}),
        ("held", "held", "job_canceled", {}),
        ("paused", "paused", "job_canceled", {}),
        ("waiting", "waiting-for-a-decision", "job_canceled", {}),
        ("over-its-budget", "blocked-by-its-budget", "job_canceled", {}),
        ("stuck", "blocked-by-an-error", "job_canceled", {}),
        ("reason-blank", "held", INVALID, {"reason": ""}),
        ("completed", "completed", MOVE, {}),
        ("canceled", "canceled", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "erase": rows(
        {"reason": "asked for"},
        ("completed", "erasable-and-completed", "payloads_erased", {}),
        ("canceled", "erasable-and-canceled", "payloads_erased", {}),
        ("erased", "erased", "", {}),
        ("held", "erasable-and-held", MOVE, {}),
        ("not-erasable", "completed", MOVE, {}),
        ("reason-blank", "erasable-and-completed", INVALID, {"reason": " "}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "resume": rows(
        {"reason": "back"},
        ("paused", "paused", "job_resumed", {}),
        ("paused-with-a-worker", "paused-and-held", "job_resumed", {}),
        ("stuck", "blocked-by-an-error", "job_resumed", {}),
        ("all-answered", "waiting-with-all-answered", "job_resumed", {}),
        ("budget-raised", "blocked-by-its-budget-which-was-raised", "job_resumed", {}),
        ("waiting", "waiting-for-a-decision", APPROVAL, {}),
        ("over-its-budget", "blocked-by-its-budget", OVER, {}),
        ("reason-too-long", "paused", INVALID, {"reason": LONGEST + "s"}),
        ("queued", "queued", MOVE, {}),
        ("held", "held", MOVE, {}),
        ("completed", "completed", MOVE, {}),
        ("canceled", "canceled", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "approve": rows(
        {
            "checkpoint_id": "cp_3",
            "reason": "read the diff",
            "choice": None,
            "expires_at": None,
            "subject": None,
        },
        ("the-last-one", "waiting-for-a-decision", "approval_given job_resumed", {}),
        ("one-of-two", "waiting-for-two-decisions", "approval_given", {}),
        ("while-work-goes-on", "held-with-a-decision-open", "approval_given", {}),
        ("a-choice", "waiting-for-a-choice", "approval_given job_resumed", {"choice": "v2"}),
        (
            "with-an-end",
            "waiting-for-a-decision",
            "approval_given job_resumed",
            {"expires_at": NOW + 1},
        ),
        ("that-is-over", "waiting-for-a-decision", INVALID, {"expires_at": NOW}),
        ("no-choice", "waiting-for-a-choice", INVALID, {}),
        ("another-choice", "waiting-for-a-choice", INVALID, {"choice": "v3"}),
        ("a-choice-of-yes-or-no", "waiting-for-a-decision", INVALID, {"choice": "v1"}),
        ("no-reason", "waiting-for-a-decision", INVALID, {"reason": ""}),
        ("reason-too-long", "waiting-for-a-decision", INVALID, {"reason": LONGEST + "s"}),
        ("not-what-was-shown", "waiting-for-a-decision", MOVE, {"subject": "0" * 64}),
        ("no-such-decision", "waiting-for-a-decision", MISSING, {"checkpoint_id": "cp_2"}),
        ("answered-before", "waiting-with-all-answered", MISSING, {}),
        ("completed", "completed", MOVE, {}),
        ("canceled", "canceled", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "refuse": rows(
        {"checkpoint_id": "cp_3", "reason": "not yet", "choice": None, "subject": None},
        ("the-last-one", "waiting-for-a-decision", "approval_refused job_resumed", {}),
        ("one-of-two", "waiting-for-two-decisions", "approval_refused", {}),
        ("without-a-choice", "waiting-for-a-choice", "approval_refused job_resumed", {}),
        ("a-choice", "waiting-for-a-choice", "approval_refused job_resumed", {"choice": "v1"}),
        ("another-choice", "waiting-for-a-choice", INVALID, {"choice": "v3"}),
        ("no-reason", "waiting-for-a-decision", INVALID, {"reason": " "}),
        ("not-what-was-shown", "waiting-for-a-decision", MOVE, {"subject": "0" * 64}),
        ("no-such-decision", "queued", MISSING, {}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "raise": rows(
        {"limits": amounts(tokens=200), "reason": "worth it"},
        ("enough", "blocked-by-its-budget", "budget_raised job_resumed", {}),
        ("to-what-was-used", "blocked-by-its-budget", "budget_raised job_resumed",
         {"limits": amounts(tokens=101)}),
        ("another-meter-only", "blocked-by-its-budget", "budget_raised",
         {"limits": amounts(cost="10")}),
        ("while-work-goes-on", "held-within-a-budget", "budget_raised", {}),
        ("lower", "held-within-a-budget", "budget_raised", {"limits": amounts(tokens=1)}),
        ("a-new-meter", "queued", "budget_raised", {"limits": amounts(pages=3)}),
        ("below-what-was-used", "blocked-by-its-budget", INVALID, {"limits": amounts(tokens=100)}),
        ("below-what-is-reserved", "held-with-a-reservation", INVALID,
         {"limits": amounts(tokens=39)}),
        ("time-to-what-was-used", "held-over-its-time", INVALID, {"limits": amounts(wall="1m")}),
        ("no-limit", "blocked-by-its-budget", INVALID, {"limits": ()}),
        ("no-reason", "blocked-by-its-budget", INVALID, {"reason": ""}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "accept_environment": rows(
        {"actual": DARWIN, "reason": "same tools"},
        ("another", "held-in-linux", "environment_accepted", {}),
        ("another-while-nobody-works", "let-go", "environment_accepted", {}),
        ("the-same", "held-in-linux", "", {"actual": LINUX}),
        ("none-was-captured", "held", "", {}),
        ("completed", "completed", MOVE, {}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "checkpoint": rows(
        {
            "kind": "progress",
            "summary": "12 of 40 done",
            "artifacts": ArtifactChanges(),
            "data": None,
            "epoch": 1,
            "mark": "",
        },
        ("by-the-holder", "held", "checkpoint_recorded", {}),
        ("from-outside", "held", "checkpoint_recorded", {"epoch": None}),
        ("on-a-queued-job", "queued", "checkpoint_recorded", {"epoch": None}),
        ("states-what-was-spent", "held-over-its-budget", "checkpoint_recorded", {}),
        (
            "with-everything", "held", "checkpoint_recorded",
            {
                "kind": "plan",
                "summary": LONGEST,
                "artifacts": ArtifactChanges(added=("a",), changed=("b",), removed=("c", "d")),
                "data": {"b": [0.5, None], "a": "\u2028"},
                "mark": "checkpoint/1",
            },
        ),
        ("summary-too-long", "held", INVALID, {"summary": LONGEST + "s"}),
        ("summary-blank", "held", INVALID, {"summary": "\t"}),
        ("decision-by-hand", "held", INVALID, {"kind": "decision-needed"}),
        ("completed-by-hand", "held", INVALID, {"kind": "completed"}),
        ("blocked-by-hand", "held", INVALID, {"kind": "blocked"}),
        ("unknown-kind", "held", INVALID, {"kind": "thought"}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("completed", "completed", MOVE, {"epoch": None}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
    "ask": rows(
        {"question": "Tag it?", "action": YES, "data": None, "epoch": 1},
        ("by-the-holder", "held", "checkpoint_recorded job_blocked", {}),
        ("from-outside-while-work-goes-on", "held", "checkpoint_recorded", {"epoch": None}),
        ("of-a-queued-job", "queued", "checkpoint_recorded job_blocked", {"epoch": None}),
        ("of-a-paused-job", "paused", "checkpoint_recorded", {"epoch": None}),
        ("of-one-that-waits", "waiting-for-a-decision", "checkpoint_recorded", {"epoch": None}),
        ("with-data", "held", "checkpoint_recorded job_blocked", {"data": {"diff": "+1 -1"}}),
        ("too-long", "held", INVALID, {"question": LONGEST + "s"}),
        ("blank", "held", INVALID, {"question": ""}),
        ("under-a-lost-epoch", "taken-over", LEASE, {}),
        ("canceled", "canceled", MOVE, {"epoch": None}),
        ("unknown-event", "unknown-event", UNKNOWN, {}),
    ),
}  # fmt: skip
