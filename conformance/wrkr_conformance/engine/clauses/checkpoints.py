"""Checkpoints: five kinds, each with a summary that is neither empty nor cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_conformance.engine.claiming import (
    checkpoints,
    ended,
    has,
    has_status,
    inner,
    refused,
    run,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does, fails, writes
from wrkr_conformance.expect import claim, same

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench

KINDS: Final = ("plan", "progress", "decision-needed", "blocked", "completed")
INVALID: Final = "E_INVALID_INPUT_SCHEMA"


def _kinds(found: list[dict[str, Any]]) -> list[str]:
    return [str(each.get("kind")) for each in found]


@engine_clause("L6.1")
def a_job_says_where_it_stands(bench: Bench) -> None:
    """A job records its plan, its progress and its end, in this order, as checkpoints."""
    bench.spec(steps=[{"id": name, "run": does(name)} for name in ("a", "b")])
    run(bench, "job")
    kinds = _kinds(checkpoints(bench, "job"))
    same((kinds[0], kinds[-1]), ("plan", "completed"), "the first and the last kind")
    claim("progress" in kinds, f"no progress was recorded: {kinds}")
    claim(set(kinds) <= set(KINDS), f"kinds there are not: {kinds}")


@engine_clause("L6.2")
def waiting_and_failing_are_checkpoints(bench: Bench) -> None:
    """A gate is a `decision-needed` checkpoint with an action, a failure a `blocked` one with a code."""
    bench.spec(steps=[{"id": "a", "run": does("a"), "gate": "Run it?"}])
    run(bench, "waiting", code=4)
    asked = checkpoints(bench, "waiting")[-1]
    same(asked.get("kind"), "decision-needed", "the newest kind")
    action = inner(asked, "required_action", "the checkpoint of a gate")
    claim(bool(action.get("kind")), f"required_action says no kind: {action!r}")
    bench.spec(steps=[{"id": "a", "run": fails("a")}])
    run(bench, "stuck", code=1)
    blocked = checkpoints(bench, "stuck")[-1]
    same(
        (blocked.get("kind"), blocked.get("reason_codes")),
        ("blocked", ["E_ADAPTER_FAIL"]),
        "kind and reason codes of the newest checkpoint",
    )


@engine_clause("L6.3")
def checkpoints_have_their_shape(bench: Bench) -> None:
    """A checkpoint is named `cp_<seq>` by its event, and has summary, budget and artifact changes."""
    bench.spec(steps=[{"id": "a", "run": writes("a", "a.txt", "x"), "artifacts": ["a.txt"]}])
    run(bench, "job")
    events = ended(bench.ask("log", "job"), 0).lines()
    recorded = [each for each in events if str(each["type"]).startswith("checkpoint_recorded/")]
    found = checkpoints(bench, "job")
    ids = [each.get("checkpoint_id") for each in found]
    same(ids, [f"cp_{each['seq']}" for each in recorded], "ids of the checkpoints")
    for each in found:
        has(each, ("kind", "summary", "budget", "artifacts", "reason_codes"), "a checkpoint")
        claim(1 <= len(each["summary"]) <= 2000, f"a summary of {len(each['summary'])} characters")
    progress = next(each for each in found if each["kind"] == "progress")
    same(inner(progress, "artifacts", "progress").get("added"), ["a.txt"], "files that came")
    shown = ended(bench.ask("checkpoint", "show", "job", str(ids[0])), 0).result()
    same(shown.get("summary"), found[0]["summary"], "the summary that checkpoint show gives")


@engine_clause("L6.4")
def checkpoints_from_outside(bench: Bench) -> None:
    """`checkpoint emit` records progress from outside; blocked and completed it refuses."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    ended(bench.ask("submit", "job.json", "--job-id", "job"), 0)
    said = bench.ask("checkpoint", "emit", "job", "progress", "half of it", "--by", "ann")
    emitted = ended(said, 0).result()
    for kind in ("blocked", "completed", "thought"):
        refused(bench.ask("checkpoint", "emit", "job", kind, "so", "--by", "ann"), INVALID, 6)
    found = [(each["checkpoint_id"], each["kind"]) for each in checkpoints(bench, "job")]
    same(found, [(emitted["checkpoint_id"], "progress")], "checkpoints of the job")
    has_status(bench, "job", "queued")


@engine_clause("L6.5")
def summaries_are_never_cut(bench: Bench) -> None:
    """A summary of 2000 characters is kept whole; a longer or empty one ends with exit code 6."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    ended(bench.ask("submit", "job.json", "--job-id", "job"), 0)
    longest = "s" * 1999 + "\u00fc"
    ended(bench.ask("checkpoint", "emit", "job", "progress", longest, "--by", "ann"), 0)
    for summary in (longest + "s", "", "   "):
        said = bench.ask("checkpoint", "emit", "job", "progress", summary, "--by", "ann")
        refused(said, INVALID, 6)
    same([each["summary"] for each in checkpoints(bench, "job")], [longest], "summaries kept")
