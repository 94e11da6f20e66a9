"""How an engine answers: results, errors, exit codes, and what scripts may rely on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wrkr_conformance.engine.claiming import (
    ended,
    has,
    has_status,
    inner,
    objects,
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
    from wrkr_conformance.engine.invocation import Said

INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z")
CODE: Final = re.compile(r"E_[A-Z_]+")
ENVELOPE: Final = (
    "schema_id",
    "schema_version",
    "created_at",
    "producer_version",
    "code",
    "message",
    "exit_code",
    "details",
    "hint",
)
STATUS: Final = (
    "schema_id",
    "schema_version",
    "job_id",
    "status",
    "summary",
    "budget",
    "open_decisions",
    "reason_codes",
    "steps",
    "head",
)
GATED: Final = [{"id": "publish", "run": does("publish"), "gate": "Publish it?"}]


def _errors(bench: Bench) -> list[tuple[Said, str, int]]:
    """Return an error of each exit code that needs no tampering, with its code and exit code."""
    bench.spec(steps=GATED)
    run(bench, "waiting", code=4)
    bench.spec("wrong.json", stepz=[])
    bench.write("text.zip", "hello\n")
    return [
        (bench.ask("status", "no-such-job"), "E_NOT_FOUND", 1),
        (bench.ask("pause", "waiting"), "E_INVALID_STATE_TRANSITION", 1),
        (bench.ask("resume", "waiting"), "E_CHECKPOINT_APPROVAL_REQUIRED", 4),
        (bench.ask("submit", "wrong.json"), "E_INVALID_INPUT_SCHEMA", 6),
        (bench.ask("verify", "text.zip"), "E_VERIFY_MALFORMED", 6),
    ]


@engine_clause("L1.1")
def results_are_one_json_object(bench: Bench) -> None:
    """With `--json` a result is one JSON object on one line of standard output."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    for arguments, job_id in (
        (("submit", "job.json", "--job-id", "first"), "first"),
        (("run", "job.json", "--job-id", "second"), "second"),
        (("status", "first"), "first"),
        (("export", "second"), "second"),
    ):
        said = ended(bench.ask(*arguments), 0)
        same(said.result().get("job_id"), job_id, f"job_id in the result of {said.line}")


@engine_clause("L1.2")
def errors_are_an_envelope(bench: Bench) -> None:
    """With `--json` an error is one line of JSON on standard error, `wrkr.error_envelope`."""
    for said, _code, _exit_code in _errors(bench):
        envelope = said.envelope()
        same(said.out, "", f"standard output of {said.line}")
        has(envelope, ENVELOPE, f"the envelope of {said.line}")
        same(envelope["schema_id"], "wrkr.error_envelope", "schema_id")
        same(envelope["schema_version"], "v1", "schema_version")
        for name in ("code", "message", "producer_version"):
            claim(bool(envelope[name]), f"{name} is empty in the envelope of {said.line}")
        claim(isinstance(envelope["details"], dict), f"details: {envelope['details']!r}")
        at = envelope["created_at"]
        claim(
            isinstance(at, str) and INSTANT.fullmatch(at) is not None,
            f"created_at is {at!r}, not RFC 3339 in UTC without trailing zeros",
        )


@engine_clause("L1.3")
def errors_have_their_codes(bench: Bench) -> None:
    """Every error has its reason code and its exit code: 1, 4 or 6, by what went wrong."""
    for said, code, exit_code in _errors(bench):
        refused(said, code, exit_code)


@engine_clause("L1.4")
def one_code_inside_and_outside(bench: Bench) -> None:
    """The `exit_code` inside the envelope is the exit code of the process."""
    for said, _code, _exit_code in _errors(bench):
        same(said.envelope().get("exit_code"), said.code, f"exit_code in {said.line}")


@engine_clause("L1.5")
def people_get_the_same_codes(bench: Bench) -> None:
    """Without `--json` an error has the same exit code, and says its reason code."""
    bench.spec("wrong.json", stepz=[])
    for arguments, code, exit_code in (
        (("status", "no-such-job"), "E_NOT_FOUND", 1),
        (("submit", "wrong.json"), "E_INVALID_INPUT_SCHEMA", 6),
    ):
        said = ended(bench.say(*arguments), exit_code)
        claim(code in said.err, f"{said.line} does not say {code}: {said.shown()}")
        same(CODE.findall(said.err)[:1], [code], f"the first code {said.line} says")


@engine_clause("L1.6")
def unknown_jobs_are_not_found(bench: Bench) -> None:
    """A command on a job that does not exist is refused with `E_NOT_FOUND`, exit code 1."""
    for arguments in (
        ("status", "ghost"),
        ("resume", "ghost"),
        ("pause", "ghost"),
        ("cancel", "ghost"),
        ("log", "ghost"),
        ("export", "ghost"),
        ("checkpoint", "list", "ghost"),
        ("approve", "ghost", "cp_1", "--reason", "so", "--by", "ann"),
        ("budget", "show", "ghost"),
    ):
        refused(bench.ask(*arguments), "E_NOT_FOUND", 1)


