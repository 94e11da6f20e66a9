"""Gates and questions: nothing runs before its approval, and an approval is for one question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_conformance.engine.claiming import (
    ended,
    has,
    has_status,
    ran_only,
    refused,
    resume,
    run,
    stands,
    status_of,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does
from wrkr_conformance.expect import claim, same

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench

APPROVAL: Final = "E_CHECKPOINT_APPROVAL_REQUIRED"
MOVE: Final = "E_INVALID_STATE_TRANSITION"
QUESTION: Final = "Publish the report?"
STEPS: Final[list[dict[str, Any]]] = [
    {"id": "a", "run": does("a")},
    {"id": "b", "run": does("b"), "gate": QUESTION},
    {"id": "c", "run": does("c")},
]


def _at_the_gate(bench: Bench) -> str:
    """Run a job up to its gate; return the checkpoint."""
    bench.spec(steps=STEPS)
    view = run(bench, "job", code=4)
    stands(view, "blocked_decision", "run")
    return str(view["checkpoint"])


def _approve(bench: Bench, checkpoint: str, *options: str) -> dict[str, Any]:
    said = bench.ask("approve", "job", checkpoint, "--reason", "read it", "--by", "ann", *options)
    return ended(said, 0).result()


@engine_clause("L5.1")
def a_gate_stops_before_its_command(bench: Bench) -> None:
    """A gate stops before its command runs: exit code 4, `blocked_decision`, the question shown."""
    checkpoint = _at_the_gate(bench)
    ran_only(bench, "a")
    view = has_status(bench, "job", "blocked_decision")
    same(view["reason_codes"], [APPROVAL], "reason codes")
    asked = [(each["checkpoint_id"], each["question"]) for each in view["open_decisions"]]
    same(asked, [(checkpoint, QUESTION)], "decisions that are open")


@engine_clause("L5.2")
def no_answer_no_way(bench: Bench) -> None:
    """Without an answer `resume` and a second `run` are refused with exit code 4, and nothing runs."""
    _at_the_gate(bench)
    refused(bench.ask("resume", "job"), APPROVAL, 4)
    said = bench.ask("run", "job.json", "--job-id", "job")
    claim(said.code == 4, f"{said.line} must end with 4: {said.shown()}")
    has_status(bench, "job", "blocked_decision")
    ran_only(bench, "a")


@engine_clause("L5.3")
def an_approval_frees_the_job(bench: Bench) -> None:
    """An approval puts the job back to work: queued first, and with `resume` every step runs once."""
    checkpoint = _at_the_gate(bench)
    stands(_approve(bench, checkpoint), "queued", "approve")
    has_status(bench, "job", "queued")
    ran_only(bench, "a")
    stands(resume(bench, "job"), "completed", "resume")
    ran_only(bench, "a", "b", "c")


@engine_clause("L5.4")
def an_approval_names_its_approver(bench: Bench) -> None:
    """The log says who approved, why, and, by its hash, exactly what was asked."""
    checkpoint = _at_the_gate(bench)
    _approve(bench, checkpoint)
    events = ended(bench.ask("log", "job"), 0).lines()
    given = [each for each in events if str(each["type"]).startswith("approval_given/")]
    asked = [each for each in events if each["payload"].get("checkpoint_id") == checkpoint]
    same(len(given), 1, "how many approvals the log holds")
    payload = given[0]["payload"]
    same((given[0]["by"], payload["reason"]), ("ann", "read it"), "who approved, and why")
    same(payload["subject"], asked[0]["hash"], "the hash of what was approved")


@engine_clause("L5.5")
def a_refusal_never_runs_the_command(bench: Bench) -> None:
    """A gate that is rejected never runs its command; the job does not complete."""
    checkpoint = _at_the_gate(bench)
    ended(bench.ask("reject", "job", checkpoint, "--reason", "no", "--by", "ann"), 0)
    said = bench.ask("resume", "job")
    claim(said.code != 0, f"{said.line} ends with 0 although its gate was rejected")
    claim(status_of(bench, "job")["status"] != "completed", "the job is completed")
    ran_only(bench, "a")


@engine_clause("L5.6")
def an_approval_is_for_one_question(bench: Bench) -> None:
    """An approval of another checkpoint, or of one that was answered, is refused with `E_NOT_FOUND`."""
    checkpoint = _at_the_gate(bench)
    for other in ("cp_1", "cp_999"):
        said = bench.ask("approve", "job", other, "--reason", "so", "--by", "ann")
        refused(said, "E_NOT_FOUND", 1)
    has_status(bench, "job", "blocked_decision")
    _approve(bench, checkpoint)
    said = bench.ask("approve", "job", checkpoint, "--reason", "again", "--by", "ann")
    refused(said, "E_NOT_FOUND", 1)
    ran_only(bench, "a")


@engine_clause("L5.7")
def an_approval_has_a_reason(bench: Bench) -> None:
    """An approval without a reason is refused with exit code 6."""
    checkpoint = _at_the_gate(bench)
    for reason in (("--reason", ""), ("--reason", "  "), ()):
        said = bench.ask("approve", "job", checkpoint, "--by", "ann", *reason)
        refused(said, "E_INVALID_INPUT_SCHEMA", 6)
    has_status(bench, "job", "blocked_decision")


@engine_clause("L5.8")
def closed_jobs_take_no_approval(bench: Bench) -> None:
    """Approvals on a job that is over are refused, and change nothing."""
    checkpoint = _at_the_gate(bench)
    ended(bench.ask("cancel", "job"), 0)
    before = has_status(bench, "job", "canceled")["head"]
    said = bench.ask("approve", "job", checkpoint, "--reason", "so", "--by", "ann")
    claim(said.code == 1, f"{said.line} must end with 1: {said.shown()}")
    code = said.envelope().get("code")
    claim(code in {MOVE, "E_NOT_FOUND"}, f"the code in the envelope of {said.line} is {code}")
    same(has_status(bench, "job", "canceled")["head"], before, "the head of the job")


@engine_clause("L5.9")
def every_question_is_answered_by_itself(bench: Bench) -> None:
    """Of two open decisions each needs an answer of its own before the job goes on."""
    first = _at_the_gate(bench)
    view = ended(
        bench.ask("checkpoint", "emit", "job", "decision-needed", "Really?", "--by", "ann"), 0
    ).result()
    has(view, ("checkpoint_id",), "checkpoint emit")
    second = str(view["checkpoint_id"])
    same(len(status_of(bench, "job")["open_decisions"]), 2, "how many decisions are open")
    stands(_approve(bench, first), "blocked_decision", "approve")
    refused(bench.ask("resume", "job"), APPROVAL, 4)
    stands(_approve(bench, second), "queued", "approve")
    stands(resume(bench, "job"), "completed", "resume")
    ran_only(bench, "a", "b", "c")
