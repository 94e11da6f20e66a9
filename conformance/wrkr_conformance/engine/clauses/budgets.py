"""Budgets: nothing begins that does not fit, and only a person makes more room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_conformance.engine.claiming import (
    checkpoints,
    ended,
    has,
    has_status,
    inner,
    ran_only,
    refused,
    resume,
    run,
    stands,
    status_of,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does, fails
from wrkr_conformance.expect import claim, same

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench

OVER: Final = "E_BUDGET_EXCEEDED"
STEPS: Final[list[dict[str, Any]]] = [{"id": name, "run": does(name)} for name in ("a", "b", "c")]


@engine_clause("L7.1")
def a_limit_is_a_limit(bench: Bench) -> None:
    """With a limit of two steps two of three run: exit code 1, `blocked_budget`, `E_BUDGET_EXCEEDED`."""
    bench.spec(steps=STEPS, budget={"steps": 2})
    view = run(bench, "job", code=1)
    stands(view, "blocked_budget", "run")
    ran_only(bench, "a", "b")
    same(has_status(bench, "job", "blocked_budget")["reason_codes"], [OVER], "reason codes")
    newest = checkpoints(bench, "job")[-1]
    same((newest["kind"], newest["reason_codes"]), ("blocked", [OVER]), "the newest checkpoint")


@engine_clause("L7.2")
def over_its_budget_it_stays(bench: Bench) -> None:
    """A job over its budget is not resumed: `E_BUDGET_EXCEEDED`, exit code 1, and nothing runs."""
    bench.spec(steps=STEPS, budget={"steps": 2})
    run(bench, "job", code=1)
    refused(bench.ask("resume", "job"), OVER, 1)
    ran_only(bench, "a", "b")


@engine_clause("L7.3")
def more_room_repeats_nothing(bench: Bench) -> None:
    """`budget raise` puts the job back to work and runs nothing again."""
    bench.spec(steps=STEPS, budget={"steps": 2})
    run(bench, "job", code=1)
    said = bench.ask("budget", "raise", "job", "--steps", "3", "--reason", "so", "--by", "ann")
    stands(ended(said, 0).result(), "queued", "budget raise")
    ran_only(bench, "a", "b")
    stands(resume(bench, "job"), "completed", "resume")
    ran_only(bench, "a", "b", "c")


@engine_clause("L7.4")
def limits_are_not_lowered_below_what_was_used(bench: Bench) -> None:
    """Limits below what was used, without a reason, or of no meter are refused with exit code 6."""
    bench.spec(steps=STEPS, budget={"steps": 2})
    run(bench, "job", code=1)
    for options in (("--steps", "1", "--reason", "so"), ("--steps", "9"), ("--reason", "so")):
        said = bench.ask("budget", "raise", "job", "--by", "ann", *options)
        refused(said, "E_INVALID_INPUT_SCHEMA", 6)
    has_status(bench, "job", "blocked_budget")


@engine_clause("L7.5")
def retries_count(bench: Bench) -> None:
    """Retries have a limit of their own; with none left a failed step is not tried again."""
    bench.spec(steps=[{"id": "a", "run": fails("a"), "retries": 5}], budget={"retries": 1})
    stands(run(bench, "job", code=1), "blocked_budget", "run")
    ran_only(bench, "a", "a")


@engine_clause("L7.6")
def time_is_a_limit_too(bench: Bench) -> None:
    """The wall limit interrupts a running command and blocks the job with `blocked_budget`."""
    slow = does("slow", "import time;time.sleep(60)")
    bench.spec(
        steps=[{"id": "a", "run": slow}, {"id": "b", "run": does("b")}], budget={"wall": "1s"}
    )
    stands(run(bench, "job", code=1), "blocked_budget", "run")
    ran_only(bench, "slow")


@engine_clause("L7.7")
def use_is_shown(bench: Bench) -> None:
    """`budget show` and `status` give what was spent of every meter and its limit, null for none."""
    bench.spec(steps=STEPS, budget={"steps": 5, "cost": "1.50"})
    run(bench, "job")
    shown = ended(bench.ask("budget", "show", "job"), 0).result()
    for what, view in (("budget show", shown), ("status", status_of(bench, "job"))):
        budget = inner(view, "budget", what)
        has(budget, ("steps", "cost", "wall"), f"the budget in {what}")
        uses = {meter: inner(budget, meter, what) for meter in ("steps", "cost", "wall")}
        found = {meter: (use.get("spent"), use.get("limit")) for meter, use in uses.items()}
        ran_for, _limit = found["wall"]
        claim(isinstance(ran_for, int) and ran_for > 0, f"running time in {what} is {ran_for!r}")
        wanted = {"steps": (3, 5), "cost": (0, 1_500_000), "wall": (ran_for, None)}
        same(found, wanted, f"spent and limit in {what}")
