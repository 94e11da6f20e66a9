"""Every refusal of a decision, word for word: what people read, and what programs are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.strategies import NOON, state_in
from tests.wrkr_core.job.decide.test_deciding import approve, record
from tests.wrkr_core.job.decide.test_leasing import DARWIN, LINUX
from wrkr_core.budget import amounts
from wrkr_core.errors import (
    ApprovalRequiredError,
    BudgetExceededError,
    EnvironmentMismatchError,
    InvalidInputError,
    JobExistsError,
    LeaseConflictError,
    MoveNotAllowedError,
    NotFoundError,
    UnknownEventError,
    WrkrError,
)
from wrkr_core.job.decide.deciding import decide_refuse
from wrkr_core.job.decide.guard import require_holder, require_known
from wrkr_core.job.decide.leasing import require_environment
from wrkr_core.job.decide.lifecycle import (
    decide_cancel,
    decide_complete,
    decide_resume,
    decide_submit,
    require_answers,
)
from wrkr_core.job.decide.spending import decide_charge, decide_raise, decide_settle
from wrkr_core.job.state import STATUSES
from wrkr_core.spec import CheckpointPolicy, JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.job.state import JobState

WAITS = state_in("blocked_decision")
CHOOSES = replace(WAITS, decisions=(replace(WAITS.decisions[0], choices=("a", "b")),))
TWO = replace(
    WAITS, decisions=(*WAITS.decisions, replace(WAITS.decisions[0], checkpoint_id="cp_5"))
)
RUNS = state_in("running", decisions=())
Case = tuple["Callable[[], object]", type[WrkrError], str, str, dict[str, Any]]


def over(status: str) -> JobState:
    return replace(RUNS, status=status, spent=amounts(tokens=101), reservations=())


CASES: dict[str, Case] = {
    "a checkpoint that comes by itself": (
        lambda: record(RUNS, kind="blocked"),
        InvalidInputError,
        "'blocked' checkpoints are not recorded by hand",
        "use plan or progress; ask a question to open a decision",
        {},
    ),
    "an approval without a reason": (
        lambda: approve(WAITS, reason=" "),
        InvalidInputError,
        "a decision needs a reason",
        "--reason 'looked at the diff'",
        {},
    ),
    "an approval that would be over": (
        lambda: approve(WAITS, expires_at=NOON),
        InvalidInputError,
        "the approval would have expired already",
        "",
        {},
    ),
    "an approval without a choice": (
        lambda: approve(CHOOSES),
        InvalidInputError,
        "cp_3 wants one of: a, b",
        "--choice …",
        {},
    ),
    "another choice than those there are": (
        lambda: approve(CHOOSES, choice="c"),
        InvalidInputError,
        "'c' is no choice of cp_3: a, b",
        "",
        {},
    ),
    "a choice where there is none": (
        lambda: approve(WAITS, choice="c"),
        InvalidInputError,
        "'c' is no choice of cp_3: no choices, only yes or no",
        "",
        {},
    ),
    "an answer to what is not asked": (
        lambda: decide_refuse(TWO, checkpoint_id="cp_4", reason="x"),
        NotFoundError,
        "cp_4 is not an open decision of job j_7",
        "open: cp_3, cp_5",
        {"job_id": "j_7", "checkpoint_id": "cp_4"},
    ),
    "an answer to something else than was shown": (
        lambda: approve(WAITS, subject="6" * 64),
        MoveNotAllowedError,
        "cp_3 of job j_7 is not what was shown",
        "look at it again before deciding",
        {"expected": WAITS.decisions[0].subject, "given": "6" * 64},
    ),
    "a log that is not understood": (
        lambda: require_known(replace(RUNS, unknown=("a/2", "b/1"))),
        UnknownEventError,
        "job j_7 holds events this release does not know: a/2, b/1",
        "use the release that wrote them, or a newer one",
        {"job_id": "j_7", "types": ["a/2", "b/1"]},
    ),
    "a worker whose job was taken over": (
        lambda: require_holder(RUNS, 2),
        LeaseConflictError,
        "job j_7 was taken over: epoch 2 is over, ada holds it (epoch 3)",
        "",
        {"job_id": "j_7", "epoch": 2, "holder": "ada", "current_epoch": 3},
    ),
    "an id that is taken": (
        lambda: decide_submit(RUNS, job_id="j_7", spec=JobSpec(name="other"), engine="0"),
        JobExistsError,
        "job j_7 exists already, with another spec",
        "leave the id out to get a new one, or choose another",
        {"job_id": "j_7", "spec_digest": RUNS.spec_digest},
    ),
    "going on over the budget": (
        lambda: decide_resume(over("blocked_budget"), reason="x"),
        BudgetExceededError,
        "job j_7 is over its budget: tokens: 101 used, limit 100",
        "wrkr budget raise j_7 --tokens …",
        {"job_id": "j_7"},
    ),
    "going on past decisions": (
        lambda: require_answers(TWO),
        ApprovalRequiredError,
        f"job j_7 waits for a decision on cp_3 (and 1 more): {TWO.decisions[0].question}",
        "wrkr approve j_7 cp_3 --reason …",
        {"job_id": "j_7", "checkpoint_id": "cp_3", "open_decisions": ["cp_3", "cp_5"]},
    ),
    "completing without a checkpoint the spec wants": (
        lambda: decide_complete(
            replace(RUNS, checkpoint_policy=CheckpointPolicy(required=("plan", "progress"))),
            epoch=3,
            summary="done",
        ),
        InvalidInputError,
        "job j_7 may not complete without a progress checkpoint",
        "its spec requires one under checkpoints.required",
        {"job_id": "j_7", "kind": "progress"},
    ),
    "canceling what is over": (
        lambda: decide_cancel(state_in("completed"), reason="x"),
        MoveNotAllowedError,
        "job j_7 is completed; it cannot be canceled",
        f"that is possible when a job is {', '.join(STATUSES[:6])}",
        {"job_id": "j_7", "status": "completed", "event": "job_canceled"},
    ),
    "charging nothing": (
        lambda: decide_charge(RUNS, epoch=3, amounts=()),
        InvalidInputError,
        "nothing is charged",
        "name a meter: tool_calls=1",
        {},
    ),
    "charging more than can be counted": (
        lambda: decide_charge(RUNS, epoch=3, amounts=amounts(tokens=2**53 - 1)),
        InvalidInputError,
        f"more tokens than can be counted: {2**53 + 9}",
        "",
        {},
    ),
    "settling what is not reserved": (
        lambda: decide_settle(RUNS, epoch=3, reservation_id="r9", amounts=()),
        InvalidInputError,
        "reservation r9 of job j_7 is not open",
        "",
        {},
    ),
    "a limit below what was used": (
        lambda: decide_raise(RUNS, limits=amounts(tokens=3), reason="less"),
        InvalidInputError,
        "the new limit is not above what was used: tokens: 15 used, limit 3",
        "",
        {"job_id": "j_7"},
    ),
    "another environment": (
        lambda: require_environment(replace(RUNS, fingerprint=LINUX), DARWIN),
        EnvironmentMismatchError,
        "job j_7 was started in another environment (os: was linux, is darwin)",
        "resume it there, or: wrkr resume j_7 --accept-environment --reason …",
        {
            "job_id": "j_7",
            "differences": [{"rule": "os", "expected": "linux", "actual": "darwin"}],
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_says_what_is_wrong_what_to_do_and_gives_the_facts(name: str) -> None:
    call, kind, message, hint, details = CASES[name]

    with pytest.raises(WrkrError) as caught:
        call()

    assert type(caught.value) is kind
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.details == details
