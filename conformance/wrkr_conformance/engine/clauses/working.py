"""Doing the work: every step once, in order, and never more than was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_conformance.engine.claiming import (
    ended,
    has_status,
    ran_only,
    refused,
    resume,
    run,
    stands,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does, fails, fails_without, writes
from wrkr_conformance.expect import claim, same

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench

MOVE: Final = "E_INVALID_STATE_TRANSITION"


@engine_clause("L3.1")
def steps_run_once_and_in_order(bench: Bench) -> None:
    """`run` does every step once, in order, and ends with 0 and a completed job."""
    bench.spec(steps=[{"id": name, "run": does(name)} for name in ("a", "b", "c")])
    stands(run(bench, "job"), "completed", "run")
    ran_only(bench, "a", "b", "c")
    steps = has_status(bench, "job", "completed")["steps"]
    same((steps["done"], steps["total"]), (3, 3), "steps done and in all")


@engine_clause("L3.2")
def a_failure_stops_the_job(bench: Bench) -> None:
    """A step that fails blocks the job with `E_ADAPTER_FAIL` and exit code 1; no later step runs."""
    bench.spec(steps=[{"id": "a", "run": fails("a")}, {"id": "b", "run": does("b")}])
    view = run(bench, "job", code=1)
    stands(view, "blocked_error", "run")
    same(view.get("reason_codes"), ["E_ADAPTER_FAIL"], "reason codes")
    has_status(bench, "job", "blocked_error")
    ran_only(bench, "a")


@engine_clause("L3.3")
def finished_steps_are_not_repeated(bench: Bench) -> None:
    """`resume` goes on behind the finished steps and repeats none of them."""
    steps = [{"id": "a", "run": does("a")}, {"id": "b", "run": fails_without("b", "mended")}]
    bench.spec(steps=[*steps, {"id": "c", "run": does("c")}])
    stands(run(bench, "job", code=1), "blocked_error", "run")
    bench.write("mended", "")
    stands(resume(bench, "job"), "completed", "resume")
    ran_only(bench, "a", "b", "b", "c")


@engine_clause("L3.4")
def retries_are_as_many_as_asked_for(bench: Bench) -> None:
    """A step is tried again as often as its spec says, and no more."""
    bench.spec(steps=[{"id": "a", "run": fails("a"), "retries": 2}])
    stands(run(bench, "job", code=1), "blocked_error", "run")
    ran_only(bench, "a", "a", "a")


@engine_clause("L3.5")
def one_command_is_a_job(bench: Bench) -> None:
    """A spec with `command` instead of steps runs that one command."""
    bench.spec(command=does("a"))
    stands(run(bench, "job"), "completed", "run")
    ran_only(bench, "a")


@engine_clause("L3.6")
def any_command_can_be_wrapped(bench: Bench) -> None:
    """`wrap -- COMMAND` runs a command as a job of its own, and ends as `run` does."""
    said = ended(bench.say("wrap", "--json", "--job-id", "good", "--", *does("a")), 0)
    stands(said.result(), "completed", "wrap")
    said = ended(bench.say("wrap", "--json", "--job-id", "bad", "--", *fails("b")), 1)
    stands(said.result(), "blocked_error", "wrap")
    ran_only(bench, "a", "b")
    has_status(bench, "good", "completed")


@engine_clause("L3.7")
def the_end_is_the_end(bench: Bench) -> None:
    """A completed job is final; what would change it is refused with `E_INVALID_STATE_TRANSITION`."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    run(bench, "job")
    before = has_status(bench, "job", "completed")["head"]
    for command in ("resume", "pause", "cancel"):
        refused(bench.ask(command, "job"), MOVE, 1)
    same(has_status(bench, "job", "completed")["head"], before, "the head of the job")
    ran_only(bench, "a")


@engine_clause("L3.8")
def running_again_is_no_second_run(bench: Bench) -> None:
    """`run` of a spec under the id of its own completed job runs nothing again."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    run(bench, "job")
    said = bench.ask("run", "job.json", "--job-id", "job")
    claim(said.code in {0, 1}, f"{said.line} must end with 0 or 1: {said.shown()}")
    has_status(bench, "job", "completed")
    ran_only(bench, "a")


@engine_clause("L3.9")
def steps_run_where_the_spec_says(bench: Bench) -> None:
    """Commands run in the workspace, with the variables, the folder and the time limit of their step."""
    (bench.workspace / "inside").mkdir()
    code = "import os;open('out.txt','w').write(os.environ['COLOUR'])"
    slow = does("slow", "import time;time.sleep(60)")
    bench.spec(
        steps=[
            {"id": "a", "run": does("a", code), "cwd": "inside", "env": {"COLOUR": "green"}},
            {"id": "b", "run": slow, "timeout": "500ms"},
        ]
    )
    stands(run(bench, "job", code=1), "blocked_error", "run")
    same((bench.workspace / "inside" / "out.txt").read_text("utf-8"), "green", "what was written")
    same((bench.workspace / "inside" / "ran.txt").read_text("utf-8"), "a\n", "what the step did")
    ran_only(bench, "slow")


@engine_clause("L3.10", level="should")
def workers_do_what_was_submitted(bench: Bench) -> None:
    """`worker --drain` works on what was submitted and ends when nothing is left."""
    bench.spec(steps=[{"id": "a", "run": writes("a", "a.txt", "x")}])
    for job_id in ("first", "second"):
        ended(bench.ask("submit", "job.json", "--job-id", job_id), 0)
    ended(bench.ask("worker", "--drain"), 0)
    for job_id in ("first", "second"):
        has_status(bench, job_id, "completed")
    ran_only(bench, "a", "a")