@engine_clause("L1.7")
def wrong_usage_is_invalid_input(bench: Bench) -> None:
    """Unknown commands and options, and missing arguments, are refused with exit code 6."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    for arguments in (
        ("no-such-command",),
        ("status",),
        ("submit", "job.json", "--no-such-option"),
        ("status", "a", "b"),
    ):
        refused(bench.ask(*arguments), "E_INVALID_INPUT_SCHEMA", 6)


@engine_clause("L1.8")
def status_has_its_shape(bench: Bench) -> None:
    """`status` is `wrkr.status_response` and has the keys that scripts rely on, in any status."""
    bench.spec(steps=[{"id": "a", "run": does("a")}, *GATED], budget={"steps": 9})
    bench.spec("broken.json", steps=[{"id": "a", "run": fails("a")}])
    ended(bench.ask("submit", "job.json", "--job-id", "queued"), 0)
    run(bench, "waiting", code=4)
    run(bench, "stuck", "broken.json", code=1)
    for job_id, status, done in (
        ("queued", "queued", 0),
        ("waiting", "blocked_decision", 1),
        ("stuck", "blocked_error", 0),
    ):
        view = has_status(bench, job_id, status)
        has(view, STATUS, f"status {job_id}")
        same((view["schema_id"], view["job_id"]), ("wrkr.status_response", job_id), "who it is of")
        steps = inner(view, "steps", f"status {job_id}")
        has(steps, ("done", "total"), "steps")
        same(steps["done"], done, f"steps done of {job_id}")
        _is_head(inner(view, "head", f"status {job_id}"))
    waiting = status_of(bench, "waiting")
    same(len(objects(waiting, "open_decisions", "status")), 1, "how many decisions are open")
    same(waiting["reason_codes"], ["E_CHECKPOINT_APPROVAL_REQUIRED"], "reason codes")


def _is_head(head: dict[str, Any]) -> None:
    has(head, ("seq", "hash"), "head")
    claim(isinstance(head["seq"], int) and head["seq"] >= 1, f"head.seq is {head['seq']!r}")
    is_hash = isinstance(head["hash"], str) and re.fullmatch(r"[0-9a-f]{64}", head["hash"])
    claim(bool(is_hash), f"head.hash is {head['hash']!r}")


@engine_clause("L1.9")
def run_and_resume_have_their_shape(bench: Bench) -> None:
    """`run` and `resume` answer `job_id`, `status`, `next`, and the `checkpoint` they stop at."""
    bench.spec(steps=GATED)
    view = run(bench, "job", code=4)
    has(view, ("job_id", "status", "next", "checkpoint"), "run")
    same(view["job_id"], "job", "job_id")
    stands(view, "blocked_decision", "run")
    claim(isinstance(view["next"], list), f"next is {view['next']!r}, not a list")
    given = bench.ask("approve", "job", str(view["checkpoint"]), "--reason", "so", "--by", "ann")
    ended(given, 0)
    view = resume(bench, "job")
    has(view, ("job_id", "status", "next"), "resume")
    stands(view, "completed", "resume")


@engine_clause("L1.10")
def list_shows_every_job(bench: Bench) -> None:
    """`list` shows every job with its status, and with `--status` only those of one."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    ended(bench.ask("submit", "job.json", "--job-id", "first"), 0)
    run(bench, "second")
    jobs = objects(ended(bench.ask("list"), 0).result(), "jobs", "list")
    found = {each.get("job_id"): each.get("status") for each in jobs}
    same(found, {"first": "queued", "second": "completed"}, "jobs that are listed")
    said = ended(bench.ask("list", "--status", "queued"), 0)
    chosen = objects(said.result(), "jobs", said.line)
    same([each.get("job_id") for each in chosen], ["first"], "queued jobs")


@engine_clause("L1.11")
def log_is_one_event_a_line(bench: Bench) -> None:
    """`log --json` prints one event a line, seq 1, 2, 3…, up to the head that `status` states."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    run(bench, "job")
    events = ended(bench.ask("log", "job"), 0).lines()
    for each in events:
        has(each, ("seq", "at", "by", "type", "payload", "hash"), "an event")
    head = inner(status_of(bench, "job"), "head", "status")
    same([each["seq"] for each in events], list(range(1, head["seq"] + 1)), "seqs of the log")
    same(events[-1]["hash"], head["hash"], "hash of the last event")
    kinds = [str(each["type"]).partition("/")[0] for each in events]
    same(kinds[0], "job_submitted", "the first event")
    for kind in ("lease_taken", "step_started", "step_finished", "job_completed"):
        claim(kind in kinds, f"the log of a job that ran holds no {kind}")
