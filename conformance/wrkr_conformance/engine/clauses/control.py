"""Pausing, canceling, interrupting, killing: from another process, while a command runs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from wrkr_conformance.engine.claiming import (
    ended,
    has_status,
    inner,
    ran_only,
    refused,
    resume,
    stands,
    status_of,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does, waits
from wrkr_conformance.engine.invocation import PATIENCE
from wrkr_conformance.expect import NotRun, claim, same

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench
    from wrkr_conformance.engine.invocation import Running

MOVE: Final = "E_INVALID_STATE_TRANSITION"
LEASE: Final = "E_LEASE_CONFLICT"
STEPS: Final[list[dict[str, Any]]] = [
    {"id": "a", "run": does("a")},
    {"id": "b", "run": waits("b")},
    {"id": "c", "run": does("c")},
]
_PAUSE: Final = 0.2


def _in_the_middle(bench: Bench) -> Running:
    """Return a run whose first step is done and whose second waits."""
    bench.spec(steps=STEPS)
    running = bench.begin("run", "job.json", "--job-id", "job", "--json")
    running.await_file(bench.workspace / "began")
    return running


@engine_clause("L4.1")
def paused_before_it_began(bench: Bench) -> None:
    """A queued job that is paused stays so until it is resumed; a second pause is refused."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    ended(bench.ask("submit", "job.json", "--job-id", "job"), 0)
    stands(ended(bench.ask("pause", "job", "--reason", "lunch"), 0).result(), "paused", "pause")
    refused(bench.ask("pause", "job"), MOVE, 1)
    has_status(bench, "job", "paused")
    ran_only(bench)
    stands(resume(bench, "job"), "completed", "resume")
    ran_only(bench, "a")


@engine_clause("L4.2")
def a_pause_stops_the_work(bench: Bench) -> None:
    """A pause from another process stops the work at the next step boundary at the latest."""
    running = _in_the_middle(bench)
    ended(bench.ask("pause", "job", "--reason", "needs a look"), 0)
    bench.allow()
    running.end()
    has_status(bench, "job", "paused")
    claim("c" not in bench.ran(), "a step was begun after the job was paused")
    stands(resume(bench, "job"), "completed", "resume")
    done = bench.ran()
    same((done[0], done[-1], done.count("a"), done.count("c")), ("a", "c", 1, 1), "what was done")


@engine_clause("L4.3")
def a_cancel_ends_the_work(bench: Bench) -> None:
    """A cancel from another process ends the work for good: no step is begun after it."""
    running = _in_the_middle(bench)
    view = ended(bench.ask("cancel", "job", "--reason", "not needed"), 0).result()
    stands(view, "canceled", "cancel")
    bench.allow()
    claim(running.end().code != 0, "run ends with 0 although its job was canceled")
    has_status(bench, "job", "canceled")
    refused(bench.ask("resume", "job"), MOVE, 1)
    refused(bench.ask("cancel", "job"), MOVE, 1)
    claim("c" not in bench.ran(), "a step was begun after the job was canceled")


@engine_clause("L4.4")
def one_worker_at_a_time(bench: Bench) -> None:
    """While one process works on a job, another is refused with `E_LEASE_CONFLICT`."""
    running = _in_the_middle(bench)
    refused(bench.ask("resume", "job"), LEASE, 1)
    inner(status_of(bench, "job"), "lease", "status of a job that is worked on")
    bench.allow()
    stands(ended(running.end(), 0).result(), "completed", "run")
    ran_only(bench, "a", "b", "c")


@engine_clause("L4.5")
def a_killed_engine_is_resumed(bench: Bench) -> None:
    """A job whose engine was killed can be resumed; its finished steps are not repeated."""
    _in_the_middle(bench).kill()
    bench.allow()
    deadline = time.monotonic() + PATIENCE
    while (said := bench.ask("resume", "job")).code:
        refused(said, LEASE, 1)  # until the lease has lapsed, which takes 30 s at most
        claim(time.monotonic() < deadline, f"the job cannot be resumed within {PATIENCE:g} s")
        time.sleep(_PAUSE)
    has_status(bench, "job", "completed")
    done = bench.ran()
    same((done[0], done[-1], done.count("a"), done.count("c")), ("a", "c", 1, 1), "what was done")


@engine_clause("L4.6")
def ctrl_c_leaves_a_job_to_resume(bench: Bench) -> None:
    """Ctrl-C ends the engine with 130 and leaves a job that `resume` finishes."""
    if os.name == "nt":
        raise NotRun("this platform has no Ctrl-C for one process alone")
    running = _in_the_middle(bench)
    running.interrupt()
    ended(running.end(), 130)
    claim("c" not in bench.ran(), "a step was begun after the interruption")
    bench.allow()
    stands(resume(bench, "job"), "completed", "resume")
    done = bench.ran()
    same((done[0], done[-1], done.count("a"), done.count("c")), ("a", "c", 1, 1), "what was done")
